"""Tables of any company: labels, layouts, units and signs are read or refused in words; nothing is passed over."""

import csv
import io
import json

import pytest
import xlsxwriter
from click.testing import CliRunner
from companies import make
from company_styles import STYLES, render

from clustersim.cli.forecast import audit as command
from clustersim.errors import InputError
from clustersim.finance.audit.run import FAULTS, audit_texts

WRONG = [
    ("income", "USD mn,2025\nTotal revenue,1000\nCOGS,400\nGross Profit,650\n"),
    ("利润表", "人民币百万元,2025A\n营业收入,1000\n营业成本,(400)\n毛利,650\n"),
    ("p&l", "单位：亿元人民币,2025\n收入,10.0\n销售成本,-4.0\n毛利,6.5\n"),
    ("income_statement", "Item,Year,Amount (USD thousand)\n"
     "Sales,FY25A,1000\nCost of sales,FY25A,400\nGross profit,FY25A,650\n"),
    ("income_statement", "item,period,value,unit\nrevenue,1H23,1000,US$ m\n"
     "COGS,1H23,400,US$ m\nGross profit,1H23,600,US$ m\n"
     "revenue,2H23,1000,US$ m\nrevenue,2023,2100,US$ m\n"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text"), WRONG)
def test_a_wrong_profit_is_found_however_it_is_printed(name, text):
    assert [f.verdict for f in audit_texts({name: text}).faults]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("USD mn,2025\nTotal revenue,1000\nCOGS,400\nGross Profit,600\nfoo bar,3\n", "the label 'foo bar'"),
        ("Zorkmid,2025\nTotal revenue,1000\nCOGS,400\nGross Profit,600\n", "no unit"),
        ("item,period,value,unit\nrevenue,2025,1000,quatloo\nCOGS,2025,400,quatloo\n", "unit 'quatloo' is not"),
        ("in millions,2025\nrevenue,1000\nCOGS,400\n", "has no currency"),
        ("a,b,c\n1,2,3\n", "the layout is not understood"),
        ("USD mn,2025\nrevenue,1000\n", "nothing could be checked"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_an_error_that_says_what(text, says):
    with pytest.raises(InputError, match=says):
        audit_texts({"income_statement": text})


def test_a_unit_is_given_where_tables_state_none():
    text = "Line,2025\nrevenue,1000\nCOGS,400\nGross profit,650\n"
    assert audit_texts({"income": text}, unit="USD_million").tables.currency == "USD"
    with pytest.raises(InputError, match="no unit"):
        audit_texts({"income": text})


def test_a_target_price_in_a_currency_without_a_rate_is_refused_until_one_is_given():
    texts = render(make(STYLES[3], 1), STYLES[3])
    texts["dcf"] = "\n".join(line for line in texts["dcf"].splitlines() if "HKD" not in line) + "\n"
    with pytest.raises(InputError, match="--rate HKD="):
        audit_texts(texts)
    assert audit_texts(texts, rates={"HKD": 1 / 1.08}).faults == ()


def test_statements_in_two_currencies_are_refused():
    texts = {
        "income": "USD mn,2025\nrevenue,9\nCOGS,4\n",
        "balance sheet": "EUR mn,2025\nInventory,9\nTotal assets,9\n",
    }
    with pytest.raises(InputError, match="several currencies"):
        audit_texts(texts)


def test_eps_among_the_lines_is_no_part_of_a_sum_and_of_no_other_unit():
    text = "USD mn,2024,2025\nrevenue,900,1000\nCOGS,(400),(400)\nGross profit,500,600\nBasic EPS,0.50,0.60\n"
    assert audit_texts({"income": text}).faults == ()


@pytest.mark.parametrize("style", [STYLES[0], STYLES[2]], ids=["bracketed", "without a minus"])
def test_a_convention_of_signs_is_found_and_said(style):
    report = audit_texts(render(make(style, 2), style))
    assert any("printed without a minus" in text for text in report.read["conventions"])


def test_every_answer_names_what_was_read_not_read_and_not_covered(tmp_path):
    for name, text in render(make(STYLES[2], 3), STYLES[2]).items():
        (tmp_path / f"{name}.csv").write_bytes(text.encode("gbk"))
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    (tmp_path / "scan.png").write_bytes(b"x")
    outcome = CliRunner().invoke(command, [str(tmp_path), "-f", "json"], catch_exceptions=False)
    read = json.loads(outcome.stdout)["read"]
    assert read["figures_by_table"]["balance_sheet"] == 120 and read["not_covered"] == []
    assert any("notes" in text for text in read["not_read"])
    assert "scan.png: not read" in outcome.stderr and "covered by no check: 0 figures" in outcome.stderr


def test_a_workbook_is_read_sheet_by_sheet(tmp_path):
    path = tmp_path / "report.xlsx"
    book = xlsxwriter.Workbook(str(path))
    for name, text in render(make(STYLES[0], 4), STYLES[0]).items():
        sheet = book.add_worksheet(name[:31])
        for i, row in enumerate(csv.reader(io.StringIO(text))):
            sheet.write_row(i, 0, row)
    book.close()
    outcome = CliRunner().invoke(command, [str(path), "-f", "json", "--strict"], catch_exceptions=False)
    assert json.loads(outcome.stdout)["read"]["figures_by_table"]["cash_flow"] == 102


CARDS = (
    "X200 的互连性能是 X100 的两倍。\n芯片\t外形\t互连带宽\t功耗\n"
    "X100\tPCIe\t256GB/s\t400W\nX200\tOAM\t{}GB/s\t700W\n"
)
PROSE = {
    "a number": ("We expect revenue of USD {off:.1f} million in 2026.", "text: revenue 2026E"),
    "a chinese number": ("预计2026年收入为{off:.1f}百万元。", "text: revenue 2026E"),
    "a compound rate": (
        "Revenue grows at a CAGR of 99.9% from 2024 to 2027.",
        "text: revenue 2024-2027 compound",
    ),
    "a growth": (
        "订单由2024年的1.00亿元增至2025年的1.50亿元，增幅40.0%。",
        "text: growth between the two amounts",
    ),
    "a compound growth": (
        "规模从2024年的100亿美元增至2026年的121亿美元，复合年增长率15.0%。",
        "text: growth between",
    ),
    "a target": ("Our target price of USD 1.23 stands.", "text: target_price"),
    "a status": ("The card is expected in Q3 2024.", "text: status is out of date"),
    "a chinese status": ("该卡待推出（预计于2024年第三季度）。", "text: status is out of date"),
    "a heading": ("Figure 7. Key ratios\nBalance sheet\t2024\t2025\n", "text: heading of table 7"),
    "a caption": ("Figure 3. Sales by line\n\nFigure 3. Sales by product\n", "text: caption 3"),
    "a name": ("甲乙科技成立。甲丙科技上市。甲乙科技发展。", "text: 甲乙 in two spellings"),
    "a case": ("OpenCard sells. Opencard grows. OpenCard leads.", "text: OpenCard in two spellings"),
    "a growth of a line": ("2026年收入同比增长99.9%。", "text: revenue growth 2026E"),
    "a growth in English": ("Revenue grows 99.9% in 2026.", "text: revenue growth 2026E"),
    "a multiple": ("The value means 2026 P/S of 99.9x.", "text: implied PS 2026"),
    "a currency": ("The equity is worth HKD {blended:.0f} million.", "text: currency of"),
    "a unit": ("The site reaches 6.7 operations a second (EFLOPS).", "text: unit of 6.7 operations"),
    "a ticker": ("We like Gamma (9999.HK) best.", "text: ticker of"),
    "a word for a period": (
        "Revenue of 2024H2 rose {seq:.1f}% year on year.\n",
        "text: revenue growth 2024H2, over which period",
    ),
    "a steady growth": ("Net profit grows steadily in 2025 and 2026.", "text: net_profit grows in 2026"),
    "a multiple of a product": (
        CARDS.format(576),
        "text: X200 over X100, 互连带宽",
    ),
    "a first revenue": ("公司于2023年开始从产品产生收入。", "text: first revenue in 2023"),
    "a patent": ("1\tA device ZL202011132750.6\n2\tA method ZL202011132750.6\n", "text: ZL202011132750.6"),
    "a contents line": (
        "翹楚聚力铸就未来领航者\t4\n翘楚聚力铸就未来领航者\n",
        "text: one heading in two spellings",
    ),
}


@pytest.mark.parametrize("kind", PROSE)
def test_prose_is_held_to_the_tables_and_quoted(kind):
    book = make(STYLES[0], 10)
    text, check = PROSE[kind]
    revenue = book["income_statement"]["revenue"][2026]
    halves = [book["income_statement"]["revenue"].get(f"2024H{i}") for i in (1, 2)]
    said = text.format(
        off=1.1 * revenue,
        blended=book["valuation"]["value_blended"][""],
        seq=100.0 * (halves[1] / halves[0] - 1.0),
    )
    found = audit_texts(render(book, STYLES[0]), prose={"note.txt": said}).faults
    assert [f.check for f in found if not f.check.startswith(check)] == []
    assert any(f.check.startswith(check) and f.where.startswith("note.txt:") for f in found), [
        f.check for f in found
    ]


def test_prose_that_agrees_with_the_tables_raises_no_alarm():
    book = make(STYLES[0], 5)
    inc, value = book["income_statement"]["revenue"], book["valuation"]
    rate = book["claims"]["revenue_cagr"]["2024-2027E"]
    said = (
        f"Revenue of 2025 and 2026 reaches USD {inc[2025]} million and USD {inc[2026]} million. Revenue grows at a CAGR"
        f" of {rate}% from 2024 to 2027. Our target price is USD {value['target_price']['']}."
        " A card is expected in Q3 2026."
    )
    report = audit_texts(render(book, STYLES[0]), prose={"note.txt": said})
    assert report.faults == () and sum(f.check.startswith("text") for f in report.findings) == 4
    assert "mismatch" in FAULTS


def test_prose_in_words_that_is_right_raises_no_alarm():
    book = make(STYLES[0], 5)
    revenue, value = book["income_statement"]["revenue"], book["valuation"]
    growth = 100.0 * (revenue[2026] / revenue[2025] - 1.0)
    multiple = value["implied_ps_blended"]
    (year, printed), *_ = multiple.items()
    said = (
        f"Revenue grows {growth:.1f}% in 2026. Revenue grows steadily in 2026 and 2027. We like Gamma (0700.HK) best."
        f" The value means {str(year)[:4]} P/S of {printed}x. The equity is worth USD {value['value_blended']['']:.0f}"
        " million. The site reaches 6.7 EFLOPS. The company began to earn revenue in 2019.\n"
        + CARDS.format(512)
        + "1\tA device ZL202011132750.6\n2\tA method ZL202011132751.7\n"
    )
    report = audit_texts(render(book, STYLES[0]), prose={"note.txt": said})
    assert report.faults == ()
    assert sum(f.check.startswith("text") for f in report.findings) >= 3

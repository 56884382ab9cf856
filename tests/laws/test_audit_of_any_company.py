"""Laws of the audit over any company: units, layouts, labels, signs, roll-forwards, peers, texts, whom it accuses."""

import calendar
import copy
import json
import re

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from printed_company import make
from small_company import LABELS, PERIODS, numbers, render

from clustersim.cli.forecast import audit as command
from clustersim.errors import InputError
from clustersim.finance.audit.labels import VOCABULARY, canonical_item
from clustersim.finance.audit.mentions import figures
from clustersim.finance.audit.money import CURRENCIES, canonical_unit, currency_of, scale_of
from clustersim.finance.audit.periods import read_period
from clustersim.finance.audit.prose import sentences
from clustersim.finance.audit.run import audit_texts
from clustersim.finance.audit.tables import read_tables

BOOK = numbers()
INCOME, BALANCE, FLOWS = BOOK["income"], BOOK["balance"], BOOK["flows"]


def faults(texts, **more):
    return list(audit_texts(texts, **more).faults)


def shifted(table, item, year, by, language=0):
    """The company with one printed figure off."""
    book = copy.deepcopy(BOOK)
    row = book[table][item]
    row[year - 2025 + len(row) - 1] += by
    return render(book, language=language)


# --- reading


@pytest.mark.parametrize("language", [0, 1])
@pytest.mark.parametrize("table", ["income", "balance", "flows"])
def test_a_statement_in_another_unit_is_as_right_and_one_under_another_heading_is_wrong(table, language):
    head = ("HK$'000", "单位：千元")[language]
    right = render(BOOK, language=language, heads={table: head}, zeros={table: 3})
    assert faults(right) == []
    assert faults(render(BOOK, language=language, heads={table: head}))


def test_periods_stand_down_as_well_as_across():
    across, down = (read_tables(render(BOOK, down=d)) for d in (False, True))
    assert {(r.item, r.period, r.text, r.unit) for r in across.records} == {
        (r.item, r.period, r.text, r.unit) for r in down.records
    }
    assert faults(render(BOOK, down=True)) == []


@given(year=st.integers(2001, 2068), month=st.integers(1, 12))
@settings(max_examples=30, deadline=None)
def test_a_year_is_named_after_the_one_in_which_it_ends(year, month):
    name = calendar.month_name[month]
    for text in (f"FY{year}", f"FY{year % 100:02d}", f"year ended 30 {name} {year}", f"{name} 31, {year}",
                 f"FY{month}/{year % 100:02d}", f"{year - 1}/{year % 100:02d}", f"{year}年{month}月30日", f"{year}年度",
                 f"{year}-{month:02d}-30"):  # fmt: skip
        period = read_period(text)
        assert period is not None and (period.year, period.part) == (year, ""), text
        assert read_period(f"{text}E" if not text[-1].isalpha() else text) is not None


@given(
    code=st.sampled_from(sorted(CURRENCIES)),
    scale=st.sampled_from([("thousand", 1.0), ("million", 1e3), ("bn", 1e6)]),
)
@settings(max_examples=30, deadline=None)
def test_every_way_to_write_a_unit_is_one_unit(code, scale):
    word, thousands = scale
    for name in CURRENCIES[code]:
        if name.endswith(("元人民币", "won")):
            continue
        for text in (
            f"{name} {word}",
            f"in {word}s of {name}" if word != "bn" else f"{name}bn",
            f"({name} {word})",
        ):
            assert scale_of(canonical_unit(text) or "") == (f"k{code}", thousands), text


def test_a_loss_is_the_line_of_the_profit():
    for words in VOCABULARY["income_statement"].values():
        for alias in words.split("|"):
            if (
                re.search(r"\bprofit\b", alias)
                and "loss" not in alias
                and not re.search("adjusted|extraord", alias)
            ):
                twin = canonical_item("income_statement", alias.replace("profit", "loss"))
                assert twin == canonical_item("income_statement", alias), alias


@pytest.mark.parametrize("unit", ["thousand", "million", "'000", "mn"])
def test_a_number_of_shares_is_read_in_its_scale_and_without_one_in_that_of_eps(unit):
    count = {"thousand": 1_040_000, "'000": 1_040_000}.get(unit, 1_040)
    head = "USD mn,2023,2024\nProfit before taxation,900,1200\nTaxation,(100),(160)\nNet profit,800,1040\n"
    rows = f"Basic EPS,0.77,1.00\nWeighted average number of shares{{}},{count},{count}\n"
    for label in (f" ({unit})", ""):
        assert faults({"income": head + rows.format(label)}) == []
    assert faults({"income": head + rows.format(f" ({unit})").replace("1.00", "1.30")})


def test_a_unit_without_its_currency_takes_that_of_the_option():
    text = "In millions,2024\nRevenue,1000\nCost of sales,(400)\nGross profit,650\n"
    with pytest.raises(InputError, match="has no currency"):
        audit_texts({"income": text})
    assert audit_texts({"income": text}, unit="JPY million").tables.currency == "JPY"


# --- signs


@given(
    revenue=st.integers(100, 10**6),
    share=st.floats(0.05, 0.9),
    off=st.floats(0.02, 0.3),
    years=st.integers(1, 3),
)
@settings(max_examples=12, deadline=None)
def test_a_cost_without_a_minus_is_taken_off_even_where_no_profit_holds(revenue, share, off, years):
    cost = round(revenue * share)
    wrong = revenue - cost + max(1, round(off * revenue))
    heads = ",".join(str(2020 + y) for y in range(years))
    rows = (("Total revenue", revenue), ("COGS", cost), ("Gross Profit", wrong))
    text = f"USD mn,{heads}\n" + "".join(f"{label}" + f",{v}" * years + "\n" for label, v in rows)
    found = faults({"income_statement": text})
    assert len(found) == years and all(f.recomputed == revenue - cost for f in found if f.printed == wrong)


def test_deficits_own_shares_and_net_current_liabilities_are_below_zero_without_an_alarm():
    assert any(v < 0 for v in BALANCE["treasury"]) and faults(render(BOOK)) == []
    book = copy.deepcopy(BOOK)
    book["balance"]["treasury"] = [-v for v in BALANCE["treasury"]]
    report = audit_texts(render(book))
    assert report.faults == () and any("Treasury stock" in text for text in report.read["conventions"])


# --- laws over years


@pytest.mark.parametrize("year", [2023, 2024])
@pytest.mark.parametrize(
    "items", [("treasury", "kept"), ("outside", "capital"), ("ppe", "stock"), ("kept", "capital")]
)
def test_two_balances_of_an_actual_year_that_undo_each_other_are_found_by_what_moves_them(items, year):
    book = copy.deepcopy(BOOK)
    for item, by in zip(items, (90, -90), strict=True):
        book["balance"][item][year - 2022] += by
    for whole, parts in (("non_current", ("ppe",)), ("current", ("stock", "owed_us", "cash")),
                         ("parent", ("capital", "treasury", "kept"))):  # fmt: skip
        book["balance"][whole][year - 2022] = sum(book["balance"][p][year - 2022] for p in parts)
    found = faults(render(book))
    assert any("roll" in f.check or "move" in f.check for f in found), found


@pytest.mark.parametrize(("item", "by"), [("eps", 30), ("eps", -25), ("dps", 40)])
@pytest.mark.parametrize("year", [2023, 2024])
def test_earnings_and_dividends_a_share_are_held_to_profit_and_to_what_was_paid(item, by, year):
    assert [f.check for f in faults(shifted("income", item, year, by))]


@pytest.mark.parametrize("year", [2023, 2024, 2025])
def test_the_profit_of_the_cash_flow_is_that_of_the_income_statement(year):
    book = copy.deepcopy(BOOK)
    at = year - 2023
    book["flows"]["earned"][at] += 120
    book["flows"]["worn"][at] -= 120
    assert any(
        f.check.startswith("net_profit") and "both statements" in f.check for f in faults(render(book))
    )


# --- peers


@given(
    values=st.lists(st.integers(20, 600), min_size=3, max_size=6, unique=True),
    item=st.sampled_from(["EV/EBITDA", "EV/Sales", "P/E", "forward_pe", "P/B", "price_to_cash_flow"]),
    kind=st.sampled_from(["average", "median", "mean", "max"]),
    wide=st.booleans(),
)
@settings(max_examples=12, deadline=None)
def test_a_summary_of_the_peers_is_checked_whatever_the_multiple(values, item, kind, wide):
    ordered, n = sorted(values), len(values)
    right = {"median": (ordered[n // 2] + ordered[(n - 1) // 2]) / 20, "max": ordered[-1] / 10}.get(
        kind, sum(values) / n / 10
    )
    income = "USD mn,2024\nRevenue,1000\nCOGS,(400)\nGross profit,600\n"

    def table(summary):
        rows = [(f"Peer {chr(65 + k)}", v / 10) for k, v in enumerate(values)] + [(kind, summary)]
        if wide:
            return f"Company,{item} 2025E\n" + "".join(f"{n},{v:.3f}\n" for n, v in rows)
        return "company,item,period,value,unit\n" + "".join(f"{n},{item},2025E,{v:.3f},x\n" for n, v in rows)

    assert faults({"income": income, "comps": table(right)}) == []
    assert faults({"income": income, "comps": table(right * 1.1)})


# --- texts


def rate(row, y):
    return 100.0 * (row[y] / row[y - 1] - 1.0)


R, OWN, CASH = INCOME["revenue"], INCOME["own"], BALANCE["cash"]
MARGIN = [100.0 * g / r for g, r in zip(INCOME["gross"], R, strict=True)]
#: Wording -> the right figure, and its digits; what is wrong is a tenth more.
SAID = {
    "Turnover rose {:.1f}% in FY2024.": rate(R, 2),
    "Turnover for the year ended 30 June 2024 amounted to HK${:.1f} billion.": R[2] / 1e3,
    "In 2024, turnover grew by {:.1f}% year on year.": rate(R, 2),
    "FY2023 turnover was {:.1f}% higher than in FY2022.": rate(R, 1),
    "Turnover grew 15.4% in FY2023 and {:.1f}% in FY2024.": rate(R, 2),
    "Profit attributable to owners of the Company climbed by {:.1f}% in FY2024.": rate(OWN, 2),
    "Gross margin widened from {:.1f}% in FY2022 to 41.9% in FY2024.": MARGIN[0],
    "The gross profit margin was {:.1f}% in 2024.": MARGIN[2],
    "Selling and distribution costs were {:.1f}% of turnover in FY2024.": -100 * INCOME["selling"][2] / R[2],
    "Bank balances and cash stood at HK${:,.0f} million at the end of 2024.": CASH[2],
    "The company paid HK${:,.0f} million in dividends in 2024.": -FLOWS["paid"][1],
    "Turnover compounds at {:.1f}% per annum over FY2022-FY2025E.": 100 * ((R[3] / R[0]) ** (1 / 3) - 1),
    "Diluted EPS was HK${:.2f} in FY2024.": INCOME["eps"][2] / 100,
    "The effective tax rate was {:.1f}% in FY2024.": 20.0,
    "We expect turnover of HK${:,.0f} million in FY2025E.": R[3],
    "公司2024年实现营收{:.2f}亿元。": R[2] / 100,
    "2024年公司营业收入551.30亿元，同比增长{:.1f}%。": rate(R, 2),
    "2024年归母净利润同比+{:.1f}%。": rate(OWN, 2),
    "2024年毛利率为{:.1f}%。": MARGIN[2],
    "2024年毛利率较上年提升{:.1f}个百分点。": MARGIN[2] - MARGIN[1],
    "2024年销售费用占营收的{:.1f}%。": -100 * INCOME["selling"][2] / R[2],
    "2022-2025年营收复合增速{:.1f}%。": 100 * ((R[3] / R[0]) ** (1 / 3) - 1),
    "截至2024年末，货币资金{:.2f}亿元。": CASH[2] / 100,
    "我们预计公司2025年营业收入为640.20亿元，对应增速{:.1f}%。": rate(R, 3),
}


@pytest.mark.parametrize("words", SAID)
def test_a_figure_of_a_text_is_held_to_the_tables_in_ordinary_words(words):
    language = int(not words.isascii())
    texts = render(BOOK, language=language)
    right, wrong = words.format(SAID[words]), words.format(1.15 * SAID[words])
    assert right != wrong
    report = audit_texts(texts, prose={"note.txt": right})
    assert report.faults == () and not [c for c in report.uncovered if c.startswith("note.txt")]
    assert [f.check for f in faults(texts, prose={"note.txt": wrong}) if f.check.startswith("text")]


@pytest.mark.parametrize(
    "words",
    [
        "Cloud turnover rose 99.9% in FY2024.", "Turnover from chips was HK$9.9 billion in 2024.",
        "The market grows 99.9% in 2024.", "Turnover rose about 99% in FY2024.",
        "Peers' turnover rose 99.9% in 2024.",
        "Turnover of the first half rose 99.9% in 2024.",
        "海外收入2024年同比增长99.9%。", "行业营收2024年同比增长99.9%。",
        "Turnover rose and headcount grew 99.9% in 2024.", "We employ 812 people in 9 countries.",
    ],
)  # fmt: skip
def test_what_is_said_of_something_else_is_listed_and_not_judged(words):
    report = audit_texts(render(BOOK, language=int(not words.isascii())), prose={"note.txt": words})
    assert report.faults == ()
    assert [c for c in report.uncovered if c.startswith("note.txt")]


@given(st.lists(st.sampled_from(sorted(w for w in SAID if w.isascii())), min_size=1, max_size=4, unique=True))
@settings(max_examples=5, deadline=None)
def test_every_figure_of_a_text_is_checked_or_listed(lines):
    text = "\n".join(w.format(SAID[w]) for w in lines) + "\nThe site has 99 racks.\n"
    report = audit_texts(render(BOOK), prose={"note.txt": text})
    listed = sum(c.startswith("note.txt") for c in report.uncovered)
    known = {c for f in report.findings for c in f.cells if c.startswith("note.txt")}
    assert sum(len(figures(s.text)) for s in sentences("note.txt", text)) <= listed + len(known)
    assert listed == 1


@pytest.mark.parametrize(
    ("words", "check"),
    [("Turnover was RMB55.1 billion in FY2024.", "text: currency of"),
     ("Turnover fell to HK$55.1 billion in FY2024.", "text: revenue fell"),
     ("Turnover has a five-year CAGR of 15.8% from FY2022 to FY2025E.", "text: five years")],
)  # fmt: skip
def test_a_currency_a_direction_and_a_span_in_words_are_held_too(words, check):
    assert any(f.check.startswith(check) for f in faults(render(BOOK), prose={"note.txt": words}))


def test_figures_of_thousands_of_digits_are_no_figures_and_no_fault():
    nines = "9" * 5000
    said = f"Turnover grew {nines}% in FY2024 to HK${nines} million. Our target price is HK${nines}. 市销率{nines}倍。"
    assert faults(render(BOOK), prose={"note.txt": said}) == []


# --- whom it accuses, and what that is worth


def put(texts, table, item, value):
    rows = texts[table].split("\n")
    at = next(k for k, row in enumerate(rows) if row.startswith(f"{item},"))
    cells = rows[at].split(",")
    cells[4] = value
    rows[at] = ",".join(cells)
    return {**texts, table: "\n".join(rows)}


@pytest.mark.parametrize(
    ("table", "item", "value", "follows"),
    [("valuation", "value_ps", "26011", "value_blended"), ("wacc", "cost_of_equity", "12.0", "wacc"),
     ("valuation", "weight_dcf", "70", "value_blended")],
)  # fmt: skip
def test_the_part_is_accused_and_not_the_line_that_it_runs_into(table, item, value, follows):
    report = audit_texts(put(make(), table, item, value))
    (found,) = report.faults
    place = next(r.where for r in report.tables.records if (r.table, r.item) == (table, item))
    assert (found.where, found.materiality) == (place, 0.0)
    told = next(f for f in report.findings if f.check == follows)
    assert told.verdict == "info" and item in told.note


@pytest.mark.parametrize("code", ["HKD", "USD", "JPY", "EUR"])
def test_a_worth_is_in_the_currency_of_the_target_price_and_says_so(code):
    texts = {
        name: text.replace("HKD", code)
        for name, text in put(make(), "valuation", "target_price", "19.91").items()
    }
    report = audit_texts(texts)
    (row,) = [r for r in report.rows() if r["materiality_per_share"] is not None]
    assert row["currency"] == code == report.steps[0].currency
    assert row["materiality_per_share"] == pytest.approx(-1.0, abs=0.01)
    assert not any("hkd" in key for key in row)


def test_no_link_is_followed_and_it_is_said(tmp_path):
    for name, text in render(BOOK).items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    (tmp_path / "ratios.csv").symlink_to("/etc/hostname")
    (tmp_path / "note.txt").symlink_to("/etc/hostname")
    outcome = CliRunner().invoke(command, [str(tmp_path), "-f", "json"], catch_exceptions=False)
    assert "ratios.csv: not read: a link" in outcome.stderr
    left = json.loads(outcome.stdout)["read"]["not_read"]
    assert [text.split(":")[0] for text in left] == ["note.txt", "ratios.csv"]
    assert (
        "ratios" in json.loads(outcome.stdout)["read"]["tables_absent"] and "hostname" not in outcome.stdout
    )


def test_the_labels_of_the_company_are_those_of_its_lines():
    for language in (0, 1):
        assert {canonical_item("income_statement", LABELS[i][language]) for i in INCOME} == {
            "revenue", "cost_of_sales", "gross_profit", "selling_and_marketing_expenses",
            "general_and_administrative_expenses", "operating_profit", "finance_costs", "profit_before_income_tax",
            "income_tax", "net_profit", "profit_attributable_to_owners", "minority_interests", "diluted_shares",
            "diluted_eps", "dividend_per_share",
        }  # fmt: skip
    assert len(PERIODS) == 4 and currency_of(canonical_unit("HK$ mn") or "") == "HKD"

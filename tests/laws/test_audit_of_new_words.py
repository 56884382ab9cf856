"""Laws of the audit over rows, units and words that reports print and no list of ours ends."""

import pytest

from clustersim.finance.audit.labels import canonical_item
from clustersim.finance.audit.run import audit_texts

INCOME = (
    "US$ million,2023,2024,2025E\nRevenue,900,1000,1100\n"
    "Cost of sales,(500),(550),(600)\nGross profit,400,450,500\n"
)
DCF = (
    "US$ million,2025E,2026E\nEBIT,100,120\nTax,(20),(24)\n{nopat}Depreciation,30,31\nCapex,(40),(42)\n"
    "Change in working capital,(5),(6)\n{before}Free cash flow,{first},79\n{after}"
)


def faults(texts, **more):
    return list(audit_texts(texts, **more).faults)


def dcf(first="65", **rows):
    rows = {"nopat": "", "before": "", "after": "", **rows}
    return {"income": INCOME, "dcf": DCF.format(first=first, **rows)}


# --- the cash-flow table


@pytest.mark.parametrize(
    "after",
    ["Discount factor,0.9132,0.8339\n", "折现系数,0.9132,0.8339\n", "贴现因子,0.9132,0.8339\n",
     "Present value,59.4,65.9\n", "自由现金流现值,59.4,65.9\n", "Something of ours,59.4,65.9\n"],
)  # fmt: skip
@pytest.mark.parametrize("nopat", ["", "NOPAT,80,96\n", "税后净营业利润,80,96\n"])
def test_no_row_behind_the_free_cash_flow_is_a_part_of_it(after, nopat):
    assert faults(dcf(nopat=nopat, after=after)) == []
    (found,) = faults(dcf(first="85", nopat=nopat, after=after))
    assert found.check == "free_cash_flow 2025E"


def test_a_strange_row_of_money_before_the_total_is_a_part_of_it_and_one_without_money_is_none():
    assert faults(dcf(first="70", before="Grants of the state,5,0\n")) == []
    assert faults(dcf(before="Utilisation (%),5,5\n")) == []


def test_profit_after_tax_is_ebit_with_its_tax():
    assert [f.check for f in faults(dcf(nopat="NOPAT,91,96\n"))] == ["net_operating_profit_after_tax 2025E"]


# --- a list of values without a unit


@pytest.mark.parametrize("first", ["Input", "Assumption", "Item", "参数"])
def test_a_value_carries_its_own_unit_and_a_word_is_listed_as_not_read(first):
    text = (
        f"{first},Value,Unit\nRisk-free rate,4.2%,\nBeta,1.15,\nEquity risk premium,5.0%,\nCost of equity,{{}}%,\n"
        "Terminal growth,3.0%,\nView of the analysts,Buy,\nRemark,,\n"
    )
    report = audit_texts({"income": INCOME, "wacc": text.format("9.95")})
    assert list(report.faults) == [] and any("'Buy' is no number" in said for said in report.tables.unread)
    (found,) = faults({"income": INCOME, "wacc": text.format("10.95")})
    assert found.check == "cost_of_equity from CAPM"
    assert faults({"income": INCOME, "valuation": f"{first},Value,Unit\nRating,Buy,\nUpside,4.2%,\n"}) == []


# --- captions


@pytest.mark.parametrize(
    ("table", "label", "item"),
    [("cash_flow", f"{head} {kind} activities", f"net_cash_from_{kind}")
     for kind in ("operating", "investing", "financing")
     for head in ("Cash flows from", "Net cash flows (used in)/from", "Cash flows used in", "Net cash from")]
    + [("balance_sheet", "资产总值", "total_assets"), ("valuation", "Current share price", "current_price"),
       ("ratios", "归母净利率", "attributable_net_margin")],
)  # fmt: skip
def test_a_caption_of_the_standards_is_its_line(table, label, item):
    assert canonical_item(table, label) == item


@pytest.mark.parametrize(("label", "rates"), [("净利率", ("20.0", "18.0")), ("归母净利率", ("18.0",))])
def test_a_net_margin_is_of_all_net_profit_or_of_the_owners(label, rates):
    income = (
        "百万元,2024\n营业收入,1000\n营业成本,(800)\n毛利,200\n净利润,200\n归母净利润,180\n少数股东损益,20\n"
    )
    for rate in ("20.0", "18.0", "19.0"):
        found = faults({"income": income, "ratios": f"项目,2024\n{label},{rate}%\n"})
        assert (found == []) == (rate in rates), rate


# --- what a sentence says

HELD = (
    "亿港元,2024,2025E,2026E,2027E\n收益,63.4,67.8,70.9,75.0\n"
    "销售成本,(44.4),(47.1),(49.0),(51.0)\n毛利,19.0,20.7,21.9,24.0\n"
)


def said(text, table=HELD):
    report = audit_texts({"income_statement": table}, prose={"note.txt": text})
    return [f for f in report.findings if f.where.startswith("note.txt")], report.uncovered


@pytest.mark.parametrize(
    ("coin", "right"), [("亿港元", True), ("亿元人民币", False), ("亿人民币", False), ("亿美元", False)]
)
def test_a_currency_behind_an_amount_is_the_one_that_is_checked(coin, right):
    found, _ = said(f"2026年收益为70.9{coin}")
    assert [f.verdict for f in found] == ["ok" if right else "inconsistent"]


def test_nothing_is_right_that_is_off_by_more_than_rounding():
    found, left = said("我们预计2025年收益为67.8亿港元；公司收益达75.0亿港元；公司收益达67.8亿港元")
    for f in found:
        assert f.verdict == "ok" and abs(f.difference) <= f.half * (1 + 1e-9)
    assert any("75.0" in text for text in left)


RATES = (
    "USD million,2024,2025E,2026E,2027E\nRevenue,1000,1000,1000,1000\nCost of sales,(820),(812),(804),(796)\n"
    "Gross profit,180,188,196,204\n"
)


@pytest.mark.parametrize("points", ["2.4", "0.8", "1.5"])
@pytest.mark.parametrize(
    "text",
    ["毛利率由2024年的18.0%上升至2027年的20.4%，增加{}个百分点",
     "毛利率从2024年的18.0%提升到2027年的20.4%，提高{}个百分点",
     "Gross margin rises from 18.0% in 2024 to 20.4% in 2027, up {} percentage points"],
)  # fmt: skip
def test_a_change_in_points_is_over_the_span_that_is_said(text, points):
    found, left = said(text.format(points), RATES)
    wrong = [f for f in found if f.verdict == "inconsistent"]
    assert (wrong == []) == (points == "2.4") and not any(points in word for word in left)
    year, _ = said("毛利率2027年为20.4%，同比上升0.8个百分点", RATES)
    assert [f.verdict for f in year] == ["ok", "ok"]


@pytest.mark.parametrize("verb", ["cut", "raise", "lower", "trim"])
@pytest.mark.parametrize("new", ["1,000", "1,004"])
def test_of_a_changed_forecast_the_new_one_is_checked(verb, new):
    found, _ = said(f"We {verb} our 2025 revenue forecast from US$1,090 million to US${new} million", RATES)
    assert [f.verdict for f in found] == ["ok" if new == "1,000" else "inconsistent"]


# --- rates over an average


@pytest.mark.parametrize("closing", [True, False])
def test_a_return_on_an_average_whose_opening_is_not_printed_is_not_judged(closing):
    head = "USD million,2023,2024,2025\n"
    income = f"{head}Revenue,500,600,700\nCost of sales,(400),(480),(550)\nNet profit,100,120,150\n"
    balance = f"{head}Total assets,900,1000,1200\nTotal liabilities,400,400,500\nTotal equity,500,600,700\n"
    later = ("20.0", "21.4") if closing else ("21.8", "23.1")
    for first in ("20.0", "22.2"):
        rates = f"item,2023,2024,2025\nROE,{first}%,{later[0]}%,{later[1]}%\n"
        report = audit_texts({"income": income, "balance": balance, "ratios": rates})
        assert (list(report.faults) == []) == (not closing or first == "20.0")
        assert any("ROE 2023" in text for text in report.uncovered) == (not closing)

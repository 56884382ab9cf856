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
    income = "百万元,2024\n营业收入,1000\n营业成本,(800)\n毛利,200\n净利润,200\n归母净利润,180\n少数股东损益,20\n"
    for rate in ("20.0", "18.0", "19.0"):
        found = faults({"income": income, "ratios": f"项目,2024\n{label},{rate}%\n"})
        assert (found == []) == (rate in rates), rate

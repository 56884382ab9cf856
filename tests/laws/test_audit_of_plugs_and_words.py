"""Laws of flows that nothing takes up, of drivers, of rates that name their lines, and of miswritten names."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from clustersim.finance.audit.periods import read_period
from clustersim.finance.audit.run import AuditReport, audit_texts
from clustersim.finance.audit.script import folded
from clustersim.report.language import speaking
from clustersim.report.pages.audit import audit_answer

YEARS = ("2024", "2025E", "2026E", "2027E")


def table(rows: dict[str, list[int]]) -> str:
    head = "CNY thousand," + ",".join(YEARS)
    return "\n".join([head, *(f"{k}," + ",".join(str(x) for x in v) for k, v in rows.items())]) + "\n"


def company(seed: int, *, plugged: bool) -> dict[str, str]:
    """Statements whose free flows enter other assets (``plugged``) or, each, the balance that is theirs."""
    rng = random.Random(seed)
    revenue = [900_017, *(rng.randrange(1_000_000, 9_000_000) for _ in range(3))]
    cost = [-(x * 6 // 10) for x in revenue]
    profit = [a + b for a, b in zip(revenue, cost, strict=True)]
    free = {
        name: [0, *(rng.randrange(-40_000, 40_000) | 1 for _ in range(3))] for name in ("op", "inv", "fin")
    }
    spent, worn = [0, -50_001, -60_003, -70_007], [0, 30_011, 31_013, 32_017]
    equity, fixed, other, owed, cash = [5_000_000], [2_000_000], [1_000_000], [700_000], [4_000_000]
    for k in range(1, 4):
        passed = sum(free[n][k] for n in free)
        fixed.append(fixed[-1] - spent[k] - worn[k])
        equity.append(equity[-1] + profit[k])
        other.append(other[-1] - (passed if plugged else free["op"][k] + free["inv"][k]))
        owed.append(owed[-1] + (0 if plugged else free["fin"][k]))
        cash.append(cash[-1] + profit[k] + worn[k] + spent[k] + passed)
    rest = equity[0] + owed[0] - fixed[0] - other[0] - cash[0]
    whole = [a + b for a, b in zip(equity, owed, strict=True)]
    kept = [w - f - o - c for w, f, o, c in zip(whole, fixed, other, cash, strict=True)]
    assert set(kept) == {rest}
    operating = [a + b + c for a, b, c in zip(profit, worn, free["op"], strict=True)]
    investing = [a + b for a, b in zip(spent, free["inv"], strict=True)]
    change = [a + b + c for a, b, c in zip(operating, investing, free["fin"], strict=True)]
    income = {"Revenue": revenue, "Cost of sales": cost, "Net profit": profit}
    balance = {
        "Fixed assets": fixed, "Other non-current assets": other, "Inventories": kept,
        "Cash and cash equivalents": cash, "Total assets": whole, "Total liabilities": owed, "Total equity": equity,
    }  # fmt: skip
    flow = {
        "Net profit": profit, "Depreciation and amortisation": worn, "Other operating": free["op"],
        "Net cash from operating activities": operating, "Capital expenditure": spent, "Other investing": free["inv"],
        "Net cash from investing activities": investing, "Other financing": free["fin"],
        "Net cash from financing activities": free["fin"], "Net change in cash": change,
    }  # fmt: skip
    return {"income_statement": table(income), "balance_sheet": table(balance), "cash_flow": table(flow)}


def checks(report: AuditReport, ending: str) -> list[str]:
    return [f.check for f in report.faults if f.check.endswith(ending)]


@pytest.mark.parametrize("seed", range(4))
def test_flows_that_one_plug_takes_up_are_named_each_and_others_are_not(seed: int) -> None:
    ending = "is taken up by no balance of its own"
    named = checks(audit_texts(company(seed, plugged=True)), ending)
    assert named == [f"other_{n} {ending}" for n in ("operating", "investing", "financing")]
    assert checks(audit_texts(company(seed, plugged=False)), ending) == []


@pytest.mark.parametrize("share", [3.4, 7.5, 1.26, 0.75])
def test_a_round_share_is_a_driver_and_any_other_share_is_none(share: float) -> None:
    revenue = [7_000_001, 7_029_736, 9_168_957, 13_624_017]
    cost = [-4_000_003, -4_100_009, -5_000_011, -6_000_013]

    def said(rates: list[float]) -> list[str]:
        spent = [-round(x * r / 100) for x, r in zip(revenue, rates, strict=True)]
        rows = {
            "Revenue": revenue, "Cost of sales": cost, "Research and development": spent,
            "Net profit": [a + b + c for a, b, c in zip(revenue, cost, spent, strict=True)],
        }  # fmt: skip
        report = audit_texts({"income_statement": table(rows)})
        return [f.note for f in report.findings if f.check.startswith("research") and f.verdict == "info"]

    assert said([share, share, share + 1, share + 2]) == [
        f"is -{share:g}, -{share + 1:g}, -{share + 2:g} % of revenue"
    ]
    assert said([share, share + 0.00417, share + 1.00733, share + 2.00291]) == []


def test_a_line_at_zero_after_other_years_is_a_driver_and_one_that_never_was_is_none() -> None:
    def said(first: int) -> list[str]:
        rows = {
            "Revenue": [900, 950, 990, 995],
            "Other expenses": [first, 0, 0, 0],
            "Net profit": [900 + first, 950, 990, 995],
        }
        report = audit_texts({"income_statement": table(rows)})
        return [
            f.note for f in report.findings if f.check.startswith("other_expenses") and "driver" in f.check
        ]

    assert said(-40) == ["held at 0"] and said(0) == []


def test_a_rate_that_names_two_lines_is_one_over_the_other() -> None:
    rows = {
        "Net sales": [900, 950, 990, 995],
        "Cost of sales": [-400, -410, -420, -430],
        "Gross profit": [500, 540, 570, 565],
    }
    rate = "Key metrics,2024,2025E,2026E,2027E\nCost of sales as % of net sales,44.4%,43.2%,42.4%,{}\n"
    for last, faults in (("43.2%", 0), ("44.2%", 1)):
        tables = {"income_statement": table(rows), "ratios": rate.format(last)}
        assert len(audit_texts(tables).faults) == faults


def test_a_line_miswritten_by_one_character_is_found_and_another_line_is_not() -> None:
    rows = {
        "收入": [900, 950, 990, 995],
        "销售及营销开支": [-100, -110, -120, -130],
        "年内利润": [800, 840, 870, 865],
    }
    tables = {"利润表": table(rows)}
    right = "销售及营销开支稳步上升。\n销售及营销开支受控。\n"
    for written, faults in (("销售及营销开始", 1), ("销售及管理开支", 0)):
        said = {"a.txt": right + f"我们预计{written}稳定。\n"}
        found = [f.check for f in audit_texts(tables, prose=said).faults]
        assert len([c for c in found if "two spellings" in c]) == faults


@pytest.mark.parametrize(
    ("text", "period"),
    [("Fiscal 2025E", "2025E"), ("fiscal year 2024", "2024"), ("113年度", "2024"), ("民國112年", "2023"),
     ("2026年度(預估)", "2026E"), ("Q1 FY25", "2025Q1"), ("Third quarter 2024", "2024Q3"), ("2024第三季", "2024Q3")],
)  # fmt: skip
def test_periods_of_other_houses_are_read(text: str, period: str) -> None:
    assert str(read_period(text)) == period


@pytest.mark.parametrize(
    "text", ["股價淨值比", "營收年增率", "每股盈餘", "二零二四年", "本益比24.0倍", "發放現金股利"]
)
def test_a_folded_text_is_as_long_as_the_printed_one(text: str) -> None:
    assert len(folded(text)) == len(text)


def test_a_bare_sign_is_the_currency_of_the_statements_that_name_one() -> None:
    income = "新台幣千元,2024,2025\n營業收入,900,990\n營業成本,-400,-430\n營業毛利,500,560\n"
    worth = "項目,數值,單位\n目標價,24,元/股\n收盤價,20,元/股\n"
    report = audit_texts({"合併綜合損益表": income, "評價": worth})
    assert report.tables.currency == "TWD"
    assert {r.unit for r in report.tables.of("valuation")} == {"TWD_per_share"}
    assert any("read as TWD" in text for text in report.tables.conventions)


def test_in_chinese_every_form_says_checks_and_notes_in_chinese_and_keeps_codes(tmp_path: Path) -> None:
    for name, text in company(1, plugged=True).items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    english = audit_answer(str(tmp_path))
    with speaking("zh"):
        chinese = audit_answer(str(tmp_path))
        page = chinese.text("md")
    assert english.rows and chinese.rows
    assert [(r["where"], r["verdict"], r["printed"]) for r in english.rows] == [
        (r["where"], r["verdict"], r["printed"]) for r in chinese.rows
    ]
    said = [r for r in chinese.rows if "余额承接" in str(r["check"])]
    assert len(said) == 3 and all("现金随它变动" in str(r["note"]) for r in said)
    assert "现金随它变动" in page and "is taken up" not in page

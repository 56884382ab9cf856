"""A made-up company whose report is right to the last printed digit, in the tables that an audit reads."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from types import MappingProxyType

YEARS = (2023, 2024, 2025, 2026, 2027, 2028)
DCF_YEARS = tuple(range(2026, 2036))
FIELDS = ("item", "item_zh", "period", "status", "value", "unit", "source_figure")


def period(year: int) -> str:
    return f"{year}E" if year >= 2026 else str(year)


def status(year: int) -> str:
    return "forecast" if year >= 2026 else "actual"


def income() -> dict[str, dict[int, int]]:
    revenue = dict(zip(YEARS, (410_337, 655_121, 1_020_455, 1_633_871, 2_450_118, 3_307_642), strict=True))
    rows: dict[str, dict[int, int]] = {"revenue": revenue}
    rows["cost_of_sales"] = {y: -round(0.47 * r) for y, r in revenue.items()}
    rows["gross_profit"] = {y: revenue[y] + rows["cost_of_sales"][y] for y in YEARS}
    for item, share in (
        ("selling_and_marketing_expenses", 0.05), ("general_and_administrative_expenses", 0.08),
        ("research_and_development_expenses", 0.22),
    ):  # fmt: skip
        rows[item] = {y: -round(share * r) for y, r in revenue.items()}
    rows["other_income"] = {y: 12_000 + 137 * (y - 2023) for y in YEARS}
    rows["net_finance_cost"] = {y: 3_100 + 211 * (y - 2023) for y in YEARS}
    parts = [i for i in rows if i not in {"revenue", "cost_of_sales", "gross_profit"}]
    rows["profit_before_income_tax"] = {
        y: rows["gross_profit"][y] + sum(rows[i][y] for i in parts) for y in YEARS
    }
    rows["income_tax"] = {y: -round(0.15 * p) for y, p in rows["profit_before_income_tax"].items()}
    rows["net_profit"] = {y: rows["profit_before_income_tax"][y] + rows["income_tax"][y] for y in YEARS}
    rows["adjusted_net_profit"] = {y: p + (9_000 if y < 2026 else 0) for y, p in rows["net_profit"].items()}
    return rows


def statements() -> tuple[dict[str, dict[int, int]], dict[str, dict[int, int]], dict[str, dict[int, int]]]:
    inc = income()
    revenue, cost = inc["revenue"], inc["cost_of_sales"]
    worn = {y: 30_000 + 2_500 * (y - 2023) for y in YEARS}
    spent = {y: -(41_000 + 3_333 * (y - 2023)) for y in YEARS}
    fixed, ppe, intangible = 300_000, {}, {}
    for y in YEARS:
        fixed += -spent[y] - worn[y]
        ppe[y] = round(0.7 * fixed)
        intangible[y] = fixed - ppe[y]
    bal: dict[str, dict[int, int]] = {"property_plant_equipment": ppe, "intangible_assets": intangible}
    bal["total_non_current_assets"] = {y: ppe[y] + intangible[y] for y in YEARS}
    bal["inventories"] = {y: round(-cost[y] * 120 / 365) for y in YEARS}
    bal["trade_and_notes_receivables"] = {y: round(revenue[y] * 90 / 365) for y in YEARS}
    payables = {y: round(-cost[y] * 100 / 365) for y in YEARS}
    net = {y: bal["inventories"][y] + bal["trade_and_notes_receivables"][y] - payables[y] for y in YEARS}
    change = {y: (net[y - 1] if y > YEARS[0] else 90_000) - net[y] for y in YEARS}
    flow: dict[str, dict[int, int]] = {
        "profit_before_tax": inc["profit_before_income_tax"], "depreciation_and_amortisation": worn,
        "change_in_working_capital": change, "other_operating": {y: inc["income_tax"][y] for y in YEARS},
    }  # fmt: skip
    flow["net_cash_from_operating"] = {y: sum(r[y] for r in flow.values()) for y in YEARS}
    flow["purchase_of_ppe_and_intangibles"] = spent
    flow["proceeds_from_disposal_of_ppe_and_intangibles"] = dict.fromkeys(YEARS, 0)
    flow["net_cash_from_investing"] = dict(spent)
    flow["other_financing"] = dict.fromkeys(YEARS, 0)
    flow["net_cash_from_financing"] = dict.fromkeys(YEARS, 0)
    flow["net_change_in_cash"] = {y: flow["net_cash_from_operating"][y] + spent[y] for y in YEARS}
    cash, opening, closing = 500_000, {}, {}
    for y in YEARS:
        opening[y] = cash
        cash += flow["net_change_in_cash"][y]
        closing[y] = cash
    flow |= {"opening_cash": opening, "fx_effect": dict.fromkeys(YEARS, 0), "closing_cash": closing}
    bal["cash_and_cash_equivalents"] = closing
    current = ("inventories", "trade_and_notes_receivables", "cash_and_cash_equivalents")
    bal["total_current_assets"] = {y: sum(bal[i][y] for i in current) for y in YEARS}
    bal["total_assets"] = {
        y: bal["total_non_current_assets"][y] + bal["total_current_assets"][y] for y in YEARS
    }
    bal["other_non_current_liabilities"] = dict.fromkeys(YEARS, 25_000)
    bal["total_non_current_liabilities"] = dict.fromkeys(YEARS, 25_000)
    bal["trade_and_other_payables"] = payables
    bal["total_current_liabilities"] = payables
    bal["total_liabilities"] = {y: payables[y] + 25_000 for y in YEARS}
    bal["total_equity"] = {y: bal["total_assets"][y] - bal["total_liabilities"][y] for y in YEARS}
    return inc, bal, flow


def table(rows: list[tuple[str, str, str, str, str, str]], fields: tuple[str, ...] = FIELDS) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(fields)
    for item, when, kind, value, unit, figure in rows:
        writer.writerow([item, item, when, kind, value, unit, figure])
    return out.getvalue()


def of(rows: dict[str, dict[int, int]], figure: str) -> list[tuple[str, str, str, str, str, str]]:
    return [
        (item, period(y), status(y), str(v), "CNY_thousand", figure)
        for item, row in rows.items()
        for y, v in row.items()
    ]


def make(wrong: Mapping[tuple[str, int], int] = MappingProxyType({})) -> dict[str, str]:
    """All tables as text by file name; ``wrong`` shifts lines of the cash flow, through to the target price."""
    inc, bal, flow = statements()
    dcf = _dcf(inc, flow, wrong)
    pv, tv = _present(dcf["free_cash_flow"])
    fx, shares = 1.1, 800.0
    equity = pv + tv + 321_000
    dcf_hkd = round(equity * fx / 1e3, 1)
    peers = {"Alpha": 12.3, "Beta": 8.7, "Gamma": 15.1, "Delta": 10.4}
    mean = round(sum(peers.values()) / len(peers), 1)
    ps_hkd = round(mean * 0.8 * inc["revenue"][2027] * fx / 1e3)
    blended = round(0.6 * round(dcf_hkd) + 0.4 * ps_hkd)
    target, price = round(blended / shares, 2), 18.4
    rows = of(dcf, "Figure 9")
    rows += [
        ("wacc", "valuation", "valuation", "10.4", "percent", ""),
        ("terminal_growth", "valuation", "", "2.0", "percent", ""),
        ("pv_of_free_cash_flow", "valuation", "", str(pv), "CNY_thousand", ""),
        ("pv_of_terminal_value", "valuation", "", str(tv), "CNY_thousand", ""),
        ("enterprise_value", "valuation", "", str(pv + tv), "CNY_thousand", ""),
        ("net_cash_less_debt_and_minorities", "valuation", "", "321000", "CNY_thousand", ""),
        ("equity_value", "valuation", "", str(equity), "CNY_thousand", ""),
        ("equity_value", "valuation", "", f"{dcf_hkd:.1f}", "HKD_million", ""),
    ]  # fmt: skip
    value = [
        ("weight_dcf", "60", "percent"),
        ("weight_ps", "40", "percent"), ("value_dcf", str(round(dcf_hkd)), "HKD_million"),
        ("value_ps", str(ps_hkd), "HKD_million"), ("value_blended", str(blended), "HKD_million"),
        ("value_dcf_text", f"{dcf_hkd / 100:.1f}", "HKD_100million"),
        ("peer_average_ps", f"{mean}", "x"), ("valuation_discount", "20", "percent"),
        ("target_price", f"{target:.2f}", "HKD_per_share"), ("current_price", f"{price:.2f}", "HKD_per_share"),
        ("market_cap", f"{shares * price:.0f}", "HKD_million"),
        ("upside", f"{100 * (target / price - 1):.1f}", "percent"), ("week52_low", "11.2", "HKD_per_share"),
        ("week52_high", "22.9", "HKD_per_share"), ("wacc", "10.4", "percent"), ("terminal_growth", "2", "percent"),
    ]  # fmt: skip
    implied = {y: f"{blended / fx * 1e3 / inc['revenue'][y]:.1f}" for y in (2027, 2028)}
    valuation = [
        (i, "2027E" if i == "peer_average_ps" else "2026-05-04", "valuation", v, u, "") for i, v, u in value
    ]
    valuation += [("implied_ps_blended", f"{y}E", "valuation", v, "x", "") for y, v in implied.items()]
    capital = [
        ("beta", "1.2", "x"), ("risk_free_rate", "2.0", "percent"), ("market_risk", "7.5", "percent"),
        ("cost_of_equity", "11.0", "percent"),
        ("cost_of_debt", "4.0", "percent"), ("debt_to_equity", "8.0", "percent"),
        ("tax_rate", "15.0", "percent"), ("wacc", "10.4", "percent"), ("terminal_growth", "2.0", "percent"),
    ]  # fmt: skip
    return {
        "income_statement": table(of(inc, "Figure 1")), "balance_sheet": table(of(bal, "Figure 2")),
        "cash_flow": table(of(flow, "Figure 3")), "ratios": table(_ratios(inc)), "dcf": table(rows),
        "wacc": table([(i, "2026-05-04", "valuation", v, u, "") for i, v, u in capital]),
        "valuation": table(valuation), "comps": _comps(peers, mean, inc), "claims": table(_claims(inc, bal)),
        "market": table(_market()), "tickers": _tickers(),
    }  # fmt: skip


def _dcf(
    inc: dict[str, dict[int, int]], flow: dict[str, dict[int, int]], wrong: Mapping[tuple[str, int], int]
) -> dict[str, dict[int, int]]:
    ebit = {y: inc["profit_before_income_tax"][y] - inc["net_finance_cost"][y] for y in YEARS if y >= 2026}
    rows: dict[str, dict[int, int]] = {
        "ebit": ebit, "depreciation_and_amortisation": {y: flow["depreciation_and_amortisation"][y] for y in ebit},
        "tax": {y: -round(0.15 * e) for y, e in ebit.items()},
        "change_in_working_capital": {y: flow["change_in_working_capital"][y] for y in ebit},
        "capital_expenditure": {y: flow["purchase_of_ppe_and_intangibles"][y] for y in ebit},
    }  # fmt: skip
    for y in range(2029, 2036):
        for row in rows.values():
            row[y] = round(row[y - 1] * (1.12 if row is not rows["change_in_working_capital"] else 0.9))
        rows["tax"][y] = -round(0.15 * ebit[y])
    for (item, y), shift in wrong.items():
        rows[item][y] += shift
    rows["free_cash_flow"] = {y: sum(r[y] for r in rows.values()) for y in DCF_YEARS}
    return rows


def _present(flows: dict[int, int]) -> tuple[int, int]:
    """Mid-year flows: a convention that the audit has to find by itself."""
    pv = sum(f * 1.104 ** -(i + 0.5) for i, f in enumerate(flows.values()))
    return round(pv), round(flows[2035] * 1.02 / 0.084 * 1.104**-9.5)


def _ratios(inc: dict[str, dict[int, int]]) -> list[tuple[str, str, str, str, str, str]]:
    rows = []
    for stem, item in (
        ("revenue", "revenue"),
        ("gross_profit", "gross_profit"),
        ("adjusted_profit", "adjusted_net_profit"),
    ):
        for y in YEARS[1:]:
            growth = inc[item][y] / inc[item][y - 1] - 1
            rows.append(
                (f"{stem}_growth_yoy", period(y), status(y), f"{100 * growth:.1f}", "percent", "Figure 4")
            )
    for stem, item in (("gross", "gross_profit"), ("adjusted_net", "adjusted_net_profit")):
        for y in YEARS:
            share = inc[item][y] / inc["revenue"][y]
            rows.append((f"{stem}_margin", period(y), status(y), f"{100 * share:.1f}", "percent", "Figure 4"))
    for item in ("revenue", "gross_profit", "adjusted_net_profit"):
        rows += [
            (item, period(y), status(y), str(inc[item][y]), "CNY_thousand", "Front page") for y in YEARS[1:]
        ]
    return rows


def _claims(
    inc: dict[str, dict[int, int]], bal: dict[str, dict[int, int]]
) -> list[tuple[str, str, str, str, str, str]]:
    rows = [
        ("revenue", period(y), "", f"{inc['revenue'][y] / 1e5:.1f}", "CNY_100million", "text")
        for y in YEARS[3:]
    ]
    rate = (inc["revenue"][2028] / inc["revenue"][2025]) ** (1 / 3) - 1
    rows.append(("revenue_cagr", "2025-2028E", "", f"{100 * rate:.1f}", "percent", "text"))
    rows.append(
        ("inventories", "2025", "", f"{bal['inventories'][2025] / 1e5:.2f}", "CNY_100million", "text")
    )
    rows.append(("inventories_growth", "2025", "", ">50", "percent", "text"))
    rows.append(("rd_headcount", "2025", "", "412", "persons", "text"))
    return rows


def _market() -> list[tuple[str, str, str, str, str, str]]:
    return [
        ("chip_market", "2024", "actual", "310", "USD_100million", ""),
        ("chip_market", "2029E", "", "1250", "USD_100million", ""),
        ("chip_market_cagr", "2024-2029E", "", "32.2", "percent", ""),
        ("capex_growth", "2026E", "", "25.0", "percent", ""), ("capex", "2025", "", "400.0", "USD_100million", ""),
        ("capex", "2026E", "", "500.0", "USD_100million", ""),
    ]  # fmt: skip


def _comps(peers: dict[str, float], mean: float, inc: dict[str, dict[int, int]]) -> str:
    lines = ["company,company_zh,item,period,value,unit,source_figure,ticker"]
    codes = {"Alpha": "600001.SH", "Beta": "000002.SZ", "Gamma": "0700.HK", "Delta": "NVDA.US"}
    lines += [f"{n},{n},forward_price_to_sales,2027E,{v},x,Figure 5,{codes[n]}" for n, v in peers.items()]
    lines.append(f"average,平均,forward_price_to_sales,2027E,{mean},x,Figure 5,")
    lines.append(f"Own,自己,revenue_2025,2025,{inc['revenue'][2025] / 1e5:.1f},CNY_100million,Figure 6,")
    lines.append("Own,自己,rd_headcount_2025,2025,412,persons,Figure 6,")
    return "\n".join(lines) + "\n"


def _tickers() -> str:
    codes = ("Alpha,600001. SH", "Beta,000002. SZ", "Gamma,0700. HK", "Delta,NVDA. US")
    return "\n".join(["company_zh,ticker_printed,source_figure", *(f"{code},F" for code in codes), ""])

"""Made-up companies whose reports are right to the last printed digit, in four vocabularies, and what may be wrong.

A company is a book: table -> item -> period -> number, in whole units of its scale; ``company_styles`` prints it.
"""

from __future__ import annotations

import random

from company_styles import FIRST, THOUSANDS, YEARS, Book, Style

FLOWS = tuple(range(2025, 2035))


def make(style: Style, seed: int) -> Book:
    """A company that is right: every line whole, every sum exact."""
    rng = random.Random(seed)
    book: Book = {"income_statement": _income(rng)}
    _balance_and_cash(book, rng, style)
    _ratios(book, style)
    _valuation(book, rng, style)
    return book


def _income(rng: random.Random) -> dict[str, dict[object, float]]:
    level, rows = rng.randint(300_000, 900_000), {}
    revenue: dict[object, float] = {}
    for y in YEARS:
        revenue[y] = level
        level = round(level * rng.uniform(1.12, 1.6))
    rows["revenue"] = revenue
    for item, low, high in (
        ("cost_of_sales", 0.45, 0.55), ("selling_and_marketing_expenses", 0.04, 0.07),
        ("general_and_administrative_expenses", 0.05, 0.08), ("research_and_development_expenses", 0.12, 0.16),
    ):  # fmt: skip
        rows[item] = {y: -round(rng.uniform(low, high) * r) for y, r in revenue.items()}
    rows["other_income"] = {y: rng.randint(2_000, 6_000) for y in YEARS}
    rows["net_finance_cost"] = {y: rng.choice((-1, 1)) * rng.randint(2_000, 7_000) for y in YEARS}
    cost = {"cost_of_sales"}
    opex = ("selling_and_marketing_expenses", "general_and_administrative_expenses",
            "research_and_development_expenses", "other_income")  # fmt: skip
    out = {k: rows[k] for k in ("revenue", *cost)}
    out["gross_profit"] = {y: revenue[y] + rows["cost_of_sales"][y] for y in YEARS}
    out |= {k: rows[k] for k in opex}
    out["operating_profit"] = {y: out["gross_profit"][y] + sum(rows[k][y] for k in opex) for y in YEARS}
    out["net_finance_cost"] = rows["net_finance_cost"]
    out["profit_before_income_tax"] = {
        y: out["operating_profit"][y] + rows["net_finance_cost"][y] for y in YEARS
    }
    out["income_tax"] = {y: -round(0.2 * p) for y, p in out["profit_before_income_tax"].items()}
    out["net_profit"] = {y: out["profit_before_income_tax"][y] + out["income_tax"][y] for y in YEARS}
    half = {y: round(0.46 * v) for y, v in out["revenue"].items()}
    for item in list(out):
        part = half[2024] if item == "revenue" else round(0.46 * out[item][2024])
        out[item] |= {"2024H1": part, "2024H2": out[item][2024] - part}
    _halved(out)
    return out


def _halved(out: dict[str, dict[object, float]]) -> None:
    """Subtotals of the halves are sums of their own lines."""
    for half in ("2024H1", "2024H2"):
        line = {k: v[half] for k, v in out.items()}
        gross = line["revenue"] + line["cost_of_sales"]
        operating = gross + sum(line[k] for k in (
            "selling_and_marketing_expenses", "general_and_administrative_expenses",
            "research_and_development_expenses", "other_income"))  # fmt: skip
        before = operating + line["net_finance_cost"]
        for k, v in (("gross_profit", gross), ("operating_profit", operating), ("profit_before_income_tax", before),
                     ("net_profit", before + line["income_tax"])):  # fmt: skip
            out[k][half] = v


def _balance_and_cash(book: Book, rng: random.Random, style: Style) -> None:
    inc = book["income_statement"]
    revenue, cost, profit = inc["revenue"], inc["cost_of_sales"], inc["net_profit"]
    worn = {y: round(0.03 * revenue[y]) for y in YEARS}
    spent = {y: -round(rng.uniform(0.05, 0.07) * revenue[y]) for y in YEARS}
    sold = dict.fromkeys(YEARS, 0)
    lent = {y: -rng.randint(500, 3_000) for y in YEARS}
    debt = {y: rng.randint(1_000, 9_000) for y in YEARS}
    issue = {y: rng.randint(40_000, 90_000) if style.issues and y in {2024, 2026} else 0 for y in YEARS}
    back = {y: -rng.randint(3_000, 9_000) if style.issues and y == 2027 else 0 for y in YEARS}
    paid = {y: -round(0.3 * profit[y - 1]) if style.dividends and y > YEARS[0] else 0 for y in YEARS}
    fixed, cash, other, loans, capital, kept = 260_000, 400_000, 30_000, 50_000, 420_000, 0
    b: dict[str, dict[object, float]] = {k: {} for k in (
        "property_plant_equipment", "intangible_assets", "other_non_current_assets", "total_non_current_assets",
        "inventories", "trade_and_notes_receivables", "cash_and_cash_equivalents", "total_current_assets",
        "total_assets", "borrowings_non_current", "other_non_current_liabilities", "total_non_current_liabilities",
        "trade_and_other_payables", "other_current_liabilities", "total_current_liabilities", "total_liabilities",
        "share_capital", "retained_earnings", "total_equity", "total_liabilities_and_equity")}  # fmt: skip
    c: dict[str, dict[object, float]] = {k: {} for k in (
        "profit_before_tax", "depreciation_and_amortisation", "change_in_working_capital", "income_tax_paid",
        "net_cash_from_operating", "purchase_of_ppe_and_intangibles", "proceeds_from_disposal_of_ppe_and_intangibles",
        "other_investing", "net_cash_from_investing", "proceeds_from_borrowings", "proceeds_from_issue_of_shares",
        "repurchase_of_shares", "dividends_paid", "net_cash_from_financing", "net_change_in_cash", "opening_cash",
        "closing_cash")}  # fmt: skip
    before: float = rng.randint(60_000, 90_000)
    for y in YEARS:
        stock = (round(-cost[y] * 110 / 365), round(revenue[y] * 80 / 365), round(-cost[y] * 95 / 365))
        net = stock[0] + stock[1] - stock[2]
        fixed += -spent[y] - worn[y]
        other, loans = other - lent[y], loans + debt[y]
        row = {
            "profit_before_tax": inc["profit_before_income_tax"][y], "depreciation_and_amortisation": worn[y],
            "change_in_working_capital": before - net, "income_tax_paid": inc["income_tax"][y],
        }  # fmt: skip
        before = net
        operating = sum(row.values())
        investing = spent[y] + lent[y] + sold[y]
        financing = debt[y] + issue[y] + back[y] + paid[y]
        row |= {
            "net_cash_from_operating": operating, "purchase_of_ppe_and_intangibles": spent[y],
            "proceeds_from_disposal_of_ppe_and_intangibles": sold[y], "other_investing": lent[y],
            "net_cash_from_investing": investing, "proceeds_from_borrowings": debt[y],
            "proceeds_from_issue_of_shares": issue[y], "repurchase_of_shares": back[y], "dividends_paid": paid[y],
            "net_cash_from_financing": financing, "net_change_in_cash": operating + investing + financing,
            "opening_cash": cash, "closing_cash": cash + operating + investing + financing,
        }  # fmt: skip
        cash = row["closing_cash"]
        for k, v in row.items():
            c[k][y] = v
        ppe = round(0.7 * fixed)
        assets = {
            "property_plant_equipment": ppe,
            "intangible_assets": fixed - ppe,
            "other_non_current_assets": other,
        }
        current = {
            "inventories": stock[0],
            "trade_and_notes_receivables": stock[1],
            "cash_and_cash_equivalents": cash,
        }
        owed = {"borrowings_non_current": loans, "other_non_current_liabilities": 15_000}
        due = {"trade_and_other_payables": stock[2], "other_current_liabilities": 22_000}
        whole = sum(assets.values()) + sum(current.values())
        liabilities = sum(owed.values()) + sum(due.values())
        capital += issue[y] + back[y]
        kept = whole - liabilities - capital
        rows = assets | {"total_non_current_assets": sum(assets.values())} | current | {
            "total_current_assets": sum(current.values()), "total_assets": whole, **owed,
            "total_non_current_liabilities": sum(owed.values()), **due, "total_current_liabilities": sum(due.values()),
            "total_liabilities": liabilities, "share_capital": capital, "retained_earnings": kept,
            "total_equity": capital + kept, "total_liabilities_and_equity": whole,
        }  # fmt: skip
        for k, v in rows.items():
            b[k][y] = v
    book["balance_sheet"], book["cash_flow"] = b, c


def _ratios(book: Book, style: Style) -> None:
    inc, bal = book["income_statement"], book["balance_sheet"]
    k, profit, revenue = THOUSANDS[style.scale], inc["net_profit"], inc["revenue"]
    count = {
        y: 800 + (25 if style.issues and y >= 2024 else 0) + (25 if style.issues and y >= 2026 else 0)
        for y in YEARS
    }
    inc["eps"] = {y: round(profit[y] * k / 1e3 / count[y], 3) for y in YEARS}
    inc["shares"] = dict(count)
    later = YEARS[1:]
    cost, before = inc["cost_of_sales"], inc["profit_before_income_tax"]
    due = bal["total_current_liabilities"]
    book["ratios"] = {
        "revenue_growth_yoy": {y: round(100 * (revenue[y] / revenue[y - 1] - 1), 1) for y in later},
        "net_profit_growth_yoy": {y: round(100 * (profit[y] / profit[y - 1] - 1), 1) for y in later},
        "gross_margin": {y: round(100 * inc["gross_profit"][y] / revenue[y], 1) for y in YEARS},
        "net_margin": {y: round(100 * profit[y] / revenue[y], 1) for y in YEARS},
        "effective_tax_rate": {y: round(-100 * inc["income_tax"][y] / before[y], 1) for y in YEARS},
        "roe": {y: round(200 * profit[y] / (bal["total_equity"][y] + bal["total_equity"][y - 1]), 1) for y in later},
        "inventory_days": {y: round(-365 * bal["inventories"][y] / cost[y], 1) for y in YEARS},
        "receivable_days": {y: round(365 * bal["trade_and_notes_receivables"][y] / revenue[y], 1) for y in YEARS},
        "payable_days": {y: round(-365 * bal["trade_and_other_payables"][y] / cost[y], 1) for y in YEARS},
        "current_ratio": {y: round(bal["total_current_assets"][y] / due[y], 2) for y in YEARS},
        "debt_to_assets": {y: round(100 * bal["total_liabilities"][y] / bal["total_assets"][y], 1) for y in YEARS},
    }  # fmt: skip


def _valuation(book: Book, rng: random.Random, style: Style) -> None:
    inc, cf, bal = book["income_statement"], book["cash_flow"], book["balance_sheet"]
    k, rate = THOUSANDS[style.scale], {"USD": 1.0, "EUR": 9.1, "CNY": 1.08}[style.currency]
    rate = 1.0 if style.quoted == style.currency else rate
    d: dict[str, dict[object, float]] = {}
    here = [y for y in YEARS if y >= FIRST]
    d["ebit"] = {y: inc["operating_profit"][y] for y in here}
    d["depreciation_and_amortisation"] = {y: cf["depreciation_and_amortisation"][y] for y in here}
    d["tax"] = {}
    d["change_in_working_capital"] = {y: cf["change_in_working_capital"][y] for y in here}
    d["capital_expenditure"] = {y: cf["purchase_of_ppe_and_intangibles"][y] for y in here}
    for y in FLOWS:
        if y not in here:
            for item in (
                "ebit",
                "depreciation_and_amortisation",
                "change_in_working_capital",
                "capital_expenditure",
            ):
                d[item][y] = round(d[item][y - 1] * rng.uniform(1.03, 1.09))
        d["tax"][y] = -round(0.2 * d["ebit"][y])
    d["free_cash_flow"] = {y: sum(row[y] for row in d.values()) for y in FLOWS}
    flows = [d["free_cash_flow"][y] for y in FLOWS]
    pv = round(sum(f * 1.1 ** -(i + 1) for i, f in enumerate(flows)))
    tv = round(flows[-1] * 1.02 / 0.08 * 1.1**-10)
    net = bal["cash_and_cash_equivalents"][FIRST - 1] - bal["borrowings_non_current"][FIRST - 1]
    equity = pv + tv + net
    d |= {n: {"": v} for n, v in (
        ("pv_of_free_cash_flow", pv), ("pv_of_terminal_value", tv), ("enterprise_value", pv + tv),
        ("net_cash_less_debt_and_minorities", net), ("equity_value", equity))}  # fmt: skip
    book["dcf"] = d
    quoted_m = equity * k / 1e3 * rate
    peers = {n: round(rng.uniform(4, 16), 1) for n in ("Alpha", "Beta", "Gamma", "Delta", "Epsilon")}
    mean = round(sum(peers.values()) / 5, 1)
    ps = round(mean * 0.8 * inc["revenue"][2026] * k / 1e3 * rate)
    dcf = round(quoted_m)
    blended = round(0.6 * dcf + 0.4 * ps)
    count = 825.0 if style.issues else 800.0
    price = round(blended / count / rng.uniform(1.1, 1.5), 2)
    cap = round(count * price)
    target = round(blended / (cap / price), 2)
    book["valuation"] = {n: {"": v} for n, v in (
        ("weight_dcf", 60), ("weight_ps", 40), ("value_dcf", dcf), ("value_ps", ps), ("value_blended", blended),
        ("valuation_discount", 20), ("target_price", target), ("current_price", price), ("market_cap", cap),
        ("upside", round(100 * (target / price - 1), 1)), ("week52_low", round(0.6 * price, 2)),
        ("week52_high", round(1.3 * price, 2)))} | {"peer_average_ps": {2026: mean},
        "implied_ps_blended": {2026: round(blended / (inc["revenue"][2026] * k / 1e3 * rate), 1)},
        "report_date": {"": "2025-05-07"}, "data_date": {"": "2025-05-06"}}  # fmt: skip
    book["dcf"]["equity_value_quoted"] = {"": round(quoted_m, 1)}
    book["ratios"]["pe"] = {y: round(target / rate / inc["eps"][y], 1) for y in YEARS if y >= FIRST}
    book["wacc"] = {n: {"": v} for n, v in (
        ("beta", 1.2), ("risk_free_rate", 2.2), ("market_risk_premium", 7.2), ("cost_of_equity", 10.8),
        ("cost_of_debt", 5.0), ("debt_to_equity", 11.7), ("tax_rate", 20.0), ("wacc", 10.0),
        ("terminal_growth", 2.0))}  # fmt: skip
    book["peers"] = {n: {2026: v} for n, v in peers.items()} | {"average": {2026: mean}}
    _extras(book, rng, k)


def _extras(book: Book, rng: random.Random, k: float) -> None:
    inc = book["income_statement"]
    chips = {y: round(0.7 * inc["revenue"][y]) for y in YEARS}
    book["segments"] = {"chips": dict(chips), "systems": {y: inc["revenue"][y] - chips[y] for y in YEARS}}
    units = {y: 1_000 + 137 * (y - 2022) for y in YEARS}
    price = {y: round(chips[y] * k / units[y], 3) for y in YEARS}
    book["products"] = {"units": dict(units), "asp": price, "revenue": dict(chips)}
    book["market"] = {"china_first_share": {2024: 61}, "china_second_share": {2024: 24},
                      "china_others_share": {2024: 15},
                      "chip_market": {2024: 310, 2029: 1250}, "chip_market_cagr": {"2024-2029E": 32.2}}  # fmt: skip
    growth = (inc["revenue"][2027] / inc["revenue"][2024]) ** (1 / 3) - 1
    book["claims"] = {
        "revenue": {y: round(inc["revenue"][y] * k / 1e5, 1) for y in (2025, 2026, 2027)},
        "revenue_cagr": {"2024-2027E": round(100 * growth, 1)},
        "gross_margin": {y: book["ratios"]["gross_margin"][y] for y in (2025, 2026, 2027)},
    }
    book["tickers"] = {"Alpha": {"": "600001.SH"}, "Beta": {"": "000002.SZ"}, "Gamma": {"": "0700.HK"},
                       "Delta": {"": "NVDA.US"}, "Epsilon": {"": "688041.SH"}}  # fmt: skip

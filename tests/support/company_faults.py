"""What may be wrong in a printed report: one kind a name, each a change of a made-up company's book."""

from __future__ import annotations

import random
from collections.abc import Callable

from company_styles import Book

Fault = Callable[[Book, random.Random], None]
FAULTS: dict[str, Fault] = {}


def _add(name: str, fault: Fault) -> None:
    assert name not in FAULTS
    FAULTS[name] = fault


def _scale(table: str, item: str, years: tuple[object, ...], factor: float, digits: int = 0) -> Fault:
    def fault(book: Book, rng: random.Random) -> None:
        y = rng.choice(years)
        value = book[table][item][y]
        moved = round(value * factor, digits)
        book[table][item][y] = moved if digits else int(moved)

    return fault


def _shift(table: str, item: str, years: tuple[object, ...], by: float, digits: int) -> Fault:
    def fault(book: Book, rng: random.Random) -> None:
        y = rng.choice(years)
        book[table][item][y] = round(book[table][item][y] + by, digits)

    return fault


AHEAD = (2025, 2026, 2027)
ALL = (2023, 2024, 2025, 2026, 2027)
for _item in ("revenue", "cost_of_sales", "gross_profit", "research_and_development_expenses", "other_income",
              "operating_profit", "net_finance_cost", "profit_before_income_tax", "income_tax",
              "net_profit"):  # fmt: skip
    _add(f"income: {_item} 3 % off", _scale("income_statement", _item, ALL, 1.03))
for _item in ("property_plant_equipment", "total_non_current_assets", "inventories", "trade_and_notes_receivables",
              "cash_and_cash_equivalents", "total_current_assets", "total_assets", "borrowings_non_current",
              "total_non_current_liabilities", "trade_and_other_payables", "total_current_liabilities",
              "total_liabilities", "retained_earnings", "total_equity", "total_liabilities_and_equity"):  # fmt: skip
    _add(f"balance: {_item} 3 % off", _scale("balance_sheet", _item, ALL, 1.03))
for _item in ("profit_before_tax", "depreciation_and_amortisation", "change_in_working_capital",
              "net_cash_from_operating", "purchase_of_ppe_and_intangibles", "other_investing",
              "net_cash_from_investing",
              "net_change_in_cash", "opening_cash", "closing_cash"):  # fmt: skip
    _add(f"cash: {_item} 3 % off", _scale("cash_flow", _item, ALL, 1.03))
for _item, _by, _digits in (
    ("revenue_growth_yoy", 1.5, 1), ("net_profit_growth_yoy", 2.0, 1), ("gross_margin", 1.1, 1), ("net_margin", 0.9, 1),
    ("effective_tax_rate", 1.5, 1), ("roe", 2.5, 1), ("inventory_days", 9.0, 1), ("receivable_days", 7.0, 1),
    ("payable_days", 8.0, 1), ("current_ratio", 0.2, 2), ("debt_to_assets", 2.0, 1), ("pe", 3.0, 1),
):  # fmt: skip
    _add(f"ratio: {_item} off", _shift("ratios", _item, AHEAD, _by, _digits))
_add("ratio: eps off", _scale("income_statement", "eps", AHEAD, 1.06, 3))
for _item in ("ebit", "depreciation_and_amortisation", "tax", "change_in_working_capital", "capital_expenditure",
              "free_cash_flow"):  # fmt: skip
    _add(f"dcf: {_item} 3 % off", _scale("dcf", _item, AHEAD, 1.03))
for _item in ("pv_of_free_cash_flow", "pv_of_terminal_value", "enterprise_value", "equity_value"):
    _add(f"dcf: {_item} 2 % off", _scale("dcf", _item, ("",), 1.02))
for _item, _factor, _digits in (
    ("value_dcf", 1.03, 0), ("value_ps", 1.03, 0), ("value_blended", 1.03, 0), ("target_price", 1.04, 2),
    ("market_cap", 1.04, 0), ("upside", 1.2, 1), ("weight_dcf", 1.2, 0),
):  # fmt: skip
    _add(f"valuation: {_item} off", _scale("valuation", _item, ("",), _factor, _digits))
_add("valuation: implied multiple off", _scale("valuation", "implied_ps_blended", (2026,), 1.15, 1))
_add("valuation: cost of equity off", _shift("wacc", "cost_of_equity", ("",), 0.9, 1))
_add("valuation: WACC off in one table", _shift("wacc", "wacc", ("",), 0.7, 1))
_add("peers: mean off", _shift("peers", "average", (2026,), 0.7, 1))
_add("claims: revenue in the text off", _scale("claims", "revenue", (2025, 2026, 2027), 1.1, 1))
_add("claims: compound rate off", _shift("claims", "revenue_cagr", ("2024-2027E",), 2.0, 1))
_add("claims: margin in the text off", _shift("claims", "gross_margin", (2025, 2026, 2027), 1.2, 1))
_add("market: compound rate off", _shift("market", "chip_market_cagr", ("2024-2029E",), 2.5, 1))
_add("market: shares above 100 %", _shift("market", "china_others_share", (2024,), 9.0, 0))
_add("segments: one off", _scale("segments", "systems", ALL, 1.05))
_add("products: price off", _scale("products", "asp", ALL, 1.05, 3))
_add("halves: one half off", _scale("income_statement", "revenue", ("2024H2",), 1.04))


def _named(name: str) -> Callable[[Fault], Fault]:
    def keep(fault: Fault) -> Fault:
        _add(name, fault)
        return fault

    return keep


@_named("sign of a cost in one year")
def _(book: Book, rng: random.Random) -> None:
    book["income_statement"]["research_and_development_expenses"][rng.choice(ALL)] *= -1


@_named("sign of capital expenditure in one year")
def _(book: Book, rng: random.Random) -> None:
    book["cash_flow"]["purchase_of_ppe_and_intangibles"][rng.choice(ALL)] *= -1


@_named("part of retained earnings called capital in the last year")
def _(book: Book, rng: random.Random) -> None:
    balance = book["balance_sheet"]
    moved = abs(balance["retained_earnings"][2027]) // 10 + 5_000
    balance["retained_earnings"][2027] -= moved
    balance["share_capital"][2027] += moved


@_named("two columns of a statement swapped")
def _(book: Book, rng: random.Random) -> None:
    for row in book["balance_sheet"].values():
        row[2025], row[2026] = row[2026], row[2025]


@_named("two digits of a figure swapped")
def _(book: Book, rng: random.Random) -> None:
    row = book["balance_sheet"]["inventories"]
    text = str(row[2026])
    at = next(i for i in range(len(text) - 1) if text[i] != text[i + 1])
    row[2026] = int(text[:at] + text[at + 1] + text[at] + text[at + 2 :])


@_named("a figure ten times too large")
def _(book: Book, rng: random.Random) -> None:
    book["income_statement"]["selling_and_marketing_expenses"][rng.choice(AHEAD)] *= 10


@_named("a line lacks a year")
def _(book: Book, rng: random.Random) -> None:
    del book["cash_flow"]["other_investing"][rng.choice(AHEAD)]


@_named("a whole year is left out of a statement")
def _(book: Book, rng: random.Random) -> None:
    for row in book["balance_sheet"].values():
        del row[2024]


@_named("a line in another unit")
def _(book: Book, rng: random.Random) -> None:
    book["units"] = {"balance_sheet": {("inventories", y): "JPY million" for y in ("", *range(2022, 2028))}}  # type: ignore[dict-item]


@_named("an actual year after a forecast")
def _(book: Book, rng: random.Random) -> None:
    book["letters"] = {"balance_sheet": {2026: "2026A"}}  # type: ignore[dict-item]


@_named("a past year printed as a forecast")
def _(book: Book, rng: random.Random) -> None:
    book["letters"] = {"income_statement": {2023: "2023E"}}  # type: ignore[dict-item]


def _equity(book: Book, year: int, by: float) -> None:
    """Move equity from a year on, and cash with it: every sum still holds but the roll-forward."""
    for y in range(year, 2028):
        for item in ("retained_earnings", "total_equity", "total_liabilities_and_equity", "total_assets",
                     "total_non_current_assets", "other_non_current_assets"):  # fmt: skip
            book["balance_sheet"][item][y] += by


@_named("equity gains what nothing explains")
def _(book: Book, rng: random.Random) -> None:
    _equity(book, rng.choice(AHEAD), 27_000)


@_named("dividends paid do not leave equity")
def _(book: Book, rng: random.Random) -> None:
    y = rng.choice(AHEAD)
    for item in ("dividends_paid", "net_cash_from_financing", "net_change_in_cash"):
        book["cash_flow"][item][y] -= 21_000
    for k in range(y, 2028):
        book["cash_flow"]["closing_cash"][k] -= 21_000
        book["balance_sheet"]["cash_and_cash_equivalents"][k] -= 21_000
        book["balance_sheet"]["total_current_assets"][k] -= 21_000
        book["balance_sheet"]["other_non_current_assets"][k] += 21_000
        book["balance_sheet"]["total_non_current_assets"][k] += 21_000
        if k > y:
            book["cash_flow"]["opening_cash"][k] -= 21_000


@_named("a gap in equity as large as a move of other non-current liabilities")
def _(book: Book, rng: random.Random) -> None:
    y = rng.choice(AHEAD)
    for k in range(y, 2028):
        for item in ("other_non_current_liabilities", "total_non_current_liabilities", "total_liabilities"):
            book["balance_sheet"][item][k] -= 9_000
        for item in ("retained_earnings", "total_equity"):
            book["balance_sheet"][item][k] += 9_000


@_named("proceeds from disposals below zero")
def _(book: Book, rng: random.Random) -> None:
    y = rng.choice(AHEAD)
    book["cash_flow"]["proceeds_from_disposal_of_ppe_and_intangibles"][y] -= 5_000
    book["cash_flow"]["other_investing"][y] += 5_000


@_named("tax of the cash flow levied on pre-tax profit")
def _(book: Book, rng: random.Random) -> None:
    for y in AHEAD:
        old = book["dcf"]["tax"][y]
        book["dcf"]["tax"][y] = book["income_statement"]["income_tax"][y]
        book["dcf"]["free_cash_flow"][y] += book["dcf"]["tax"][y] - old


@_named("net cash of another year")
def _(book: Book, rng: random.Random) -> None:
    d, b = book["dcf"], book["balance_sheet"]
    net = b["cash_and_cash_equivalents"][2025] - b["borrowings_non_current"][2025]
    d["equity_value"][""] += net - d["net_cash_less_debt_and_minorities"][""]
    d["net_cash_less_debt_and_minorities"][""] = net


@_named("growth above the WACC")
def _(book: Book, rng: random.Random) -> None:
    book["wacc"]["terminal_growth"][""] = 11.0


@_named("cost of debt below zero")
def _(book: Book, rng: random.Random) -> None:
    book["wacc"]["cost_of_debt"][""] = -5.0


@_named("price outside its 52 weeks")
def _(book: Book, rng: random.Random) -> None:
    v = book["valuation"]
    v["week52_high"][""] = round(0.9 * v["current_price"][""], 2)


@_named("the report is dated before its data")
def _(book: Book, rng: random.Random) -> None:
    book["valuation"]["report_date"][""] = "2025-05-02"  # type: ignore[assignment]


@_named("one ticker for two companies")
def _(book: Book, rng: random.Random) -> None:
    book["tickers"]["Beta"][""] = "600001.SH"  # type: ignore[assignment]


@_named("a ticker that no exchange gives")
def _(book: Book, rng: random.Random) -> None:
    book["tickers"]["Gamma"][""] = "70A.HK"  # type: ignore[assignment]


@_named("a peer without a multiple")
def _(book: Book, rng: random.Random) -> None:
    book["peers"]["Beta"][2026] = ""  # type: ignore[assignment]


@_named("cash ends apart in both statements")
def _(book: Book, rng: random.Random) -> None:
    for item in ("cash_and_cash_equivalents", "total_current_assets", "total_assets", "total_liabilities_and_equity",
                 "retained_earnings", "total_equity"):  # fmt: skip
        book["balance_sheet"][item][2027] += 7_000


@_named("depreciation of the cash flow and of the valuation differ")
def _(book: Book, rng: random.Random) -> None:
    book["dcf"]["depreciation_and_amortisation"][2026] += 3_000
    book["dcf"]["free_cash_flow"][2026] += 3_000


@_named("capital expenditure of the cash flow and of the valuation differ")
def _(book: Book, rng: random.Random) -> None:
    book["dcf"]["capital_expenditure"][2025] += 4_000
    book["dcf"]["free_cash_flow"][2025] += 4_000


@_named("working capital does not move by the balances")
def _(book: Book, rng: random.Random) -> None:
    for table in ("cash_flow", "dcf"):
        book[table]["change_in_working_capital"][2027] += 8_000
    book["dcf"]["free_cash_flow"][2027] += 8_000
    for item, by in (("income_tax_paid", -8_000),):
        book["cash_flow"][item][2027] += by

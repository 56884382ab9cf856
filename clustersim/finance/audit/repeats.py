"""One quantity printed more than once must be one value, whatever its unit and digits."""

from __future__ import annotations

import re
from collections.abc import Iterator

from clustersim.finance.audit.figures import Finding, Interval, compare, total
from clustersim.finance.audit.records import Record, Tables
from clustersim.finance.audit.script import folded

__all__ = ["repeat_checks", "subject"]

#: quantity -> where it stands: (table, item); a minus marks an item printed with the opposite sign.
QUANTITIES: dict[str, tuple[tuple[str, str], ...]] = {
    "revenue": (("income_statement", "revenue"), ("ratios", "revenue"), ("claims", "revenue")),
    "gross_profit": (("income_statement", "gross_profit"), ("ratios", "gross_profit"), ("claims", "gross_profit")),
    "net_profit": (("income_statement", "net_profit"), ("ratios", "net_profit"), ("claims", "net_profit")),
    "adjusted_net_profit": (
        ("income_statement", "adjusted_net_profit"), ("ratios", "adjusted_net_profit"),
        ("claims", "adjusted_net_profit"),
    ),
    "selling_and_marketing_expenses": (
        ("income_statement", "-selling_and_marketing_expenses"), ("claims", "selling_and_marketing_expenses"),
    ),
    "general_and_administrative_expenses": (
        ("income_statement", "-general_and_administrative_expenses"),
        ("claims", "general_and_administrative_expenses"),
    ),
    "research_and_development_expenses": (
        ("income_statement", "-research_and_development_expenses"), ("claims", "research_and_development_expenses"),
    ),
    "inventories": (("balance_sheet", "inventories"), ("claims", "inventories")),
    "gross_margin": (("ratios", "gross_margin"), ("claims", "gross_margin")),
    "adjusted_net_margin": (("ratios", "adjusted_net_margin"),),
    "revenue_growth_yoy": (("ratios", "revenue_growth_yoy"),),
    "depreciation_and_amortisation": (
        ("cash_flow", "depreciation_and_amortisation"), ("dcf", "depreciation_and_amortisation"),
    ),
    "capital_expenditure": (
        ("cash_flow", "purchase_of_ppe_and_intangibles"), ("dcf", "capital_expenditure"),
    ),
    "change_in_working_capital": (
        ("cash_flow", "change_in_working_capital"), ("dcf", "change_in_working_capital"),
    ),
    "implied_ps": (("valuation", "implied_ps_blended"), ("claims", "value_implied_ps")),
}  # fmt: skip
#: Quantities of the valuation, which have no year.
TIMELESS: dict[str, tuple[tuple[str, str], ...]] = {
    "wacc": (("wacc", "wacc"), ("dcf", "wacc"), ("valuation", "wacc")),
    "terminal_growth": (
        ("wacc", "terminal_growth"),
        ("dcf", "terminal_growth"),
        ("valuation", "terminal_growth"),
    ),
    "value_dcf": (("valuation", "value_dcf"), ("valuation", "value_dcf_text"), ("dcf", "equity_value")),
    "value_ps": (("valuation", "value_ps"), ("valuation", "value_ps_text")),
    "value_blended": (("valuation", "value_blended"), ("valuation", "value_blended_text")),
    "rd_headcount": (("claims", "rd_headcount"),),
    "founded": (("claims", "founded"),),
}
#: Rows of a company in the comparison table, and the quantity and sign of the subject's own tables.
COMPANY_ROWS: dict[str, tuple[str, int]] = {
    "revenue": ("revenue", 1), "adjusted_loss": ("adjusted_net_profit", 1),
    "adjusted_profit": ("adjusted_net_profit", 1), "rd_expense": ("research_and_development_expenses", 1),
    "inventory": ("inventories", 1), "net_profit": ("net_profit", 1), "gross_margin": ("gross_margin", 1),
}  # fmt: skip


def repeat_checks(tables: Tables) -> Iterator[Finding]:
    """Yield a check for every figure that stands a second time."""
    own = subject(tables)
    for quantity, places in QUANTITIES.items():
        years = sorted(
            {r.year for t, i in places for r in tables.of(t) if r.item == i.lstrip("-") and r.year}
        )
        for year in years:
            found = [
                (r, r.scaled[0], r.scaled[1].scaled(-1 if item.startswith("-") else 1))
                for table, item in places
                for r in tables.by_key.get((table, item.lstrip("-"), year), [])
            ]
            if quantity == "depreciation_and_amortisation":
                found = _with_amortisation(tables, year, found)
            found += _from_comps(tables, own, quantity, year)
            yield from _same(f"{quantity} {year}", found)
    for quantity, places in TIMELESS.items():
        records = [r for t, i in places for r in tables.of(t) if r.item == i and r.value is not None]
        found = [(r, *r.scaled) for r in records]
        if quantity in {"rd_headcount", "founded"}:
            found += [
                (r, *r.scaled) for r in tables.of("comps")
                if r.company == own and _stem(r.item)[0] == quantity and r.value is not None
            ]  # fmt: skip
        yield from _same(quantity, found)
    yield from _ebit(tables)
    yield from _market_companies(tables)


_AMORTISED = re.compile(r"amorti[sz]|摊销", re.I)


def _with_amortisation(
    tables: Tables, year: int, found: list[tuple[Record, str, Interval]]
) -> list[tuple[Record, str, Interval]]:
    """Depreciation and amortisation on lines of their own are one amount, where another table prints that."""
    more = [
        r for r in tables.of("cash_flow")
        if r.year == year and r.value is not None and r.item != "depreciation_and_amortisation"
        and _AMORTISED.search(folded(r.printed or r.item))
    ]  # fmt: skip
    others = [i for r, _, i in found if r.table == "dcf"]
    if not more or not others:
        return found
    every = [
        (r, k, total([i, *(m.scaled[1] for m in more)]) if r.table == "cash_flow" else i) for r, k, i in found
    ]
    near = [abs(i.middle - others[0].middle) for r, _, i in (*found, *every) if r.table == "cash_flow"]
    return every if len(near) == 2 and near[1] < near[0] else found


def _stem(item: str) -> tuple[str, int | None]:
    found = re.fullmatch(r"(.+?)_(20\d\d)", item)
    return (found[1], int(found[2])) if found else (item, None)


def subject(tables: Tables) -> str | None:
    """Return the company whose report it is: in the comparison table it has facts but no multiples."""
    facts, priced = [], set()
    for record in tables.of("comps"):
        if "price_to" in record.item or record.item == "market_cap":
            priced.add(record.company)
        else:
            facts.append(record.company)
    candidates = [c for c in dict.fromkeys(facts) if c not in priced]
    return candidates[0] if len(candidates) == 1 else None


def _from_comps(
    tables: Tables, own: str | None, quantity: str, year: int
) -> list[tuple[Record, str, Interval]]:
    out = []
    for record in tables.of("comps"):
        stem, at = _stem(record.item)
        known = COMPANY_ROWS.get(stem)
        if (
            own
            and record.company == own
            and at == year
            and known
            and known[0] == quantity
            and record.value is not None
        ):
            out.append((record, record.scaled[0], record.scaled[1].scaled(known[1])))
    return out


def _same(name: str, found: list[tuple[Record, str, Interval]]) -> Iterator[Finding]:
    """Compare everything with the figure that has the most digits, kind by kind."""
    for kind in dict.fromkeys(k for _, k, _ in found):
        group = [(r, i) for r, k, i in found if k == kind]
        finest, reference = min(group, key=lambda pair: pair[1].high - pair[1].low)
        for record, interval in group:
            if record is finest:
                continue
            yield compare(
                f"{name} printed twice", record.where, interval, reference, worse="inconsistent",
                note=f"{finest.where} ({finest.item}) prints {finest.text} {finest.unit}",
            )  # fmt: skip


def _ebit(tables: Tables) -> Iterator[Finding]:
    """EBIT of the cash-flow table: profit before tax less net finance income."""
    for year in tables.years("dcf"):
        ebit = tables.find("dcf", "ebit", year)
        before_tax = tables.find("income_statement", "profit_before_income_tax", year)
        finance = tables.find("income_statement", "net_finance_cost", year)
        if ebit and before_tax and finance:
            yield compare(
                f"ebit {ebit.period} from the income statement", ebit.where, ebit.scaled[1],
                before_tax.scaled[1] - finance.scaled[1], worse="inconsistent",
                note="profit before tax less net finance income",
            )  # fmt: skip


def _market_companies(tables: Tables) -> Iterator[Finding]:
    """Revenue of a company in the market table against the comparison table."""
    for record in tables.of("market"):
        if not record.item.endswith("_revenue") or record.value is None or record.year is None:
            continue
        name = record.item.removesuffix("_revenue").replace("_", " ")
        whole = tables.find("income_statement", "revenue", record.year)
        if whole is not None and (subject(tables) or "").lower().startswith(name):
            pair = [(record, *record.scaled), (whole, *whole.scaled)]
            yield from _same(f"revenue of {subject(tables)} {record.year}", pair)
            continue
        for other in tables.of("comps"):
            if (
                other.company.lower().startswith(name)
                and other.item == f"revenue_{record.year}"
                and other.value is not None
            ):
                yield from _same(f"revenue of {other.company} {record.year}",
                                 [(record, *record.scaled), (other, *other.scaled)])  # fmt: skip

# ruff: noqa: E501 (a condition stays on its line)
"""What the tables print of a role that a sentence names: lines of the valuation, of the peers and of the balance sheet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from clustersim.finance.audit.figures import Interval, total
from clustersim.finance.audit.mentions import SHARED, Figure
from clustersim.finance.audit.money import currency_of
from clustersim.finance.audit.multiples import summary_of
from clustersim.finance.audit.quantities import Typed, Valuation, method_of, value_of, year_in
from clustersim.finance.audit.records import Record, Tables

__all__ = ["Lines", "Mention", "debts_of", "lines_of"]

Lines = list[tuple[Interval, str]]


@dataclass(frozen=True, slots=True)
class Mention:
    """A role that a sentence names, and the figure that it is said of."""

    role: str
    method: str
    figure: Figure
    year: int | None


def lines_of(tables: Tables, v: Valuation, m: Mention) -> Lines:
    """What the tables print of a role: of its method and year where the sentence names them."""
    if m.role in {"debt", "net_debt", "net_cash"}:
        return [*_typed(v, m), *debts_of(tables, m.role, m.year)] if _coined(m, tables) else []
    if m.role in {"multiple", "implied_multiple"} and _by_name(tables, m.method):
        return []
    if m.role.startswith("income:") and any(
        r.item == m.role.removeprefix("income:") for r in tables.of("income_statement")
    ):
        # A line of the statements is held to its own year there.
        return []
    if m.role == "peers":
        return [*_of_peers(tables, m), *_typed(v, m)]
    return _typed(v, m)


def _typed(v: Valuation, m: Mention) -> Lines:
    role = "multiple" if m.role == "peers" else m.role
    rows = [t for t in v.rows if t.role == role and _same_kind(m, t)]
    if role == "value of":
        # What one method gives; where none is printed of it nothing is known.
        rows = [t for t in v.all("value") if t.method == m.method]
        # A target that no value of a method stands beside is what the only method gives.
        alone = m.method == "dcf" and not list(v.all("value")) and not v.one("method_weight")
        rows = rows or (list(v.all("target")) if alone else [])
    if role == "target":
        # A fair value may be the value or the target that is rounded from it.
        rows = [*rows, *(t for t in v.all("value") if not t.method)]
    if role == "value":
        rows = [*rows, *v.all("target")]
    if role in {"multiple", "implied_multiple"}:
        rows = _multiples(v, m, rows)
    elif role in {"eps", "bvps"}:
        rows = [t for t in rows if t.year in {None, m.year}]
    elif role == "flow":
        rows = [t for t in rows if t.year == m.year]
    elif m.method:
        rows = [t for t in rows if t.method == m.method] or [t for t in rows if not t.method]
    if role == "income:ebitda":
        rows = [t for t in rows if m.year is None or t.year in {None, m.year}]
    if role in {"multiple", "implied_multiple"} and m.role != "peers":
        own = v.tables.find("ratios", m.method, m.year) if m.year is not None else None
        stated = [(own.interval, f"{own.where} prints {own.text}")] if own is not None else []
    else:
        stated = []
    out = [(value_of(t.record, t.role), f"{t.record.where} prints {t.record.text}") for t in rows]
    return [*((_sized(x, t), says) for (x, says), t in zip(out, rows, strict=True)), *stated]


def _multiples(v: Valuation, m: Mention, rows: Sequence[Typed]) -> list[Typed]:
    """Multiples of a method and year; of what the price means those at a price, whatever else the table applies."""
    own = [t for t in rows if t.method == m.method]
    other = list(v.all("implied_multiple" if m.role == "multiple" else "multiple", m.method))
    every = [*own, *other] if m.role == "multiple" or not own else own
    dated = [t for t in every if m.year is None or t.year in {None, m.year}]
    return dated or (own if m.role == "implied_multiple" else [])


def _sized(value: Interval, t: Typed) -> Interval:
    """A deduction may be printed with a minus and is said without one."""
    return (
        value.scaled(-1.0)
        if t.role == "net_debt" and value.middle < 0 and re.search(r"less|减", t.label, re.I)
        else value
    )


def _same_kind(m: Mention, t: Typed) -> bool:
    """Whether a figure's currency is the line's, or none."""
    own = currency_of(t.record.unit)
    coin = m.figure.coin
    return (
        not own or not coin or coin == own or (coin in SHARED and (not SHARED[coin] or own in SHARED[coin]))
    )


def _coined(m: Mention, tables: Tables) -> bool:
    coin = m.figure.coin
    return (
        not coin
        or coin == tables.currency
        or (coin in SHARED and (not SHARED[coin] or tables.currency in SHARED[coin]))
    )


def _by_name(tables: Tables, method: str) -> bool:
    """Whether the valuation prints what its values imply by name: the check of those holds the text."""
    return any(r.item.startswith(f"implied_{method}_") for r in tables.of("valuation"))


def _of_peers(tables: Tables, m: Mention) -> Lines:
    rows = [
        r for r in tables.of("comps")
        if summary_of(r) and r.value is not None and method_of(r.printed or r.item) == m.method
        and (m.year is None or (r.year or year_in(r.column or r.period)) == m.year)
    ]  # fmt: skip
    return [(r.interval, f"{r.where} prints {r.text}") for r in rows]


def debts_of(tables: Tables, role: str, year: int | None) -> Lines:
    """What is borrowed at the end of a year, and what is left of it after cash: with leases and without."""
    if year is None:
        return []
    debts = [
        r
        for r in tables.of("balance_sheet")
        if r.year == year and r.value and re.match(r"borrowings|lease_liabilities", r.item)
    ]
    loans = [r for r in debts if r.item.startswith("borrowings")]
    cash = tables.find("balance_sheet", "cash_and_cash_equivalents", year)
    out: Lines = []
    for rows in [debts, loans] if 0 < len(loans) < len(debts) else [debts] if debts else []:
        owed = _all(rows)
        if role == "debt":
            out.append((owed, f"borrowings of {year}"))
        elif cash is not None:
            net = owed - cash.scaled[1]
            out.append((net if role == "net_debt" else net.scaled(-1.0), f"borrowings less cash of {year}"))
    return out


def _all(rows: Sequence[Record]) -> Interval:
    return total(r.scaled[1] for r in rows)

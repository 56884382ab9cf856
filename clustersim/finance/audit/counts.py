"""Units that a report leaves to the reader: what a number of shares counts, and rates printed as shares of one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from statistics import median

from clustersim.finance.audit.figures import number
from clustersim.finance.audit.money import scale_of
from clustersim.finance.audit.records import Record

__all__ = ["COUNTS", "OPEN_COUNT", "as_counted", "as_percent"]

#: Lines that count shares.
COUNTS = {"shares", "diluted_shares"}
#: The unit of a number of shares whose table states none for it.
OPEN_COUNT = "?_shares"
_UNITS = ("shares", "thousand_shares", "10thousand_shares", "million_shares", "100million_shares")
_PROFITS = ("profit_attributable_to_owners", "net_profit", "adjusted_net_profit")
#: Fewer rates do not tell whether they are shares of one.
LEAST = 3
#: A rate printed as a share of one is smaller than this; growth to three times is 2.
SHARE = 2.0


def as_counted(records: Sequence[Record]) -> tuple[list[Record], list[str]]:
    """Return the records with the unit of every number of shares, and what was decided.

    A number without a unit of its own counts what makes profit over it come nearest to the printed EPS in most years;
    single shares where no EPS is printed.
    """
    open_ = [r for r in records if r.unit == OPEN_COUNT and r.value]
    if not open_:
        return list(records), []
    unit = min(_UNITS, key=lambda u: (_missed(records, open_, u), _UNITS.index(u)))
    said = f"{open_[0].printed or open_[0].item}: no unit is printed; read as {unit.replace('_', ' ')}"
    return [replace(r, unit=unit) if r.unit == OPEN_COUNT else r for r in records], [said]


def _missed(records: Sequence[Record], counts: Sequence[Record], unit: str) -> float:
    """The middle distance, in powers of e, of the printed EPS from profit over so many shares."""
    by = {(r.item, r.period): r for r in records if r.table == "income_statement" and r.value}
    gaps = []
    for count in counts:
        for eps in ("eps", "diluted_eps"):
            printed = by.get((eps, count.period))
            profits = [p for i in _PROFITS if (p := by.get((i, count.period)))]
            if printed is None or not profits:
                continue
            million = abs(count.value or 0.0) * scale_of(unit)[1]
            gaps.append(
                min(
                    abs(math.log(abs(p.scaled[1].middle) / 1e3 / million / abs(printed.scaled[1].middle)))
                    for p in profits
                )
            )
    return round(median(gaps), 1) if gaps else 0.0


def as_percent(records: Sequence[Record], open_: frozenset[str]) -> tuple[list[Record], list[str]]:
    """Return the records with rates that a table prints as shares of one in per cent, and what was decided.

    ``open_`` holds the places of rates beside which no unit stands: they are shares of one where all are small.
    """
    rates = [r for r in records if r.where in open_ and r.unit == "percent" and number(r.text) is not None]
    small = len(rates) >= LEAST and all(abs(r.value or 0.0) < SHARE for r in rates)
    if not small or all(abs(r.value or 0.0) < 0.1 for r in rates):
        return list(records), []
    places = {r.where for r in rates}
    said = f"{rates[0].file}: rates without a unit are below {SHARE:g}: read as shares of one"
    return [replace(r, text=_hundredfold(r.text)) if r.where in places else r for r in records], [said]


def _hundredfold(text: str) -> str:
    """A printed number times a hundred, with the digits that it has.

    >>> _hundredfold("0.420"), _hundredfold("(0.05)")
    ('42.0', '-5')
    """
    value = number(text)
    plain = text.strip().strip("()").replace(",", "").lstrip("+-")
    shifted = Decimal(plain).scaleb(2)
    return f"{'-' if (value or 0.0) < 0 else ''}{shifted:f}"

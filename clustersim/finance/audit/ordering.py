"""Statements that print a total before its lines, and lines that only say again what stands above them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise

from clustersim.finance.audit.figures import half_digit, number
from clustersim.finance.audit.labels import canonical_item
from clustersim.finance.audit.layout import Cell
from clustersim.finance.audit.script import folded

__all__ = ["again", "totals_last"]

#: Totals that some reports print above their lines.
_FIRST = {
    "total_non_current_assets", "total_current_assets", "total_non_current_liabilities", "total_current_liabilities",
    "equity_attributable_to_owners", "net_cash_from_operating", "net_cash_from_investing", "net_cash_from_financing",
}  # fmt: skip
#: The most lines below a total that are its own.
_MOST = 24
_OF_WHICH = re.compile(r"^\s*(?:其中|of which|including)\s*[:：]?\s*", re.I)
Line = list[Cell]


def totals_last(table: str, cells: Sequence[Cell]) -> list[Cell]:
    """Return the figures with every total behind its lines, as the sums read them.

    A table is turned where two of its totals at least are the sum of the lines below them in two thirds of the periods
    (two at least), and none is the sum of the lines above it; any other keeps its order.

    >>> rows = [("Current assets", 9), ("Cash", 4), ("Inventories", 5), ("Current liabilities", 5),
    ...         ("Trade payables", 3), ("Contract liabilities", 2)]
    >>> years = ("2024", "2025")
    >>> cells = [Cell(n, y, of, y, str(v), "CNY_million") for n, (of, v) in enumerate(rows) for y in years]
    >>> [c.label for c in totals_last("balance_sheet", cells)][::2]
    ['Cash', 'Inventories', 'Current assets', 'Trade payables', 'Contract liabilities', 'Current liabilities']
    """
    if table not in {"balance_sheet", "cash_flow"} or not all(c.column for c in cells):
        return list(cells)
    lines = _lines(cells)
    first: dict[int, int] = {}
    last = 0
    for k, line in enumerate(lines):
        if canonical_item(table, line[0].label) not in _FIRST:
            continue
        below, above = _run(lines, k, 1), _run(lines, k, -1)
        first |= {k: below} if below and not above else {}
        last += bool(above and not below)
    if len(first) < 2 or last:
        return list(cells)
    order: list[int] = []
    for k in range(len(lines)):
        order += [] if k in first else [k]
        order += [t for t, n in first.items() if t + n == k]
    return [c for k in order for c in lines[k]]


def again(cells: Sequence[Cell], names: Sequence[str]) -> list[str]:
    """Return the names where a line "of which" that is all of the line above it in most periods is that line again.

    It keeps a name of its own (``revenue_again``), enters no sum, and is held to the line that it repeats.
    """
    lines, out = _lines(cells), list(names)
    at = {id(c): k for k, c in enumerate(cells)}
    for above, line in pairwise(lines):
        if _OF_WHICH.match(folded(line[0].label)) and _is(above, [line]):
            for c in line:
                out[at[id(c)]] = f"{names[at[id(above[0])]]}_again"
    return out


def _lines(cells: Sequence[Cell]) -> list[Line]:
    out: list[Line] = []
    for c in cells:
        if out and (out[-1][0].line, out[-1][0].label) == (c.line, c.label):
            out[-1].append(c)
        else:
            out.append([c])
    return out


def _run(lines: Sequence[Line], k: int, step: int) -> int:
    """How many lines after (``step`` 1) or before (-1) a line add up to it; 0 for none."""
    for n in range(2 if step < 0 else 1, _MOST + 1):
        end = k + step * n
        if not 0 <= end < len(lines):
            return 0
        if n > 1 and _is(lines[k], [lines[k + step * m] for m in range(1, n + 1)]):
            return n
    return 0


def _is(total: Line, parts: Sequence[Line]) -> bool:
    """Whether lines add up to another in two thirds of its periods, and in two at least."""
    values = [{c.period: c.text for c in part} for part in parts]
    good = bad = 0
    for c in total:
        found = [(number(v.get(c.period, "")), v.get(c.period, "")) for v in values]
        whole = number(c.text)
        known = [(x, t) for x, t in found if x is not None]
        if whole is None or len(known) < len(found) or not any(x for x, _ in known):
            continue
        open_ = half_digit(c.text) + sum(half_digit(t) for _, t in known)
        if math.isclose(sum(x for x, _ in known), whole, rel_tol=1e-12, abs_tol=open_ * (1 + 1e-9)):
            good += 1
        else:
            bad += 1
    return good >= 2 and good >= 2 * bad

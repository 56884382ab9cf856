"""All laws of a valuation, each after those of its parts, and their checks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clustersim.finance.audit.figures import Finding
from clustersim.finance.audit.law import Law
from clustersim.finance.audit.laws_of_dividends import dividend_laws
from clustersim.finance.audit.laws_of_flows import capital_laws, factor_laws, terminal_laws, worth_laws
from clustersim.finance.audit.laws_of_shares import market_laws, share_laws, target_laws
from clustersim.finance.audit.laws_of_ties import multiple_laws, tie_laws
from clustersim.finance.audit.quantities import Valuation
from clustersim.finance.audit.records import Tables

__all__ = ["law_findings", "laws"]


def law_findings(tables: Tables, known: Sequence[Finding]) -> Iterator[Finding]:
    """Yield the checks of the laws that no check in ``known`` holds already at the same line."""
    held: dict[str, list[frozenset[str]]] = {}
    for f in known:
        held.setdefault(f.where, []).append(f.cells)
    for law in laws(tables):
        found = law.check()
        if not any(
            found.cells <= cells or cells <= found.cells
            for cells in held.get(found.where, ())
            if len(cells) > 1
        ):
            yield found


def laws(tables: Tables) -> Iterator[Law]:
    """Yield the laws of a valuation from the cost of capital to the target price, each after those of its parts."""
    v = Valuation(tables)
    if not v.rows:
        return
    for group in (
        capital_laws,
        tie_laws,
        multiple_laws,
        factor_laws,
        terminal_laws,
        worth_laws,
        dividend_laws,
        share_laws,
        target_laws,
        market_laws,
    ):
        yield from group(v)

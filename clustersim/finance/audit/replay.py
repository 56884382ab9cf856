"""A valuation run again through its own laws: what a mended figure moves the target price by, under whatever names."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property

from clustersim.finance.audit.discounting import ROWS
from clustersim.finance.audit.figures import Interval, follow, total
from clustersim.finance.audit.law import Choice, Law
from clustersim.finance.audit.quantities import Valuation, value_of
from clustersim.finance.audit.records import Record, Tables
from clustersim.finance.audit.valuing import laws

__all__ = ["Replay"]


class Replay:
    """The laws of a report's valuation, from its lines to the printed target price."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    @cached_property
    def target(self) -> Record | None:
        """The printed target price; of a value a share, where no target is printed, that value."""
        v = Valuation(self.tables)
        found = v.one("target") or v.one("value")
        return found.record if found is not None else None

    @cached_property
    def chain(self) -> tuple[Law, ...]:
        """The laws in the order of the way: what a flow is made of first, the target last."""
        return (*_flows(self.tables), *laws(self.tables))

    @property
    def known(self) -> bool:
        """Whether a law leads to the printed target price."""
        return self.target is not None and any(law.target is self.target for law in self.chain)

    def moved(self, mends: Mapping[str, float]) -> float:
        """How the target price moves when figures are mended, in its currency; each line with its own residual.

        ``mends`` are right figures in their printed units, by place.
        """
        gone: dict[str, float] = {}
        roles = {t.record.where: t.role for t in Valuation(self.tables).rows}
        for record in self.tables.records:
            if record.where in mends and record.value is not None:
                factor = _factor(record, roles.get(record.where, ""))
                gone[record.where] = (mends[record.where] - record.value) * factor
        for law in self.chain:
            step = _step(law, gone)
            if step:
                gone[law.target.where] = gone.get(law.target.where, 0.0) + step
        assert self.target is not None
        return gone.get(self.target.where, 0.0)


def _factor(record: Record, role: str) -> float:
    """The base unit of a figure in its printed one."""
    printed = record.interval
    return value_of(record, role).high / printed.high if printed.high else 1.0


def _step(law: Law, gone: Mapping[str, float]) -> float:
    """How a line moves with its parts: by the way to it that holds as printed, else by the first."""
    choice = _held(law)
    if not any(r.where in gone for r, _ in choice.parts):
        return 0.0
    printed = value_of(law.target, law.role)
    mended = choice.make(
        [value_of(r, role) + Interval.exactly(gone.get(r.where, 0.0)) for r, role in choice.parts]
    )
    if printed.meets(mended) and not printed.meets(choice.value()):
        # Only the mended parts give the line: it was made of them.
        return 0.0
    then = choice.make([_exact(r, role, 0.0) for r, role in choice.parts]).middle
    now = choice.make([_exact(r, role, gone.get(r.where, 0.0)) for r, role in choice.parts]).middle
    if not (math.isfinite(then) and math.isfinite(now)):
        return math.nan
    return follow(printed, then, now)


def _held(law: Law) -> Choice:
    printed = value_of(law.target, law.role)
    return next((c for c in law.choices if printed.meets(c.value())), law.choices[0])


def _exact(record: Record, role: str, moved: float) -> Interval:
    value = value_of(record, role).middle + moved
    return Interval(value, value)


def _flows(tables: Tables) -> list[Law]:
    """Free cash flows of the lines above them."""
    out = []
    for year in tables.years("dcf"):
        flow = tables.find("dcf", "free_cash_flow", year)
        ebit, after = (tables.find("dcf", i, year) for i in ("ebit", "net_operating_profit_after_tax"))
        tax = tables.find("dcf", "tax", year)
        rows = [r for i in ROWS if i not in {"ebit", "tax"} and (r := tables.find("dcf", i, year))]
        if ebit is not None and tax is not None and after is not None:
            out.append(Law("profit after tax", after, "", (Choice(((ebit, ""), (tax, "")), total, ""),)))
        first = [after] if after is not None else [r for r in (ebit, tax) if r is not None]
        parts = tuple((r, "") for r in (*first, *rows))
        if flow is not None and len(parts) > 1:
            out.append(Law("free cash flow", flow, "flow", (Choice(parts, total, ""),)))
    return out

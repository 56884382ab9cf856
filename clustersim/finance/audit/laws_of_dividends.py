"""Laws of what dividends are worth: each discounted, what follows them, and their sum a share."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from clustersim.finance.audit.figures import Interval, total
from clustersim.finance.audit.law import ONE, Choice, Law, Parts, law_of, made_of
from clustersim.finance.audit.laws_of_flows import over
from clustersim.finance.audit.quantities import Typed, Valuation

__all__ = ["dividend_laws"]

#: Years from the valuation to the first dividend: at its year's end, in its middle, at once.
TIMES = (1.0, 0.5, 0.0)


def dividend_laws(v: Valuation) -> Iterator[Law]:
    """Present values of the dividends a share, of what follows them, and the value that they sum up to."""
    rate = v.one("cost_of_equity") or v.one("wacc")
    paid = {t.year: t for t in v.all("dps") if t.year is not None}
    present = {t.year: t for t in v.all("pv_dps") if t.year is not None}
    if rate is None or len(paid) < 2:
        return
    first = min(paid)
    pairs = [(y - first, paid[y], present[y]) for y in sorted(paid) if y in present]
    lag = max(TIMES, key=partial(_fits, pairs, rate))
    for years, dividend, value in pairs:
        way = Choice(made_of(dividend, rate), partial(over, years + lag), f"{dividend.label} discounted")
        yield law_of(f"{value.label.strip()} of its dividend", value, way)
    yield from _after(v, paid[max(paid)], rate, len(paid))
    terminal = v.one("pv_terminal_a_share")
    values = [t for t in v.all("value") if t.method == "ddm"] or [t for t in v.all("value") if not t.method]
    if terminal is not None and len(present) == len(paid) and len(values) == 1:
        way = Choice(made_of(*present.values(), terminal), total, "all present values together")
        yield law_of(f"{values[0].label.strip()} of its present values", values[0], way)


def _fits(pairs: list[tuple[int, Typed, Typed]], rate: Typed, lag: float) -> int:
    return sum(value.value.meets(over(n + lag, [d.value, rate.value])) for n, d, value in pairs)


def _after(v: Valuation, last: Typed, rate: Typed, count: int) -> Iterator[Law]:
    growth, terminal, present = v.one("growth"), v.one("terminal_a_share"), v.one("pv_terminal_a_share")
    if terminal and growth and rate.value.low > growth.value.high:
        parts = made_of(last, rate, growth)
        yield law_of(
            "terminal value of the last dividend",
            terminal,
            Choice(parts, _perpetual, "dividend x (1 + growth) / (cost of equity - growth)"),
            Choice(parts, lambda p: p[0] / (p[1] - p[2]), "dividend / (cost of equity - growth)"),
        )
    if terminal and present:
        ways = (
            Choice(made_of(terminal, rate), partial(over, n), f"discounted over {n:g} years")
            for n in (count, count - 0.5, count - 1.0)
        )
        yield law_of("present value of the terminal value a share", present, *ways)


def _perpetual(parts: Parts) -> Interval:
    return parts[0] * (ONE + parts[2]) / (parts[1] - parts[2])

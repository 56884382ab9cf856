"""One market for all lines of a maker: what an event of the market does to each of them, followers included.

A line has a card whose worth is known now and at its anchor, or it follows another line by a declared generation
ratio, or it is neutral and says so. Every number is a float, a row by year (years, 1), or has points (years, points).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from clustersim.errors import InputError, suggest
from clustersim.market.link import Anchor, Bounds, Link, Value, Worth, make_link, neutral_link

__all__ = ["Follows", "Line", "market_links"]


@dataclass(frozen=True, slots=True)
class Follows:
    """The line that a roadmap card follows, and how many times its worth per card it is worth."""

    product: str
    worth_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One product line: its plan, and either its card's anchor and worth now, or whom it follows."""

    asp_cny: Value
    unit_cost_cny: Value = 0.0
    anchor: Anchor | None = None
    worth: Worth | None = None
    follows: Follows | None = None
    bounds: Bounds | None = None


def market_links(
    lines: Mapping[str, Line], *, value_share: float, price_sensitivity: float
) -> tuple[Link, ...]:
    """Return the link of every line, in their order; a line that nothing is known of is neutral and says so.

    A follower takes its leader's anchor and worth, times the ratio, with its own plan: where the leader's buyers gain
    a tenth, its own do, whatever the ratio. Followers may follow one another.

    >>> a = Anchor(product="A", scenario="s", value_in_use_price_cny=1e5, other_cost_cny=1e5, asp_cny=5e4)
    >>> lines = {"A": Line(asp_cny=5e4, anchor=a, worth=Worth(1.2e5, 1e5)),
    ...     "B": Line(asp_cny=9e4, follows=Follows("A", 2.0)), "C": Line(asp_cny=1e4)}
    >>> found = market_links(lines, value_share=0.0, price_sensitivity=1.5)
    >>> [round(one.units_factor, 4) for one in found], found[2].notes
    ([1.1537, 1.1537, 1.0], ('C: no card and no line to follow: an event of the market does not reach it',))

    Raises InputError for a line that follows one that is not there, or itself over others.
    """
    out = []
    for name, line in lines.items():
        known = _resolved(lines, name, ())
        if known is None:
            out.append(
                neutral_link(
                    name, f"{name}: no card and no line to follow: an event of the market does not reach it"
                )
            )
            continue
        anchor, worth = known
        mine = replace(anchor, product=name, asp_cny=line.asp_cny, unit_cost_cny=line.unit_cost_cny)
        out.append(
            make_link(
                mine, worth, value_share=value_share, price_sensitivity=price_sensitivity, bounds=line.bounds
            )
        )
    return tuple(out)


def _resolved(lines: Mapping[str, Line], name: str, seen: tuple[str, ...]) -> tuple[Anchor, Worth] | None:
    """The anchor and worth of a line: its own, or its leader's times the ratio."""
    if name in seen:
        raise InputError(f"products.{name}.follows: {' follows '.join((*seen, name))}; break the circle")
    line = lines[name]
    if line.anchor is not None and line.worth is not None:
        return line.anchor, line.worth
    if line.follows is None:
        return None
    leader, ratio = line.follows.product, line.follows.worth_ratio
    if leader not in lines:
        raise InputError(f"products.{name}.follows: no line {leader!r}; {suggest(leader, list(lines))}")
    found = _resolved(lines, leader, (*seen, name))
    if found is None:
        return None
    (anchor, worth), other = found, found[0].other_cost_cny
    then = ratio * (anchor.value_in_use_price_cny + other)
    now = ratio * (worth.value_in_use_price_cny + other)
    spent = other + ratio * (worth.other_cost_cny - other)
    return replace(anchor, value_in_use_price_cny=then - other), Worth(now - other, spent, worth.notes)

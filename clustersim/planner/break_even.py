"""At which price, share of hours sold, or tariff a cluster matches what it is held against.

The forward run is the function whose root is sought: cost per trained token against an incumbent's, cost per card-hour
against a rent, cost per served token against an interface's price. Each of the three unknowns moves it one way only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from clustersim.errors import InfeasibleError, InputError, suggest
from clustersim.pipeline import ClusterRun, StageCache, run_cluster
from clustersim.schema.inputs import Inputs, load_inputs
from clustersim.schema.tco import TcoSection

__all__ = ["AGAINST", "UNKNOWNS", "BreakEven", "break_even"]

AGAINST = ("incumbent", "rent", "api")


@dataclass(frozen=True, slots=True)
class _Unknown:
    """An input that is solved for: its key, unit, and the ends between which it is sought."""

    key: str
    unit: str
    low: float
    high: float


UNKNOWNS: dict[str, _Unknown] = {
    "price": _Unknown("cards.{card}.price", "CNY", 0.0, 1e8),
    "sold_share": _Unknown("tco.sold_share", "", 1e-4, 1.0),
    "tariff": _Unknown("tco.tariff", "CNY/kWh", 0.0, 1e3),
}


@dataclass(frozen=True, slots=True)
class BreakEven:
    """The value of the unknown at which the cluster's cost equals the mark, and both at the scenario's own value."""

    unknown: str
    unit: str
    against: str
    mark: float
    mark_unit: str
    now: float
    cost_now: float
    mark_now: float
    value: float
    cost_there: float


def break_even(
    name: str,
    sets: Mapping[str, object],
    *,
    unknown: str,
    against: str,
    mark: float | None = None,
    incumbent: str | None = None,
    hours_per_mtoken: float | None = None,
) -> BreakEven:
    """Solve for ``unknown`` (price, sold_share or tariff) so that the cluster's cost equals the mark.

    ``against`` is ``incumbent`` (CNY per million trained tokens of another scenario at this site, which pays the same
    tariff; the scenario's own incumbent where none is named), ``rent`` (CNY per card-hour, the card's market rent where
    no mark is given) or ``api`` (CNY per million served tokens; needs the card-hours that a million of them take).

    Raises InputError for words or marks that are missing, and InfeasibleError, with the cost at both ends of the
    unknown, when no value of it reaches the mark.
    """
    if unknown not in UNKNOWNS:
        raise InputError(f"unknown {unknown!r} cannot be solved for; {suggest(unknown, list(UNKNOWNS))}")
    inputs = load_inputs(name, sets, with_incumbent=False)
    tco = inputs.scenario.tco
    if unknown == "tariff" and tco.tariff_bands:
        raise InputError(
            "electricity is priced by time of day here; take tariff_bands out to solve for one tariff"
        )
    cost, unit = _cost(against, hours_per_mtoken)
    cache = StageCache()
    mark_at = _mark(inputs, against, mark, incumbent, cost, cache)
    what = UNKNOWNS[unknown]
    key = what.key.format(card=inputs.hardware.card.name)

    def both(value: float) -> tuple[float, float]:
        text: object = f"{value!r} {what.unit}" if what.unit else value
        changed = load_inputs(name, {**sets, key: text}, with_incumbent=False)
        there = changed.scenario.tco
        mine = cost(run_cluster(changed, there, cache))
        return mine, mark_at(there if unknown == "tariff" else tco)

    solved = _root(both, what, f"the {against}'s price", unknown)
    there, mark_there = both(solved)
    base = cost(run_cluster(inputs, tco, cache))
    return BreakEven(
        unknown,
        what.unit or "1",
        against,
        mark_there,
        unit,
        _now(inputs, unknown),
        base,
        mark_at(tco),
        solved,
        there,
    )


def _now(inputs: Inputs, unknown: str) -> float:
    tco: TcoSection = inputs.scenario.tco
    if unknown == "price":
        price = inputs.hardware.card.price
        return price.value if price is not None and price.unit == "CNY" else float("nan")
    return tco.sold_share.value if unknown == "sold_share" else tco.mean_tariff


def _cost(against: str, hours_per_mtoken: float | None) -> tuple[Callable[[ClusterRun], float], str]:
    if against == "incumbent":
        return lambda run: run.cny_per_mtoken, "CNY/Mtoken"
    if against == "rent":
        return lambda run: run.tco.cny_per_card_hour, "CNY/h"
    if against == "api":
        if hours_per_mtoken is None or hours_per_mtoken <= 0:
            raise InputError(
                "a break-even against an interface's price needs the card-hours of a million served tokens"
                " (--serving SCENARIO)"
            )
        hours = hours_per_mtoken
        return lambda run: run.tco.cny_per_card_hour * hours, "CNY/Mtoken served"
    raise InputError(f"against {against!r} is unknown; {suggest(against, AGAINST)}")


def _mark(
    inputs: Inputs,
    against: str,
    mark: float | None,
    incumbent: str | None,
    cost: Callable[[ClusterRun], float],
    cache: StageCache,
) -> Callable[[TcoSection], float]:
    """The mark that was given, or the one that the files know, as a function of the site's terms."""
    if mark is not None:
        if mark <= 0:
            raise InputError(f"a break-even needs a mark above zero, not {mark:g}")
        return lambda tco: mark
    if against == "incumbent":
        market = inputs.scenario.market
        other = incumbent or (market.incumbent if market is not None else None)
        if other is None:
            raise InputError("the scenario names no incumbent; give one with --incumbent")
        held = load_inputs(other, (), with_incumbent=False)
        # Its own share of hours sold is not what is solved for: it stays at the scenario's.
        return lambda tco: cost(run_cluster(held, tco, cache))
    rent = inputs.hardware.card.rent
    if against == "rent" and rent is not None and rent.unit == "CNY/h":
        known = rent.value
        return lambda tco: known
    raise InputError(f"no {against} price is known in CNY; give it with --mark")


def _root(both: Callable[[float], tuple[float, float]], what: _Unknown, words: str, unknown: str) -> float:
    """Bisect between the ends; the cost is monotone in each unknown."""

    def gap(value: float) -> float:
        cost, mark = both(value)
        return cost - mark

    low, high = what.low, what.high
    first, last = gap(low), gap(high)
    if first * last > 0:
        ends = [both(low), both(high)]
        raise InfeasibleError(
            f"no {unknown} between {low:g} and {f'{high:g} {what.unit}'.strip()} reaches {words}: at its ends the cost"
            f" is {ends[0][0]:,.4g} and {ends[1][0]:,.4g} against {ends[0][1]:,.4g} and {ends[1][1]:,.4g}; something"
            " else must change"
        )
    rising = last > first
    for _ in range(200):
        middle = (low + high) / 2
        if (gap(middle) > 0) == rising:
            high = middle
        else:
            low = middle
        if high - low <= 1e-12 * max(1.0, abs(high)):
            break
    return (low + high) / 2

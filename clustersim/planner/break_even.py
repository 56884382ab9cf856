"""At which price, share of hours sold, or tariff a site matches what it is held against.

The forward run is the function whose root is sought: the cost of a workload's unit against an incumbent's that does
the same demand, the cost of a card-hour against a rent, the cost of a served token against an interface's price. Each
of the three unknowns moves it one way only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from clustersim.assemble.bill import price_cny
from clustersim.errors import InfeasibleError, InputError, suggest
from clustersim.market.value import refuse_unequal
from clustersim.pipeline.site import SiteRun, run_site
from clustersim.planner.finish import work_named
from clustersim.planner.training import chosen_workload
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.quantity import tried
from clustersim.schema.sides import load_sides, refuse_stated_plans
from clustersim.special import root
from clustersim.workloads.work import StageCache

__all__ = ["AGAINST", "UNKNOWNS", "BreakEven", "Held", "break_even"]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A site and what it is held against.

    Attributes:
        name: the scenario.
        sets: overrides by key.
        against: ``incumbent``, ``rent`` (CNY per card-hour) or ``api`` (CNY per million served tokens).
        mark: the price that is to be matched; absent: what the files know.
        incumbent: a scenario whose cluster does this one's demand; empty: the market's.
        workload: the one whose unit counts; empty: the only one, or the whole demand per card-hour.
    """

    name: str
    sets: Mapping[str, object]
    against: str = "incumbent"
    mark: float | None = None
    incumbent: str = ""
    workload: str = ""

    def __post_init__(self) -> None:
        """Refuse words that are unknown and a mark that is not above zero."""
        if self.against not in AGAINST:
            raise InputError(f"against {self.against!r} is unknown; {suggest(self.against, AGAINST)}")
        if self.mark is not None and not self.mark > 0:
            raise InputError(f"a break-even needs a mark above zero, not {self.mark:g}")

    @property
    def rival(self) -> bool:
        """Whether an incumbent is run beside the site."""
        return self.against == "incumbent" and self.mark is None

    def load(self, point: Mapping[str, object]) -> tuple[Inputs, Inputs | None]:
        """Load the site with some more keys overridden, and the incumbent where it is the mark.

        Raises InputError where no incumbent is named.
        """
        sets = {**self.sets, **point}
        if not self.rival:
            return load_inputs(self.name, sets, with_incumbent=False), None
        if self.incumbent:
            mine, other = load_sides((self.name, self.incumbent), sets, demand=self.name)
            return mine, other
        inputs = load_inputs(self.name, sets)
        if inputs.incumbent is None:
            raise InputError(
                f"{inputs.file}: the scenario names no incumbent; give one with"
                " --incumbent, for example h20-1024, or a market price with --against rent --mark '4 CNY'"
            )
        return inputs, inputs.incumbent


@dataclass(frozen=True, slots=True)
class BreakEven:
    """The value of the unknown at which the site's cost equals the mark, and both at the scenario's own value."""

    unknown: str
    unit: str
    against: str
    workload: str
    """Whose unit counts; empty for a card-hour."""
    mark: float
    mark_unit: str
    now: float
    cost_now: float
    mark_now: float
    value: float
    cost_there: float


Cost = Callable[[SiteRun], float]


def break_even(held: Held, unknown: str) -> BreakEven:
    """Solve for ``unknown`` (price, sold_share or tariff) so that the site's cost equals the mark.

    The incumbent does the same demand under the same terms: a tariff is paid by both; its own price and share of hours
    sold are not what is solved for and stay.

    Raises InputError for words or marks that are missing, or demands that are unequal, and InfeasibleError, with the
    cost at both ends of the unknown, when no value of it reaches the mark.
    """
    if unknown not in UNKNOWNS:
        raise InputError(f"unknown {unknown!r} cannot be solved for; {suggest(unknown, list(UNKNOWNS))}")
    inputs, other = held.load({})
    if other is not None:
        market = inputs.scenario.market
        refuse_stated_plans([inputs, other], allowed=market is not None and market.stated_plans)
    if unknown == "tariff" and inputs.tco.tariff_bands:
        raise InputError(
            "electricity is priced by time of day here; take tariff_bands out to solve for one tariff"
        )
    what, workload, cache = UNKNOWNS[unknown], _workload(held, inputs), StageCache()
    if "{card}" in what.key:
        inputs.refuse_groups(f"the {unknown} of a card")
    key = what.key.format(card=inputs.parts.card.name)

    def at(value: float | None) -> tuple[float, float]:
        """Cost and mark with the unknown at a value, or as the files have it."""
        point = {} if value is None else {key: f"{value!r} {what.unit}".strip()}
        run = run_site(held.load(point)[0], cache)
        # What both pay moves the mark, too; what is the site's own does not.
        return _cost(held, run, workload), _mark(
            held, inputs, run, workload, point if unknown == "tariff" else {}, cache
        )

    cost_now, mark_now = at(None)
    with tried():
        solved = _root(at, what, f"the {held.against}'s price", unknown)
    there, mark_there = at(solved)
    return BreakEven(
        unknown=unknown, unit=what.unit or "1", against=held.against, workload=workload, mark=mark_there,
        mark_unit=_unit(held, inputs, run_site(inputs, cache), workload), now=_now(inputs, unknown), cost_now=cost_now,
        mark_now=mark_now, value=solved, cost_there=there,
    )  # fmt: skip


def _workload(held: Held, inputs: Inputs) -> str:
    """The workload whose unit counts; empty where card-hours are held against each other."""
    if held.against == "api":
        return chosen_workload(inputs, "serving", held.workload)
    if held.against == "rent":
        return ""
    demand = inputs.scenario.demand
    if held.workload and held.workload not in demand:
        raise InputError(f"--workload {held.workload}: {suggest(held.workload, list(demand))}")
    if not held.workload and held.mark is not None and len(demand) > 1:
        raise InputError(f"a mark is of one workload's unit; choose it with --workload: {', '.join(demand)}")
    return held.workload or (next(iter(demand)) if len(demand) == 1 else "")


def _cost(held: Held, run: SiteRun, workload: str) -> float:
    return run.cny_per_unit(work_named(run, workload)) if workload else run.tco.cny_per_card_hour


def _unit(held: Held, inputs: Inputs, run: SiteRun, workload: str) -> str:
    return f"CNY/{work_named(run, workload).main.name}" if workload else "CNY/card-hour"


def _mark(
    held: Held, inputs: Inputs, run: SiteRun, workload: str, point: Mapping[str, object], cache: StageCache
) -> float:
    """The mark that was given, or the one that the files know.

    Raises InputError where no price is known.
    """
    if held.mark is not None:
        return held.mark
    if held.rival:
        return _incumbents(held, run, workload, point, cache)
    rent = inputs.parts.card.rent
    if held.against == "rent" and rent is not None and rent.unit == "CNY/h":
        return rent.value
    raise InputError(f"no {held.against} price is known in CNY; give it with --mark")


def _incumbents(
    held: Held, run: SiteRun, workload: str, point: Mapping[str, object], cache: StageCache
) -> float:
    """What the incumbent charges for a unit, or for all that a sold card-hour of ours yields in its mix."""
    _, other = held.load(point)
    assert other is not None
    theirs = run_site(other, cache)
    for own, work in zip(run.works, theirs.works, strict=True):
        refuse_unequal(own.name, own.asked, work.asked)
    if workload:
        return theirs.cny_per_unit(work_named(theirs, workload))
    given = sum(work.share for work in run.works)
    return sum(
        own.share / given * own.main.per_card_hour * theirs.cny_per_unit(work_named(theirs, own.name))
        for own in run.works
    )


def _now(inputs: Inputs, unknown: str) -> float:
    if unknown == "price":
        card = inputs.parts.card
        return float("nan") if card.price is None else price_cny(card.price, inputs.prices, card.name).value
    return inputs.tco.sold_share.value if unknown == "sold_share" else inputs.tco.mean_tariff


def _root(at: Callable[[float], tuple[float, float]], what: _Unknown, words: str, unknown: str) -> float:
    """Seek the root between the ends; the cost is monotone in each unknown.

    Raises InfeasibleError where the cost stays on one side of the mark.
    """

    def gap(value: float) -> float:
        cost, mark = at(value)
        return cost - mark

    low, high = what.low, what.high
    if gap(low) * gap(high) > 0:
        ends = [at(low), at(high)]
        raise InfeasibleError(
            f"no {unknown} between {low:g} and {f'{high:g} {what.unit}'.strip()} reaches {words}: at its ends the cost"
            f" is {ends[0][0]:,.4g} and {ends[1][0]:,.4g} against {ends[0][1]:,.4g} and {ends[1][1]:,.4g}; something"
            " else must change"
        )
    return root(gap, low, high, within=1e-12 * max(1.0, low))

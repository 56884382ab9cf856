"""Serving at many points at once: the plans of all points by one closed form, the best of each, capacity in columns.

What a batch varies (card rates and memory, links, the level, …) stands in columns (`clustersim.columns`) from the
assembly on; the points of a batch take one plan and one fidelity, or split. Points that are alike in all that serving
reads are asked once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.assemble.fluid import FluidDeployment, fluid_deployment
from clustersim.assemble.serving import ServingBuilder
from clustersim.assemble.traffic import slo_of, stream_spec
from clustersim.columns import Split, Unbatchable, decide_with, pick, values_of
from clustersim.des.serving.book import Requests
from clustersim.des.serving.closed_best import Offered, best_of, stacked
from clustersim.des.serving.closed_crossing import Crossing, solved_for
from clustersim.des.serving.closed_form import ClosedForm, Fleet, SloColumns, closed_form
from clustersim.des.serving.closed_state import row_of
from clustersim.des.serving.fit import Misfit, misfit_in, misfits
from clustersim.des.serving.fluid_inputs import traffic_of
from clustersim.errors import InfeasibleError, InputError
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.inputs import Inputs
from clustersim.schema.serving import ServingPlan

__all__ = ["DRAWN", "PointsForm", "best_of_points", "level_of", "stacked", "unfit_in"]

#: Requests of a stream that are looked at for what never fits.
DRAWN = 2_000
#: What `decide` gives where no plan serves a point.
_NONE = -1
#: Parts of a workload that one closed form takes alike for all points, but for how fast requests come: capacity is
#: asked at the rate that the level allows.
_COMMON = ("traffic", "prefix", "batching", "speculative")
_SPEED = {"rate", "load_factor"}


@dataclass(frozen=True, slots=True)
class PointsForm:
    """The best plan of all points, its deployment in columns, its closed form, arrays (kinds of points,), and by point
    which of them it is."""

    plan: ServingPlan
    fluid: FluidDeployment
    form: ClosedForm
    which: NDArray[Any]

    def column(self, values: Any) -> Any:
        """Return numbers of the kinds of points as numbers of the points."""
        return np.broadcast_to(values, (int(self.which.max()) + 1,))[self.which]


def unfit_in(fleet: Fleet, drawn: Requests, share: float) -> Misfit | None:
    """What of a stream's draw is larger than an empty cache, where that alone breaks the level's share."""
    pools = [fleet.pool, *([fleet.decode] if fleet.decode is not None else [])]
    least = min(pools, key=lambda p: float(np.ravel(p.cost.cache_tokens)[0]))
    found = misfit_in(drawn, float(np.ravel(least.cost.cache_tokens)[0]), least.rules)
    return found if found is not None and found.requests > (1.0 - share) * found.of else None


def level_of(work: ServingWorkload, outside: Any) -> SloColumns:
    """Return the service level that the model part must meet, as `slo_of`, of one point or many."""
    level = slo_of(work, outside)
    return SloColumns(*(values_of(getattr(level, name)) for name in SloColumns.__slots__))


def best_of_points(
    inputs: Inputs, builder: ServingBuilder, plans: Sequence[ServingPlan]
) -> tuple[PointsForm, bool]:
    """Return the best plan of all points with its closed form, and whether that holds for the rate at the level.

    The plan is the one of most requests per second and card at the level, as for one point. Raises Split where points
    differ in it, Unbatchable where none serves: each point says why.
    """
    kinds, which = builder.distinct()
    search = _Search(inputs, kinds, plans, int(which.max()) + 1)

    def labels() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        with _split_by_points(which):
            found = search.labels()[which]
        return np.asarray(found, dtype=np.int64), search.crossed[which]

    label, crossed = decide_with(labels)
    if label == _NONE:
        raise Unbatchable("no plan serves: each point says why")
    at = label // 2
    with _split_by_points(which):
        fluid = fluid_deployment(inputs, kinds.work, plans[at], kinds)
        level = level_of(kinds.work, fluid.request_s)
        search.crossed[which] = crossed  # as all points found it
        form = search.form or search.formed(fluid.fleet, level)
    return PointsForm(plans[at], fluid, form, which), label % 2 == 1


@contextmanager
def _split_by_points(which: NDArray[np.int64]) -> Iterator[None]:
    """What splits kinds of points splits the points of each."""
    try:
        yield
    except Split as split:
        raise Split(split.labels[which]) from None


@dataclass(slots=True)
class _Search:
    """The plans of some kinds of points; where all have one best plan, its closed form."""

    inputs: Inputs
    builder: ServingBuilder
    plans: Sequence[ServingPlan]
    kinds: int
    work: ServingWorkload = field(init=False)
    form: ClosedForm | None = None
    traffic: Any = field(init=False)
    crossed: NDArray[np.float64] = field(init=False)
    """By kind the rate at which its best plan crosses the level, and how steep the share falls there."""

    def __post_init__(self) -> None:
        self.crossed = np.full((self.kinds, 2), np.nan)
        self.work = _one_traffic(self.builder)
        prefix = self.work.prefix
        self.traffic = traffic_of(
            stream_spec(self.work, self.inputs.scenario.seed),
            cached_share=prefix.hit_share.value if prefix else 0.0,
        )

    def labels(self) -> NDArray[np.int64]:
        """Return for every kind twice the index of its best plan, and one more where the form holds; -1 without any."""
        seed = self.inputs.scenario.seed
        drawn = stream_spec(self.work, seed).draw(DRAWN, np.random.default_rng(seed))
        offered = [self._offered(plan, drawn) for plan in self.plans]
        best = best_of(offered, self.traffic)
        labels = np.full(self.kinds, _NONE, dtype=np.int64)
        for at in np.unique(best.fleet[best.fleet >= 0]).tolist():
            rows, crossing = best.crossing(at)
            one = offered[at]
            assert one is not None
            form = closed_form(one.fleet, self.traffic, one.slo.take(rows), known=crossing)
            labels[rows] = 2 * at + form.slo_holds
            self.crossed[rows] = np.stack([form.rate_at_slo_per_s, form.slo_fall], axis=1)
            self.form = form if rows.size == self.kinds else None
        return labels

    def formed(self, fleet: Fleet, level: SloColumns) -> ClosedForm:
        """The closed form of a fleet that is the best one at all kinds, from where it crosses the level."""
        rate, fall = self.crossed.T
        return closed_form(
            fleet, self.traffic, level, known=Crossing(solved_for(fleet, self.traffic, level), rate, fall)
        )

    def _offered(self, plan: ServingPlan, drawn: Requests) -> Offered | None:
        """A plan's fleet at all kinds; nothing where it cannot be laid out. Raises Split where it can at some."""
        try:
            one = fluid_deployment(self.inputs, self.builder.work, plan, self.builder)
        except (InfeasibleError, InputError):
            return None
        level = level_of(self.builder.work, one.request_s)
        fits = _unfit(one.fleet, drawn) <= (1.0 - row_of(level.share)) * len(drawn)
        return Offered(one.fleet, one.cards, level, np.broadcast_to(fits, (self.kinds,)))


def _unfit(fleet: Fleet, drawn: Requests) -> NDArray[np.int64]:
    """Return how many requests do not fit the smaller cache of the pools, (points,)."""
    pools = [fleet.pool, *([fleet.decode] if fleet.decode is not None else [])]
    rooms = np.stack(np.broadcast_arrays(*(p.cost.cache_tokens[:, 0] for p in pools)))
    unfit = np.stack([misfits(drawn, room, p.rules) for room, p in zip(rooms, pools, strict=True)])
    least = np.argmin(rooms, axis=0)[None, :]
    return np.asarray(np.take_along_axis(unfit, least, axis=0)[0])


def _one_traffic(builder: ServingBuilder) -> ServingWorkload:
    """Return the workload at the first point; raises Unbatchable where points differ in their requests."""
    inside = (builder.where or {}).get("work", {})
    for part in _COMMON:
        varied = inside.get(part)
        if varied is not None and not (part == "traffic" and set(varied) <= _SPEED):
            raise Unbatchable(f"{part} varies, and a closed form takes one")
    work: ServingWorkload = pick(builder.work, inside or None, 0)
    return work

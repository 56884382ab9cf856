"""Serving at many points at once: all plans of all points in one closed form, the best of each, capacity in columns.

What a batch varies (card rates and memory, links, lengths of the level, …) stands in columns (`clustersim.columns`);
the points of a batch take one plan and one fidelity, or split.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.assemble.serving import FluidDeployment, ServingBuilder, fluid_deployment, slo_of, stream_spec
from clustersim.columns import Unbatchable, decide
from clustersim.des.serving.book import Requests
from clustersim.des.serving.closed_form import (
    ClosedForm,
    Fleet,
    FluidPool,
    SloColumns,
    closed_form,
)
from clustersim.des.serving.fit import Misfit, misfit_in
from clustersim.des.serving.fluid_inputs import stack_costs, traffic_of
from clustersim.errors import ClusterSimError
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.inputs import Inputs
from clustersim.schema.serving import ServingPlan

__all__ = ["DRAWN", "PointsForm", "best_of_points", "stacked", "unfit_in"]

#: Requests of a stream that are looked at for what never fits.
DRAWN = 2_000
#: What `decide` gives where no plan serves a point.
_NONE = -1


@dataclass(frozen=True, slots=True)
class PointsForm:
    """The best plan of all points, its deployment at each of them (points), and its closed form, arrays (points,)."""

    plan: ServingPlan
    fluids: Sequence[FluidDeployment]
    form: ClosedForm


def stacked(fleets: Sequence[Fleet]) -> Fleet:
    """Return several fleets of one scheduler as the points of one."""
    if len(fleets) == 1:
        return fleets[0]

    def stack(pools: Sequence[FluidPool]) -> FluidPool:
        first = pools[0]
        replicas = np.array([float(np.ravel(p.replicas)[0]) for p in pools])
        host = np.array([float(np.ravel(p.host_s)[0]) for p in pools])
        return FluidPool(stack_costs([p.cost for p in pools]), first.rules, replicas, first.pooled, host)

    decode = [f.decode for f in fleets if f.decode is not None]
    return Fleet(
        stack([f.pool for f in fleets]),
        stack(decode) if decode else None,
        np.array([float(np.ravel(f.transfer_latency_s)[0]) for f in fleets]),
        np.array([float(np.ravel(f.transfer_token_s)[0]) for f in fleets]),
    )


def unfit_in(fleet: Fleet, drawn: Requests, share: float) -> Misfit | None:
    """What of a stream's draw is larger than an empty cache, where that alone breaks the level's share."""
    pools = [fleet.pool, *([fleet.decode] if fleet.decode is not None else [])]
    least = min(pools, key=lambda p: float(np.ravel(p.cost.cache_tokens)[0]))
    found = misfit_in(drawn, float(np.ravel(least.cost.cache_tokens)[0]), least.rules)
    return found if found is not None and found.requests > (1.0 - share) * found.of else None


def best_of_points(
    inputs: Inputs,
    builders: Sequence[ServingBuilder],
    plans: Sequence[ServingPlan],
    alone: Callable[[ServingBuilder], Any],
) -> tuple[PointsForm, bool]:
    """Return the best plan of all points with its closed form, and whether that holds for the rate at the level.

    The plan is the one of most requests per second and card at the level, as for one point. Raises Split where points
    differ in it; where none serves, what ``alone`` raises for the first point.
    """
    label = decide(lambda: _labels(inputs, builders, plans))
    if label == _NONE:
        alone(builders[0])
        raise Unbatchable("a point has a plan only alone")
    plan = plans[label // 2]
    fluids = [fluid_deployment(inputs, b.work, plan, b) for b in builders]
    return PointsForm(plan, fluids, _form(inputs, builders, fluids)), label % 2 == 1


def _labels(
    inputs: Inputs, builders: Sequence[ServingBuilder], plans: Sequence[ServingPlan]
) -> NDArray[np.int64]:
    """Return for every point twice the index of its best plan, and one more where the form holds; -1 without any."""
    found: list[tuple[int, int, FluidDeployment]] = []
    drawn = _drawn(inputs, builders)
    for i, builder in enumerate(builders):
        for j, plan in enumerate(plans):
            try:
                one = fluid_deployment(inputs, builder.work, plan, builder)
            except ClusterSimError:
                continue
            if unfit_in(one.fleet, drawn[i], builder.work.slo.share.value) is None:
                found.append((i, j, one))
    labels = np.full(len(builders), _NONE, dtype=np.int64)
    if not found:
        return labels
    form = _form(inputs, [builders[i] for i, _, _ in found], [one for _, _, one in found])
    cards = np.array([one.cards for _, _, one in found])
    yields = form.rate_at_slo_per_s / cards
    best = [(0.0, 0.0)] * len(builders)
    for row, (i, j, _) in enumerate(found):
        worth = float(yields[row]), -float(cards[row])
        if worth[0] > 0.0 and (labels[i] == _NONE or worth > best[i]):
            best[i], labels[i] = worth, 2 * j + int(form.slo_holds[row])
    return labels


def _form(
    inputs: Inputs, builders: Sequence[ServingBuilder], fluids: Sequence[FluidDeployment]
) -> ClosedForm:
    """Return the closed form of deployments that share their traffic, each at the level of its own workload."""
    stream = stream_spec(builders[0].work, inputs.scenario.seed)
    levels = [slo_of(b.work, f.request_s) for b, f in zip(builders, fluids, strict=True)]
    slo = SloColumns(*(np.array([getattr(s, n) for s in levels]) for n in SloColumns.__slots__))
    traffic = traffic_of(stream, cached_share=fluids[0].cached_share)
    return closed_form(stacked([one.fleet for one in fluids]), traffic, slo)


def _drawn(inputs: Inputs, builders: Sequence[ServingBuilder]) -> list[Requests]:
    """Return a draw of each point's stream; raises Unbatchable where they differ: each needs its own traffic."""
    first: ServingWorkload = builders[0].work
    if any(b.work.traffic != first.traffic or b.work.prefix != first.prefix for b in builders):
        raise Unbatchable("the requests vary, and a closed form takes one traffic")
    if any(b.work.batching != first.batching or b.work.speculative != first.speculative for b in builders):
        raise Unbatchable("the scheduler varies, and a closed form takes one")
    seed = inputs.scenario.seed
    drawn = stream_spec(first, seed).draw(DRAWN, np.random.default_rng(seed))
    return [drawn] * len(builders)

"""Groups of unlike cards that serve one demand: what each carries, its share of the traffic, and which fill up first.

Each group is a pool of replicas of its own: a request is answered by one group from its first token to its last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from clustersim.errors import InfeasibleError, InputError
from clustersim.planner.serving import Serving
from clustersim.planner.training import chosen_workload
from clustersim.provenance import Sourced
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.inputs import Inputs
from clustersim.schema.serving import TrafficSection

__all__ = ["Part", "Pool", "filled", "parted", "pools_of", "shared_out"]


@dataclass(frozen=True, slots=True)
class Pool:
    """One group as it serves a workload.

    Attributes:
        name: of the workload.
        cards: of the workload's replicas on the group.
        requests_per_s: largest rate of these replicas at the service level; 0 where they cannot serve.
        cny_per_mtoken: at that rate; infinite without terms.
        reason: why it cannot.
        takes_per_s: of a demand.
    """

    inputs: Inputs
    name: str
    cards: int = 0
    requests_per_s: float = 0.0
    cny_per_mtoken: float = float("inf")
    reason: str = ""
    takes_per_s: float = 0.0

    @property
    def group(self) -> str:
        """Its name in the site."""
        return self.inputs.group

    @property
    def most_per_s(self) -> float:
        """Requests/s that all cards of the group carry, by whole replicas of the size that was asked."""
        return self.requests_per_s * (self.inputs.cards / self.cards) if self.cards else 0.0


@dataclass(frozen=True, slots=True)
class Part:
    """A group's part of a workload's traffic: its inputs with that traffic, and the share."""

    inputs: Inputs
    share: float


def pools_of(inputs: Inputs, workload: str) -> list[Pool]:
    """Return the groups of a site as pools of one serving workload.

    Raises InfeasibleError where none of them can serve it.
    """
    name = chosen_workload(inputs, "serving", workload)
    pools = [_pool(group, name) for group in inputs.groups]
    if not any(pool.requests_per_s > 0 for pool in pools):
        raise InfeasibleError(
            f"{inputs.name}: no group can serve {name}: {'; '.join(f'{p.group}: {p.reason}' for p in pools)}"
        )
    return pools


def _pool(group: Inputs, name: str) -> Pool:
    try:
        found = Serving(group, name).rate_at_slo()
    except InfeasibleError as error:
        return Pool(group, name, reason=str(error))
    cost = found.cny_per_mtoken if found.cny_per_mtoken is not None else float("inf")
    return Pool(group, name, found.cards, found.requests_per_s, cost)


def shared_out(pools: Sequence[Pool]) -> Mapping[str, Part]:
    """Return each group's part of the workload's own traffic, by what it carries: all are then equally busy."""
    whole = sum(pool.requests_per_s for pool in pools)
    out = {}
    for pool in pools:
        if pool.requests_per_s > 0:
            share = pool.requests_per_s / whole
            work = pool.inputs.scenario.demand[pool.name]
            assert isinstance(work, ServingWorkload)
            mine = work.model_copy(update={"traffic": parted(work.traffic, share)})
            demand = {**pool.inputs.scenario.demand, pool.name: mine}
            scenario = pool.inputs.scenario.model_copy(update={"demand": demand})
            out[pool.group] = Part(replace(pool.inputs, scenario=scenario), share)
    return out


def parted(traffic: TrafficSection, share: float) -> TrafficSection:
    """Return a share of a traffic: of its rate and of its requests; of the users who wait for their answers.

    A trace comes as much slower. Raises InputError where fewer users than groups would be left with none.
    """
    scaled: dict[str, object] = {}
    if traffic.trace is not None:
        scaled["load_factor"] = _times(traffic.load_factor, share)
    if traffic.rate is not None:
        scaled["rate"] = _times(traffic.rate, share)
    if traffic.requests is not None:
        scaled["requests"] = max(1, round(traffic.requests * share))
    if traffic.closed_loop is not None:
        users = round(traffic.closed_loop.users * share)
        if users < 1:
            raise InputError(
                f"traffic.closed_loop.users={traffic.closed_loop.users}: leaves a group with {share:.1%} of the traffic"
                " without a user; ask for more users, or take the group out (cluster.groups.NAME: null)"
            )
        scaled["closed_loop"] = traffic.closed_loop.model_copy(update={"users": users})
    return traffic.model_copy(update=scaled)


def _times(value: Sourced, share: float) -> Sourced:
    low, high = (None if end is None else end * share for end in (value.low, value.high))
    return replace(value, value=value.value * share, low=low, high=high)


def filled(pools: Sequence[Pool], demand_per_s: float) -> list[Pool]:
    """Return the groups that carry a demand with what each takes: the cheapest token first, each to its last card.

    Raises InputError for a demand that is not positive, InfeasibleError where all groups together carry less.
    """
    if not demand_per_s > 0:
        raise InputError(f"a demand of {demand_per_s} requests/s; it must be above zero")
    whole = sum(pool.most_per_s for pool in pools)
    if whole < demand_per_s:
        each = ", ".join(f"{p.group} {p.most_per_s:,.4g}" for p in pools)
        raise InfeasibleError(
            f"all groups together carry {whole:,.4g} requests/s at the service level ({each}), and {demand_per_s:,.4g}"
            " are asked; add cards, or ask for less"
        )
    out, rest = [], demand_per_s
    for pool in sorted((p for p in pools if p.requests_per_s > 0), key=lambda p: p.cny_per_mtoken):
        takes = min(rest, pool.most_per_s)
        if takes > 1e-9 * demand_per_s:
            out.append(replace(pool, takes_per_s=takes))
            rest -= takes
    return out

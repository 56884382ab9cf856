"""Prompts on the cards of one group of a site and answers on those of another: what both make together.

A deployment has the stated numbers of replicas of both kinds. The site holds as many deployments as the scarcer of the
two groups fills; what is left of the other group, and every other group, idles and is paid for.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from clustersim.assemble.groups import joint, phases_of
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.inputs import Inputs
from clustersim.workloads.on_groups import on_groups
from clustersim.workloads.serving import ServingDetail, detail_of, work_of
from clustersim.workloads.work import Load, StageCache, Work

__all__ = ["served_apart"]

_IDLE = Load(0.0, 0.0, 0.0, 0.0)


def served_apart(inputs: Inputs, name: str, work: ServingWorkload, cache: StageCache) -> Work:
    """Return what a serving workload makes of the card-hours of a site whose groups take its phases.

    Products are those of a mean card-hour of the whole site: n deployments of a + b cards on A and B cards of the two
    groups, n = min(A / a, B / b), make n times a deployment's tokens.

    Raises InfeasibleError where the model does not fit either kind of card or no rate meets the level.
    """
    first, second = phases_of(inputs, work)
    if second is None or second is first:
        # Groups of equal cards that a fast link joins are one group: both phases are on it.
        return on_groups(inputs, name, work_of, cache)
    detail = detail_of(inputs, work, cache)
    own = work_of(inputs, name, work, cache)
    cards = {first.group: detail.cards - detail.fluid.decode_cards, second.group: detail.fluid.decode_cards}
    have = {group.group: group.cards for group in (first, second)}
    count = min(have[group] / cards[group] for group in cards)
    used = {group: count * cards[group] / have[group] for group in cards}
    share = count * detail.cards / inputs.cards
    products = tuple(replace(p, per_card_hour=p.per_card_hour * share) for p in own.products)
    idle = [f"{1.0 - part:.0%} of {group} idle: the other group is too small" for group, part in used.items()
            if part < 0.995]  # fmt: skip
    return replace(
        own,
        main=replace(own.main, per_card_hour=own.main.per_card_hour * share),
        products=products,
        rates={key: value * (share if key.endswith("per_card") else 1.0) for key, value in own.rates.items()},
        layout={**own.layout, **_layout(inputs, work, detail, first, second), "deployments": count},
        notes=(*own.notes, *idle),
        group_loads={g.group: _load(own, detail, g.group, used, first.group) for g in inputs.groups},
    )


def _layout(
    inputs: Inputs, work: ServingWorkload, detail: ServingDetail, first: Inputs, second: Inputs
) -> dict[str, Any]:
    """Who does what, and what joins them."""
    return {
        "prefill": f"{work.replicas} replica(s) on {first.parts.card.name} ({first.group})",
        "decode": f"{work.disaggregated.decode_replicas if work.disaggregated else 0} replica(s) on"
        f" {second.parts.card.name} ({second.group})",
        "decode_cards": detail.fluid.decode_cards,
        "link_bytes_per_s_per_card": joint(inputs).bandwidth,
    }


def _load(own: Work, detail: ServingDetail, group: str, used: dict[str, float], first: str) -> Load:
    """How a group's cards are used: by its own phase, for the part of them that has one."""
    if group not in used:
        return _IDLE
    loads = detail.capacity.phase_loads
    load = own.load if loads is None else loads[0 if group == first else 1]
    return replace(load, busy=load.busy * used[group])

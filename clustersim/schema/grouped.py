"""The groups of a site as sites of their own: each with the demand and the terms of the whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from clustersim.provenance import Sourced
from clustersim.schema.groups import GroupSection
from clustersim.schema.scenario import ClusterSection, Scenario

__all__ = ["alike", "apportioned", "group_scenario"]


def group_scenario(scenario: Scenario, group: GroupSection, hot: float | None) -> Scenario:
    """Return the scenario with one group as its cluster, ``hot`` spare servers and its own lives of parts."""
    site = scenario.cluster
    cluster = ClusterSection(
        card=group.card,
        cards=group.cards,
        server=group.server or site.server,
        nic=group.nic or site.nic,
        in_network_reduction=group.in_network_reduction,
        nics_per_card=group.nics_per_card or site.nics_per_card,
        supernode=group.supernode,
        fabric=group.fabric or site.fabric,
        storage=site.storage,
    )
    changed: dict[str, Any] = {"cluster": cluster, "demand": _with_plan(scenario, group)}
    reliability = scenario.reliability
    if reliability is not None:
        own: dict[str, Any] = {}
        if hot is not None:
            own["spares"] = reliability.spares.model_copy(
                update={"hot": replace(reliability.spares.hot, value=hot, low=None, high=None)}
            )
        if group.mttf_scale is not None:
            own["mttf_scale"] = group.mttf_scale
        changed["reliability"] = reliability.model_copy(update=own)
    return scenario.model_copy(update=changed)


def _with_plan(scenario: Scenario, group: GroupSection) -> dict[str, Any]:
    """The demand with the group's plan for what is trained, where it states one."""
    if group.plan == "best":
        return dict(scenario.demand)
    return {
        name: work.model_copy(update={"plan": group.plan}) if work.kind == "training" else work
        for name, work in scenario.demand.items()
    }


def apportioned(total: float, sizes: list[float]) -> list[float]:
    """Share out a whole number by sizes: the largest remainders get what rounding down leaves.

    >>> apportioned(5, [10, 10, 1])
    [3, 2, 0]
    """
    whole = sum(sizes)
    parts = [total * size / whole for size in sizes]
    out = [float(int(part)) for part in parts]
    rest = round(total - sum(out))
    order = sorted(range(len(sizes)), key=lambda i: (out[i] - parts[i], i))
    for i in order[:rest]:
        out[i] += 1.0
    return [int(value) if value == int(value) else value for value in out]


def alike(groups: dict[str, GroupSection], fast: Callable[[GroupSection], bool]) -> dict[str, GroupSection]:
    """Put groups together that are equal in all but their number, where what joins them is ``fast`` enough.

    Names are joined by ``+``; cards and stated spares are added up.
    """
    out: dict[str, GroupSection] = {}
    for name, group in groups.items():
        same = next((n for n, g in out.items() if _bare(g) == _bare(group) and fast(group)), None)
        if same is None:
            out[name] = group
            continue
        other = out[same]
        spares = None
        if group.spares is not None and other.spares is not None:
            spares = _sum(group.spares, other.spares)
        both = other.model_copy(update={"cards": _sum(other.cards, group.cards), "spares": spares})
        # They stay where the first of them stood: the first group's card is the one that a market values.
        out = {f"{same}+{name}" if n == same else n: both if n == same else g for n, g in out.items()}
    return out


def _bare(group: GroupSection) -> dict[str, Any]:
    """What must agree: all but how many cards and spares there are."""
    kept = group.model_copy(
        update={"cards": Sourced(1.0, "1"), "spares": None if group.spares is None else Sourced(1.0, "1")}
    )
    return {name: getattr(kept, name) for name in type(kept).model_fields}


def _sum(one: Sourced, other: Sourced) -> Sourced:
    return replace(one, value=one.value + other.value, low=None, high=None)

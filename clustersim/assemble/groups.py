"""What joins the groups of a site as the engine and the bill take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clustersim.columns import ceiled, least
from clustersim.errors import InputError
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.inputs import Inputs

__all__ = ["Joint", "joint", "phases_of"]


@dataclass(frozen=True, slots=True)
class Joint:
    """The link between the groups of a site.

    Attributes:
        bandwidth: bytes/s per card and direction that pass between groups.
        ports: uplink ports of each group, by name, at its own switches' rate; a module at either end of each.
        switches: that join them, of the first group's kind.
    """

    bandwidth: float
    ports: dict[str, Any]
    switches: Any

    @property
    def modules(self) -> Any:
        """Optical modules: two a link."""
        return 2 * sum(self.ports.values())


def joint(inputs: Inputs) -> Joint:
    """Return the link between the groups: its rate, and what carries it.

    Every group has as many uplinks as carry ``cluster.link.bandwidth`` for each of its cards; switches with as many
    ports join them. Staged in host memory, no more than a card's host link passes.

    Raises InputError where traffic through hosts meets a card whose host link nobody has published.
    """
    link = inputs.scenario.cluster.link
    assert link is not None
    nics = [g.parts.nic.rate.value * g.scenario.cluster.nics_per_card.value for g in inputs.groups]
    rate = link.bandwidth.value if link.bandwidth is not None else least(*nics)
    if link.through_hosts:
        for group in inputs.groups:
            host = group.parts.card.host_link
            if host is None:
                raise InputError(
                    f"cards.{group.parts.card.name}.host_link is not in the profile, and traffic through hosts needs"
                    " it; add it with its source, or set cluster.link.through_hosts=false"
                )
            rate = least(rate, host.bandwidth.value)
    ports = {
        g.group: ceiled(g.cards * rate / g.parts.switch.port_rate.value - 1e-9)
        for g in inputs.groups
        if g.parts.switch_or_none is not None
    }
    first = inputs.groups[0].parts.switch_or_none
    switches = ceiled(sum(ports.values()) / int(first.ports.value)) if first is not None else 0
    return Joint(rate, ports, switches)


def phases_of(inputs: Inputs, work: ServingWorkload) -> tuple[Inputs, Inputs | None]:
    """Return what takes a workload's prompts, and what decodes where that is another group of unlike cards."""
    split = work.disaggregated
    if split is None or split.prefill_on is None or not inputs.groups:
        return inputs, None
    by = {name: group for group in inputs.groups for name in group.group.split("+")}
    return by[split.prefill_on], by[str(split.decode_on)]

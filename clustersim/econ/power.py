"""Power drawn, as against nameplate power."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from clustersim.columns import least, most, number

__all__ = ["PowerTerms", "card_power_w", "cluster_power", "mixed_power", "provisioned_power"]

#: Weights of the utilisation of tensor units, memory and links between idle and TDP. A matrix product at full
#: rate draws 85-96 % of TDP, a memory copy 55-60 %, an all-reduce 30-37 % (FlagPerf per-card averages of A100 and
#: BI-V150; tier: derived).
TENSOR_WEIGHT, MEMORY_WEIGHT, LINK_WEIGHT = 0.85, 0.5, 0.15
#: Racks and feeds are provisioned for the nameplate and a margin (tier: assumption).
PROVISION_MARGIN = 1.1


@dataclass(frozen=True, slots=True)
class PowerTerms:
    """Average power of a cluster by part, and the power to provision, in watts."""

    cards_w: float
    hosts_w: float
    nics_w: float
    switches_w: float
    optics_w: float
    spares_w: float
    provisioned_it_w: float
    pue: float
    supernode_w: float = 0.0
    """Switches and modules of coherent domains beyond a server."""

    @property
    def it_power_w(self) -> float:
        """Average power of the IT equipment."""
        network = self.nics_w + self.switches_w + self.optics_w + self.supernode_w
        return self.cards_w + self.hosts_w + network + self.spares_w

    @property
    def facility_power_w(self) -> float:
        """Average power of the facility: IT power times PUE."""
        return self.it_power_w * self.pue


def card_power_w(*, idle_w: float, tdp_w: float, u_tensor: float, u_memory: float, u_link: float) -> float:
    """Return P = idle + (TDP - idle)(0.85 u_tensor + 0.5 u_memory + 0.15 u_link), at most TDP.

    >>> card_power_w(idle_w=50, tdp_w=400, u_tensor=0.0, u_memory=0.0, u_link=0.0)
    50.0
    >>> card_power_w(idle_w=50, tdp_w=400, u_tensor=1.0, u_memory=1.0, u_link=1.0)
    400.0
    """
    load = TENSOR_WEIGHT * u_tensor + MEMORY_WEIGHT * u_memory + LINK_WEIGHT * u_link
    return number(idle_w + (tdp_w - idle_w) * least(1.0, load))  # type: ignore[no-any-return]


def provisioned_power(
    *,
    cards: int,
    tdp_w: float,
    hosts: int,
    host_w: float,
    nics: float,
    nic_w: float,
    switches: int,
    switch_w: float,
    optics: int,
    optic_w: float,
    spares: int = 0,
    supernode_w: float = 0.0,
) -> float:
    """Return the IT power that racks and feeds are provisioned for: everything at its nameplate, and a margin.

    ``spares`` are servers that stand by with cards and NICs of their own; ``supernode_w`` joins coherent domains.

    >>> provisioned_power(cards=8, tdp_w=400, hosts=1, host_w=1800, nics=8, nic_w=15, switches=0, switch_w=0, optics=0,
    ...     optic_w=0)
    5632.0
    """
    servers = cards * tdp_w + hosts * host_w + nics * nic_w
    standing_by = spares * servers / hosts if hosts else 0.0
    return PROVISION_MARGIN * (servers + standing_by + switches * switch_w + optics * optic_w + supernode_w)


def cluster_power(
    *,
    card_w: float,
    card_idle_w: float,
    busy_share: float,
    pue: float,
    spares_on: int = 0,
    **equipment: Any,
) -> PowerTerms:
    """Return the power of a cluster whose cards draw ``card_w`` for ``busy_share`` of the time and idle otherwise.

    ``equipment`` are the arguments of ``provisioned_power``; of its spares, ``spares_on`` stand by with idle cards.
    """
    e = equipment
    average = busy_share * card_w + (1 - busy_share) * card_idle_w
    hosts_w, nics_w = e["hosts"] * e["host_w"], e["nics"] * e["nic_w"]
    idle_servers = e["cards"] * card_idle_w + hosts_w + nics_w
    return PowerTerms(
        cards_w=e["cards"] * average,
        hosts_w=hosts_w,
        nics_w=nics_w,
        switches_w=e["switches"] * e["switch_w"],
        optics_w=e["optics"] * e["optic_w"],
        spares_w=spares_on * idle_servers / e["hosts"] if e["hosts"] else 0.0,
        provisioned_it_w=provisioned_power(**equipment),
        pue=pue,
        supernode_w=e.get("supernode_w", 0.0),
    )


def mixed_power(works: Sequence[tuple[float, PowerTerms]], idle: PowerTerms) -> PowerTerms:
    """Return the average power of a site whose hours are shared out: (share, power under that work), the rest idle.

    >>> busy = PowerTerms(800.0, 100.0, 0.0, 0.0, 0.0, 0.0, 1000.0, 1.2)
    >>> rest = PowerTerms(200.0, 100.0, 0.0, 0.0, 0.0, 0.0, 1000.0, 1.2)
    >>> mixed_power([(0.5, busy)], rest).cards_w, mixed_power([(1.0, busy)], rest).cards_w
    (500.0, 800.0)
    """
    left = most(0.0, 1.0 - sum(share for share, _ in works))
    cards_w = sum(share * terms.cards_w for share, terms in works) + left * idle.cards_w
    return replace(idle, cards_w=cards_w)

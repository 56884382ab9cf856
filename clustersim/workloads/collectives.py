"""Collectives on the cluster of a scenario: how long each takes, and at what bus bandwidth."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from clustersim.assemble.parts import network_spec
from clustersim.errors import InputError
from clustersim.fabric.collectives import CollectiveTime, bus_factor, collective_time
from clustersim.fabric.network import Network
from clustersim.schema.collectives import EXPERT_KINDS, CollectiveSection
from clustersim.schema.inputs import Inputs

__all__ = ["Exchanged", "exchanged", "share_evenly"]

#: Packets of a copy hold 256 bytes where kernels send 128; with the 32 bytes that leave kernels 0.8 of a link, copies
#: reach 8/9 of it (NVIDIA/nccl-tests issue 149; derived).
COPY_OVER_KERNEL = (256 / 288) / (128 / 160)


@dataclass(frozen=True, slots=True)
class Exchanged:
    """One collective on a network; rates in bytes/s per card. An expert exchange without a size has no time."""

    kind: str
    size: float | None
    cards: int
    cards_per_domain: int
    network: Network
    bytes_per_s: float
    """Size over time; of experts the rate that DeepEP prints."""
    bus_bytes_per_s: float
    seconds: float | None
    time: CollectiveTime | None

    def terms(self) -> dict[str, Any]:
        """Return the parts of the time in microseconds, by their columns; nothing where there is no time."""
        time = self.time
        if time is None:
            return {}
        return {
            "algorithm": str(time.algorithm), "latency_us": float(time.latency_s) * 1e6,
            "scale_up_transfer_us": float(time.scale_up_transfer_s) * 1e6,
            "scale_out_transfer_us": float(time.scale_out_transfer_s) * 1e6,
            "die_transfer_us": float(time.die_transfer_s) * 1e6, "ramp_us": float(time.ramp_s) * 1e6,
        }  # fmt: skip


def share_evenly(cards: int, domain: int) -> int:
    """Return how many of a group's cards share a domain: the fewest domains that divide the group evenly.

    >>> share_evenly(16, 8), share_evenly(12, 8), share_evenly(4, 72)
    (8, 6, 4)
    """
    return next(k for k in range(min(cards, domain), 0, -1) if cards % k == 0)


def exchanged(inputs: Inputs, asked: CollectiveSection) -> Exchanged:
    """Return a collective between cards of a scenario's cluster.

    Raises InputError for more cards than the cluster has, a group that its domains do not divide, one card alone, an
    algorithm that the kind or the network does not have, and a cluster without links.
    """
    network = network_spec(inputs)
    cards = int(asked.cards.value) if asked.cards is not None else inputs.cards
    if cards < 2:
        raise InputError("one card exchanges nothing")
    whole = inputs.scenario.cluster.cards
    if whole is not None and cards > whole.value:
        raise InputError(f"{cards} cards exchange on a cluster of {whole.value:g}; give at most these")
    local = _local(asked, cards, network.scale_up_size)
    if asked.copied and network.scale_up_wiring != "pcie":
        network = replace(
            network, scale_up_efficiency=min(1.0, network.scale_up_efficiency * COPY_OVER_KERNEL)
        )
    size = asked.size.value if asked.size is not None else None
    if asked.kind in EXPERT_KINDS:
        rate = _expert_bandwidth(network, cards, local, asked.experts_per_token.value)
        seconds = None if size is None else size / rate
        return Exchanged(asked.kind, size, cards, local, network, rate, rate, seconds, None)
    assert size is not None, "checked by the schema"
    return _timed(asked, size, cards, local, network)


def _timed(asked: CollectiveSection, size: float, cards: int, local: int, network: Network) -> Exchanged:
    time = collective_time(asked.kind, size, cards, local=local, network=network, algorithm=asked.algorithm)
    seconds = float(time.total_s)
    rate = size / seconds
    bus = size * float(bus_factor(asked.kind, cards)) / seconds
    return Exchanged(asked.kind, size, cards, local, network, rate, bus, seconds, time)


def _local(asked: CollectiveSection, cards: int, domain: int) -> int:
    if asked.cards_per_domain is None:
        return share_evenly(cards, domain)
    local = int(asked.cards_per_domain.value)
    if local > min(cards, domain) or cards % local:
        near = share_evenly(cards, min(domain, local))
        raise InputError(
            f"cards_per_domain={local}: {cards} cards on domains of {domain} cannot stand so; {near} would do"
        )
    return local


def _expert_bandwidth(network: Network, cards: int, local: int, experts: float) -> float:
    """Logical bytes/s per card of an expert exchange, as DeepEP prints it.

    Between domains it counts one copy for every domain that a token reaches. One part in m of m domains stays in the
    sender's own, so the network's rate appears larger by m/(m - 1). In every domain the copy is passed on to each card
    that holds one of the token's experts, over the links of the domain, which then may be the slower level: with e
    experts placed evenly a token reaches m(1 - (1 - 1/m)^e) domains and n(1 - (1 - 1/n)^e) cards. Within one domain the
    rate is that of the links.
    """
    domains = cards / local
    inside = float(network.scale_up_rate(float(local)))
    if domains <= 1:
        return inside
    between = float(network.scale_out_rate) * domains / (domains - 1)
    if local == 1:
        return between
    return min(between, inside * _reached(domains, experts) / _reached(cards, experts))


def _reached(places: float, experts: float) -> float:
    """Return how many of so many places hold at least one of a token's experts, on average."""
    return places * (1.0 - math.pow(1.0 - 1.0 / places, experts))

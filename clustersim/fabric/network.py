"""The network as the collectives see it: one coherent domain, and the network between domains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clustersim.errors import InputError

__all__ = ["WIRINGS", "Network"]

WIRINGS = ("full_mesh", "switched", "pcie")

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Rates and latencies of a two-level network (three with several dies in a card).

    Bandwidths are bytes/s per card and per direction; each field may be a float or an array that broadcasts.

    Attributes:
        scale_up_size: cards in one coherent domain (usually one server).
        scale_up_bandwidth: all scale-up links of one card together.
        scale_up_latency: seconds per step between two cards of a domain, software included.
        scale_up_wiring: ``full_mesh``: every pair has its own share of the links and no other pair may use it;
            ``switched``: any two cards see the whole bandwidth; ``pcie``: as switched, at the host link's rate.
        scale_up_efficiency: share of the bandwidth that large messages reach.
        scale_out_bandwidth: NIC wire rate times NICs per card.
        scale_out_latency: seconds per step between two cards of different domains, software included.
        scale_out_efficiency: share of the wire rate that large messages reach.
        oversubscription: downlink over uplink capacity of the leaf switches; 1 is non-blocking.
        dies_per_card: dies that one card is made of.
        die_bandwidth: bytes/s per direction between the dies of a card; 0 for a single die.
        in_network_reduction: whether switches reduce on the way (halves the bytes an all-reduce sends).
        launch_latency: seconds before the first byte of any collective moves.

    >>> Network.flat(bandwidth=50e9, latency=5e-6).scale_up_size
    1
    """

    scale_up_size: int
    scale_up_bandwidth: float
    scale_up_latency: float
    scale_up_wiring: str
    scale_up_efficiency: float
    scale_out_bandwidth: float
    scale_out_latency: float
    scale_out_efficiency: float
    oversubscription: float = 1.0
    dies_per_card: int = 1
    die_bandwidth: float = 0.0
    in_network_reduction: bool = False
    launch_latency: float = 8e-6  # NCCL tuner base latencies 6.6-14 us (src/graph/tuning.cc); tier: published

    def __post_init__(self) -> None:
        if self.scale_up_wiring not in WIRINGS:
            raise InputError(
                f"scale_up wiring {self.scale_up_wiring!r} is unknown; known: {', '.join(WIRINGS)}"
            )

    @classmethod
    def flat(cls, *, bandwidth: float, latency: float, efficiency: float = 1.0) -> Network:
        """Return a network without coherent domains: every card has only its NIC."""
        return cls(
            scale_up_size=1,
            scale_up_bandwidth=bandwidth,
            scale_up_latency=latency,
            scale_up_wiring="switched",
            scale_up_efficiency=efficiency,
            scale_out_bandwidth=bandwidth,
            scale_out_latency=latency,
            scale_out_efficiency=efficiency,
        )

    def scale_up_rate(self, local: ArrayLike) -> Array:
        """Return the bytes/s that one card of a group of ``local`` cards in a domain can use.

        In a full mesh of D cards a group of k uses only its own links, (k - 1) / (D - 1) of the bandwidth.

        >>> net = Network(scale_up_size=8, scale_up_bandwidth=128e9, scale_up_latency=3e-6,
        ...     scale_up_wiring="full_mesh", scale_up_efficiency=1.0, scale_out_bandwidth=12.5e9,
        ...     scale_out_latency=5e-6, scale_out_efficiency=1.0)
        >>> float(net.scale_up_rate(8)) / 1e9, round(float(net.scale_up_rate(2)) / 1e9, 2)
        (128.0, 18.29)
        """
        rate = np.asarray(self.scale_up_bandwidth, dtype=float) * self.scale_up_efficiency
        if self.scale_up_wiring != "full_mesh" or self.scale_up_size <= 2:
            return np.asarray(rate * np.ones_like(np.asarray(local, dtype=float)))
        members = np.maximum(np.asarray(local, dtype=float), 2.0)
        return np.asarray(rate * (members - 1) / (self.scale_up_size - 1))

    @property
    def scale_out_rate(self) -> float:
        """Bytes/s per card across the network, oversubscription included."""
        return self.scale_out_bandwidth * self.scale_out_efficiency / self.oversubscription

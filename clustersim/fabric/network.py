"""The network as collectives see it: one coherent domain (of one block or several), and the network between domains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clustersim.columns import Column, as_array
from clustersim.errors import InputError, suggest

__all__ = ["EFA_LATENCY_S", "LAUNCH_S", "RDMA_LATENCY_S", "WIRINGS", "Network", "torus_hops", "torus_share"]

WIRINGS = ("full_mesh", "switched", "pcie", "torus")

Array = NDArray[np.float64]

#: Seconds before the first byte of a collective moves (NCCL src/graph/tuning.cc, base latency of the Simple
#: protocol; published).
LAUNCH_S = 8.4e-6
#: Seconds per step between two cards over InfiniBand or RoCE, software included (NCCL src/graph/tuning.cc, network
#: hop of the Simple protocol; published).
RDMA_LATENCY_S = 14e-6
#: The same over EFA by generation, the second where none is named (derived: tuned on the 16-card H100 rows and on the
#: 32-card B200 rows of 1 to 16 MiB, see docs/fabric.md).
EFA_LATENCY_S = {2: 40e-6, 3: 40e-6, 4: 60e-6}


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Rates and latencies of a two-level network (three with several dies in a card).

    Bandwidths are bytes/s per card and per direction; each number may be a float or an array that broadcasts
    against sizes and group sizes.

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
        in_network_reduction: whether the switches between domains reduce on the way (default no: assumption that
            holds unless a cluster bought it).
        scale_up_reduction_efficiency: share of ``scale_up_bandwidth`` that an all-reduce inside the scale-up
            switches reaches; 0 (default) where they cannot reduce. Full meshes and PCIe never can.
        launch_latency: seconds before the first byte of any collective moves.
        block_size: cards of a domain that its electrical links join; 0 where that is the whole domain.
        block_bandwidth: bytes/s per card and per direction between the blocks of a domain, over optical circuits.
        scale_up_dims: sizes of the dimensions of a ``torus``, whose product is the domain.
        spread_oversubscription: slow-down of traffic that goes to everyone at once, where the network between domains
            treats it unlike rings (a dragonfly); 0: as ``oversubscription``.

    Raises InputError for an unknown wiring, and for a number that is negative, zero where a rate is needed, not
    finite, or an efficiency above 1.

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
    scale_up_reduction_efficiency: float = 0.0
    launch_latency: float = LAUNCH_S
    block_size: int = 0
    block_bandwidth: float = 0.0
    scale_up_dims: tuple[int, ...] = ()
    spread_oversubscription: float = 0.0

    def __post_init__(self) -> None:
        if self.scale_up_wiring not in WIRINGS:
            raise InputError(
                f"scale_up wiring {self.scale_up_wiring!r} is unknown; {suggest(self.scale_up_wiring, WIRINGS)}"
            )
        self._check("scale_up_size", low=1.0)
        self._check("oversubscription", low=1.0)
        self._check("dies_per_card", low=1.0)
        for name in ("scale_up_bandwidth", "scale_out_bandwidth"):
            self._check(name, positive=True)
        for name in ("scale_up_efficiency", "scale_out_efficiency"):
            self._check(name, positive=True, high=1.0)
        for name in ("scale_up_latency", "scale_out_latency", "die_bandwidth", "launch_latency"):
            self._check(name)
        if self.block_size:
            self._check("block_size", low=1.0)
            self._check("block_bandwidth", positive=True)
        if self.spread_oversubscription is not None and np.any(self.spread_oversubscription):
            self._check("spread_oversubscription", low=1.0)
        if (self.scale_up_wiring == "torus") != bool(self.scale_up_dims):
            raise InputError("a torus, and nothing else, has scale_up_dims: the sizes of its dimensions")
        self._check("scale_up_reduction_efficiency", high=1.0)

    def _check(self, name: str, *, low: float = 0.0, high: float = np.inf, positive: bool = False) -> None:
        given: Any = getattr(self, name)
        column: Any = given
        if (
            isinstance(given, (int, float))
            and low <= given <= high
            and given < np.inf
            and (given > 0 or not positive)
        ):
            return
        if isinstance(given, Column):
            if (column >= low) & (column <= high) & (column < np.inf) & ((column > 0) | (not positive)):
                return
            raise InputError(f"network.{name} is {given:g} and out of its range")
        value = np.asarray(given, dtype=float)
        wrong = ~np.isfinite(value) | (value < low) | (value > high) | (positive & (value <= 0))
        if np.any(wrong):
            limit = "positive" if positive else f"at least {low:g}"
            raise InputError(
                f"network.{name} is {float(value[wrong].flat[0]) if value.ndim else float(value):g}; "
                f"it must be finite, {limit}{'' if np.isinf(high) else f' and at most {high:g}'}"
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

        In a full mesh of D cards a group of k uses only its own links, (k - 1) / (D - 1) of the bandwidth: a pair
        of MI300X reaches 47.7 GB/s where all eight reach 312.9 (all-reduce bus bandwidth, ml-engineering tables).

        >>> net = Network(scale_up_size=8, scale_up_bandwidth=128e9, scale_up_latency=3e-6,
        ...     scale_up_wiring="full_mesh", scale_up_efficiency=1.0, scale_out_bandwidth=12.5e9,
        ...     scale_out_latency=5e-6, scale_out_efficiency=1.0)
        >>> float(net.scale_up_rate(8)) / 1e9, round(float(net.scale_up_rate(2)) / 1e9, 2)
        (128.0, 18.29)
        """
        members = np.asarray(local, dtype=float)
        rate = as_array(self.scale_up_bandwidth) * self.scale_up_efficiency
        if self.scale_up_wiring == "torus":
            return as_array(rate * torus_share(self.scale_up_dims, members))  # type: ignore[no-any-return]
        if self.scale_up_wiring != "full_mesh":
            return as_array(rate * np.ones_like(members))  # type: ignore[no-any-return]
        links = np.maximum(as_array(self.scale_up_size) - 1.0, 1.0)
        return as_array(rate * np.minimum((np.maximum(members, 2.0) - 1.0) / links, 1.0))  # type: ignore[no-any-return]

    @property
    def scale_out_rate(self) -> float:
        """Bytes/s per card across the network, oversubscription included."""
        return self.scale_out_bandwidth * self.scale_out_efficiency / self.oversubscription

    @property
    def spread_rate(self) -> float:
        """The same for traffic that goes to everyone at once."""
        if not np.any(self.spread_oversubscription):
            return self.scale_out_rate
        return self.scale_out_bandwidth * self.scale_out_efficiency / self.spread_oversubscription

    @property
    def circuit_rate(self) -> float:
        """Bytes/s per card between the blocks of a domain; only where it has several."""
        return self.block_bandwidth * self.scale_up_efficiency


def torus_share(dims: tuple[int, ...], members: ArrayLike) -> Array:
    """Return the share of a card's links that rings of so many cards use on a torus of D dimensions.

    Cards fill the dimensions in order. Every whole dimension that a group spans gives two of a card's 2 D links, a ring
    each way; a part of one is a line, whose one ring goes there and back: half of that.

    >>> torus_share((4, 4, 4), [2, 4, 16, 64]).round(3).tolist()
    [0.167, 0.333, 0.667, 1.0]
    """
    left = np.maximum(np.asarray(members, dtype=float), 2.0)
    share = np.zeros_like(left)
    for size in dims:
        share = share + np.where(left >= size, 1.0, np.where(left > 1, 0.5, 0.0)) / len(dims)
        left = left / size
    return np.asarray(share)


def torus_hops(dims: tuple[int, ...], members: ArrayLike) -> Array:
    """Return the mean hops of the busiest dimension from a card to the members of its group, itself among them.

    On a ring of d cards d / 4 for an even d, (d^2 - 1) / (4 d) for an odd one; on a line of d cards d / 2 at its middle
    link in each direction counts as much (its mean hops are (d^2 - 1) / (3 d), but the middle carries d / 4 a card).

    >>> torus_hops((4, 4), [2, 4, 16]).tolist()
    [1.0, 1.0, 1.0]
    >>> torus_hops((8, 8), [8, 64]).tolist()
    [2.0, 2.0]
    """
    left = np.maximum(np.asarray(members, dtype=float), 2.0)
    most = np.zeros_like(left)
    for size in dims:
        d = np.minimum(left, size)
        ring = np.where(np.mod(d, 2) == 0, d / 4, (d * d - 1) / (4 * np.maximum(d, 1.0)))
        here = np.where(d >= size, ring, np.where(d > 1, d / 2, 0.0))
        most = np.maximum(most, here)
        left = np.maximum(left / size, 1.0)
    return np.asarray(most)

"""A supernode behind optical circuit switches: blocks of cards, circuits between blocks that can be laid anew."""

from __future__ import annotations

from dataclasses import dataclass, replace

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike, NDArray

from clustersim.errors import InfeasibleError, InputError
from clustersim.fabric.topology import Graph, add_link, add_part

__all__ = ["OpticalSupernode"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpticalSupernode:
    """Blocks of cards with electrical links inside and optical circuits between; default 4 blocks of 32 cards.

    A circuit joins two ports for as long as it lies; laying circuits anew stops all of them for ``reconfigure_s``, so
    it pays only between jobs or long phases. Blocks of 32 cards in four chassis are the vendor's optical
    supernode as its press describes it (published); the rest has defaults of tier assumption.

    Attributes:
        blocks, cards_per_block: how the cards are grouped.
        degree: optical ports of each card: the limit on circuits.
        link_bandwidth: bytes/s per direction of one circuit.
        block_bandwidth: bytes/s per card and direction inside its block.
        spare_links: circuits per block held back to replace failed ones.
        reconfigure_s: 10-100 ms for mirrors, below 1 ms for silicon photonics (assumption, recalled).
        ports_per_switch: ports of one optical switch; counts the devices.
    """

    blocks: int = 4
    cards_per_block: int = 32
    degree: int = 2
    link_bandwidth: float = 50e9
    block_bandwidth: float = 400e9
    spare_links: int = 2
    reconfigure_s: float = 0.05
    ports_per_switch: int = 128
    failed: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if min(self.blocks, self.cards_per_block, self.degree, self.ports_per_switch) < 1:
            raise InputError(
                "blocks, cards per block, degree and ports of an optical switch must be at least 1"
            )
        if not 0 <= self.spare_links < self.ports_per_block:
            raise InputError(
                f"{self.spare_links} spare links of {self.ports_per_block} ports leave none; give fewer"
            )
        if min(self.link_bandwidth, self.block_bandwidth) <= 0 or self.reconfigure_s < 0:
            raise InputError("bandwidths must be positive and the reconfiguration time not negative")

    @property
    def cards(self) -> int:
        """All cards."""
        return self.blocks * self.cards_per_block

    @property
    def ports_per_block(self) -> int:
        """Optical ports of one block."""
        return self.cards_per_block * self.degree

    def usable_ports(self) -> NDArray[np.int64]:
        """Return the ports of each block that circuits may use: failures eat the spares first.

        >>> OpticalSupernode(spare_links=2).with_failures([0, 0, 0]).usable_ports().tolist()
        [61, 62, 62, 62]
        """
        lost = np.bincount(np.asarray(self.failed, dtype=np.int64), minlength=self.blocks)
        return np.asarray(self.ports_per_block - np.maximum(lost, self.spare_links), dtype=np.int64)

    def with_failures(self, blocks: ArrayLike) -> OpticalSupernode:
        """Return the supernode with one more failed link in each of the blocks named.

        Raises InputError for a block that there is not, InfeasibleError when a block has no port left.
        """
        new = tuple(int(b) for b in np.atleast_1d(np.asarray(blocks)))
        if any(not 0 <= b < self.blocks for b in new):
            raise InputError(f"there are blocks 0 to {self.blocks - 1}; a failure names {new}")
        out = replace(self, failed=(*self.failed, *new))
        if np.any(out.usable_ports() < 1):
            raise InfeasibleError("a block has lost all its optical links; repair it or leave it out")
        return out

    def circuits(self, demand: ArrayLike) -> NDArray[np.int64]:
        """Return how many circuits to lay between each pair of blocks, in proportion to a symmetric demand.

        One circuit first for every pair that wants any, then to whichever pair waits longest per circuit, until no
        pair with demand has ports at both ends: greedy min-max. No block exceeds its ports.

        >>> OpticalSupernode().circuits(np.ones((4, 4))).tolist()[0]
        [0, 21, 21, 20]

        Raises InputError for a demand of the wrong shape or sign, InfeasibleError when not even one circuit per pair
        fits.
        """
        want = np.array(demand, dtype=float)
        if want.shape != (self.blocks, self.blocks) or not np.allclose(want, want.T) or np.any(want < 0):
            raise InputError(f"demand must be a symmetric, non-negative {self.blocks} x {self.blocks} matrix")
        np.fill_diagonal(want, 0.0)
        laid = (want > 0).astype(np.int64)
        free = self.usable_ports() - laid.sum(axis=1)
        if np.any(free < 0):
            block = int(np.argmin(free))
            raise InfeasibleError(
                f"block {block} has {int(self.usable_ports()[block])} ports and wants more peers; use a ring of blocks,"
                " or a higher degree"
            )
        while True:
            open_ = (want > 0) & (free[:, None] > 0) & (free[None, :] > 0)
            if not open_.any():
                return laid
            wait = np.where(open_, want / np.maximum(laid, 1), -1.0)
            a, b = np.unravel_index(int(np.argmax(wait)), wait.shape)
            laid[a, b] += 1
            laid[b, a] += 1
            free[[a, b]] -= 1

    def graph(self, demand: ArrayLike | None = None) -> Graph:
        """Return the graph while the circuits for ``demand`` lie (default: all pairs of blocks alike).

        Every bundle of circuits is one ``ocs`` node between its two blocks, so traffic cannot change circuits inside
        the optical switch.
        """
        laid = self.circuits(np.ones((self.blocks, self.blocks)) if demand is None else demand)
        graph: Graph = nx.Graph(
            ocs_devices=-(-self.blocks * self.ports_per_block // self.ports_per_switch),
            reconfigure_s=self.reconfigure_s,
        )
        for block in range(self.blocks):
            add_part(graph, ("scale_up_switch", block), "scale_up_switch")
            for i in range(self.cards_per_block):
                card = ("card", block * self.cards_per_block + i)
                add_part(graph, card, "card")
                add_link(graph, card, ("scale_up_switch", block), rate=self.block_bandwidth)
        for a, b in zip(*np.nonzero(np.triu(laid)), strict=True):
            bundle = ("ocs", int(a), int(b))
            add_part(graph, bundle, "ocs")
            for block in (int(a), int(b)):
                ends = ("scale_up_switch", block), bundle
                add_link(graph, *ends, rate=self.link_bandwidth, links=int(laid[a, b]), optical=True)
        return graph

    def phase_time(self, demand_bytes: ArrayLike, *, relaid: bool = True) -> float:
        """Return seconds to move bytes between blocks: laying the circuits anew for them, then the slowest pair.

        ``demand_bytes[a, b]`` goes from a to b, both directions alike. Without ``relaid`` the circuits stay even and
        nothing waits for them, which wins while the phase is short.

        >>> node, ring = OpticalSupernode(), np.zeros((4, 4))
        >>> for a, b in ((0, 1), (1, 2), (2, 3), (3, 0)): ring[a, b] = ring[b, a] = 1e12
        >>> round(node.phase_time(ring), 3), round(node.phase_time(ring, relaid=False), 3)
        (0.695, 1.0)
        """
        want = np.array(demand_bytes, dtype=float)
        np.fill_diagonal(want, 0.0)
        laid = self.circuits(want if relaid else np.ones_like(want))
        busy = want > 0
        if not busy.any():
            return 0.0
        slowest = float(np.max(want[busy] / laid[busy])) / self.link_bandwidth
        return slowest + (self.reconfigure_s if relaid else 0.0)

"""One function per algorithm: how many steps it takes, and how long its bytes take on each level.

n cards in m domains of k. S is the size as the NCCL tests count it. Rates: U of a card inside its domain, O of a
card's NIC. Every function returns (alpha, inside, between): the latency of all steps, and the transfer times of
the two levels as if each were alone. The levels work at the same time, so the slower one counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim.columns import as_array
from clustersim.fabric.network import Network, torus_hops

__all__ = ["ALGORITHMS", "CHAIN", "Cost", "Group", "offered"]

Array = NDArray[np.float64]
Cost = tuple[Array, Array, Array]

#: Share of the bandwidth that a double binary tree reaches beside a ring (NCCL src/graph/tuning.cc; published).
TREE_SHARE = 0.92
#: Seconds to post one message to one more domain in an all-to-all (of the order of an RDMA work request;
#: assumption).
POST_S = 1e-6
#: Cards of the longest chain that libraries make inside a domain: those of a server (NCCL's intra-node chains; a larger
#: domain is joined by trees).
CHAIN = 8.0


@dataclass(frozen=True, slots=True)
class Group:
    """A group of n cards, k of them in each of its m domains, and the size that it exchanges."""

    size: Array
    n: Array
    k: Array
    m: Array
    network: Network
    block: Array | None = None
    """How many of its k members in a domain share a block; absent: all of them."""

    @property
    def inside_hops(self) -> Array:
        """Steps that gather a domain: one in a full mesh, where all peers are neighbours; else a chain of a server's
        cards, and a tree of such chains in a larger domain."""
        if self.network.scale_up_wiring == "full_mesh":
            return np.minimum(self.k - 1, 1.0)
        return np.minimum(self.k, CHAIN) - 1 + np.ceil(np.log2(np.maximum(self.k / CHAIN, 1.0)))

    @property
    def step_up(self) -> Array:
        """Seconds per step inside a domain."""
        return as_array(self.network.scale_up_latency)  # type: ignore[no-any-return]

    @property
    def step_out(self) -> Array:
        """Seconds per step between domains."""
        return as_array(self.network.scale_out_latency)  # type: ignore[no-any-return]

    def inside(self, moved: Array) -> Array:
        """Seconds for ``moved`` bytes per card inside the domain; none where a domain holds one member.

        What passes a card passes the border of its block once, over the circuits of all members that share the block.
        """
        links = np.where(self.k > 1, moved / self.network.scale_up_rate(self.k), 0.0)
        if self.block is None:
            return links
        return np.maximum(links, self.crossing(moved / self.block))

    def crossing(self, moved: Array) -> Array:
        """Seconds for ``moved`` bytes per card over the circuits between blocks; none within one block."""
        if self.block is None:
            return np.zeros_like(moved)
        return np.where(self.k > self.block, moved / self.network.circuit_rate, 0.0)

    def between(self, moved: Array) -> Array:
        """Seconds for ``moved`` bytes per card over its NIC; none within one domain."""
        return np.where(self.m > 1, moved / self.network.scale_out_rate, 0.0)

    def spread(self, moved: Array) -> Array:
        """The same for bytes that go to everyone at once."""
        return np.where(self.m > 1, moved / self.network.spread_rate, 0.0)

    def spread_inside(self, to_one: Array) -> Array:
        """Seconds in which every card of a domain sends ``to_one`` bytes to each of the others in it.

        On a torus the busiest links carry the mean hops of all that is sent (``torus_hops``), half of it each way.
        """
        if self.network.scale_up_wiring == "torus":
            dims = self.network.scale_up_dims
            link = self.network.scale_up_bandwidth * self.network.scale_up_efficiency / (2 * len(dims))
            hops = torus_hops(dims, self.k)
            return np.where(self.k > 1, to_one * self.k * hops / 2 / link, 0.0)
        alone = np.where(self.k > 1, to_one * (self.k - 1) / self.network.scale_up_rate(self.k), 0.0)
        if self.block is None:
            return alone
        return np.maximum(alone, self.crossing(to_one * (self.k - self.block)))


def _ring_steps(group: Group) -> Array:
    """Latency of one pass around all cards: m - 1 of its n - 1 steps cross between domains."""
    return (group.n - group.m) * group.step_up + (group.m - 1) * group.step_out


def _tree_steps(group: Group) -> Array:
    """Latency of one way along a tree between domains, and along the chain inside each."""
    return group.inside_hops * group.step_up + np.ceil(np.log2(group.m)) * group.step_out


def ring_all_reduce(group: Group) -> Cost:
    """Flat ring: 2(n-1) steps; every card passes on 2(n-1)/n S, a domain's crossing shared by its k NICs."""
    moved = 2 * (group.n - 1) / group.n * group.size
    return 2 * _ring_steps(group), group.inside(moved), group.between(moved / group.k)


def tree_all_reduce(group: Group) -> Cost:
    """Double binary tree between domains, up and down; S/k per NIC at 2 domains, 1.5 at 3, 2 from 4 on.

    NCCL states the same as its doubling at two nodes and 4/3 at three. Inside, a chain carries S up and S down; a
    full mesh reduces directly, (k-1)/k S each way.
    """
    mesh = group.network.scale_up_wiring == "full_mesh"
    inside = 2 * group.size * ((group.k - 1) / group.k if mesh else 1.0)
    between = group.size / group.k * np.minimum(group.m / 2, 2.0)
    share = 1.0 if mesh else TREE_SHARE
    return 2 * _tree_steps(group), group.inside(inside) / share, group.between(between) / TREE_SHARE


def hierarchical_all_reduce(group: Group) -> Cost:
    """Reduce-scatter inside, ring between domains on the 1/k shard, all-gather inside."""
    inside = 2 * (group.k - 1) / group.k * group.size
    between = 2 * (group.m - 1) / group.m * group.size / group.k
    steps = group.inside_hops * group.step_up + (group.m - 1) * group.step_out
    return 2 * steps, group.inside(inside), group.between(between)


def in_switch_all_reduce(group: Group) -> Cost:
    """Reduction in the scale-up switches (NVLS): a card sends S + S/k; one step per card that owns a shard.

    A reduced shard is read through the switch from all k cards (S out of each card over all shards) and written
    back once (S/k), so the way out carries S(1 + 1/k); so does the way in. Between domains, the tree. Where the
    switches between domains reduce too, a chunk is reduced inside, then between, then handed out, one after the other
    (NCCL's NVLS over CollNet): S each way twice, and S/k over the NIC.
    """
    network = group.network
    rate = as_array(network.scale_up_bandwidth) * network.scale_up_reduction_efficiency
    inside = np.where(group.k > 1, group.size * (1 + 1 / group.k) / rate, 0.0)
    if group.block is not None:
        # Blocks have switches of their own; between them the sums of the blocks go around.
        inside = np.maximum(inside, group.crossing(2 * group.size / group.block))
    steps = group.k * group.step_up
    if network.in_network_reduction:
        over = group.between(group.size / group.k)
        serial = np.where(group.m > 1, 2 * group.size / rate + over, inside)
        return steps + 2 * np.minimum(group.m - 1, 1.0) * group.step_out, serial, over
    between = group.size / group.k * np.minimum(group.m / 2, 2.0)
    steps = steps + 2 * np.ceil(np.log2(group.m)) * group.step_out
    return steps, inside, group.between(between) / TREE_SHARE


def in_network_all_reduce(group: Group) -> Cost:
    """Reduction in the switches between domains: every NIC sends its shard once and receives the sum once."""
    inside = 2 * (group.k - 1) / group.k * group.size
    steps = 2 * group.inside_hops * group.step_up + 2 * np.minimum(group.m - 1, 1.0) * group.step_out
    return steps, group.inside(inside), group.between(group.size / group.k)


def ring_half(group: Group) -> Cost:
    """All-gather or reduce-scatter in a flat ring: n - 1 steps, (n-1)/n S per card."""
    moved = (group.n - 1) / group.n * group.size
    return _ring_steps(group), group.inside(moved), group.between(moved / group.k)


def tree_half(group: Group) -> Cost:
    """All-gather or reduce-scatter by recursive doubling between domains (NCCL's PAT): log2(m) steps."""
    inside = (group.k - 1) / group.k * group.size
    between = (group.m - 1) / group.m * group.size / group.k
    return _tree_steps(group), group.inside(inside), group.between(between) / TREE_SHARE


def hierarchical_half(group: Group) -> Cost:
    """All-gather or reduce-scatter, ring between domains on the 1/k shard, then inside."""
    inside = (group.k - 1) / group.k * group.size
    between = (group.m - 1) / group.m * group.size / group.k
    steps = group.inside_hops * group.step_up + (group.m - 1) * group.step_out
    return steps, group.inside(inside), group.between(between)


def direct_all_to_all(group: Group) -> Cost:
    """Every card sends S/n to every other at once; each further domain costs one more posting."""
    between = group.size * (group.n - group.k) / group.n
    steps = np.minimum(group.k - 1, 1.0) * group.step_up + np.minimum(group.m - 1, 1.0) * group.step_out
    return steps + POST_S * (group.m - 1), group.spread_inside(group.size / group.n), group.spread(between)


def ring_broadcast(group: Group) -> Cost:
    """Pipelined around a ring, S past every card, a crossing shared by k NICs."""
    return _ring_steps(group), group.inside(group.size), group.between(group.size / group.k)


def tree_broadcast(group: Group) -> Cost:
    """Pipelined down a double binary tree: log2(m) steps between domains."""
    return _tree_steps(group), group.inside(group.size), group.between(group.size / group.k) / TREE_SHARE


def direct_send(group: Group) -> Cost:
    """One card to one other: a pair has one link of a full mesh, the whole NIC between domains."""
    far = group.m > 1
    rate = group.network.scale_up_rate(2.0)
    if group.network.block_size:
        # A pair may lie in two blocks; which one is not asked.
        rate = np.minimum(rate, group.network.circuit_rate)
    pair = np.where(far, 0.0, group.size / rate)
    return np.where(far, group.step_out, group.step_up), pair, group.between(group.size)


_HALF: dict[str, Callable[[Group], Cost]] = {
    "ring": ring_half, "tree": tree_half, "hierarchical": hierarchical_half,
}  # fmt: skip

#: collective -> algorithm -> its cost
ALGORITHMS: dict[str, dict[str, Callable[[Group], Cost]]] = {
    "all_reduce": {
        "ring": ring_all_reduce, "tree": tree_all_reduce, "hierarchical": hierarchical_all_reduce,
        "in_switch": in_switch_all_reduce, "in_network": in_network_all_reduce,
    },
    "all_gather": _HALF,
    "reduce_scatter": _HALF,
    "all_to_all": {"direct": direct_all_to_all},
    "broadcast": {"ring": ring_broadcast, "tree": tree_broadcast},
    "send": {"direct": direct_send},
}  # fmt: skip


def offered(kind: str, network: Network) -> tuple[str, ...]:
    """Return the algorithms that ``best`` chooses from: what NCCL-like libraries ship, and this network allows.

    ``hierarchical`` is left out: it would beat the flat ring by up to 30 % at four domains, and every published
    run at that scale shows the flat ring's time. Ask for it by name where a library has it.
    """
    names = [name for name in ALGORITHMS[kind] if name != "hierarchical"]
    reduces = network.scale_up_wiring == "switched" and np.any(network.scale_up_reduction_efficiency)
    if "in_switch" in names and not reduces:
        names.remove("in_switch")
    if "in_network" in names and (reduces or not network.in_network_reduction):
        # Switches of both levels reduce together: that is ``in_switch``.
        names.remove("in_network")
    return tuple(names)

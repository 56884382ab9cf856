"""How many switches, modules and cables a network between servers needs, counted without building it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim.errors import InfeasibleError, InputError, suggest

__all__ = [
    "TOPOLOGIES",
    "Levels",
    "NetworkParts",
    "breakout",
    "cluster_parts",
    "fat_tree_parts",
    "leaf_loads",
    "levels_of",
    "nics_per_leaf",
    "rail_parts",
]

Counts = NDArray[np.int64]

#: Networks between servers that can be counted without building them.
TOPOLOGIES = ("fat_tree", "rail_optimized")


@dataclass(frozen=True, slots=True)
class NetworkParts:
    """Parts of a network between servers; ``cables`` counts one per NIC and one per link between switches."""

    leaf: int
    spine: int
    core: int
    nics: int
    switch_side_modules: int
    nic_side_modules: int
    cables: int = 0
    ocs: int = 0
    scale_up_switch: int = 0
    pcie_switch: int = 0

    @property
    def switches(self) -> int:
        """All packet switches between servers."""
        return self.leaf + self.spine + self.core


@dataclass(frozen=True, slots=True)
class Levels:
    """Switches and links above the leaves of one plane.

    ``leaf_up`` holds the uplinks of each leaf, ``spine_up`` those of each spine; leaf i is in pod
    i // ``leaves_per_pod``, and ``spines_of_pod`` says how many spines each pod has.
    """

    leaf_up: Counts
    leaves_per_pod: int
    spines_of_pod: Counts
    spine_up: Counts
    core: int

    @property
    def spine(self) -> int:
        """All spines."""
        return int(self.spines_of_pod.sum())


def breakout(nic_rate: float, port_rate: float) -> int:
    """Return how many NICs share a switch port: a 400G port carries one 400G, two 200G or four 100G NICs.

    The port then holds one module of the port's rate whose cable splits to that many NIC-side modules.

    >>> [breakout(r * 1.25e8, 5e10) for r in (400, 200, 100)]
    [1, 2, 4]

    Raises InfeasibleError when a NIC is faster than a port.
    """
    if not (nic_rate > 0 and port_rate > 0):
        raise InputError(f"a NIC of {nic_rate:g} B/s on a port of {port_rate:g} B/s: both must be positive")
    fit = math.floor(port_rate / nic_rate + 1e-9)
    if fit < 1:
        raise InfeasibleError(
            f"a NIC of {nic_rate * 8 / 1e9:g} Gb/s does not fit a switch port of {port_rate * 8 / 1e9:g} Gb/s;"
            " choose a faster switch or a slower NIC"
        )
    return fit


def _down_per_leaf(ports: int, oversubscription: float) -> int:
    if ports < 2 or not oversubscription >= 1:
        raise InputError(
            f"a switch of {ports} ports, oversubscribed {oversubscription:g} to 1, is no leaf; give at least 2"
            " ports and an oversubscription of at least 1"
        )
    return max(1, math.floor(ports * oversubscription / (1 + oversubscription) + 1e-9))


def nics_per_leaf(per_port: int, ports: int, oversubscription: float, whole: int = 1) -> int:
    """Return how many NICs a leaf takes: a multiple of ``whole``, a server's NICs, so that none spans two leaves.

    >>> nics_per_leaf(1, 64, 2.0), nics_per_leaf(1, 64, 2.0, whole=8)
    (42, 40)
    """
    most = _down_per_leaf(ports, oversubscription) * per_port
    return most // whole * whole or most


def leaf_loads(nics: int, per_port: int, ports: int, oversubscription: float, whole: int = 1) -> Counts:
    """Return the ports that NICs take on each leaf: leaves are filled one after another, by whole servers.

    >>> leaf_loads(1024, 4, 64, 1.0).tolist()
    [32, 32, 32, 32, 32, 32, 32, 32]
    """
    per_leaf = nics_per_leaf(per_port, ports, oversubscription, whole)
    leaves = math.ceil(nics / per_leaf)
    loads = np.full(leaves, per_leaf, dtype=np.int64)
    loads[-1] = nics - per_leaf * (leaves - 1)
    return -(-loads // per_port)


def levels_of(down: Counts, ports: int, oversubscription: float) -> Levels | None:
    """Return what stands above leaves with ``down`` ports in use, or None where three levels cannot carry it.

    Two levels while every leaf reaches every spine (spines <= uplinks of a leaf, leaves <= ports). Beyond, pods of
    ports/2 leaves; a spine faces down with half of its ports and up with as many links as come from below; a core
    joins one link of every pod (Al-Fares et al. 2008, doi:10.1145/1402958.1402967, section 3).
    """
    if len(down) == 1:
        return Levels(
            np.zeros(1, dtype=np.int64), 1, np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64), 0
        )
    up = np.ceil(down / oversubscription - 1e-9).astype(np.int64)
    spines = math.ceil(int(up.sum()) / ports)
    if spines <= int(up.max()) and len(down) <= ports:
        return Levels(up, len(down), np.asarray([spines]), np.zeros(spines, dtype=np.int64), 0)
    half = ports // 2
    pods = math.ceil(len(down) / half)
    if pods > ports:
        return None
    pod_up = np.add.reduceat(up, np.arange(0, len(up), half))
    spines_of_pod = -(-pod_up // half)
    spine_up = np.concatenate([_split(int(u), int(s)) for u, s in zip(pod_up, spines_of_pod, strict=True)])
    return Levels(up, half, spines_of_pod, spine_up, math.ceil(int(up.sum()) / ports))


def _split(total: int, parts: int) -> Counts:
    """Spread a whole number over parts as evenly as whole numbers allow."""
    base, rest = divmod(total, parts)
    out = np.full(parts, base, dtype=np.int64)
    out[:rest] += 1
    return out


def _count(down: Counts, nics: int, levels: Levels, planes: int) -> NetworkParts:
    up = int(levels.leaf_up.sum())
    between = up + int(levels.spine_up.sum())
    return NetworkParts(
        leaf=planes * len(down),
        spine=planes * levels.spine,
        core=planes * levels.core,
        nics=nics,
        switch_side_modules=planes * (int(down.sum()) + 2 * between),
        nic_side_modules=nics,
        cables=nics + planes * between,
    )


def planes_needed(down_of: dict[int, Counts], ports: int, oversubscription: float) -> tuple[int, Levels]:
    """Return the fewest planes (of those given) whose levels exist, with the levels of one plane.

    Raises InfeasibleError when not even the most planes fit.
    """
    for planes, down in down_of.items():
        levels = levels_of(down, ports, oversubscription)
        if levels is not None:
            return planes, levels
    raise InfeasibleError(
        f"three levels of {ports}-port switches cannot join this many NICs, even in {max(down_of)} planes;"
        " choose switches with more ports, or slower NICs that share a port"
    )


def fat_tree_parts(
    *,
    cards: int,
    nics_per_card: float,
    nic_rate: float,
    ports: int,
    port_rate: float,
    oversubscription: float = 1.0,
    nics_per_server: int = 1,
) -> NetworkParts:
    """Return the parts of a fat tree of switches with ``ports`` of ``port_rate``.

    NICs slower than a port share it (see ``breakout``). A leaf gives o/(1+o) of its ports to NICs and the rest to
    spines; every switch port in use holds one module, every NIC one. With ``nics_per_server`` no server spans two
    leaves. Beyond what three levels reach, the NICs of a server are spread over 2, 4 or 8 parallel planes.

    >>> parts = [fat_tree_parts(cards=1024, nics_per_card=1, nic_rate=r * 1.25e8, ports=64, port_rate=5e10)
    ...          for r in (100, 200, 400)]
    >>> [(p.leaf, p.spine, p.switch_side_modules, p.nic_side_modules) for p in parts]
    [(8, 4, 768, 1024), (16, 8, 1536, 1024), (32, 16, 3072, 1024)]

    Raises InputError for a count below one, InfeasibleError when a NIC is faster than a port or too many.
    """
    per_port = breakout(nic_rate, port_rate)
    nics = _nics(cards, nics_per_card)
    choices = [p for p in (1, 2, 4, 8) if nics_per_server % p == 0 or nics_per_server == 1]
    loads = {
        p: leaf_loads(math.ceil(nics / p), per_port, ports, oversubscription, max(nics_per_server // p, 1))
        for p in choices
    }
    planes, levels = planes_needed(loads, ports, oversubscription)
    return _count(loads[planes], nics, levels, planes)


def rail_parts(
    *,
    cards: int,
    cards_per_server: int,
    nics_per_card: float,
    nic_rate: float,
    ports: int,
    port_rate: float,
    oversubscription: float = 1.0,
) -> NetworkParts:
    """Return the parts of a rail-optimised network: NIC r of every server hangs on a leaf of rail r.

    Rails share the spines; beyond what three levels reach, each half, quarter or eighth of the rails is a plane of
    its own.

    >>> p = rail_parts(cards=1024, cards_per_server=8, nics_per_card=1, nic_rate=5e10, ports=64, port_rate=5e10)
    >>> p.leaf, p.spine, p.switch_side_modules
    (32, 16, 3072)

    Raises as ``fat_tree_parts``, and InputError when servers have no whole number of NICs.
    """
    per_port = breakout(nic_rate, port_rate)
    servers = math.ceil(cards / cards_per_server)
    rails = cards_per_server * nics_per_card
    if rails != int(rails) or rails < 1:
        raise InputError(
            f"{cards_per_server} cards of {nics_per_card:g} NICs make {rails:g} rails; a server needs a whole number"
        )
    rail = leaf_loads(servers, per_port, ports, oversubscription)
    loads = {p: np.tile(rail, int(rails) // p) for p in (1, 2, 4, 8) if int(rails) % p == 0}
    planes, levels = planes_needed(loads, ports, oversubscription)
    return _count(loads[planes], servers * int(rails), levels, planes)


def _nics(cards: int, nics_per_card: float) -> int:
    nics = math.ceil(cards * nics_per_card - 1e-9)
    if cards < 1 or nics < 1:
        raise InputError(f"{cards} cards with {nics_per_card:g} NICs each: there must be at least one NIC")
    return nics


def cluster_parts(
    topology: str,
    *,
    cards: int,
    cards_per_server: int,
    nics_per_card: float,
    nic_rate: float,
    ports: int,
    port_rate: float,
    oversubscription: float = 1.0,
) -> NetworkParts:
    """Return the parts of a cluster's network by the name of its topology.

    A fat tree keeps whole servers on a leaf where a server has a whole number of NICs.

    >>> given = dict(cards=1024, cards_per_server=8, nics_per_card=1, nic_rate=5e10, ports=64, port_rate=5e10)
    >>> [cluster_parts(name, **given).leaf for name in TOPOLOGIES]
    [32, 32]

    Raises InputError for an unknown topology, and as ``fat_tree_parts`` and ``rail_parts``.
    """
    if topology == "rail_optimized":
        return rail_parts(
            cards=cards, cards_per_server=cards_per_server, nics_per_card=nics_per_card, nic_rate=nic_rate,
            ports=ports, port_rate=port_rate, oversubscription=oversubscription,
        )  # fmt: skip
    if topology != "fat_tree":
        raise InputError(f"unknown topology {topology!r}; {suggest(topology, TOPOLOGIES)}")
    per_server = cards_per_server * nics_per_card
    return fat_tree_parts(
        cards=cards, nics_per_card=nics_per_card, nic_rate=nic_rate, ports=ports, port_rate=port_rate,
        oversubscription=oversubscription,
        nics_per_server=int(per_server) if per_server == int(per_server) else 1,
    )  # fmt: skip

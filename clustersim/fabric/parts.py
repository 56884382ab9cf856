"""How many switches and modules a two-level fat tree needs, counted in closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass

from clustersim.errors import InfeasibleError

__all__ = ["NetworkParts", "fat_tree_parts"]


@dataclass(frozen=True, slots=True)
class NetworkParts:
    """Parts of a network between servers."""

    leaf: int
    spine: int
    core: int
    nics: int
    switch_side_modules: int
    nic_side_modules: int

    @property
    def switches(self) -> int:
        """All packet switches."""
        return self.leaf + self.spine + self.core


def fat_tree_parts(
    *,
    cards: int,
    nics_per_card: float,
    nic_rate: float,
    ports: int,
    port_rate: float,
    oversubscription: float = 1.0,
) -> NetworkParts:
    """Return the parts of a fat tree of switches with ``ports`` of ``port_rate``.

    NICs slower than a port share it (breakout): a 400G port carries two 200G or four 100G NICs. A leaf gives
    o/(1+o) of its ports to NICs and the rest to spines; every switch port in use holds one module. Beyond what two
    levels reach (ports^2 / 2 at o = 1) a core level is added, as many cores as half the spines.

    >>> [fat_tree_parts(cards=1024, nics_per_card=1, nic_rate=r * 1.25e8, ports=64, port_rate=5e10).leaf
    ...  for r in (100, 200, 400)]
    [8, 16, 32]

    Raises InfeasibleError when a NIC is faster than a port.
    """
    per_port = math.floor(port_rate / nic_rate + 1e-9)
    if per_port < 1:
        raise InfeasibleError(
            f"a NIC of {nic_rate * 8 / 1e9:g} Gb/s does not fit a switch port of {port_rate * 8 / 1e9:g} Gb/s;"
            " choose a faster switch or a slower NIC"
        )
    nics = math.ceil(cards * nics_per_card)
    down_ports = math.ceil(nics / per_port)
    down_per_leaf = max(1, math.floor(ports * oversubscription / (1 + oversubscription)))
    leaf = math.ceil(down_ports / down_per_leaf)
    up_ports = math.ceil(down_ports / oversubscription) if leaf > 1 else 0
    spine = math.ceil(up_ports / ports)
    three_levels = spine > down_per_leaf
    core = 0
    modules = down_ports + 2 * up_ports
    if three_levels:
        # Spines then face up with half of their ports: twice as many spines, and cores for the other half.
        spine, core = math.ceil(2 * up_ports / ports), math.ceil(up_ports / ports)
        modules += 2 * up_ports
    return NetworkParts(leaf, spine, core, nics, modules, nics)

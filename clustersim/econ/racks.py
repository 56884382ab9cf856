"""How many racks a cluster fills: by the power that a rack can feed, and by its height."""

from __future__ import annotations

import math
from dataclasses import dataclass

from clustersim.columns import least, most
from clustersim.errors import InfeasibleError

__all__ = ["RackCount", "count_racks"]


@dataclass(frozen=True, slots=True)
class RackCount:
    """Racks of a cluster, and what fills a rack of servers first."""

    compute: int
    network: int
    other: int
    servers_per_rack: int
    binds: str
    """``power`` or ``height``."""

    @property
    def total(self) -> int:
        """All racks."""
        return self.compute + self.network + self.other


def count_racks(
    *,
    servers: int,
    server_w: float,
    server_u: float,
    switches: int,
    switch_w: float,
    switch_u: float,
    other_racks: float,
    rack_w: float,
    rack_u: float,
    supernode_w: float = 0.0,
    supernode_u: float = 0.0,
) -> RackCount:
    """Return the racks of servers, of switches, and of storage and management.

    Switches of coherent domains beyond a server (``supernode_w`` and ``supernode_u`` together) stand with the others.
    A rack holds floor(min(rack_w / server_w, rack_u / server_u)) servers; ``server_w`` and ``switch_w`` are provisioned
    watts, not average ones.

    >>> count_racks(servers=128, server_w=5600, server_u=6, switches=12, switch_w=1650, switch_u=2, other_racks=6,
    ...     rack_w=20e3, rack_u=42)
    RackCount(compute=43, network=1, other=6, servers_per_rack=3, binds='power')

    Raises InfeasibleError when a rack cannot feed or hold even one server.
    """
    by_power, by_height = rack_w / server_w, rack_u / server_u
    per_rack = math.floor(least(by_power, by_height) + 1e-9)
    if per_rack < 1:
        raise InfeasibleError(
            f"a rack of {rack_w / 1e3:g} kW and {rack_u:g} U cannot take one server of {server_w / 1e3:.1f} kW"
            f" and {server_u:g} U; choose another cooling, or raise cooling.….rack_power"
        )
    watts, height = switches * switch_w + supernode_w, switches * switch_u + supernode_u
    network = most(watts / rack_w, height / rack_u)
    return RackCount(
        compute=math.ceil(servers / per_rack),
        network=math.ceil(network - 1e-9),
        other=math.ceil(other_racks - 1e-9),
        servers_per_rack=per_rack,
        binds="power" if by_power <= by_height else "height",
    )

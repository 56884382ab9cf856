"""A dragonfly by its numbers: how many groups and routers join so many servers, and what traffic it slows.

Kim et al. 2008 (doi:10.1109/ISCA.2008.19): routers of a group are all joined, and so is every pair of groups. Traffic
takes the shortest ways, as on the graph of ``topologies.between.dragonfly``, which has the same numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from clustersim.errors import InfeasibleError, InputError
from clustersim.fabric.parts import NetworkParts, breakout

__all__ = ["Dragonfly", "dragonfly_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dragonfly:
    """The numbers of a dragonfly.

    Attributes:
        servers: that it joins.
        nics: of a server.
        per_port: NICs that share a port of a router.
        groups, routers, servers_per_router: how they lie; ``routers`` in each group.
        local_links: between each pair of routers of a group.
        global_links: of each router, dealt to the other groups in turn.
        nic_rate, port_rate: bytes/s per direction.
    """

    servers: int
    nics: int
    per_port: int
    groups: int
    routers: int
    servers_per_router: int
    local_links: int
    global_links: int
    nic_rate: float
    port_rate: float

    @property
    def links_per_pair(self) -> int:
        """Global links between each pair of groups."""
        return self.routers * self.global_links // (self.groups - 1) if self.groups > 1 else 0

    @property
    def parts(self) -> NetworkParts:
        """Return the parts of the network; routers are counted as leaves.

        >>> d = dragonfly_of(servers=128, nics=8, nic_rate=5e10, ports=64, port_rate=5e10)
        >>> d.groups, d.routers, d.parts.leaf
        (2, 32, 64)
        """
        routers = self.groups * self.routers
        local = self.groups * self.routers * (self.routers - 1) // 2 * self.local_links
        between = local + self.groups * (self.groups - 1) // 2 * self.links_per_pair
        used = math.ceil(self.servers / self.servers_per_router)
        down = self.servers * self.nics
        ports = math.ceil(down / self.per_port) if self.per_port > 1 else down
        return NetworkParts(
            leaf=max(routers, used), spine=0, core=0, nics=down, switch_side_modules=ports + 2 * between,
            nic_side_modules=down, cables=down + between,
        )  # fmt: skip

    @property
    def ring_oversubscription(self) -> float:
        """How many times slower than its NIC a ring through all servers in their order runs.

        The streams of a server's NICs to the next server share the links between two routers of a group; every router
        has as many links to each other group at least.
        """
        streams, narrowest = self.nics * self.nic_rate, math.inf
        if self.routers > 1:
            narrowest = self.local_links * self.port_rate
        if self.groups > 1:
            narrowest = min(narrowest, self.links_per_pair // self.routers * self.port_rate)
        return max(1.0, streams / narrowest)

    @property
    def spread_oversubscription(self) -> float:
        """How many times slower than its NIC traffic from every NIC to all others runs: by the busiest link.

        Between two groups passes what a group's NICs send the other; between two routers of a group what they send each
        other, and one local hop of what leaves or enters the group but for traffic between routers that a global link
        joins, shared between the two ends.
        """
        one = (
            self.nics * self.nic_rate / max(self.servers - 1, 1)
        )  # from a server to each other, at full NICs
        router = self.servers_per_router
        group = min(self.routers * router, self.servers)
        other = min(group, self.servers - group)
        worst = 1.0
        if self.groups > 1:
            worst = max(worst, one * group * other / (self.links_per_pair * self.port_rate))
        if self.routers > 1:
            own = one * router * min(router, self.servers - router)
            passing = 0.0
            if self.groups > 1:
                passing = one * router * (self.servers - group) / self.routers
            worst = max(worst, (own + passing) / (self.local_links * self.port_rate))
        return worst


def dragonfly_of(
    *, servers: int, nics: int, nic_rate: float, ports: int, port_rate: float, oversubscription: float = 1.0
) -> Dragonfly:
    """Return the balanced dragonfly of so many servers: a quarter of the ports down, half local, the rest global.

    One router takes all servers that fit; one group all routers that can be joined. Global links carry what leaves a
    group, over ``oversubscription``; local links take the ports that are left.

    Raises InputError for counts below one, InfeasibleError where routers of so many ports cannot join the servers.
    """
    if servers < 1 or nics < 1 or ports < 4 or oversubscription < 1:
        raise InputError(
            "a dragonfly needs servers with NICs, routers of at least 4 ports, oversubscription >= 1"
        )
    per_port = breakout(nic_rate, port_rate)

    def down(count: int) -> int:
        return math.ceil(count * nics / per_port)

    given: dict[str, Any] = {
        "servers": servers,
        "nics": nics,
        "per_port": per_port,
        "nic_rate": nic_rate,
        "port_rate": port_rate,
    }
    if down(servers) <= ports:
        return Dragonfly(
            **given, groups=1, routers=1, servers_per_router=servers, local_links=1, global_links=0
        )
    each = max(1, ports // 4 * per_port // nics)
    taken = down(each)
    routers = math.ceil(servers / each)
    if routers - 1 + taken <= ports // 4 * 3:
        local = max(1, min(taken, (ports - taken) // (routers - 1)))
        return Dragonfly(
            **given, groups=1, routers=routers, servers_per_router=each, local_links=local, global_links=0
        )
    groups = max(2, math.ceil(routers / (ports // 2)))
    a = math.ceil(routers / groups)
    most = ports - taken - (a - 1)
    # Every router holds as many links to each other group, so that all shortest ways are alike.
    wanted = taken * (groups - 1) / groups / oversubscription
    to_each = max(1, min(math.ceil(wanted / (groups - 1)), most // (groups - 1)))
    links = to_each * (groups - 1)
    if links > most:
        raise InfeasibleError(
            f"routers of {ports} ports cannot join {servers} servers of {nics} NICs in a dragonfly: a router needs"
            f" a link to each of {groups - 1} other groups, and {max(most, 0)} ports are left; choose a fat tree, or"
            " routers with more ports"
        )
    local = max(1, min(taken, (ports - taken - links) // (a - 1)))
    return Dragonfly(
        **given, groups=groups, routers=a, servers_per_router=each, local_links=local, global_links=links
    )

"""A coherent domain of several servers: what it joins its cards with, what that takes, and how fast it is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from clustersim.errors import InfeasibleError, InputError, suggest
from clustersim.fabric.parts import fat_tree_parts

__all__ = ["SUPERNODE_WIRINGS", "Supernode", "SupernodeParts", "torus_dims"]

SUPERNODE_WIRINGS = ("switched", "torus", "optical")


@dataclass(frozen=True, slots=True)
class SupernodeParts:
    """Parts that join cards beyond a server, of one domain or of many."""

    switches: int = 0
    """Packet switches of the coherent domain."""
    circuit_switches: int = 0
    """Optical circuit switches: they lay circuits and read no packet."""
    modules: int = 0
    """Optical modules, one at each end of a link of light."""
    cables: int = 0
    """Electrical cables."""
    links: int = 0
    """Links that can fail: cables, and pairs of modules."""

    def times(self, domains: int) -> SupernodeParts:
        """The parts of several domains."""
        return SupernodeParts(
            self.switches * domains, self.circuit_switches * domains, self.modules * domains,
            self.cables * domains, self.links * domains,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Supernode:
    """One coherent domain of several servers.

    Attributes:
        wiring: ``switched``: non-blocking packet switches, two levels where one does not reach; ``torus``: every card
            wired to its neighbours in ``dimensions`` dimensions; ``optical``: blocks of ``block`` cards behind packet
            switches, and circuits between blocks from ``degree`` ports of every card.
        cards: of the domain.
        per_server: cards of a server.
        bandwidth: bytes/s of one card's links in the domain, per direction.
        link_rate: bytes/s per direction of one link.
        ports: ports of a packet switch of the domain.
        copper_reach: cards of the largest domain whose links are cables: those of a larger one are light, with a module
            at each end. Inside the blocks of an optical domain they are cables; circuits always are light.
        block, degree, spare_links, circuit_ports: of an optical domain: cards that packet switches join, circuits of a
            card, circuits of a block that are held back, ports of a circuit switch.
        dimensions: of a torus.

    Raises InputError for an unknown wiring, a domain that is no whole number of servers or blocks, counts below one.
    """

    wiring: str
    cards: int
    per_server: int
    bandwidth: float
    link_rate: float
    ports: int = 64
    copper_reach: int = 64
    block: int = 32
    degree: int = 2
    spare_links: int = 0
    circuit_ports: int = 128
    dimensions: int = 3

    def __post_init__(self) -> None:
        if self.wiring not in SUPERNODE_WIRINGS:
            raise InputError(f"wiring {self.wiring!r} is unknown; {suggest(self.wiring, SUPERNODE_WIRINGS)}")
        if min(self.cards, self.per_server, self.ports, self.block, self.degree, self.circuit_ports) < 1:
            raise InputError("a supernode's cards, ports, block and degree must be at least 1")
        if self.link_rate <= 0 or self.bandwidth <= 0:
            raise InputError("a supernode's rates must be positive")
        if self.cards % self.per_server:
            near = max(1, round(self.cards / self.per_server)) * self.per_server
            raise InputError(
                f"a coherent domain of {self.cards} cards is no whole number of servers of {self.per_server};"
                f" {near} would be"
            )
        if self.wiring == "optical" and self.blocks > 1 and self.cards % self.block:
            near = round(self.cards / self.block) * self.block
            raise InputError(
                f"an optical domain of {self.cards} cards is no whole number of blocks of {self.block}; {near} would be"
            )
        if self.wiring == "optical" and not 0 <= self.spare_links < self.block * self.degree:
            raise InputError(f"{self.spare_links} spare circuits of {self.block * self.degree} leave none")

    @property
    def beyond_server(self) -> bool:
        """Whether it joins anything that a server does not."""
        return self.cards > self.per_server

    @property
    def blocks(self) -> int:
        """Blocks of an optical domain; one where the domain is no larger than a block."""
        return max(1, math.ceil(self.cards / self.block)) if self.wiring == "optical" else 1

    @property
    def links_per_card(self) -> int:
        """Links that carry a card's bandwidth."""
        return max(1, math.ceil(self.bandwidth / self.link_rate - 1e-9))

    @property
    def circuits_per_block(self) -> int:
        """Circuits of a block that carry traffic."""
        return self.block * self.degree - self.spare_links if self.blocks > 1 else 0

    @property
    def block_bandwidth(self) -> float:
        """Bytes/s per card and direction between blocks, spare circuits held back; 0 within one block."""
        return self.circuits_per_block * self.link_rate / self.block

    def parts(self) -> SupernodeParts:
        """Return the parts of one domain; nothing where a server is the domain.

        >>> node = Supernode(wiring="optical", cards=128, per_server=8, bandwidth=200e9, link_rate=50e9)
        >>> node.parts()
        SupernodeParts(switches=8, circuit_switches=2, modules=256, cables=512, links=640)
        >>> Supernode(wiring="switched", cards=8, per_server=8, bandwidth=200e9, link_rate=50e9).parts().links
        0

        Raises InfeasibleError where two levels of such switches cannot join the domain.
        """
        if not self.beyond_server:
            return SupernodeParts()
        if self.wiring == "torus":
            links = self.cards * len(torus_dims(self.cards, self.dimensions))
            return self._wired(0, links)
        if self.wiring == "switched":
            return self._switched(self.cards)
        own = replace(self, wiring="switched", cards=min(self.block, self.cards), copper_reach=self.block)
        inside = own.parts().times(self.blocks)
        circuits = self.blocks * self.block * self.degree if self.blocks > 1 else 0
        return SupernodeParts(
            inside.switches, -(-circuits // self.circuit_ports), inside.modules + circuits, inside.cables,
            inside.links + circuits // 2,
        )  # fmt: skip

    def _wired(self, switches: int, links: int) -> SupernodeParts:
        light = self.cards > self.copper_reach
        return SupernodeParts(switches, 0, 2 * links if light else 0, 0 if light else links, links)

    def _switched(self, cards: int) -> SupernodeParts:
        """A non-blocking network of packet switches over the links of so many cards; none within a server."""
        if cards <= self.per_server:
            return SupernodeParts()
        links = cards * self.links_per_card
        if cards <= self.ports:
            return self._wired(math.ceil(links / self.ports), links)
        try:
            net = fat_tree_parts(
                cards=cards, nics_per_card=self.links_per_card, nic_rate=self.link_rate, ports=self.ports,
                port_rate=self.link_rate,
            )  # fmt: skip
        except InfeasibleError:
            raise InfeasibleError(
                f"switches of {self.ports} ports cannot join a coherent domain of {cards} cards; more ports would,"
                " or a smaller domain"
            ) from None
        return self._wired(net.switches, net.cables)


def torus_dims(cards: int, dimensions: int) -> tuple[int, ...]:
    """Return the sizes of the dimensions of a torus, as equal as they can be, none below three; fewer where need be.

    >>> torus_dims(64, 3), torus_dims(128, 3), torus_dims(72, 2)
    ((4, 4, 4), (4, 4, 8), (8, 9))

    Raises InputError for a number that has no such sizes.
    """
    for count in range(max(1, dimensions), 0, -1):
        found = _factors(cards, count, 3)
        if found:
            return min(found, key=lambda sizes: (max(sizes) - min(sizes), sizes))
    raise InputError(f"{cards} cards make no torus with at least three in a dimension")


def _factors(number: int, count: int, least: int) -> list[tuple[int, ...]]:
    if count == 1:
        return [(number,)] if number >= least else []
    return [
        (first, *rest)
        for first in range(least, math.isqrt(number) + 1)
        if number % first == 0
        for rest in _factors(number // first, count - 1, first)
    ]

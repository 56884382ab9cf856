"""The coherent domains of a cluster as the engine and the bill take them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from clustersim.errors import InfeasibleError, InputError
from clustersim.fabric.network import Network
from clustersim.fabric.supernode import Supernode, SupernodeParts, torus_dims
from clustersim.schema.inputs import Inputs

__all__ = ["Joined", "check_priced", "domain_cards", "joined", "on_domain", "supernode_spec"]


def domain_cards(inputs: Inputs) -> int:
    """Return the cards of one coherent domain: the supernode's, or the card's own.

    Raises InputError for a card without scale-up links, InfeasibleError for a domain larger than the supernode is sold.
    """
    card, section = inputs.parts.card, inputs.scenario.cluster.supernode
    if card.scale_up is None:
        raise InputError(f"cards.{card.name}.scale_up is not in the profile, and this run needs it")
    if section is None:
        return int(card.scale_up.domain.value)
    cards = int((section.cards or card.scale_up.domain).value)
    largest = int(inputs.parts.supernode.largest.value)
    if cards > largest:
        raise InfeasibleError(
            f"a coherent domain of {cards} cards: supernodes.{inputs.parts.supernode.name} joins at most {largest};"
            f" set {inputs.key_of('supernode.cards')} to fewer"
        )
    return cards


def supernode_spec(inputs: Inputs, cards: int | None = None) -> Supernode | None:
    """Return one coherent domain as the engine takes it, of ``cards`` or of the cluster's; None without a supernode."""
    if inputs.scenario.cluster.supernode is None:
        return None
    profile, card = inputs.parts.supernode, inputs.parts.card
    domain = domain_cards(inputs) if cards is None else cards
    assert card.scale_up is not None
    server = inputs.parts.server_or_none
    given: dict[str, Any] = {
        "wiring": profile.wiring, "per_server": min(domain, int(server.cards.value) if server else domain),
        "bandwidth": card.scale_up.bandwidth.value, "link_rate": profile.link_rate.value,
        "copper_reach": int(profile.copper_reach.value),
    }  # fmt: skip
    if profile.switch is not None:
        given["ports"] = int(profile.switch.ports.value)
    if profile.dimensions is not None:
        given["dimensions"] = int(profile.dimensions.value)
    if profile.circuits is not None:
        light = profile.circuits
        given |= {
            "block": int(light.block.value), "degree": int(light.degree.value),
            "spare_links": int(light.spare_links.value), "circuit_ports": int(light.ports.value),
        }  # fmt: skip
    try:
        return Supernode(cards=domain, **given)
    except InputError as error:
        raise InputError(f"{inputs.key_of('supernode.cards')}: {error}") from None


def on_domain(inputs: Inputs, network: Network) -> Network:
    """Return a network with the supernode's coherent domain in the place of the card's own."""
    node = supernode_spec(inputs)
    if node is None:
        return network
    if not node.beyond_server:
        return replace(network, scale_up_size=node.cards)
    if node.wiring == "torus":
        dims = torus_dims(node.cards, node.dimensions)
        return replace(
            network, scale_up_size=node.cards, scale_up_wiring="torus", scale_up_dims=dims,
            scale_up_reduction_efficiency=0.0,
        )  # fmt: skip
    several = node.blocks > 1
    return replace(
        network, scale_up_size=node.cards, scale_up_wiring="switched", block_size=node.block if several else 0,
        block_bandwidth=node.block_bandwidth,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Joined:
    """What joins the coherent domains of a whole cluster: its parts, nameplate power and height."""

    parts: SupernodeParts
    domains: int
    power_w: float
    height_u: float


def joined(inputs: Inputs) -> Joined:
    """Return what joins all coherent domains of the cluster; nothing where servers do."""
    node = supernode_spec(inputs)
    if node is None or not node.beyond_server:
        return Joined(SupernodeParts(), 0, 0.0, 0.0)
    profile = inputs.parts.supernode
    whole, rest = divmod(inputs.cards, node.cards)
    parts = node.parts().times(whole)
    if rest:
        last = supernode_spec(inputs, rest)
        assert last is not None
        more = last.parts()
        parts = SupernodeParts(*(getattr(parts, n) + getattr(more, n) for n in SupernodeParts.__slots__))
    power, height = parts.modules * profile.module_power.value, 0.0
    for count, device in ((parts.switches, profile.switch), (parts.circuit_switches, profile.circuits)):
        if device is not None:
            power, height = power + count * device.power.value, height + count * device.height.value
    return Joined(parts, whole + (rest > 0), power, height)


def check_priced(inputs: Inputs) -> None:
    """Raise InputError for a coherent domain beyond the servers that nobody sells: its switches would cost nothing."""
    server = inputs.parts.server_or_none
    if inputs.scenario.cluster.supernode is not None or server is None or inputs.parts.card.scale_up is None:
        return
    held = int((server.domain or server.cards).value)
    domain = domain_cards(inputs)
    if domain > max(held, int(server.cards.value)) and inputs.cards > int(server.cards.value):
        card = inputs.parts.card.name
        raise InputError(
            f"cards.{card}.scale_up.domain is {domain}, and servers.{server.name} joins {held}: the price of what joins"
            " them is asked for; name"
            f" {inputs.key_of('supernode.profile')} (clustersim profiles list supernodes), a server whose price holds"
            f" the domain, or set cards.{card}.scale_up.domain={held}"
        )

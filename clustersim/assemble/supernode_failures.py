"""What the links and switches of a coherent domain do to a long run: spares taken, slowed steps, domains that stop."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from clustersim.assemble.supernode import joined, supernode_spec
from clustersim.des.training.components import YEAR_S, FailureClass
from clustersim.des.training.run import Slowing
from clustersim.fabric.supernode import Supernode
from clustersim.schema.inputs import Inputs

__all__ = ["LinkFailures", "link_failures"]


@dataclass(frozen=True, slots=True)
class LinkFailures:
    """Failures of a cluster's coherent domains.

    A circuit that fails takes a spare one while its block has any: all stall for the reconfiguration (``stalls_per_s``,
    ``stall_s``). What has no spare slows the step until it is repaired; a domain whose only switch fails stops.
    """

    stalls_per_s: float = 0.0
    stall_s: float = 0.0
    slowed: tuple[Slowing, ...] = ()
    failures: tuple[FailureClass, ...] = ()


def link_failures(inputs: Inputs, time_shares: Mapping[str, float]) -> LinkFailures:
    """Return what fails in the domains of a cluster, with the share of a step that waits for their links.

    Links that work one fewer leave (k - 1) / k of a card's or a block's rate: the step takes
    1 + share x (1 / left - 1) times as long until the repair.
    """
    node = supernode_spec(inputs)
    if node is None or not node.beyond_server:
        return LinkFailures()
    profile, whole, out = inputs.parts.supernode, joined(inputs), inputs.reliability.repair_time.value
    scale = YEAR_S * inputs.reliability.mttf_scale.value
    link_per_s = profile.link_failures_per_year.value / scale
    waits = time_shares.get("scale-up links", 0.0)
    circuits = whole.parts.modules // 2 if node.blocks > 1 else 0
    kinds = [_slowing(_left(node), (whole.parts.links - circuits) * link_per_s, out, waits)]
    if circuits:
        kinds.append(_without_spares(node, link_per_s, whole.domains, out, waits))
    failures: tuple[FailureClass, ...] = ()
    if profile.switch is not None:
        switches = node.parts().switches
        rate = whole.parts.switches * profile.switch.failures_per_year.value / scale
        if switches // node.blocks > 1:
            kinds.append(_slowing(1 - node.blocks / switches, rate, out, waits))
        else:
            servers = max(
                1, min(node.block if node.blocks > 1 else node.cards, inputs.cards) // node.per_server
            )
            failures = (FailureClass("supernode_switch", rate, "multi", whole.parts.switches, takes=servers),)
    slowed = tuple(kind for kind in kinds if kind.per_s > 0 and kind.slowdown > 1)
    stalls = circuits * link_per_s if node.spare_links else 0.0
    pause = profile.circuits.reconfiguration.value if profile.circuits is not None else 0.0
    return LinkFailures(stalls, pause if stalls else 0.0, slowed, failures)


def _left(node: Supernode) -> float:
    """Share of a card's rate that one link fewer leaves."""
    links = 2 * node.dimensions if node.wiring == "torus" else node.links_per_card
    return max(1 - 1 / links, 0.5)


def _slowing(left: float, per_s: float, length_s: float, waits: float) -> Slowing:
    return Slowing(per_s=per_s, length_s=length_s, slowdown=1 + waits * (1 / left - 1))


def _without_spares(node: Supernode, link_per_s: float, domains: int, out: float, waits: float) -> Slowing:
    """Episodes in which a block has lost more circuits than it has spares.

    Circuits of a block fail at rate r and are out for T each, so that Poisson(r T) are out at once: the episode begins
    when one more fails while all spares are taken, and lasts T / (spares + 1) on average.
    """
    ports = node.block * node.degree
    rate, spares = ports * link_per_s, node.spare_links
    taken = rate * out
    all_taken = math.exp(-taken + spares * math.log(taken) - math.lgamma(spares + 1)) if taken > 0 else 0.0
    usable = ports - spares
    blocks = domains * node.blocks
    return _slowing((usable - 1) / usable, blocks * rate * all_taken, out / (spares + 1), waits)

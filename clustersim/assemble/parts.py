"""Card, model and network of a cluster as the engine takes them. Field by field, and nothing else."""

from __future__ import annotations

from clustersim.assemble.brought import is_brought, laid_out
from clustersim.assemble.calibrated import calibrated_card, calibrated_network
from clustersim.assemble.supernode import check_priced, on_domain, supernode_spec
from clustersim.errors import InputError
from clustersim.fabric.dragonfly import Dragonfly, dragonfly_of
from clustersim.fabric.network import Network
from clustersim.fabric.parts import NetworkParts, cluster_parts
from clustersim.perf.card import Card
from clustersim.provenance import Sourced
from clustersim.schema.inputs import Inputs
from clustersim.schema.model_engine import model_spec
from clustersim.schema.profiles import CardProfile

__all__ = [
    "DEFAULT_SWITCH_LATENCY", "card_spec", "check_bought", "dragonfly_shape", "model_spec", "needed", "network_parts",
    "network_spec",
]  # fmt: skip

#: Share of an efficiency-less card's nameplate that large work reaches: below the 0.78-0.87 measured on mature parts
#: (assumption; a profile with a measured share overrides it).
DEFAULT_SCALE_UP_EFFICIENCY = 0.8
#: Seconds per step inside a domain where the profile is silent (NCCL's NVLink and PCIe hops take 0.6-5.7 us;
#: published).
DEFAULT_SCALE_UP_LATENCY = 4e-6


def needed(value: Sourced | None, key: str) -> float:
    """Return the number, or raise InputError naming the field that a profile lacks."""
    if value is None:
        raise InputError(
            f"{key} is not in the profile, and this run needs it; add it with its source, or use --set {key}=…"
        )
    return value.value


def card_spec(card: CardProfile) -> Card:
    """Return the card as the performance model sees it."""
    key = f"cards.{card.name}"
    if card.memory is None:
        raise InputError(f"{key}.memory is not in the profile, and this run needs it")
    plain = Card(
        name=card.name,
        peak={dtype: peak.value for dtype, peak in card.peak.items()},
        memory_bytes=card.memory.capacity.value,
        memory_bandwidth=needed(card.memory.bandwidth, f"{key}.memory.bandwidth"),
        gemm_efficiency=needed(card.efficiency.gemm, f"{key}.efficiency.gemm"),
        memory_efficiency=needed(card.efficiency.memory, f"{key}.efficiency.memory"),
        host_link_bandwidth=card.host_link.bandwidth.value if card.host_link else 0.0,
        compute_units=card.compute_units.value if card.compute_units else 0.0,
        maker=card.vendor,
        cache_bytes=card.cache.value if card.cache else 0.0,
        gemm_efficiency_fp8=card.efficiency.gemm_fp8.value if card.efficiency.gemm_fp8 else 0.0,
        gemm_sustained=needed(card.efficiency.gemm_sustained, f"{key}.efficiency.gemm_sustained"),
    )
    return calibrated_card(plain, card.calibrated)


#: Seconds that a message takes through one switch where the scenario names none (published switch latencies are about
#: 1 us, as the shipped profiles; assumption).
DEFAULT_SWITCH_LATENCY = 1e-6


def network_spec(inputs: Inputs) -> Network:
    """Return the network that the cards of a cluster see, whatever they are used for."""
    card, nic, cluster = inputs.parts.card, inputs.parts.nic, inputs.scenario.cluster
    if card.scale_up is None:
        raise InputError(f"cards.{card.name}.scale_up is not in the profile, and this run needs it")
    share, reduction = card.efficiency.scale_up, card.efficiency.scale_up_reduction
    switch = inputs.parts.switch_or_none
    # Between two servers a message passes leaf, spine and leaf.
    hops = 3 * (switch.latency.value if switch else DEFAULT_SWITCH_LATENCY)
    spread = 0.0
    oversubscription = cluster.fabric.oversubscription.value if cluster.fabric else 1.0
    if cluster.fabric is not None and cluster.fabric.topology == "dragonfly":
        shape = dragonfly_shape(inputs)
        oversubscription, spread = shape.ring_oversubscription, shape.spread_oversubscription
    elif cluster.fabric is not None and is_brought(cluster.fabric.topology):
        laid = laid_out(inputs)
        oversubscription, spread = laid.ring, laid.spread
    network = Network(
        scale_up_size=int(card.scale_up.domain.value),
        scale_up_bandwidth=card.scale_up.bandwidth.value,
        scale_up_latency=card.scale_up.latency.value if card.scale_up.latency else DEFAULT_SCALE_UP_LATENCY,
        scale_up_wiring=card.scale_up.wiring,
        scale_up_efficiency=share.value if share else DEFAULT_SCALE_UP_EFFICIENCY,
        scale_out_bandwidth=nic.rate.value * cluster.nics_per_card.value,
        scale_out_latency=nic.latency.value + hops,
        scale_out_efficiency=nic.efficiency.value,
        oversubscription=oversubscription,
        spread_oversubscription=spread,
        in_network_reduction=cluster.in_network_reduction,
        dies_per_card=card.dies,
        die_bandwidth=card.die_to_die.bandwidth.value if card.die_to_die else 0.0,
        scale_up_reduction_efficiency=reduction.value if reduction else 0.0,
    )
    return on_domain(inputs, calibrated_network(network, card.calibrated))


def dragonfly_shape(inputs: Inputs) -> Dragonfly:
    """Return the dragonfly of a cluster's servers; raises InputError where a server has no whole number of NICs."""
    parts, nics = inputs.parts, inputs.parts.server.cards.value * inputs.scenario.cluster.nics_per_card.value
    if nics != int(nics) or nics < 1:
        raise InputError(f"{inputs.file}: a dragonfly needs a whole number of NICs in a server, not {nics:g}")
    return dragonfly_of(
        servers=inputs.servers, nics=int(nics), nic_rate=parts.nic.rate.value, ports=int(parts.switch.ports.value),
        port_rate=parts.switch.port_rate.value, oversubscription=inputs.fabric.oversubscription.value,
    )  # fmt: skip


def check_bought(inputs: Inputs) -> None:
    """Raise one InputError with all that every command of a priced site refuses of its parts, group by group.

    What is bought is whole servers and whole domains that somebody sells, of cards whose numbers are known.
    """
    said: dict[str, None] = {}
    for part in inputs.groups or (inputs,):
        for asked in (_whole, check_priced, _known):
            try:
                asked(part)
            except InputError as error:
                said[str(error)] = None
    if said:
        raise InputError("\n".join(said))


def _whole(inputs: Inputs) -> None:
    _ = inputs.servers, supernode_spec(inputs)


def _known(inputs: Inputs) -> None:
    card_spec(inputs.parts.card)


def network_parts(inputs: Inputs) -> NetworkParts:
    """Return the switches and modules of the cluster's network."""
    parts, fabric = inputs.parts, inputs.fabric
    check_priced(inputs)
    if fabric.topology == "dragonfly":
        return dragonfly_shape(inputs).parts
    if is_brought(fabric.topology):
        return laid_out(inputs).parts
    return cluster_parts(
        fabric.topology,
        cards=inputs.cards,
        cards_per_server=int(parts.server.cards.value),
        nics_per_card=inputs.scenario.cluster.nics_per_card.value,
        nic_rate=parts.nic.rate.value,
        ports=int(parts.switch.ports.value),
        port_rate=parts.switch.port_rate.value,
        oversubscription=fabric.oversubscription.value,
    )

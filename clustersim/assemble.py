"""From checked files to the plain floats that the engine takes. Field by field, and nothing else."""

from __future__ import annotations

from typing import Any

from clustersim.errors import InputError
from clustersim.fabric.network import Network
from clustersim.fabric.parts import NetworkParts, cluster_parts
from clustersim.perf.card import Card
from clustersim.perf.job import TrainJob
from clustersim.perf.model import Model
from clustersim.perf.plan import Plan, Software
from clustersim.provenance import Sourced
from clustersim.schema.inputs import Hardware
from clustersim.schema.profiles import CardProfile, ModelProfile
from clustersim.schema.scenario import Scenario, SoftwareSection, TrainingSection

__all__ = [
    "card_spec", "model_spec", "needed", "network_parts", "network_spec", "plan_spec", "servers", "train_job",
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
    return Card(
        name=card.name,
        peak={dtype: peak.value for dtype, peak in card.peak.items()},
        memory_bytes=card.memory.capacity.value,
        memory_bandwidth=needed(card.memory.bandwidth, f"{key}.memory.bandwidth"),
        gemm_efficiency=needed(card.efficiency.gemm, f"{key}.efficiency.gemm"),
        memory_efficiency=needed(card.efficiency.memory, f"{key}.efficiency.memory"),
        host_link_bandwidth=card.host_link.bandwidth.value if card.host_link else 0.0,
        compute_units=card.compute_units.value if card.compute_units else 0.0,
        gemm_efficiency_fp8=card.efficiency.gemm_fp8.value if card.efficiency.gemm_fp8 else 0.0,
    )


def model_spec(model: ModelProfile) -> Model:
    """Return the model's dimensions."""
    moe = model.moe.model_dump() if model.moe else {}
    mla = model.mla.model_dump() if model.mla else {}
    return Model(
        name=model.name,
        layers=model.layers,
        hidden=model.hidden,
        heads=model.heads,
        kv_heads=model.kv_heads,
        head_dim=model.head_dim,
        ffn_hidden=model.ffn_hidden,
        gated=model.gated,
        vocab=model.vocab,
        tied_embeddings=model.tied_embeddings,
        max_seq_len=model.max_seq_len,
        **moe,
        **mla,
    )


def plan_spec(training: TrainingSection) -> Plan:
    """Return the parallel plan, with the software that runs it."""
    return Plan(**training.plan.model_dump(), software=software_spec(training.software))


#: Keys of the file whose engine field has its unit in the name.
_SOFTWARE_NAMES = {
    "layer_overhead": "layer_overhead_s", "host_layer": "host_layer_s", "expert_overhead": "expert_overhead_s",
    "runtime_memory": "runtime_bytes",
}  # fmt: skip


def software_spec(section: SoftwareSection) -> Software:
    """Return what the training software adds or leaves out; what the file leaves out keeps the engine's value."""
    given: dict[str, Any] = {}
    for key in type(section).model_fields:
        value = getattr(section, key)
        if value is not None:
            given[_SOFTWARE_NAMES.get(key, key)] = value.value if isinstance(value, Sourced) else value
    return Software(**given)


def network_spec(scenario: Scenario, hardware: Hardware) -> Network:
    """Return the network that the cards of a cluster see."""
    card, nic = hardware.card, hardware.nic
    if card.scale_up is None:
        raise InputError(f"cards.{card.name}.scale_up is not in the profile, and this run needs it")
    share, reduction = card.efficiency.scale_up, card.efficiency.scale_up_reduction
    # Between two servers a message passes leaf, spine and leaf.
    hops = 3 * hardware.switch.latency.value
    return Network(
        scale_up_size=int(card.scale_up.domain.value),
        scale_up_bandwidth=card.scale_up.bandwidth.value,
        scale_up_latency=card.scale_up.latency.value if card.scale_up.latency else DEFAULT_SCALE_UP_LATENCY,
        scale_up_wiring=card.scale_up.wiring,
        scale_up_efficiency=share.value if share else DEFAULT_SCALE_UP_EFFICIENCY,
        scale_out_bandwidth=nic.rate.value * scenario.cluster.nics_per_card.value,
        scale_out_latency=nic.latency.value + hops,
        scale_out_efficiency=nic.efficiency.value,
        oversubscription=scenario.cluster.fabric.oversubscription.value,
        dies_per_card=card.dies,
        die_bandwidth=card.die_to_die.bandwidth.value if card.die_to_die else 0.0,
        scale_up_reduction_efficiency=reduction.value if reduction else 0.0,
    )


def train_job(scenario: Scenario, hardware: Hardware) -> TrainJob:
    """Return the training job of a scenario."""
    training = scenario.training
    return TrainJob(
        card=card_spec(hardware.card),
        network=network_spec(scenario, hardware),
        model=model_spec(hardware.model),
        plan=plan_spec(training),
        cards=int(scenario.cluster.cards.value),
        global_batch=training.global_batch,
        seq_len=training.seq_len,
        dtype=training.dtype,
    )


def network_parts(scenario: Scenario, hardware: Hardware) -> NetworkParts:
    """Return the switches and modules of the cluster's network."""
    return cluster_parts(
        scenario.cluster.fabric.topology,
        cards=int(scenario.cluster.cards.value),
        cards_per_server=int(hardware.server.cards.value),
        nics_per_card=scenario.cluster.nics_per_card.value,
        nic_rate=hardware.nic.rate.value,
        ports=int(hardware.switch.ports.value),
        port_rate=hardware.switch.port_rate.value,
        oversubscription=scenario.cluster.fabric.oversubscription.value,
    )


def servers(scenario: Scenario, hardware: Hardware) -> int:
    """Return the number of servers; cards must fill them.

    Raises InputError with the nearest count that does.
    """
    cards, per_server = int(scenario.cluster.cards.value), int(hardware.server.cards.value)
    if cards % per_server:
        near = max(per_server, round(cards / per_server) * per_server)
        raise InputError(
            f"cluster.cards={cards} does not fill servers of {per_server} ({hardware.server.name}); {near} would"
        )
    return cards // per_server

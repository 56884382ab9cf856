"""One row of published training runs as the step model takes it: card, network, model, plan, software.

What a row leaves out is chosen by a rule that its authors would follow, never by its measurement: recomputation and
micro-batch, and a pipeline's chunks, are the fastest that fit the card's memory.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from clustersim import assemble
from clustersim.fabric.network import RDMA_LATENCY_S, Network
from clustersim.perf.job import TrainJob
from clustersim.perf.memory import memory_per_card
from clustersim.perf.model import Model
from clustersim.perf.plan import Plan, Software
from clustersim.perf.step import estimate_step
from clustersim.schema.profiles import CardProfile, load_card, load_model
from clustersim.validation.collectives_setup import SCALE_OUT_SHARE, SCALE_UP_SHARE
from clustersim.validation.training_software import measured_rates, software_of

__all__ = ["BINARY", "KnownRow", "Unpredictable", "count", "known_row", "number"]

#: Micro-batches of a pipeline stage that a row without a batch is given: enough to make the bubble small.
ENOUGH_MICRO_BATCHES = 8
#: Makers print GB where the memory holds GiB; a run that is known to have run could use them all.
BINARY = 2**30 / 1e9
#: How a row names a card -> its profile. Earlier patterns win.
_CARDS = (
    (r"40\s*gb.*a100|a100.*40\s*gb", "A100-40G"), (r"a800", "A800"), (r"a100|ampere", "A100-80G"),
    (r"gb300", "GB300"), (r"gb200|nvl72", "GB200"), (r"gh200", ""), (r"b300", "B300"), (r"b200", "B200"),
    (r"h800", "H800"), (r"h100", "H100"), (r"h200", "H200"), (r"h20\b", "H20"),
    (r"c500", "MetaX-C500"), (r"bi-?v150|tiangai", "BI-V150"), (r"ascend|910b|atlas 800t", "Ascend-910B"),
    (r"s5000", "MTT-S5000"), (r"s4000", "MTT-S4000"),
)  # fmt: skip
#: Cards whose links nobody has published -> the card of the same maker whose assumed links stand in.
_STAND_IN = {"MetaX-C500": "MetaX-C550"}
#: Cards whose links nobody has published, but an all-reduce over the 8 cards of a server was measured: its bus
#: bandwidth (FlagPerf base measurements, R5300 G5 with BI-V150).
_MEASURED_LINKS = {"BI-V150": 46.24e9}
#: Seconds per step over PCIe (NCCL src/graph/tuning.cc, ring hop, Simple protocol; published).
PCIE_STEP_S = 5.7e-6
#: How a row names a mixture of experts -> its model file. Earlier words win.
_MIXTURES = (
    (r"qwen3.?235b", "qwen3-235b-a22b"), (r"qwen3.?30b", "qwen3-30b-a3b"), (r"qwen1\.5.?moe", "qwen1.5-moe-a2.7b"),
    (r"deepseek.?v3", "deepseek-v3"), (r"deepseek.?v2(?!.?lite)", "deepseek-v2"), (r"kimi.?k2", "kimi-k2"),
    (r"gpt.?oss.?120b", "gpt-oss-120b"), (r"llama.?4.?maverick", "llama4-maverick"), (r"grok.?1", "grok-1"),
    (r"mixtral.?8x7b", "mixtral-8x7b"),
)  # fmt: skip
_MIXTURE_WORDS = re.compile(r"moe|mixtral|deepseek|grok|llama-?4|a\d+b\b|expert|gpt-oss", re.IGNORECASE)
#: Models with layers that the step model does not know.
_UNKNOWN_LAYERS = re.compile(r"nemotron-?h|mamba|jamba|hybrid", re.IGNORECASE)
_DTYPES = (("nvfp4", "fp4"), ("fp8", "fp8"), ("fp16", "fp16"), ("bf16", "bf16"), ("amp", "bf16"))


class Unpredictable(Exception):
    """A row lacks what a prediction needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRow:
    """A row as the step model takes it, and what was chosen for it."""

    train: TrainJob
    nic: str
    chosen: str

    @property
    def memory_bytes(self) -> float:
        """Device memory that the job needs on its fullest card."""
        return float(memory_per_card(self.train).total)


def number(row: Mapping[str, str], key: str) -> float | None:
    """Return a cell as a finite number; nothing where it is empty or a word."""
    text = (row.get(key) or "").strip().replace(",", "")
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def count(row: Mapping[str, str], key: str, default: int | None = None) -> int:
    """Return a cell as a whole number of at least 1.

    Raises Unpredictable where the cell holds none and there is no default.
    """
    value = number(row, key)
    if value is not None and value >= 1:
        return int(value)
    if default is None:
        raise Unpredictable(f"the row has no {key}")
    return default


def known_row(row: Mapping[str, str]) -> KnownRow:
    """Return a row as the step model takes it.

    Raises Unpredictable, or the engine's own errors, where that cannot be.
    """
    profile = load_card(_card_name(row["gpu"]))
    rates = measured_rates(row)
    card = replace(assemble.card_spec(profile), **rates)  # type: ignore[arg-type]
    cards, seq_len = count(row, "n_gpus"), count(row, "seq_len")
    stand_in = _STAND_IN.get(profile.name) if profile.scale_up is None else None
    network, nic = _network(load_card(stand_in) if stand_in else profile, row["interconnect"])
    plan = _stated_plan(row, cards)
    model = _model(row)
    batch = count(row, "global_batch", plan.dp * plan.micro_batch * ENOUGH_MICRO_BATCHES * plan.pp)
    guess = [] if number(row, "global_batch") else [f"global_batch={batch}"]
    guess += ["the rates that the same authors measured of operators"] if rates else []
    guess += [f"the links of {stand_in}, an assumption"] if stand_in else []
    stated = TrainJob(
        card=card, network=network, model=model, plan=plan, cards=cards, global_batch=batch, seq_len=seq_len,
        dtype=_dtype(row["dtype"]),
    )  # fmt: skip
    best, words = _chosen(row, stated)
    return KnownRow(train=best, nic=nic, chosen="; ".join(guess + words))


def _chosen(row: Mapping[str, str], stated: TrainJob) -> tuple[TrainJob, list[str]]:
    """Return the fastest job that fits, over what the row leaves open; the leanest where none fits."""
    per_replica = max(1, stated.global_batch // stated.plan.dp)
    open_micro = number(row, "micro_batch") is None
    micros = [b for b in (1, 2, 4, 8, 16, 32) if per_replica % b == 0] if open_micro else [
        min(stated.plan.micro_batch, per_replica)
    ]  # fmt: skip
    open_recompute = not (row.get("recompute") or "").strip()
    words = ("none", "selective", "full") if open_recompute else (stated.plan.recompute,)
    open_chunks = not (row.get("vpp_interleave") or "").strip() and stated.plan.software.flash_attention
    most = stated.model.layers / stated.plan.pp if open_chunks and stated.plan.pp > 1 else 1
    chunks = [v for v in (1, 2, 4, 8, 16) if v <= max(1.0, most)] if open_chunks else [stated.plan.interleave]
    jobs = [
        stated.with_plan(_with(stated.plan, micro, word, v, etp))
        for micro, word, v, etp in itertools.product(micros, words, chunks, _expert_splits(stated.plan))
        if v == 1 or (per_replica // micro) % stated.plan.pp == 0 or micro == micros[0]
    ]
    if len(jobs) == 1:
        return jobs[0], []
    needs = [float(memory_per_card(j).total) for j in jobs]
    fitting = [j for j, need in zip(jobs, needs, strict=True) if need <= j.card.memory_bytes * BINARY]
    best = min(fitting, key=_seconds) if fitting else jobs[needs.index(min(needs))]
    said = [f"micro_batch={best.plan.micro_batch}"] if open_micro else []
    said += [f"recompute={best.plan.recompute}"] if open_recompute else []
    said += [f"etp={best.plan.etp}"] if best.plan.etp > 1 else []
    return best, said + ([f"interleave={best.plan.interleave}"] if len(chunks) > 1 else [])


def _expert_splits(plan: Plan) -> tuple[int, ...]:
    """Cards that may split an expert: none, or, where there are enough, the tensor group as by Megatron's default."""
    enough = plan.ep > 1 < plan.tp and plan.dp * plan.cp % plan.ep == 0
    return (1, plan.tp) if enough else (1,)


def _with(plan: Plan, micro: int, recompute: str, chunks: int, etp: int) -> Plan:
    schedule = "interleaved" if chunks > 1 else "1f1b"
    return replace(
        plan, micro_batch=micro, recompute=recompute, interleave=chunks, schedule=schedule, etp=etp
    )


def _seconds(candidate: TrainJob) -> float:
    return estimate_step(candidate).step_time_s


def _card_name(text: str) -> str:
    for pattern, name in _CARDS:
        if re.search(pattern, text.lower()):
            if not name:
                break
            return name
    raise Unpredictable(f"no profile of {text or 'an unnamed card'}")


def _dtype(text: str) -> str:
    lower = text.lower()
    return next((name for word, name in _DTYPES if word in lower), "bf16")


def _nic_rate(interconnect: str, card: str) -> tuple[float, str]:
    """Return bytes/s of network per card as a row states it, or the card generation's usual NIC."""
    per_card = re.search(r"(\d+)\s*x\s*(\d+)\s*Gb/s", interconnect)
    if per_card:
        return int(per_card[1]) * int(per_card[2]) / 8 * 1.25e8, "stated"
    if re.search(r"Omni-Path", interconnect):
        return 4 * 100 / 8 * 1.25e8, "stated: four 100 Gb/s adapters for eight cards"
    per_node = re.search(r"(\d+)\s*Gb(?:/s|ps)[^.]*node", interconnect)
    if per_node:
        return int(per_node[1]) / 8 * 1.25e8, "stated per node"
    if "A100" in card or "A800" in card:
        return (12.5e9 if "40" in card else 25e9), "usual for A100"
    return (100e9 if "300" in card else 50e9), "usual"


def _network(profile: CardProfile, interconnect: str) -> tuple[Network, str]:
    rate, stated = _nic_rate(interconnect, profile.name)
    if profile.scale_up is None and profile.name in _MEASURED_LINKS:
        network = Network(
            scale_up_size=8, scale_up_bandwidth=_MEASURED_LINKS[profile.name], scale_up_latency=PCIE_STEP_S,
            scale_up_wiring="pcie", scale_up_efficiency=1.0, scale_out_bandwidth=rate,
            scale_out_latency=RDMA_LATENCY_S, scale_out_efficiency=SCALE_OUT_SHARE,
        )  # fmt: skip
        return network, f"{stated}; links as an all-reduce over them was measured"
    if profile.scale_up is None:
        raise Unpredictable(f"the profile of {profile.name} has no links")
    share, reduction = profile.efficiency.scale_up, profile.efficiency.scale_up_reduction
    return Network(
        scale_up_size=int(profile.scale_up.domain.value),
        scale_up_bandwidth=profile.scale_up.bandwidth.value,
        scale_up_latency=profile.scale_up.latency.value
        if profile.scale_up.latency
        else assemble.DEFAULT_SCALE_UP_LATENCY,
        scale_up_wiring=profile.scale_up.wiring,
        scale_up_efficiency=share.value if share else SCALE_UP_SHARE,
        scale_out_bandwidth=rate,
        scale_out_latency=RDMA_LATENCY_S,
        scale_out_efficiency=SCALE_OUT_SHARE,
        scale_up_reduction_efficiency=reduction.value if reduction else 0.0,
    ), stated


def _model(row: Mapping[str, str]) -> Model:
    name = row["model"]
    if _UNKNOWN_LAYERS.search(name):
        raise Unpredictable(f"{name} has layers without attention, which are not modelled")
    for pattern, profile in _MIXTURES:
        if re.search(pattern, name.lower()):
            model = assemble.model_spec(load_model(profile))
            return _cut(model, count(row, "layers", model.layers))
    if _MIXTURE_WORDS.search(name) or (number(row, "ep") or 1) > 1:
        raise Unpredictable(f"the experts of {name} are not in the row, and no model file has them")
    layers, hidden, heads = (count(row, key) for key in ("layers", "hidden", "heads"))
    return min(_dense(row, name, layers, hidden, heads), key=lambda m: _off(row, m))


def _dense(row: Mapping[str, str], name: str, layers: int, hidden: int, heads: int) -> Iterator[Model]:
    """The model with and without a gated feed-forward block: that is no column; the parameter count tells."""
    for gated in (False, True):
        yield Model(
            name=name, layers=layers, hidden=hidden, heads=heads, kv_heads=count(row, "kv_heads", heads),
            head_dim=max(1, hidden // heads), ffn_hidden=count(row, "ffn_hidden", 4 * hidden), gated=gated,
            vocab=count(row, "vocab", 51200), tied_embeddings=not gated,
        )  # fmt: skip


def _off(row: Mapping[str, str], model: Model) -> float:
    billions = number(row, "params_B")
    if billions is not None:
        return abs(model.parameters / 1e9 - billions)
    # Without a count: blocks of today are gated where they are narrower than four times the model.
    narrow = model.ffn_hidden < 4 * model.hidden or model.kv_heads < model.heads
    return float(model.gated != narrow)


def _cut(model: Model, layers: int) -> Model:
    """Return a mixture with the row's number of layers.

    A model that was cut keeps one of its dense layers: the memory that such rows state holds three expert layers of
    four.
    """
    if layers == model.layers:
        return model
    return replace(model, layers=layers, moe_layers=layers - min(1, model.dense_layers))


def _stated_plan(row: Mapping[str, str], cards: int) -> Plan:
    if cards > 1 and not any(number(row, key) for key in ("tp", "pp", "dp", "zero_stage")):
        raise Unpredictable("the row does not say how the model is spread over its cards")
    tp, pp, cp = count(row, "tp", 1), count(row, "pp", 1), count(row, "cp", 1)
    interleave = count(row, "vpp_interleave", 1) if pp > 1 else 1
    recompute = (row.get("recompute") or "").lower()
    software = software_of(row)
    stated = (row.get("seq_parallel") or "").strip().lower()
    return Plan(
        tp=tp, pp=pp, dp=count(row, "dp", max(1, cards // (tp * pp * cp))), cp=cp, ep=count(row, "ep", 1),
        interleave=interleave, micro_batch=count(row, "micro_batch", 1),
        schedule="interleaved" if interleave > 1 else "1f1b",
        sequence_parallel=stated in {"yes", "true", "1"} or (not stated and tp > 1 and software.flash_attention),
        recompute="full" if "full" in recompute else "selective" if "sel" in recompute else "none",
        zero=_zero(row, software), software=software,
    )  # fmt: skip


def _zero(row: Mapping[str, str], software: Software) -> int:
    """The stated stage; sharded data parallelism is stage 3; today's default is to share out the optimizer."""
    text = (row.get("zero_stage") or "").strip().lower()
    if "fsdp" in text:
        # A pipeline keeps the gathered weights for its next micro-batch (Llama 3, arXiv:2407.21783, section 3.3.2).
        return 2 if count(row, "pp", 1) > 1 else 3
    stage = number(row, "zero_stage")
    if stage is None:
        return 1 if software.flash_attention else 0
    return max(0, min(3, int(stage)))

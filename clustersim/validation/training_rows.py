"""One row of published training runs as the step model takes it: card, network, model, plan, software.

``record`` reads a row's words once, into names of profiles and plain numbers; ``known_row`` builds the job from them.
What a row leaves out is chosen by a rule that its authors would follow, never by its measurement: recomputation and
micro-batch, and a pipeline's chunks, are the fastest that fit the card's memory.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from clustersim.assemble.parts import card_spec, model_spec
from clustersim.assemble.software import stack_software
from clustersim.perf.card import Card
from clustersim.perf.job import TrainJob
from clustersim.perf.memory import memory_per_card
from clustersim.perf.model import Model
from clustersim.perf.plan import Plan, Software
from clustersim.perf.step import estimate_step
from clustersim.schema.find_software import FoundSoftware
from clustersim.schema.formats import NumberFormat, number_format
from clustersim.schema.profiles import CardProfile, load_model
from clustersim.validation.sites import Unpredictable, card_of, model_name, network_of
from clustersim.validation.sources import filled, software_of_row

__all__ = ["KnownRow", "TrainingRecord", "Unpredictable", "count", "known_row", "number", "record"]

#: Micro-batches of a pipeline stage that a row without a batch is given: enough to make the bubble small.
ENOUGH_MICRO_BATCHES = 8
#: Stated parameters over those of the row's dimensions, or the reverse, from which some layers must be of another kind
#: (gated or not, tied or not, and rounding move it by less).
FOREIGN_LAYERS = 1.25


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRecord:
    """A row in names of profiles and plain numbers: what a scenario of it would state.

    ``model`` is a model file, empty where the row's own dimensions are the model.
    """

    card: CardProfile
    software: FoundSoftware
    format: NumberFormat
    model: str
    cards: int
    seq_len: int
    row: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRow:
    """A row as the step model takes it, and what was chosen for it."""

    train: TrainJob
    record: TrainingRecord
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


def record(row: Mapping[str, str]) -> TrainingRecord:
    """Read a row's words: names of profiles, number format, sizes.

    Raises Unpredictable, or InputError with the nearest name, for what has no profile.
    """
    full = filled(row)
    return TrainingRecord(
        card=card_of(full["gpu"]),
        software=software_of_row(full, "training"),
        format=number_format(full["dtype"]),
        model=model_name(full["model"]) or "",
        cards=count(full, "n_gpus"),
        seq_len=count(full, "seq_len"),
        row=full,
    )


def known_row(row: Mapping[str, str]) -> KnownRow:
    """Return a row as the step model takes it.

    Raises Unpredictable, or the engine's own errors, where that cannot be.
    """
    known = record(row)
    full = known.row
    card, site = _card(known)
    network, _, nic = network_of(known.card, full["interconnect"], "", known.cards, usual_nic=True)
    plan = _stated_plan(known)
    # A step of a row that does not say so trains no extra predictions.
    model = replace(_model(known), prediction_layers=count(full, "prediction_layers", 0))
    batch = count(full, "global_batch", plan.dp * plan.micro_batch * ENOUGH_MICRO_BATCHES * plan.pp)
    stated = TrainJob(
        card=card, network=network, model=model, plan=plan, cards=known.cards, global_batch=batch,
        seq_len=known.seq_len, dtype=known.format.dtype,
    )  # fmt: skip
    best, words = _chosen(full, stated)
    guess = [] if number(full, "global_batch") else [f"global_batch={batch}"]
    return KnownRow(train=best, record=known, nic=nic, chosen="; ".join(guess + site + words))


def _card(known: TrainingRecord) -> tuple[Card, list[str]]:
    """The card as the profile has it, with what the row's site measured of it instead."""
    given = {
        "gemm_efficiency": number(known.row, "gemm_efficiency"),
        "memory_efficiency": number(known.row, "memory_efficiency"),
        "memory_bandwidth": (number(known.row, "memory_bandwidth_GBs") or 0.0) * 1e9 or None,
    }
    own = {name: value for name, value in given.items() if value}
    said = [f"the site's own {', '.join(own)}"] if own else []
    return replace(card_spec(known.card), **own), said  # type: ignore[arg-type]


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
    fitting = [j for j, need in zip(jobs, needs, strict=True) if need <= j.card.memory_bytes]
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
    schedule = "interleaved" if chunks > 1 else "1f1b" if plan.schedule == "interleaved" else plan.schedule
    return replace(
        plan, micro_batch=micro, recompute=recompute, interleave=chunks, schedule=schedule, etp=etp
    )


def _seconds(candidate: TrainJob) -> float:
    return estimate_step(candidate).step_time_s


def _model(known: TrainingRecord) -> Model:
    """The model file that the row names where it has experts or the row no dimensions, else the row's dimensions."""
    row, name = known.row, known.row["model"]
    if known.model:
        filed = model_spec(load_model(known.model))
        if filed.experts or number(row, "layers") is None or number(row, "hidden") is None:
            return _cut(filed, count(row, "layers", filed.layers))
    if (number(row, "ep") or 1) > 1:
        raise Unpredictable(f"the experts of {name} are not in the row, and no model file has them")
    layers, hidden, heads = (count(row, key) for key in ("layers", "hidden", "heads"))
    model = min(_dense(row, name, layers, hidden, heads), key=lambda m: _off(row, m))
    stated = number(row, "params_B")
    ratio = stated * 1e9 / model.parameters if stated else 1.0
    if not 1 / FOREIGN_LAYERS < ratio < FOREIGN_LAYERS:
        found = f"{model.parameters / 1e9:.3g} B"
        raise Unpredictable(
            f"{name} states {stated:g} B parameters where the row's dimensions give {found}: some layers are of another"
            " kind (experts, state space), and no model file has them"
        )
    return model


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
    """Return a model file with the row's number of layers.

    A mixture that was cut keeps one of its dense layers: the memory that such rows state holds three expert layers of
    four.
    """
    if layers == model.layers:
        return model
    moe = layers - min(1, model.dense_layers) if model.experts else 0
    return replace(model, layers=layers, moe_layers=moe)


def _stated_plan(known: TrainingRecord) -> Plan:
    row, cards = known.row, known.cards
    if cards > 1 and not any(number(row, key) for key in ("tp", "pp", "dp", "zero_stage")):
        raise Unpredictable("the row does not say how the model is spread over its cards")
    tp, pp, cp = count(row, "tp", 1), count(row, "pp", 1), count(row, "cp", 1)
    interleave = count(row, "vpp_interleave", 1) if pp > 1 else 1
    recompute = (row.get("recompute") or "").lower()
    software = stack_software(known.software.profile, known.card.name, *known.format.names)
    hidden = number(row, "tp_overlap")
    if hidden is not None:
        software = replace(software, tp_overlap=hidden)
    stated = (row.get("seq_parallel") or "").strip().lower()
    return Plan(
        tp=tp, pp=pp, dp=count(row, "dp", max(1, cards // (tp * pp * cp))), cp=cp, ep=count(row, "ep", 1),
        interleave=interleave, micro_batch=count(row, "micro_batch", 1),
        schedule=(row.get("schedule") or "").strip() or ("interleaved" if interleave > 1 else "1f1b"),
        sequence_parallel=stated in {"yes", "true", "1"} or (not stated and tp > 1 and software.flash_attention),
        recompute="full" if "full" in recompute else "selective" if "sel" in recompute else "none",
        zero=_zero(row, software), software=software,
    )  # fmt: skip


def _zero(row: Mapping[str, str], software: Software) -> int:
    """The stated stage; sharded data parallelism is stage 3; today's default is to share out the optimizer.

    A pipeline keeps weights and gradients whole until its last micro-batch, whatever it is called, and gathers and
    reduces once a step as stage 1 does (MegaScale, arXiv:2402.15627, section 3.2; Llama 3, arXiv:2407.21783, section
    3.3.2; PyTorch's stages).
    """
    most = 1 if count(row, "pp", 1) > 1 else 3
    text = (row.get("zero_stage") or "").strip().lower()
    if "fsdp" in text:
        return most
    stage = number(row, "zero_stage")
    if stage is None:
        return 1 if software.flash_attention else 0
    return max(0, min(most, int(stage)))

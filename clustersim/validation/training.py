"""Published training runs beside the step-time model."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

from clustersim import assemble
from clustersim.errors import ClusterSimError
from clustersim.fabric.network import RDMA_LATENCY_S, Network
from clustersim.perf.card import Card
from clustersim.perf.memory import memory_per_card
from clustersim.perf.model import Model
from clustersim.perf.plan import Plan, Software
from clustersim.perf.step import StepTime, estimate_step
from clustersim.schema.profiles import CardProfile, load_card, load_model
from clustersim.validation.common import ValidationRow, require_columns

__all__ = ["COLUMNS", "TUNED_ON", "Unpredictable", "predict", "predict_step"]

COLUMNS = (
    "id", "source", "model", "params_B", "layers", "hidden", "heads", "kv_heads", "ffn_hidden", "vocab", "seq_len",
    "global_batch", "micro_batch", "tp", "pp", "dp", "cp", "ep", "vpp_interleave", "seq_parallel", "recompute",
    "zero_stage", "gpu", "n_gpus", "dtype", "interconnect", "iteration_time_s", "tokens_per_s_per_gpu",
)  # fmt: skip
#: The rows that the constants of ``perf.step`` were tuned on, by the beginning of their source; all else is held out.
TUNED_ON = ("Reducing Activation Recomputation Table 5", "Megatron-LM SC21 Table 1")
#: Training software whose constants were found from rows of its own, and those rows: the first ten timed ones of
#: BigScience's log (DeepSpeed's pipeline engine of 2021-22: a checkpoint in every layer, buckets to reduce and gather).
#: Seconds beside the kernels of every pass of a layer, by a grid of 1 ms, and bytes beside weights, gradients, states
#: and activations, by a grid of 1 GiB. All other rows of that log are held out.
SOFTWARE = (("BigScience", 7e-3, 13 * 2**30),)
SOFTWARE_TUNED_ON = tuple(f"bloomprep-{number:03d}" for number in (1, 2, 4, 5, 6, 10, 11, 12, 14, 15))
#: Share of the wire rate that large collectives reach (docs/fabric.md; derived).
WIRE_SHARE = 0.94
#: How a row names a card -> its profile. Earlier patterns win.
_CARDS = (
    (r"40\s*gb.*a100|a100.*40\s*gb", "A100-40G"), (r"a800", "A800"), (r"a100|ampere", "A100-80G"),
    (r"h800", "H800"), (r"gh200|gb200|gb300|b300|nvl72", ""), (r"h100", "H100"), (r"h200", "H200"), (r"b200", "B200"),
    (r"c500", "MetaX-C500"), (r"bi-?v150|tiangai", "BI-V150"), (r"ascend|910b|atlas 800t", "Ascend-910B"),
    (r"s5000", "MTT-S5000"), (r"s4000", "MTT-S4000"), (r"h20\b", "H20"),
)  # fmt: skip
_MIXTURES = {
    "qwen3-235b": "qwen3-235b-a22b", "qwen3 235b": "qwen3-235b-a22b", "deepseek-v3": "deepseek-v3",
    "deepseek_v3": "deepseek-v3", "deepseek v3": "deepseek-v3", "mixtral-8x7b": "mixtral-8x7b",
    "mixtral 8x7b": "mixtral-8x7b",
}  # fmt: skip
_MIXTURE_WORDS = re.compile(
    r"moe|mixtral|deepseek|grok|qwen3[- ]?235|qwen3[- ]?30|llama-?4|a\d+b\b|expert", re.IGNORECASE
)
#: Runs of before fused attention was usual.
_UNFUSED = ("SC21", "2205.05198", "vTrain", "BigScience", "2020", "MT-NLG", "OPT", "PaLM")
_DTYPES = (
    ("fp8", "fp8"),
    ("mxfp8", "fp8"),
    ("nvfp4", "fp4"),
    ("fp16", "fp16"),
    ("bf16", "bf16"),
    ("amp", "bf16"),
)


class Unpredictable(Exception):
    """A row lacks what a prediction needs."""


def _number(row: Mapping[str, str], key: str) -> float | None:
    text = (row.get(key) or "").strip().replace(",", "")
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _count(row: Mapping[str, str], key: str, default: int | None = None) -> int:
    value = _number(row, key)
    if value is not None and value >= 1:
        return int(value)
    if default is None:
        raise Unpredictable(f"the row has no {key}")
    return default


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


def _nic_rate(interconnect: str, card: str, source: str) -> tuple[float, str]:
    """Return bytes/s of network per card as a row states it, or the card generation's usual NIC."""
    per_card = re.search(r"(\d+)\s*x\s*(\d+)\s*Gb/s", interconnect)
    if per_card:
        return int(per_card[1]) * int(per_card[2]) / 8 * 1.25e8, "stated"
    if re.search(r"Omni-Path", interconnect):
        return 4 * 100 / 8 * 1.25e8, "stated: four 100 Gb/s adapters for eight cards"
    per_node = re.search(r"(\d+)\s*Gb(?:/s|ps)[^.]*node", interconnect)
    if per_node:
        return int(per_node[1]) / 8 * 1.25e8, "stated per node"
    return (
        (12.5e9 if "40" in card else 25e9, "usual for A100")
        if "A100" in card or "A800" in card
        else (50e9, "usual")
    )


def _network(profile: CardProfile, interconnect: str, source: str) -> tuple[Network, str]:
    rate, stated = _nic_rate(interconnect, profile.name, source)
    if profile.scale_up is None:
        raise Unpredictable(f"the profile of {profile.name} has no links")
    share, reduction = profile.efficiency.scale_up, profile.efficiency.scale_up_reduction
    return Network(
        scale_up_size=int(profile.scale_up.domain.value),
        scale_up_bandwidth=profile.scale_up.bandwidth.value,
        scale_up_latency=profile.scale_up.latency.value if profile.scale_up.latency else 4e-6,
        scale_up_wiring=profile.scale_up.wiring,
        scale_up_efficiency=share.value if share else 0.8,
        scale_out_bandwidth=rate,
        scale_out_latency=RDMA_LATENCY_S,
        scale_out_efficiency=WIRE_SHARE,
        scale_up_reduction_efficiency=reduction.value if reduction else 0.0,
    ), stated


def _model(row: Mapping[str, str]) -> Model:
    name = row["model"]
    for word, profile in _MIXTURES.items():
        if word in name.lower():
            return _cut(assemble.model_spec(load_model(profile)), _count(row, "layers"))
    if _MIXTURE_WORDS.search(name) or (_number(row, "ep") or 1) > 1:
        raise Unpredictable(f"the experts of {name} are not in the row, and no model file has them")
    layers, hidden, heads = (_count(row, key) for key in ("layers", "hidden", "heads"))
    kv, vocab = _count(row, "kv_heads", heads), _count(row, "vocab", 51200)
    ffn = _count(row, "ffn_hidden", 4 * hidden)
    candidates = [
        Model(
            name=name, layers=layers, hidden=hidden, heads=heads, kv_heads=kv, head_dim=max(1, hidden // heads),
            ffn_hidden=ffn, gated=gated, vocab=vocab, tied_embeddings=not gated,
        )
        for gated in (False, True)
    ]  # fmt: skip
    billions = _number(row, "params_B")
    if billions is None:
        return candidates[0]
    # Whether the feed-forward block is gated is not a column; the parameter count tells.
    return min(candidates, key=lambda m: abs(m.parameters / 1e9 - billions))


def _cut(model: Model, layers: int) -> Model:
    """Return a mixture with the row's number of layers.

    A model that was cut keeps one of its dense layers: the memory that such rows state holds three expert layers of
    four.
    """
    if layers == model.layers:
        return model
    return replace(model, layers=layers, moe_layers=layers - min(1, model.dense_layers))


def _plan(row: Mapping[str, str], cards: int, batch: int) -> tuple[Plan, str]:
    tp, pp, cp = _count(row, "tp", 1), _count(row, "pp", 1), _count(row, "cp", 1)
    dp = _count(row, "dp", max(1, cards // (tp * pp * cp)))
    micro, guessed = _number(row, "micro_batch"), ""
    if micro is None or micro < 1:
        micro, guessed = 1.0, "micro-batch not in the row: 1"
    per_replica = max(1, batch // dp)
    interleave = _count(row, "vpp_interleave", 1) if pp > 1 else 1
    recompute = (row.get("recompute") or "").lower()
    kind = "full" if "full" in recompute else "selective" if "sel" in recompute else "none"
    zero = int(_number(row, "zero_stage") or 0)
    old = any(word in row["source"] for word in _UNFUSED)
    parallel = (row.get("seq_parallel") or "").lower() in {"yes", "true", "1"} or (
        tp > 1 and "H100" in row["gpu"]
    )
    return Plan(
        tp=tp, pp=pp, dp=dp, cp=cp, ep=_count(row, "ep", 1), interleave=interleave,
        micro_batch=min(int(micro), per_replica), schedule="interleaved" if interleave > 1 else "1f1b",
        sequence_parallel=parallel, recompute=kind, zero=min(3, zero),
        software=_software(row, old),
    ), guessed  # fmt: skip


def _software(row: Mapping[str, str], old: bool) -> Software:
    """Return the software of a row: a tuned one, or with ``old`` one of before 2022, or one of ``SOFTWARE``."""
    plain = Software(dp_overlap=0.0, flash_attention=False) if old else Software()
    for word, overhead_s, runtime_bytes in SOFTWARE:
        if word in row["source"]:
            # Half-precision gradients are accumulated as they are, bfloat ones beside a single-precision sum.
            held = 6.0 if "bf16" in row["dtype"].lower() else 2.0
            return replace(
                plain, layer_overhead_s=overhead_s, runtime_bytes=runtime_bytes, gradient_bytes=held
            )
    return plain


def _measured_s(row: Mapping[str, str], cards: int, batch: int, seq: int) -> float:
    seconds = _number(row, "iteration_time_s")
    if seconds:
        return seconds
    rate = _number(row, "tokens_per_s_per_gpu")
    if rate:
        return batch * seq / (rate * cards)
    raise Unpredictable("the row has neither a step time nor tokens per second")


def predict_step(row: Mapping[str, str]) -> tuple[StepTime, float, dict[str, Any]]:
    """Return the predicted step of a row, its measured seconds, and the choices behind the prediction."""
    profile = load_card(_card_name(row["gpu"]))
    cards, seq = _count(row, "n_gpus"), _count(row, "seq_len")
    batch = _count(row, "global_batch")
    measured = _measured_s(row, cards, batch, seq)
    card: Card = assemble.card_spec(profile)
    network, stated = _network(profile, row["interconnect"], row["source"])
    plan, guessed = _plan(row, cards, batch)
    dtype = _dtype(row["dtype"])
    step = estimate_step(
        card=card,
        network=network,
        model=_model(row),
        plan=plan,
        cards=cards,
        global_batch=batch,
        seq_len=seq,
        dtype=dtype,
    )
    details = {
        "card": profile.name, "dtype": dtype, "nic_bytes_per_s": network.scale_out_bandwidth, "nic": stated,
        "gemm_efficiency": card.gemm_efficiency, "software": asdict(plan.software),
        "mfu": step.mfu,
        "tuned_on": row["source"].startswith(TUNED_ON) or row["id"].startswith(SOFTWARE_TUNED_ON), "guessed": guessed,
    }  # fmt: skip
    return step, measured, details


def predict_row(row: Mapping[str, str]) -> ValidationRow:
    """Predict one row, or say why it cannot be predicted."""
    measured = _number(row, "iteration_time_s") or math.nan
    base: dict[str, Any] = {"id": row["id"], "source": row["source"], "unit": "s"}
    try:
        step, measured, details = predict_step(row)
    except (Unpredictable, ClusterSimError, ZeroDivisionError) as error:
        return ValidationRow(
            **base, predicted=None, measured=measured, card=row["gpu"], reason=str(error).splitlines()[0]
        )
    group = "tuned on" if details["tuned_on"] else "held out"
    return ValidationRow(
        **base,
        predicted=step.step_time_s,
        measured=measured,
        card=details["card"],
        group=group,
        details=details,
    )


def predict(rows: Iterable[Mapping[str, str]]) -> list[ValidationRow]:
    """Predict every row of a table in the columns of ``COLUMNS``.

    Raises InputError for missing columns.
    """
    table = list(rows)
    require_columns(table[0] if table else (), COLUMNS, "training data")
    steps = [predict_row(row) for row in table]
    return steps + [found for row in table for found in memory_rows(row)]


def memory_rows(row: Mapping[str, str]) -> list[ValidationRow]:
    """Return the memory of a row that states one, and the verdict on a row that ran out of it.

    Both columns are optional: ``peak_memory_gib``, and ``out_of_memory`` with yes (1 where it does not fit).
    """
    stated, ran_out = _number(row, "peak_memory_gib"), (row.get("out_of_memory") or "").lower() == "yes"
    if stated is None and not ran_out:
        return []
    group = "memory tuned on" if row["id"].startswith(SOFTWARE_TUNED_ON) else "memory"
    base: dict[str, Any] = {"id": f"{row['id']} memory", "source": row["source"], "group": group}
    try:
        profile = load_card(_card_name(row["gpu"]))
        cards, seq, batch = (_count(row, key) for key in ("n_gpus", "seq_len", "global_batch"))
        plan, _ = _plan(row, cards, batch)
        total = memory_per_card(model=_model(row), plan=plan, seq_len=seq, global_batch=batch).total
    except (Unpredictable, ClusterSimError, ZeroDivisionError) as error:
        reason = str(error).splitlines()[0]
        return [
            ValidationRow(
                **base, predicted=None, measured=stated or 1.0, unit="GiB", card=row["gpu"], reason=reason
            )
        ]
    if not ran_out:
        gib = float(total) / 2**30
        return [
            ValidationRow(**base, predicted=gib, measured=stated or math.nan, unit="GiB", card=profile.name)
        ]
    capacity = assemble.card_spec(profile).memory_bytes
    verdict = base | {"group": "out of memory"}
    return [
        ValidationRow(
            **verdict, predicted=float(total > capacity), measured=1.0, unit="1 if it does not fit", card=profile.name,
            details={"needed_gib": float(total) / 2**30},
        )
    ]  # fmt: skip

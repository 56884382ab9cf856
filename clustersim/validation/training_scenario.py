"""A row of published training runs as a scenario in the form of a file: site, model, stated plan, software.

The words of a row are told here and nowhere else; what follows is what a user's file goes through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clustersim.assemble.parts import model_spec
from clustersim.assemble.software import stack_software
from clustersim.perf.model import Model
from clustersim.perf.plan import Software
from clustersim.schema.base import validate
from clustersim.schema.lookup import no_file
from clustersim.schema.models import ModelDimensions, ModelProfile, described_model
from clustersim.schema.profiles import load_model
from clustersim.schema.yamlfile import Document
from clustersim.validation.row_files import link_values
from clustersim.validation.sites import CARDS_PER_SERVER, MODELS, NIC, links_of, unreadable
from clustersim.validation.training_record import (
    TrainingRecord,
    Unpredictable,
    count,
    number,
    stated_memory,
    word,
)

__all__ = ["WORK", "StatedScenario", "stated_scenario"]

#: Name of the workload.
WORK = "training"
#: Micro-batches of a pipeline stage that a row without a batch is given: enough to make the bubble small.
ENOUGH_MICRO_BATCHES = 8
#: Stated parameters over those of the row's dimensions, or the reverse, from which some layers must be of another kind
#: (gated or not, tied or not, and rounding move it by less).
FOREIGN_LAYERS = 1.25
#: Two counts of operations closer than this are the same (those of one extra layer of DeepSeek-V3 are 4 % apart).
SAME_COUNT = 0.015
#: Column of what a site measured of its cards -> (key of the card's profile, factor, unit).
_MEASURED = {
    "gemm_efficiency": ("efficiency.gemm", 1.0, ""),
    "memory_efficiency": ("efficiency.memory", 1.0, ""),
    "memory_bandwidth_GBs": ("memory.bandwidth", 1e9, " B/s"),
}


@dataclass(frozen=True, slots=True)
class StatedScenario:
    """What a row states as the data of a scenario file, and what has to be said of it."""

    document: dict[str, Any]
    nic_said: str
    said: tuple[str, ...]


def stated_scenario(known: TrainingRecord) -> StatedScenario:
    """Return the scenario that a row states.

    Raises Unpredictable for what a row does not say and nobody may guess.
    """
    row, card = known.row, known.card.name
    site, site_said = _measured(known)
    links = links_of(known.card, row["interconnect"], "", known.cards, usual_nic=True)
    plan = _plan(known)
    model, changes = _model(known)
    replica = plan["dp"] * plan["micro_batch"]
    batch = count(row, "global_batch", replica * ENOUGH_MICRO_BATCHES * plan["pp"])
    guess = [] if number(row, "global_batch") else [f"global_batch={batch}"]
    software = {"name": known.software.profile.name}
    hidden = number(row, "tp_overlap")
    cluster: dict[str, Any] = {"card": card, "cards": known.cards, "nic": NIC}
    work = {
        "kind": "training", **model, "dtype": known.format.dtype, "recipe": known.format.recipe,
        "seq_len": known.seq_len, "global_batch": batch, "plan": plan,
        "software": software if hidden is None else {**software, "tp_overlap": hidden},
        "known_to_fit": not stated_memory(row)[1],
    }  # fmt: skip
    values = {**site, **link_values(known.card, links), **changes}
    data = {
        "name": (row.get("id") or "row").strip(),
        "description": f"{row['model']} on {known.cards} {card}: {row.get('source') or ''}".strip(": "),
        "cluster": cluster | ({"in_network_reduction": True} if links.in_network_reduction else {}),
        **({"profile_values": values} if values else {}),
        "demand": {WORK: {key: value for key, value in work.items() if value != ""}},
    }
    return StatedScenario(data, links.nic_said, tuple(guess + site_said))


def _measured(known: TrainingRecord) -> tuple[dict[str, Any], list[str]]:
    """What the row's site measured of its card instead of the profile's numbers."""
    given = {column: number(known.row, column) for column in _MEASURED}
    values: dict[str, Any] = {}
    for column, value in given.items():
        key, factor, unit = _MEASURED[column]
        if value:
            values[f"cards.{known.card.name}.{key}"] = f"{value * factor!r}{unit}" if unit else value
    if given["gemm_efficiency"]:
        # What a site measured of its own products is what its steps see.
        values[f"cards.{known.card.name}.efficiency.gemm_sustained"] = 1.0
    own = [column.removesuffix("_GBs") for column, value in given.items() if value]
    return values, [f"the site's own {', '.join(own)}"] if own else []


def _model(known: TrainingRecord) -> tuple[dict[str, Any], dict[str, Any]]:
    """The model of a row, and what is changed of its file.

    It is the file that the row names where that has experts or the row no dimensions, else the row's dimensions.
    """
    row, name = known.row, known.row["model"]
    if known.model:
        filed = load_model(known.model)
        if filed.moe or number(row, "layers") is None or number(row, "hidden") is None:
            return {"model": known.model}, _cut(filed, row)
    if (number(row, "ep") or 1) > 1:
        raise Unpredictable(f"the experts of {name} are not in the row, and no model file has them")
    if not known.model and not (row.get("layers") or "").strip():
        raise Unpredictable(f"{no_file(MODELS, name)}; nor has the row its layers")
    layers, hidden, heads = (count(row, key) for key in ("layers", "hidden", "heads"))
    both = [(given, _described(name, given)) for given in _dense(row, layers, hidden, heads)]
    given, model = min(both, key=lambda pair: _off(row, pair[1]))
    stated = number(row, "params_B")
    ratio = stated * 1e9 / model.parameters if stated else 1.0
    if not 1 / FOREIGN_LAYERS < ratio < FOREIGN_LAYERS:
        found = f"{model.parameters / 1e9:.3g} B"
        raise Unpredictable(
            f"{name} states {stated:g} B parameters where the row's dimensions give {found}: some layers are of another"
            " kind (experts, state space), and no model file has them"
        )
    return {"model": name, "dimensions": given}, {}


def _described(name: str, given: Mapping[str, Any]) -> Model:
    """The model of a row's dimensions; raises InputError as for the file that states them."""
    at = ("demand", WORK, "dimensions")
    document = Document("row", {at[0]: {at[1]: {at[2]: dict(given)}}}, {})
    return model_spec(described_model(name, validate(ModelDimensions, document, at=at)))


def _dense(row: Mapping[str, str], layers: int, hidden: int, heads: int) -> Iterator[dict[str, Any]]:
    """The model with and without a gated feed-forward block: that is no column; the parameter count tells."""
    for gated in (False, True):
        yield {
            "layers": layers, "hidden": hidden, "heads": heads, "kv_heads": count(row, "kv_heads", heads),
            "head_dim": max(1, hidden // heads), "ffn_hidden": count(row, "ffn_hidden", 4 * hidden), "gated": gated,
            "vocab": count(row, "vocab", 51200), "tied_embeddings": not gated,
        }  # fmt: skip


def _off(row: Mapping[str, str], model: Model) -> float:
    billions = number(row, "params_B")
    if billions is not None:
        return abs(model.parameters / 1e9 - billions)
    # Without a count: blocks of today are gated where they are narrower than four times the model.
    narrow = model.ffn_hidden < 4 * model.hidden or model.kv_heads < model.heads
    return float(model.gated != narrow)


def _cut(filed: ModelProfile, row: Mapping[str, str]) -> dict[str, Any]:
    """Keys of a model file that the row changes: its number of layers, and the extra predictions that it trains.

    A mixture that was cut keeps one of its dense layers: the memory that such rows state holds three expert layers of
    four.
    """
    values: dict[str, Any] = {}
    layers, extra = count(row, "layers", filed.layers), _predictions(filed, row)
    if layers != filed.layers:
        values["layers"] = layers
        if filed.moe:
            values["moe.moe_layers"] = layers - min(1, filed.layers - filed.moe.moe_layers)
    if extra:
        values["prediction.layers"] = extra
    elif filed.prediction is not None:
        values["prediction"] = None
    return {f"models.{filed.name}.{key}": value for key, value in values.items()}


def _predictions(filed: ModelProfile, row: Mapping[str, str]) -> int:
    """Extra prediction layers that a row trains: as it says, or as the operations that it counts for a token say.

    Those are with all of the attention square or its causal half, with the extra layers or without. Where they do not
    tell, the model is trained as its file has it, and without them where it was cut.
    """
    stated, most = number(row, "prediction_layers"), filed.prediction.layers if filed.prediction else 0
    rate, tokens = number(row, "tflops_per_gpu"), number(row, "tokens_per_s_per_gpu")
    usual = 0 if count(row, "layers", filed.layers) != filed.layers else most
    if stated is not None or not (most and rate and tokens):
        return usual if stated is None else int(stated)
    model, seq_len = model_spec(filed), count(row, "seq_len")
    half = 3.0 * model.layers * model.score_work(seq_len)
    block = 6.0 * (model.prediction_parameters - model.prediction_layers * model.idle_expert_params)
    extra = block + 6.0 * model.prediction_layers * model.vocab * model.hidden
    found = rate * 1e12 / tokens
    known = {
        (square, layers): model.flops_per_token(seq_len)
        - (half if square else 0.0)
        + (extra if layers else 0.0)
        for square in (False, True)
        for layers in (0, most)
    }
    best = min(known, key=lambda at: abs(known[at] / found - 1.0))
    return best[1] if abs(known[best] / found - 1.0) < SAME_COUNT else usual


_YES_NO = {"yes": "yes", "true": "yes", "1": "yes", "no": "no", "false": "no", "0": "no"}
#: What rows say of recomputation. Of experts alone (``moe``) is not modelled: such a row is taken as without.
_RECOMPUTE = {
    "full": "full", "selective": "selective", "sel": "selective", "none": "none", "no": "none", "off": "none",
    "false": "none", "moe": "none",
}  # fmt: skip


def _plan(known: TrainingRecord) -> dict[str, Any]:
    """The plan that a row states, in the keys of a file."""
    row, cards = known.row, known.cards
    if cards > 1 and not any(number(row, key) for key in ("tp", "pp", "dp", "zero_stage")):
        raise Unpredictable("the row does not say how the model is spread over its cards")
    tp, pp, cp = count(row, "tp", 1), count(row, "pp", 1), count(row, "cp", 1)
    interleave = count(row, "vpp_interleave", 1) if pp > 1 else 1
    software = stack_software(known.software.profile, known.card, *known.format.names, model=known.model)
    stated = word(row, "seq_parallel", _YES_NO)
    dp = count(row, "dp", max(1, cards // (tp * pp * cp)))
    return {
        "tp": tp, "pp": pp, "dp": dp, "cp": cp,
        "ep": count(row, "ep", 1), "interleave": interleave, "micro_batch": count(row, "micro_batch", 1),
        "schedule": (row.get("schedule") or "").strip() or ("interleaved" if interleave > 1 else "1f1b"),
        "sequence_parallel": stated == "yes" or (not stated and tp > 1 and software.flash_attention),
        "recompute": word(row, "recompute", _RECOMPUTE) or "none",
        "zero": _zero(row, software), **_shard(row, tp, dp * cp),
    }  # fmt: skip


def _shard(row: Mapping[str, str], tp: int, copies: int) -> dict[str, int]:
    """Over how many cards a hybrid plan shares out: those of a server beside its tensor group (PyTorch's HYBRID_SHARD).

    Raises Unpredictable where those do not divide the copies: then the row must say more.
    """
    if "hsdp" not in (row.get("zero_stage") or "").lower() or count(row, "pp", 1) > 1:
        return {}
    inside = max(1, CARDS_PER_SERVER // tp)
    if copies > inside and copies % inside:
        raise unreadable("zero_stage", "HSDP", f"of copies that a server's {inside} divide ({copies} do not)")
    return {"shard": inside} if copies > inside else {}


def _zero(row: Mapping[str, str], software: Software) -> int:
    """The stated stage; sharded data parallelism is stage 3; today's default is to share out the optimizer.

    A pipeline keeps weights and gradients whole until its last micro-batch, whatever it is called, and gathers and
    reduces once a step as stage 1 does (MegaScale, arXiv:2402.15627, section 3.2; Llama 3, arXiv:2407.21783, section
    3.3.2; PyTorch's stages).
    """
    most = 1 if count(row, "pp", 1) > 1 else 3
    text = (row.get("zero_stage") or "").strip().lower()
    if "fsdp" in text or "hsdp" in text:
        return most
    if not text:
        return 1 if software.flash_attention else 0
    stage = re.fullmatch(r"(?:zero[- ]?)?([0-3])(?:\.0)?", text)
    if stage is None:
        raise unreadable("zero_stage", text, "0, 1, 2, 3, FSDP or HSDP")
    return min(most, int(stage[1]))

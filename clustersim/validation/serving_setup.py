"""What the serving validations share: models, cards, engines and benchmark protocols by the names that rows use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from clustersim.assemble.software import constants_kind, engine_efficiency
from clustersim.des.serving.book import Requests
from clustersim.des.serving.build import build
from clustersim.des.serving.cluster import simulate
from clustersim.des.serving.metrics import records
from clustersim.des.serving.rules import Batching, ReplicaCost
from clustersim.des.serving.settings import ClosedLoop, Pool
from clustersim.fabric.network import Network
from clustersim.perf.card import Card
from clustersim.perf.model import Model
from clustersim.perf.serving_engine import Efficiency, Layout, Precision
from clustersim.reading.tables import shipped_rows
from clustersim.schema.find_software import find_software

__all__ = [
    "ENGINE_RULES",
    "Known",
    "closed_loop_latency",
    "find_card",
    "find_model",
    "in_calibration",
    "kind_of",
    "normal_engine",
    "number",
]

_FOLDER = Path(__file__).resolve().parent.parent / "data" / "validation"

#: Scheduler of each engine as shipped: vLLM V1 and TensorRT-LLM mix chunked prompts into decode iterations,
#: SGLang runs prompts first; 8,192 new tokens per iteration (2,048 is vLLM's default without a setting, which
#: the campaigns of InferenceX raise). Published: the engines' documentation.
ENGINE_RULES = {
    "vllm": Batching(max_tokens=8192, max_sequences=1024, chunked=True, mixed=True),
    "trtllm": Batching(max_tokens=8192, max_sequences=1024, chunked=True, mixed=True),
    "sglang": Batching(max_tokens=8192, max_sequences=1024, chunked=True, mixed=False),
}


@dataclass(frozen=True, slots=True)
class Known:
    """A model or card that a row names, or the reason why it cannot be used."""

    model: Model | None = None
    card: Card | None = None
    network: Network | None = None
    reason: str = ""


def number(text: object, default: float = float("nan")) -> float:
    """Read a cell as a float; ``default`` where it is empty or no number.

    >>> number(" 3 "), number("", 1.0)
    (3.0, 1.0)
    """
    try:
        return float(str(text).strip())
    except ValueError:
        return default


@lru_cache(maxsize=4)
def shipped_table(name: str) -> tuple[Mapping[str, str], ...]:
    """Return the rows of a table beside the measurements."""
    return shipped_rows(_FOLDER / name)


def _named(name: str, table: str) -> Mapping[str, str] | None:
    """Return the row whose longest matching word occurs in ``name``."""
    low = name.lower().replace("_", "-")
    hits = [(word, row) for row in shipped_table(table) for word in row["match"].split(";") if word in low]
    return max(hits, key=lambda hit: len(hit[0]))[1] if hits else None


@lru_cache(maxsize=256)
def find_model(name: str) -> Known:
    """Return the model that a row's name means.

    >>> find_model("meta-llama/Llama-3.1-70B").model.layers
    80
    """
    row = _named(name, "serving_models.csv")
    if row is None:
        return Known(reason=f"the dimensions of {name} are not known here")
    if row["unsupported"]:
        return Known(reason=f"{name}: {row['unsupported']}")
    whole: dict[str, Any] = {
        k: int(v)
        for k, v in row.items()
        if k not in {"name", "match", "gated", "tied_embeddings", "unsupported", "source"}
    }
    tied = row["tied_embeddings"] == "1"
    model = Model(name=row["name"], gated=row["gated"] == "1", tied_embeddings=tied, **whole)
    return Known(model=model)


@lru_cache(maxsize=64)
def find_card(name: str) -> Known:
    """Return the card that a row's name means, and the network around it.

    >>> find_card("h200_sxm").card.memory_bandwidth
    4800000000000.0
    """
    row = _named(name, "serving_cards.csv")
    if row is None:
        return Known(reason=f"card {name} is not known here")
    card = Card(
        name=row["name"],
        peak={k: float(row[k]) for k in ("bf16", "fp8", "int8", "fp4") if row[k]},
        memory_bytes=float(row["memory_bytes"]),
        memory_bandwidth=float(row["memory_bandwidth"]),
        gemm_efficiency=float(row["gemm"]),
        memory_efficiency=float(row["memory"]),
    )
    network = Network(
        scale_up_size=int(row["domain"]),
        scale_up_bandwidth=float(row["scale_up"]),
        scale_up_latency=2e-6,
        scale_up_wiring=row["wiring"],
        scale_up_efficiency=0.8,
        scale_out_bandwidth=float(row["scale_out"]),
        scale_out_latency=5e-6,
        scale_out_efficiency=0.85,
    )
    return Known(card=card, network=network)


@lru_cache(maxsize=1)
def _calibration_rows() -> frozenset[str]:
    return frozenset(row["identity"] for row in shipped_table("serving_calibration.csv"))


def in_calibration(identity: str) -> bool:
    """Tell whether a measurement took part in fitting the engine constants.

    Of the rows of an engine, card and kind of model, the sixth with the smallest checksums was taken (at least
    four), before any fit, so that no row is chosen for its result; the list ships with the package.
    """
    return identity in _calibration_rows()


def kind_of(model: Model, precision: Precision) -> str:
    """Return the class of constants that a model uses: latent attention, experts, dense in bf16, dense.

    >>> kind_of(find_model("Qwen3-32B").model, Precision("fp8", "fp8"))
    'dense'
    """
    return constants_kind(model, precision.linear)


def normal_engine(text: str) -> str:
    """Return vllm, sglang or trtllm for what a row calls the engine, else the lower-case text.

    >>> normal_engine("TensorRT-LLM"), normal_engine("python3 -m sglang.launch_server")
    ('trtllm', 'sglang')
    """
    low = text.lower()
    for word, name in (
        ("mindie", "mindie"),
        ("sglang", "sglang"),
        ("vllm", "vllm"),
        ("trtllm", "trtllm"),
        ("tensorrt", "trtllm"),
    ):
        if re.search(word, low):
            return name
    return low


@lru_cache(maxsize=512)
def _replica(
    model: Model,
    layout: Layout,
    card_name: str,
    efficiency: Efficiency,
    precision: Precision,
    rules: Batching,
) -> ReplicaCost:
    known = find_card(card_name)
    assert known.card is not None and known.network is not None
    return build(model, layout, known.card, known.network, efficiency, precision, rules)[0]


def closed_loop_latency(
    *,
    model: Model,
    card_name: str,
    engine: str,
    layout: Layout,
    precision: Precision,
    isl: int,
    osl: int,
    users: int,
    length_ratio: float,
    waves: int = 10,
    max_tokens: int = 8192,
) -> tuple[float, float]:
    """Return mean TTFT and mean TPOT in seconds of a closed loop of ``users`` over ``waves`` requests each.

    Lengths are uniform between ``length_ratio`` and 1 times the nominal ones, as the benchmark clients draw
    them. Raises InfeasibleError where the model does not fit.
    """
    card = find_card(card_name).card
    assert card is not None
    efficiency = engine_efficiency(
        find_software(engine or "unmeasured-serving").profile, card, kind_of(model, precision)
    )
    rules = replace(ENGINE_RULES.get(engine, ENGINE_RULES["vllm"]), max_tokens=max_tokens)
    cost = _replica(model, layout, card_name, efficiency, precision, rules)
    rng = np.random.default_rng(0)
    count = users * waves
    prompt = rng.integers(max(1, int(isl * length_ratio)), isl + 1, count)
    output = rng.integers(max(1, int(osl * length_ratio)), osl + 1, count)
    run = simulate(
        Requests(np.zeros(count), prompt, output),
        Pool(1, cost, rules),
        closed_loop=ClosedLoop(users),
        log=False,
    )
    rows = records(run)
    return float(np.nanmean(rows["ttft_s"])) + efficiency.request_s, float(np.nanmean(rows["tpot_s"]))

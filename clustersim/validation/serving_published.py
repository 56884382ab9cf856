"""Published throughputs of one model on one kind of card, as collected from vendors, papers and projects.

Columns: id, source, model, gpu, n_gpus, tp, precision, in_len, out_len, batch_or_rate, tokens_per_s, notes. The
load is a batch (a closed loop of as many users), a number of requests at once, or everything at once. No factor is
fitted on these rows: they show the frozen constants on loads and cards that they have not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

import numpy as np

from clustersim.assemble.software import engine_efficiency
from clustersim.des.serving.book import Requests
from clustersim.des.serving.build import build
from clustersim.des.serving.cluster import simulate
from clustersim.des.serving.metrics import records
from clustersim.des.serving.rules import Batching
from clustersim.des.serving.settings import ClosedLoop, Pool
from clustersim.errors import ClusterSimError
from clustersim.perf.serving_engine import Layout, Precision
from clustersim.schema.find_software import find_software
from clustersim.validation.common import ValidationRow, require_columns
from clustersim.validation.serving_setup import find_card, find_model, kind_of, normal_engine, number

__all__ = ["COLUMNS", "predict_published"]

COLUMNS = (
    "model",
    "gpu",
    "n_gpus",
    "tp",
    "precision",
    "in_len",
    "out_len",
    "batch_or_rate",
    "tokens_per_s",
    "notes",
)

_FORMATS = {
    "fp8": Precision("fp8", "fp8", "bf16", "bf16"),
    "bf16": Precision(),
    "fp16": Precision(),
    "int8": Precision("int8", "int8", "bf16", "bf16"),
    "fp4": Precision("fp4", "fp4", "bf16", "fp8", attention_weights="fp4"),
    "awq": Precision("int4", "bf16", "bf16", "bf16", attention_weights="int4"),
}
_RULES = Batching(max_tokens=8192, max_sequences=2048)


def _engine(row: Mapping[str, str]) -> str:
    """Return the engine that the notes or the source name (empty where neither does)."""
    for text in (row["notes"], row.get("source", "")):
        for word in ("tensorrt", "trtllm", "vllm", "sglang"):
            if word in str(text).lower():
                return normal_engine(word)
    return ""


def _layout(row: Mapping[str, str], experts: bool) -> Layout:
    """Read ``8``, ``TP8PP2``, ``DP32EP32``; where nothing stands, tensor parallel over all cards up to 8."""
    text, cards = str(row["tp"]).strip().upper(), max(int(number(row["n_gpus"], 1.0)), 1)
    if re.fullmatch(r"[\d.]+", text):
        return Layout(tp=int(float(text)))
    found = {k: int(v) for k, v in re.findall(r"(TP|PP|DP|EP)(\d+)", text)}
    if not found:
        return Layout(tp=min(cards, 8))
    tp, dp = found.get("TP", 1), found.get("DP", 1)
    ep = found.get("EP", 1)
    return Layout(tp=tp, pp=found.get("PP", 1), dp=dp, ep=ep if experts and (tp * dp) % ep == 0 else 1)


def _load(text: str, per_request: float) -> tuple[str, int]:
    """Return how the requests come (loop, burst) and how many users or requests.

    >>> _load("64", 1000.0), _load("16 concurrent (closed loop)", 1.0), _load("500 requests at once", 1.0)
    (('loop', 64), ('loop', 16), ('burst', 500))
    """
    low = text.strip().lower()
    found = re.match(r"(\d+)", low)
    if "max" in low:
        return "burst", int(min(max(3e6 / per_request, 400), 4000))
    if found is None:
        return "", 0
    return ("burst" if "at once" in low else "loop"), int(found.group(1))


def _why_not(row: Mapping[str, str]) -> str:
    for known in (find_model(row["model"]), find_card(row["gpu"])):
        if known.reason:
            return known.reason
    if "metric=out" not in str(row["notes"]):
        return "the row is no output throughput (input rate, latency, cost or ratio)"
    if not (number(row["in_len"]) >= 1 and number(row["out_len"]) >= 1):
        return "the lengths of prompts and answers are not stated"
    if row["precision"].strip().lower() not in _FORMATS:
        return f"number format {row['precision']} is not modelled"
    if not _load(str(row["batch_or_rate"]), 1000.0)[1]:
        return "the load is not stated"
    return ""


@lru_cache(maxsize=1024)
def _rate(
    model_name: str,
    gpu: str,
    engine: str,
    layout: Layout,
    precision: Precision,
    isl: int,
    osl: int,
    load: tuple[str, int],
) -> float:
    """Output tokens per second of one replica."""
    card, model = find_card(gpu), find_model(model_name).model
    assert card.card is not None and card.network is not None and model is not None
    efficiency = engine_efficiency(
        find_software(engine or "unmeasured-serving").profile, card.card, kind_of(model, precision)
    )
    cost, _ = build(model, layout, card.card, card.network, efficiency, precision, _RULES)
    kind, size = load
    count = size * 4 if kind == "loop" else size
    requests = Requests(np.zeros(count), np.full(count, isl), np.full(count, osl))
    loop = ClosedLoop(size) if kind == "loop" else None
    rows = records(simulate(requests, Pool(1, cost, _RULES), closed_loop=loop, log=False))
    done = np.isfinite(rows["e2e_s"])
    end = float(rows["finish_s"][done].max()) if done.any() else float("nan")
    if kind == "loop":
        end += 4 * efficiency.request_s
    return float(rows["output_tokens"][done].sum() / end)


def _value(row: Mapping[str, str]) -> tuple[float, str]:
    """Return predicted output tokens per second over all cards, and the engine whose constants were used."""
    model = find_model(row["model"]).model
    assert model is not None
    engine, layout = _engine(row), _layout(row, model.experts > 0)
    precision = _FORMATS[row["precision"].strip().lower()]
    if engine == "trtllm" and precision.cache == "bf16" and precision.weights == "fp8":
        precision = Precision("fp8", "fp8", "bf16", "fp8")
    replicas = max(number(row["n_gpus"], 1.0) / layout.cards, 1.0)
    isl, osl = int(number(row["in_len"])), int(number(row["out_len"]))
    kind, size = _load(str(row["batch_or_rate"]), isl + osl)
    share = (kind, max(int(size / replicas), 1))
    return replicas * _rate(row["model"], row["gpu"], engine, layout, precision, isl, osl, share), engine


def predict_published(
    rows: Iterable[Mapping[str, str]], lab_factors: Mapping[tuple[str, str], float] | None = None
) -> list[ValidationRow]:
    """Predict the output throughput (tok/s, all cards) of every row that states one.

    Rows of the GPUStack lab carry that lab's factor per engine and card (``lab_factors``).

    Raises InputError where a needed column is missing.
    """
    given = list(rows)
    require_columns(given[0], COLUMNS, "serving data")
    out = []
    for index, row in enumerate(given):
        measured = number(row["tokens_per_s"])
        if not measured > 0:
            continue
        reason, value, engine = _why_not(row), None, ""
        if not reason:
            try:
                value, engine = _value(row)
            except ClusterSimError as error:
                reason = str(error)
        card = find_card(row["gpu"]).card
        if value is not None and card is not None and "gpustack" in str(row.get("source", "")).lower():
            value *= (lab_factors or {}).get((engine, card.name), 1.0)
        name = card.name if card is not None else row["gpu"]
        out.append(
            ValidationRow(
                id=row.get("id") or f"row {index + 1}", source=f"{engine or 'engine not known'} {name}",
                predicted=value, measured=measured, unit="tok/s", card=name, reason=reason,
                group=f"published {name}" if value is not None else "not predicted",
                details={k: row[k] for k in ("model", "in_len", "out_len", "batch_or_rate")},
            )
        )  # fmt: skip
    return out

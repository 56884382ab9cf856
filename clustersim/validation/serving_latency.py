"""Measured time to first token and per output token beside the simulation's, row by row.

Two layouts are read: one row per (model, system, backend, isl, osl, concurrency, tp, dp) with ``ttft_ms`` and
``tpot_ms``, and the wide layout of the silicon samples. A row gives two predictions, one per quantity. A row that
took part in the calibration is in a group of its own, so that no error is claimed on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from clustersim.errors import ClusterSimError, InputError
from clustersim.perf.serving_engine import Layout, Precision
from clustersim.reading.tables import shipped_rows
from clustersim.validation.common import ValidationRow, require_columns
from clustersim.validation.serving_setup import (
    closed_loop_latency,
    find_card,
    find_model,
    in_calibration,
    normal_engine,
    number,
)

__all__ = ["predict"]

_SHORT = ("model", "system", "backend", "isl", "osl", "concurrency", "tp", "ttft_ms", "tpot_ms")
_WIDE = (
    "model_path",
    "system",
    "backend",
    "isl",
    "osl",
    "batch_size",
    "tp_size",
    "silicon_ttft_ms",
    "silicon_tpot_ms",
)

#: Shapes that InferenceX measures: its client draws lengths between 0.8 and 1 times the nominal ones; the other
#: campaigns fix the lengths (read off the clients' settings; published).
_INFERENCEX = {(1024, 1024), (1024, 8192), (8192, 1024)}
#: Models of the campaign with fixed lengths, where a row does not name its campaign; vLLM ran there with its
#: default of 2,048 new tokens per iteration.
_FIXED_LENGTH_MODELS = re.compile(r"qwen3-32b|8b-instruct|qwen3-235b", re.IGNORECASE)


def _normalise(rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Bring both layouts to the short one, keeping what else the row says."""
    columns = list(rows[0])
    if "model_path" not in columns:
        require_columns(columns, _SHORT, "serving_latency data")
        return [dict(row) for row in rows]
    require_columns(columns, _WIDE, "serving_latency data")
    out = []
    for row in rows:
        text = str(row.get("silicon_data_source", ""))
        users = re.search(r"silicon_concurrency=(\d+)", text)
        out.append(
            {
                **row,
                "model": row["model_path"],
                "concurrency": users.group(1) if users else row["batch_size"],
                "stated": "yes" if users or not text or "_c" in _users_in_id(row) else "no",
                "tp": row["tp_size"],
                "dp": row.get("attention_dp_size", "1"),
                "ep": row.get("moe_ep_size", "1"),
                "moe_tp": row.get("moe_tp_size", "1"),
                "quant": row.get("gemm_quant_mode", ""),
                "ttft_ms": row["silicon_ttft_ms"],
                "tpot_ms": row["silicon_tpot_ms"],
                "campaign": "fixed" if "gap-analysis" in text else "inferencex" if text else "",
            }
        )
    return out


def _users_in_id(row: Mapping[str, str]) -> str:
    """Return ``_c<number>`` from a row's id, where the client's concurrency stands in some campaigns."""
    found = re.search(r"_c\d+_", str(row.get("id", "_c0_")))
    return found.group(0) if found else ""


def _guessed_quant(model: str, engine: str) -> str:
    """Return the weights' format of a row that does not state it, as the same campaigns state it elsewhere.

    TensorRT-LLM ran Qwen3-32B in fp8 and the 8 B model in bf16, vLLM and SGLang ran Qwen3-32B in bf16; the
    InferenceX models and every model named FP8 are fp8.
    """
    if "fp8" in model:
        return "fp8"
    if "gpt-oss" in model:
        return "fp4"
    if "8b-instruct" in model:
        return "" if engine == "trtllm" else "fp8"
    return "" if "qwen3-32b" in model and engine != "trtllm" else "fp8"


def _precision(row: Mapping[str, str], engine: str) -> Precision:
    """Formats of a row: the stated weights, else fp8 unless the engine ran the published bf16 weights.

    TensorRT-LLM's fp8 checkpoints keep the cache in fp8 too; the other engines keep bf16.
    """
    quant = row.get("quant")
    if quant is None:
        quant = _guessed_quant(row["model"].lower(), engine)
    if not str(quant).strip():
        return Precision("bf16", "bf16", "bf16", "bf16")
    cache = "fp8" if engine == "trtllm" else "bf16"
    if "int4" in quant:
        return Precision("int4", "bf16", "bf16", cache, attention_weights="bf16")
    if "fp4" in quant:  # Hopper unpacks 4-bit experts to bf16; attention stays bf16
        return Precision("fp4", "bf16", "bf16", "bf16", attention_weights="bf16")
    return Precision("fp8", "fp8", "bf16", cache)


def _why_not(row: Mapping[str, str]) -> str:
    """Return why a row cannot be predicted, or an empty text."""
    for known in (find_model(row["model"]), find_card(row["system"])):
        if known.reason:
            return known.reason
    if str(row.get("mode", "agg")).strip() == "disagg":
        return "disaggregated row: workers of each kind, admission and speculation are not all stated"
    shape = (number(row["isl"]), number(row["osl"]))
    if row.get("stated") == "no" or (shape == (4000, 1000) and "campaign" not in row):
        return "the run's concurrency over several workers is not stated (its source gives a batch size only)"
    missing = [k for k in ("isl", "osl", "concurrency", "tp") if not number(row[k]) >= 1]
    if missing:
        return f"the row lacks {', '.join(missing)}"
    tp, dp = number(row["tp"]), number(row.get("dp"), 1.0)
    if number(row.get("ep"), 1.0) < 1:
        return "the expert-parallel degree is not stated"
    if "deepseek" in row["model"].lower() and row["backend"] == "trtllm" and number(row.get("ep"), 1.0) > 1:
        return "runs with and without speculative decoding stand under one configuration (64 users slower than 128)"
    if tp * dp > 8:
        return f"tp {tp:g} x dp {dp:g} on one node of 8 cards contradicts itself"
    if dp > 1:
        return "attention-data parallelism: placement of prompts over ranks is not stated"
    return ""


def _layout(row: Mapping[str, str]) -> Layout:
    tp = int(number(row["tp"]))
    ep = int(number(row.get("ep"), 1.0))
    return Layout(tp=tp, pp=int(number(row.get("pp_size"), 1.0)), ep=ep if tp % max(ep, 1) == 0 else 1)


def _campaign(row: Mapping[str, str]) -> str:
    stated = str(row.get("campaign", "")).strip()
    if stated:
        return stated
    shape = (int(number(row["isl"])), int(number(row["osl"])))
    return "inferencex" if shape in _INFERENCEX and not _FIXED_LENGTH_MODELS.search(row["model"]) else "fixed"


def _latency(row: Mapping[str, str], engine: str) -> tuple[float, float]:
    """Return predicted TTFT and TPOT in milliseconds."""
    model = find_model(row["model"]).model
    assert model is not None
    fixed = _campaign(row) == "fixed"
    ttft, tpot = closed_loop_latency(
        model=model,
        card_name=row["system"],
        engine=engine,
        layout=_layout(row),
        precision=_precision(row, engine),
        isl=int(number(row["isl"])),
        osl=int(number(row["osl"])),
        users=int(number(row["concurrency"])),
        length_ratio=1.0 if fixed else 0.8,
        max_tokens=2048 if fixed and engine == "vllm" else 8192,
    )
    return ttft * 1e3, tpot * 1e3


def identity(row: Mapping[str, str]) -> str:
    """Return what makes a measurement the same measurement in any file."""
    values = [row["model"].replace("R1", "V3"), row["system"], row["backend"]]
    values += [f"{number(row.get('ep'), 1.0):g}"] if number(row.get("ep"), 1.0) > 1 else []
    values += [f"{number(row[k]):g}" for k in ("isl", "osl", "concurrency", "tp")]
    values += [f"{number(row[k]):.3f}" for k in ("ttft_ms", "tpot_ms")]
    return "|".join(values)


def _group(row: Mapping[str, str], shipped: frozenset[str]) -> str:
    name = row["model"].lower()
    model = find_model(row["model"]).model
    kind = "deepseek" if "deepseek" in name else "moe" if model is not None and model.experts else "dense"
    if kind == "dense" and model is not None and model.parameters < 15e9:
        kind = "dense, small"
    key = identity(row)
    return f"{kind} (calibration)" if in_calibration(key) and key not in shipped else kind


def predict(rows: Iterable[Mapping[str, str]]) -> list[ValidationRow]:
    """Predict every row; two results per row (TTFT and TPOT, in ms), repeated measurements once.

    Raises InputError where the columns of neither layout are there.
    """
    given = list(rows)
    if not given:
        raise InputError("serving_latency: no rows")
    shipped = held_out()
    out: list[ValidationRow] = []
    seen: set[str] = set()
    for index, row in enumerate(_normalise(given)):
        out += _both(row, row.get("id") or f"row {index + 1}", shipped, seen)
    return out


def held_out() -> frozenset[str]:
    """Identities of the rows of the shipped latency file: never used for calibration."""
    from pathlib import Path

    file = Path(__file__).resolve().parent.parent / "data" / "validation" / "serving_latency.csv"
    return frozenset(identity(row) for row in shipped_rows(file))


def _both(row: Mapping[str, str], name: str, shipped: frozenset[str], seen: set[str]) -> list[ValidationRow]:
    engine = normal_engine(row["backend"])
    reason = _why_not(row)
    if not reason:
        key = identity(row)
        if key in seen:
            reason = "the same measurement stands in an earlier row"
        seen.add(key)
    ttft: float | None = None
    tpot: float | None = None
    if not reason:
        try:
            ttft, tpot = _latency(row, engine)
        except ClusterSimError as error:
            reason = str(error)
    source = f"{engine} {row['system']}"
    group = _group(row, shipped)
    details = {k: row[k] for k in ("model", "isl", "osl", "concurrency", "tp") if k in row}
    out = []
    for what, value, column in (("ttft", ttft, "ttft_ms"), ("tpot", tpot, "tpot_ms")):
        measured = number(row[column])
        if measured != measured or measured <= 0:
            continue
        found = value if value is not None and value == value else None
        out.append(
            ValidationRow(
                id=f"{name} {what}", source=source, predicted=found, measured=measured, unit="ms",
                card=row["system"], reason=reason, group=f"{what} {group}", details=details,
            )
        )  # fmt: skip
    return out

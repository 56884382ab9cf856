"""Measured time to first token and per output token beside the simulation's, row by row.

Two layouts are read: one row per (model, system, backend, isl, osl, concurrency, tp, dp) with ``ttft_ms`` and
``tpot_ms``, and the wide layout of the silicon samples. A row gives two predictions, one per quantity. What a
campaign's scripts set stands in ``data/validation/serving_campaigns.csv``; a row's own column goes before it. A row
that a constant was found from is in a group of its own, so that no error is claimed on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from clustersim.des.serving.book import Requests
from clustersim.errors import ClusterSimError, InputError
from clustersim.perf.serving_engine import Layout
from clustersim.schema.find_software import FoundSoftware, find_software, release_of
from clustersim.schema.formats import number_format
from clustersim.schema.profiles import load_model
from clustersim.validation.common import NO_MEASUREMENT, ValidationRow, require_columns
from clustersim.validation.serving_rows import (
    SETTINGS,
    ServingRecord,
    labels,
    model_of,
    number,
    replica_of,
    scripts_of,
    settings_of,
)
from clustersim.validation.sites import Unpredictable, card_of
from clustersim.validation.sources import filled, shipped_rows

__all__ = ["predict", "record"]

_SHORT = ("model", "system", "backend", "isl", "osl", "concurrency", "tp", "ttft_ms", "tpot_ms")
_WIDE = (
    "model_path", "system", "backend", "isl", "osl", "batch_size", "tp_size", "silicon_ttft_ms", "silicon_tpot_ms",
)  # fmt: skip
#: Shapes that InferenceX measures, for rows that do not name their campaign (published).
_INFERENCEX = {(1024, 1024), (1024, 8192), (8192, 1024)}
#: What stands in the description of InferenceX's runs and of no other campaign's.
_OF_INFERENCEX = {"inferencex", "db-dump", "wip"}
#: Requests of every user: enough for a steady mean.
WAVES = 10


@dataclass(frozen=True, slots=True)
class _Client:
    """What the benchmark's client sends."""

    isl: int
    osl: int
    users: int
    length_ratio: float


def _normalise(rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Bring both layouts to the short one, keeping what else the row says."""
    columns = list(rows[0])
    if "model_path" not in columns:
        require_columns(columns, _SHORT, "serving_latency data")
        return [dict(row) for row in rows]
    require_columns(columns, _WIDE, "serving_latency data")
    out = []
    for row in rows:
        text = str(row.get("silicon_data_source") or "")
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
                "pp": row.get("pp_size", "1"),
                "weights": row["gemm_quant_mode"] or "bf16" if "gemm_quant_mode" in row else "",
                "ttft_ms": row["silicon_ttft_ms"],
                "tpot_ms": row["silicon_tpot_ms"],
                "campaign": row.get("campaign") or _campaign_of(text),
                "engine_version": row.get("engine_version") or row.get("backend_version") or "",
            }
        )
    return out


def _users_in_id(row: Mapping[str, str]) -> str:
    """Return ``_c<number>`` from a row's id, where the client's concurrency stands in some campaigns."""
    found = re.search(r"_c\d+_", str(row.get("id", "_c0_")))
    return found.group(0) if found else ""


def _campaign_of(text: str) -> str:
    """Return the campaign that a run's description is of; empty where there is none.

    >>> _campaign_of("source_file=1.csv; silicon_concurrency=4; wip=False"), _campaign_of("silicon_concurrency=4;x")
    ('inferencex', 'fixed')
    """
    parts = {re.split(r"[=/]", part.strip())[0] for part in text.split(";")}
    return "" if not text else "inferencex" if parts & _OF_INFERENCEX else "fixed"


def _campaign(row: Mapping[str, str]) -> str:
    stated = str(row.get("campaign") or "").strip()
    shape = (int(number(row["isl"], 0)), int(number(row["osl"], 0)))
    return stated or ("inferencex" if shape in _INFERENCEX else "fixed")


def _engine(row: Mapping[str, str]) -> FoundSoftware:
    name = (row.get("software") or "").strip()
    release = str(row.get("engine_version") or "").strip()
    return find_software(
        name or row["backend"], role="serving", release=release if release_of(release) else ""
    )


def record(row: Mapping[str, str]) -> tuple[ServingRecord, _Client]:
    """Return the run behind a row of the short layout, and what the client sent.

    Raises Unpredictable, or InputError with the nearest name, for what has no profile.
    """
    full = filled(row)
    card, (model, suffix), engine = card_of(full["system"]), model_of(full["model"]), _engine(full)
    tp, ep = int(number(full["tp"], 1)), max(1, int(number(full.get("ep"), 1.0)))
    isl, osl = int(number(full["isl"], 0)), int(number(full["osl"], 0))
    said = scripts_of(_campaign(full), engine.profile.family, model, card.name, str(isl), str(osl), tp)
    experts = load_model(model).formats.experts
    weights = number_format(
        full.get("weights") or suffix or (experts if experts != "bf16" else "") or said.get("weights", "bf16")
    )
    if weights.dtype not in {"bf16", "fp16"} and experts in {"mxfp4", "nvfp4"}:
        weights = number_format(experts)
    own = {key: full[key] for key in SETTINGS if (full.get(key) or "").strip()}
    if weights.dtype != "fp8" and "kv_cache_dtype" not in own:
        said = {key: value for key, value in said.items() if key != "kv_cache_dtype"}
    run = ServingRecord(
        card=card.name,
        model=model,
        software=engine.profile.name,
        weights=weights,
        layout=Layout(tp=tp, pp=max(1, int(number(full.get("pp"), 1.0))), ep=ep if tp % ep == 0 else 1),
        settings=settings_of({**said, **own}),
        said=engine.said,
    )
    return run, _Client(isl, osl, int(number(full["concurrency"], 0)), float(said.get("length_ratio", 1.0)))


def _why_not(row: Mapping[str, str]) -> str:
    """Return why a row cannot be predicted, or an empty text."""
    if str(row.get("mode", "agg")).strip() == "disagg":
        return "disaggregated row: workers of each kind, admission and speculation are not all stated"
    shape = (number(row["isl"]), number(row["osl"]))
    if row.get("stated") == "no" or (shape == (4000, 1000) and "campaign" not in row):
        return "the run's concurrency over several workers is not stated (its source gives a batch size only)"
    missing = [k for k in ("isl", "osl", "concurrency", "tp") if not number(row[k]) >= 1]
    if missing:
        return f"the row lacks {', '.join(missing)}"
    tp, dp, ep = number(row["tp"]), number(row.get("dp"), 1.0), number(row.get("ep"), 1.0)
    if ep < 1:
        return "the expert-parallel degree is not stated"
    if tp * dp > 8:
        return f"tp {tp:g} x dp {dp:g} on one node of 8 cards contradicts itself"
    if dp > 1:
        return "attention-data parallelism: placement of prompts over ranks is not stated"
    return ""


def _mixed_label(run: ServingRecord) -> str:
    """Series of one campaign that stand under one configuration although their settings differ."""
    if (
        run.model == "deepseek-v3"
        and run.engine == "trtllm"
        and run.layout.ep > 1
        and not run.settings.draft_tokens
    ):
        return "runs with and without speculative decoding stand under one configuration (64 users slower than 128)"
    return ""


@lru_cache(maxsize=4096)
def _latency(run: ServingRecord, client: _Client) -> tuple[float, float]:
    """Return mean TTFT and TPOT in milliseconds of a closed loop.

    Lengths are uniform between ``length_ratio`` and 1 times the nominal ones. An engine that gathers requests holds a
    new one back for ``batch_wait_iters`` iterations.
    """
    replica, count = replica_of(run), client.users * WAVES
    rng = np.random.default_rng(0)
    prompt, output = (
        rng.integers(max(1, int(length * client.length_ratio)), length + 1, count)
        for length in (client.isl, client.osl)
    )
    rows = replica.run(Requests(np.zeros(count), prompt, output), client.users)
    tpot = float(np.nanmean(rows["tpot_s"]))
    waited = (run.settings.batch_wait_iters or 0) * tpot
    return (float(np.nanmean(rows["ttft_s"])) + replica.efficiency.request_s + waited) * 1e3, tpot * 1e3


def identity(row: Mapping[str, str]) -> str:
    """Return what makes a measurement the same measurement in any file."""
    values = [row["model"].replace("R1", "V3"), row["system"], row["backend"]]
    values += [f"{number(row.get('ep'), 1.0):g}"] if number(row.get("ep"), 1.0) > 1 else []
    values += [f"{number(row[k]):g}" for k in ("isl", "osl", "concurrency", "tp")]
    values += [f"{number(row[k]):.3f}" for k in ("ttft_ms", "tpot_ms")]
    return "|".join(values)


@lru_cache(maxsize=1)
def tuned_rows() -> frozenset[str]:
    """Measurements that an engine's constants were found from: the shipped silicon samples mark them.

    Of the rows of an engine, card and kind of model, the sixth with the smallest checksums was taken (at least four),
    before any fit, so that no row is chosen for its result.
    """
    rows = shipped_rows("serving_silicon_hopper.csv")
    marked = {row["id"] for row in rows if row["tuned_on"]}
    return frozenset(identity(row) for row in _normalise(rows) if row["id"] in marked) - held_out()


@lru_cache(maxsize=1)
def held_out() -> frozenset[str]:
    """Identities of the rows of the shipped latency file: no constant was ever found from them."""
    return frozenset(identity(row) for row in shipped_rows("serving_latency.csv"))


def _group(run: ServingRecord, tuned: bool) -> str:
    model = load_model(run.model)
    kind = "latent" if model.mla else "moe" if model.moe else "dense"
    if not replica_of(run).fitted:
        return f"{kind}, not fitted"
    if kind == "dense" and model.hidden * model.layers < 40 * 5120:
        kind = "dense, small"
    return f"{kind} (tuned)" if tuned else kind


def predict(rows: Iterable[Mapping[str, str]]) -> list[ValidationRow]:
    """Predict every row; two results per row (TTFT and TPOT, in ms), repeated measurements once.

    Raises InputError where the columns of neither layout are there.
    """
    given = list(rows)
    if not given:
        raise InputError("serving_latency: no rows")
    out: list[ValidationRow] = []
    seen: set[str] = set()
    for index, row in enumerate(_normalise(given)):
        out += _both(row, row.get("id") or f"row {index + 1}", seen)
    return out


def _both(row: Mapping[str, str], name: str, seen: set[str]) -> list[ValidationRow]:
    reason = _why_not(row)
    key = identity(row)
    if not reason and key in seen:
        reason = "the same measurement stands in an earlier row"
    seen.add(key)
    tuned = key in tuned_rows()
    values: tuple[float | None, float | None] = (None, None)
    run: ServingRecord | None = None
    words: dict[str, Any] = {}
    group, question = "not predicted", ""
    details: dict[str, object] = {k: row[k] for k in ("model", "isl", "osl", "concurrency", "tp") if k in row}
    try:
        run, client = record(row)
        words = labels(run, client.isl, client.osl)
        question = "|".join(
            (run.model, run.card, run.weights.dtype, str(run.layout.cards), f"{client.isl}x{client.osl}",
             str(client.users), _campaign(row))
        )  # fmt: skip
        reason = reason or _mixed_label(run)
        if not reason:
            values, group = _latency(run, client), _group(run, tuned)
            details |= {"said": run.said, "fitted": replica_of(run).fitted}
    except (Unpredictable, ClusterSimError) as error:
        reason, values = str(error) if run is None else reason or str(error), (None, None)
    out = []
    for what, value, column in (("ttft", values[0], "ttft_ms"), ("tpot", values[1], "tpot_ms")):
        measured = number(row[column])
        stated = measured > 0
        found = value if stated and value is not None and value == value else None
        out.append(
            ValidationRow(
                id=f"{name} {what}", source=f"{run.engine if run else row['backend']} {row['system']}", predicted=found,
                measured=measured, unit="ms", card=run.card if run else row["system"],
                reason=reason if stated else NO_MEASUREMENT, group=f"{what} {group}", details=details, tuned=tuned,
                question=f"{what}|{question}" if question else "", **words,
            )
        )  # fmt: skip
    return out

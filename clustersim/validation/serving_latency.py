"""Measured time to first token and per output token beside the simulation's, row by row.

Two layouts are read: one row per (model, system, backend, isl, osl, concurrency, tp, dp) with ``ttft_ms`` and
``tpot_ms``, and the wide layout of the silicon samples. A row gives two predictions, one per quantity. What a
campaign's scripts set stands in ``data/validation/serving_campaigns.csv``; a row's own column goes before it. A row
that a constant was found from is in a group of its own, so that no error is claimed on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import isfinite, nan
from typing import Any

from clustersim.des.serving.stream import Lengths
from clustersim.errors import ClusterSimError, InputError
from clustersim.perf.serving_engine import Layout
from clustersim.schema.find_software import FoundSoftware, find_software, release_of
from clustersim.schema.formats import NumberFormat, number_format
from clustersim.schema.profiles import load_model
from clustersim.validation.common import NO_MEASUREMENT, ValidationRow, reason_of, require_columns
from clustersim.validation.serving_rows import (
    SETTINGS,
    Campaign,
    ServingRecord,
    labels,
    model_of,
    number,
    scripts_of,
    settings_of,
    site_speed,
)
from clustersim.validation.serving_scenario import Load, ServingRow, serving_text
from clustersim.validation.sites import Unpredictable, card_of
from clustersim.validation.sources import filled, shipped_rows

__all__ = ["as_scenario", "predict", "record"]

_SHORT = ("model", "system", "backend", "isl", "osl", "concurrency", "tp", "ttft_ms", "tpot_ms")
_WIDE = (
    "model_path", "system", "backend", "isl", "osl", "batch_size", "tp_size", "silicon_ttft_ms", "silicon_tpot_ms",
)  # fmt: skip
#: Shapes that InferenceX measures and no other campaign here (published).
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
                "weights": _wide_weights(row),
                "ttft_ms": row["silicon_ttft_ms"],
                "tpot_ms": row["silicon_tpot_ms"],
                "campaign": row.get("campaign") or _campaign_of(text),
                "engine_version": row.get("engine_version") or row.get("backend_version") or "",
            }
        )
    return out


def _wide_weights(row: Mapping[str, str]) -> str:
    """Format of the products' weights; a table with the column means 16 bits where it is empty."""
    if "gemm_quant_mode" not in row:
        return ""
    return row["gemm_quant_mode"] or row.get("precision") or "bf16"


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
    """The row's campaign; a shape that only InferenceX measures goes before what its description lacks."""
    stated = str(row.get("campaign") or "").strip()
    shape = (int(number(row["isl"], 0)), int(number(row["osl"], 0)))
    if shape in _INFERENCEX and (not stated or (stated == "fixed" and _of_inferencex(row["model"]))):
        return "inferencex"
    return stated or "fixed"


@lru_cache(maxsize=256)
def _of_inferencex(model: str) -> bool:
    """Whether the campaign's scripts are of this model."""
    try:
        name = model_of(model)[0]
    except Unpredictable:
        return False
    return any(
        line["model"] == name and line["campaign"] == "inferencex"
        for line in shipped_rows("serving_campaigns.csv")
    )


def _engine(row: Mapping[str, str]) -> FoundSoftware:
    name = (row.get("software") or "").strip()
    release = str(row.get("engine_version") or "").strip()
    return find_software(
        name or row["backend"], role="serving", release=release if release_of(release) else ""
    )


def _weights(row: Mapping[str, str], model: str, suffix: str, usual: str) -> NumberFormat:
    """The format of the row, of its model's name, as the model's experts were published, or as the campaign's scripts.

    What is not kept in 16 bits of a model with 4-bit experts is what its makers published.
    """
    experts = load_model(model).formats.experts
    stated = number_format(row.get("weights") or suffix or (experts if experts != "bf16" else "") or usual)
    narrow = stated.dtype not in {"bf16", "fp16"} and experts in {"mxfp4", "nvfp4"}
    return number_format(experts) if narrow else stated


def record(row: Mapping[str, str]) -> tuple[ServingRecord, _Client]:
    """Return the run behind a row of the short layout, and what the client sent.

    Raises Unpredictable, or InputError with the nearest name, for what has no profile.
    """
    full = filled(row)
    card, (model, suffix), engine = card_of(full["system"]), model_of(full["model"]), _engine(full)
    tp, ep = int(number(full["tp"], 1)), max(1, int(number(full.get("ep"), 1.0)))
    isl, osl = int(number(full["isl"], 0)), int(number(full["osl"], 0))
    asked = Campaign(
        campaign=_campaign(full), software=engine.profile.family, model=model, card=card.name, isl=str(isl),
        osl=str(osl), tp=tp, users=number(full["concurrency"], 1.0),
    )  # fmt: skip
    weights = _weights(full, model, suffix, scripts_of(asked).get("weights", "bf16"))
    said = scripts_of(replace(asked, format=weights.dtype))
    own = {key: full[key] for key in SETTINGS if (full.get(key) or "").strip()}
    run = ServingRecord(
        card=card.name,
        model=model,
        software=engine.profile.name,
        weights=weights,
        layout=Layout(tp=tp, pp=max(1, int(number(full.get("pp"), 1.0))), ep=ep if tp % ep == 0 else 1),
        settings=settings_of({**said, **own}),
        site_speed=site_speed(full),
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


def _load(client: _Client) -> Load:
    """A closed loop whose lengths are uniform between ``length_ratio`` and 1 times the nominal ones."""
    ratio = client.length_ratio
    spread = (1.0 - ratio) / (1.0 + ratio)
    prompt, output = (
        Lengths(max(1.0, length * (1.0 + ratio) / 2.0), "uniform" if spread else "constant", spread)
        for length in (client.isl, client.osl)
    )
    return Load(client.users * WAVES, client.users, prompt, output)


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
    found: set[str] = set()
    for table in ("serving_silicon_hopper.csv", "serving_silicon_blackwell.csv"):
        rows = shipped_rows(table)
        marked = {row["id"] for row in rows if row["tuned_on"]}
        found |= {identity(row) for row in _normalise(rows) if row["id"] in marked}
    return frozenset(found) - held_out()


@lru_cache(maxsize=1)
def held_out() -> frozenset[str]:
    """Identities of the rows of the shipped latency file: no constant was ever found from them."""
    return frozenset(identity(row) for row in shipped_rows("serving_latency.csv"))


def _group(run: ServingRecord, tuned: bool, calibrated: bool) -> str:
    model = load_model(run.model)
    kind = "latent" if model.mla else "moe" if model.moe else "dense"
    if not calibrated:
        return f"{kind}, not fitted"
    if kind == "dense" and model.hidden * model.layers < 40 * 5120:
        kind = "dense, small"
    return f"{kind} (tuned)" if tuned else kind


def stated(rows: Iterable[Mapping[str, str]]) -> list[tuple[Mapping[str, str], ServingRow, _Client | None]]:
    """Return every row as it is asked, repeated measurements once.

    Raises InputError where the columns of neither layout are there.
    """
    given = list(rows)
    if not given:
        raise InputError("serving_latency: no rows")
    seen: set[str] = set()
    out: list[tuple[Mapping[str, str], ServingRow, _Client | None]] = []
    for index, row in enumerate(_normalise(given)):
        key, reason = identity(row), _why_not(row)
        if not reason and key in seen:
            reason = "the same measurement stands in an earlier row"
        seen.add(key)
        out.append((row, *_row(row, row.get("id") or f"row {index + 1}", reason)))
    return out


def _row(row: Mapping[str, str], name: str, reason: str) -> tuple[ServingRow, _Client | None]:
    source = row.get("source") or f"{row['backend']} {row['system']}"
    try:
        run, client = record(row)
    except (Unpredictable, ClusterSimError) as error:
        return ServingRow(id=name, source=source, reason=reason_of(error)), None
    reason = reason or _mixed_label(run)
    load = None if reason else _load(client)
    return ServingRow(id=name, source=source, run=run, load=load, reason=reason), client


def as_scenario(rows: Iterable[Mapping[str, str]], wanted: str) -> str:
    """Return the row of an id as the text of a scenario file: serving it gives both of the row's predictions."""
    return serving_text((row for _, row, _ in stated(rows)), wanted, ("ttft", "tpot"))


def predict(rows: Iterable[Mapping[str, str]]) -> list[ValidationRow]:
    """Predict every row; two results per row (mean TTFT and TPOT, in ms), repeated measurements once.

    Raises InputError where the columns of neither layout are there.
    """
    return [found for part in stated(rows) for found in _both(*part)]


def _both(row: Mapping[str, str], asked: ServingRow, client: _Client | None) -> list[ValidationRow]:
    outcome, reason = asked.outcome()
    run, tuned = asked.run, identity(row) in tuned_rows()
    words: dict[str, Any] = {}
    question = ""
    details: dict[str, object] = {k: row[k] for k in ("model", "isl", "osl", "concurrency", "tp") if k in row}
    if run is not None and client is not None:
        words = labels(run, client.isl, client.osl)
        question = "|".join(
            (run.model, run.card, run.weights.dtype, str(run.layout.cards), f"{client.isl}x{client.osl}",
             str(client.users), _campaign(row))
        )  # fmt: skip
    group = "not predicted"
    if run is not None and outcome is not None:
        group = _group(run, tuned, outcome.calibrated)
        details |= {"said": run.said, "fitted": outcome.calibrated}
    shared: dict[str, Any] = {
        "source": f"{run.engine if run else row['backend']} {row['system']}",
        "card": run.card if run else row["system"], "unit": "ms", "details": details, "tuned": tuned, **words,
    }  # fmt: skip
    out = []
    for what in ("ttft", "tpot"):
        measured = number(row[f"{what}_ms"])
        value = 1e3 * getattr(outcome, f"{what}_s") if outcome is not None else nan
        out.append(
            ValidationRow(
                id=f"{asked.id} {what}", predicted=value if measured > 0 and isfinite(value) else None,
                measured=measured, reason=reason if measured > 0 else NO_MEASUREMENT, group=f"{what} {group}",
                question=f"{what}|{question}" if question else "", **shared,
            )
        )  # fmt: skip
    return out

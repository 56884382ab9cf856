"""Measured time to first token and per output token beside the simulation's, row by row.

Two layouts are read: one row per (model, system, backend, isl, osl, concurrency, tp, dp) with ``ttft_ms`` and
``tpot_ms``, and the wide layout of the silicon samples. A row gives two predictions, one per quantity. What a
campaign's scripts set stands in ``data/validation/serving_campaigns.csv``; a row's own column goes before it. A row
that a constant was found from is in a group of its own, so that no error is claimed on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from math import isfinite, nan
from typing import Any

from clustersim.errors import ClusterSimError, InputError
from clustersim.schema.profiles import load_model
from clustersim.validation.common import NO_MEASUREMENT, ValidationRow, reason_of
from clustersim.validation.serving_latency_rows import (
    Client,
    campaign_of,
    impossible,
    load_of,
    mixed_label,
    normalise,
    record,
    why_not,
)
from clustersim.validation.serving_rows import ServingRecord, labels, number
from clustersim.validation.serving_scenario import ServingRow, serving_text
from clustersim.validation.sites import Unpredictable
from clustersim.validation.sources import shipped_rows

__all__ = ["as_scenario", "predict", "record", "stated"]


#: Why a predicted row counts in no error.
_REPEATED = "the same measurement stands in an earlier row"


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
        found |= {identity(row) for row in normalise(rows) if row["id"] in marked}
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
    if run.decode is not None:
        kind = f"{kind}, split"
    return f"{kind} (tuned)" if tuned else kind


def stated(rows: Iterable[Mapping[str, str]]) -> list[tuple[Mapping[str, str], ServingRow, Client | None]]:
    """Return every row as it is asked; a measurement that an earlier row holds is marked as repeated.

    Raises InputError where the columns of neither layout are there.
    """
    given = list(rows)
    if not given:
        raise InputError("serving_latency: no rows")
    seen: set[str] = set()
    out: list[tuple[Mapping[str, str], ServingRow, Client | None]] = []
    for index, row in enumerate(normalise(given)):
        key, reason = identity(row), why_not(row)
        repeated = not reason and key in seen
        # A row that lacks what a prediction needs does not stand for one that has it.
        if not reason:
            seen.add(key)
        asked, client = _row(row, row.get("id") or f"row {index + 1}", reason)
        out.append((row, replace(asked, repeated=repeated), client))
    return out


def _row(row: Mapping[str, str], name: str, reason: str) -> tuple[ServingRow, Client | None]:
    source = row.get("source") or f"{row['backend']} {row['system']}"
    try:
        run, client = record(row)
    except (Unpredictable, ClusterSimError) as error:
        return ServingRow(id=name, source=source, reason=reason_of(error)), None
    reason = reason or mixed_label(run) or impossible(row, run, client)
    load = None if reason else load_of(client)
    return ServingRow(id=name, source=source, run=run, load=load, reason=reason), client


def as_scenario(rows: Iterable[Mapping[str, str]], wanted: str) -> str:
    """Return the row of an id as the text of a scenario file: serving it gives both of the row's predictions."""
    return serving_text((row for _, row, _ in stated(rows)), wanted, ("ttft", "tpot"))


def predict(rows: Iterable[Mapping[str, str]]) -> list[ValidationRow]:
    """Predict every row; two results per row (mean TTFT and TPOT, in ms), repeated measurements aside.

    Raises InputError where the columns of neither layout are there.
    """
    return [found for part in stated(rows) for found in _both(*part)]


def _both(row: Mapping[str, str], asked: ServingRow, client: Client | None) -> list[ValidationRow]:
    outcome, reason = asked.outcome()
    run, tuned = asked.run, identity(row) in tuned_rows()
    words: dict[str, Any] = {}
    question = ""
    details: dict[str, object] = {k: row[k] for k in ("model", "isl", "osl", "concurrency", "tp") if k in row}
    if run is not None and client is not None:
        words = labels(run, client.isl, client.osl)
        question = "|".join(
            (run.model, run.card, run.weights.dtype, str(run.layout.cards), f"{client.isl}x{client.osl}",
             str(client.users), campaign_of(row))
        )  # fmt: skip
    group = "not predicted"
    if run is not None and outcome is not None:
        group = _group(run, tuned, outcome.calibrated)
        details |= {"said": run.said, "fitted": outcome.calibrated}
    shared: dict[str, Any] = {
        "source": f"{run.engine if run else row['backend']} {row['system']}",
        "card": run.card if run else row["system"], "unit": "ms", "details": details, "tuned": tuned,
        "aside": asked.repeated, **words,
    }  # fmt: skip
    out = []
    for what in ("ttft", "tpot"):
        measured = number(row[f"{what}_ms"])
        value = 1e3 * getattr(outcome, f"{what}_s") if outcome is not None else nan
        said = (reason or _REPEATED * asked.repeated) if measured > 0 else NO_MEASUREMENT
        out.append(
            ValidationRow(
                id=f"{asked.id} {what}", predicted=value if measured > 0 and isfinite(value) else None,
                measured=measured, reason=said, group=f"{what} {group}",
                question=f"{what}|{question}" if question else "", **shared,
            )
        )  # fmt: skip
    return out

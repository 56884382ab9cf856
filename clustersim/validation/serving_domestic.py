"""Serving measured on cards of Chinese makers, as collected from their projects' pages: TTFT, TPOT, output tokens/s.

One row states card, cards, engine, model, formats, degrees, lengths and load, and up to three quantities of one run.
Rows count dies or packages, use speculation, or leave lengths and loads out: they are set aside with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

from clustersim.errors import ClusterSimError
from clustersim.perf.serving_engine import Layout
from clustersim.schema.find_software import find_software
from clustersim.schema.formats import number_format
from clustersim.schema.profiles import load_model
from clustersim.validation.common import NO_MEASUREMENT, ValidationRow, given_rows, reason_of
from clustersim.validation.serving_rows import (
    ServingRecord,
    degree,
    labels,
    lengths_of,
    model_of,
    number,
    settings_of,
    site_speed,
    waves_of,
)
from clustersim.validation.serving_scenario import Load, Outcome, ServingRow, serving_text
from clustersim.validation.sites import Unpredictable, card_of
from clustersim.validation.sources import filled

__all__ = ["as_scenario", "predict", "record", "stated"]

_COLUMNS = (
    "card", "n_cards", "engine", "model", "precision_weights", "tp", "isl", "osl", "concurrency", "output_tok_s",
    "ttft_ms", "tpot_ms",
)  # fmt: skip
#: Quantity -> (column, unit).
_QUANTITIES = {"ttft": ("ttft_ms", "ms"), "tpot": ("tpot_ms", "ms"), "tok/s": ("output_tok_s", "tok/s")}
#: Requests of every user of a closed loop.
WAVES = 10
_SPECULATION = re.compile(r"\bspecul|\bmtp\b|\beagle|\bdraft", re.IGNORECASE)

_EAGER = re.compile(r"\beager\b", re.IGNORECASE)


def _layout(row: Mapping[str, str]) -> Layout:
    """The stated degrees; where none stands, tensors over the cards of the run, up to a server of eight."""
    cards = degree(row, "n_cards")
    dp, pp, ep = (degree(row, key) for key in ("dp", "pp", "ep"))
    tp = degree(row, "tp") if (row["tp"] or "").strip() else min(8, max(1, cards // (dp * pp)))
    return Layout(tp=tp, pp=pp, dp=dp, ep=ep if (tp * dp) % ep == 0 else 1)


def _weights(row: Mapping[str, str], model: str, suffix: str) -> str:
    text = re.sub(r"\s*\(.*", "", row["precision_weights"]).strip() or suffix
    experts = load_model(model).formats.experts
    return text or (experts if experts != "bf16" else "bf16")


def record(row: Mapping[str, str]) -> ServingRecord:
    """Return the run behind a row.

    Raises Unpredictable, or InputError with the nearest name, for what has no profile.
    """
    full = filled(row)
    model, suffix = model_of(full["model"])
    release = (full.get("engine_version") or "").strip()
    found = find_software(full.get("software") or full["engine"], role="serving", release=release)
    return ServingRecord(
        card=card_of(full["card"]).name,
        model=model,
        software=found.profile.name,
        weights=number_format(_weights(full, model, suffix)),
        layout=_layout(full),
        settings=settings_of(
            {**full, "kv_cache_dtype": full.get("precision_cache") or "", "graphs": _graphs(full)}
        ),
        site_speed=site_speed(full),
        said=found.said,
    )


def _graphs(row: Mapping[str, str]) -> str:
    """Whether the host launched every kernel, by the row's column or its note."""
    return (row.get("graphs") or "").strip() or ("eager" if _EAGER.search(row.get("notes") or "") else "")


def _why_not(row: Mapping[str, str]) -> str:
    """Return why a row cannot be predicted, or an empty text."""
    notes = row.get("notes") or ""
    if " die" in row["card"] or "dies" in notes:
        return "the row counts dies, and a profile is a card's"
    if _SPECULATION.search(f"{notes} {row['model']}") and not row.get("acceptance"):
        return "speculative decoding without a stated acceptance"
    if (row.get("disaggregated") or "no").strip().lower() not in {"no", ""}:
        return "disaggregated row: workers of each kind are not all stated"
    if re.search(r"includes? compil", notes):
        return "its time includes the compilation of kernels"
    missing = [key for key in ("isl", "osl", "concurrency", "n_cards") if not number(row[key]) >= 1]
    return f"the row lacks {', '.join(missing)}" if missing else ""


def _load(row: Mapping[str, str], run: ServingRecord) -> Load:
    """As many users as the row states, or so many requests at once where it or its publication says so; shared out to
    whole replicas."""
    users = int(number(row["concurrency"]))
    at_once = re.search(rf"\b{users} (?:requests|prompts) at once", row.get("notes") or "")
    waves = 1 if at_once else waves_of(row, WAVES)
    replicas = max(1, int(number(row["n_cards"]) // run.layout.cards))
    prompt, output = lengths_of(row, [number(row[key]) for key in ("isl", "osl")])
    return Load(users * waves, users, prompt, output, min(replicas, users))


def stated(rows: Iterable[Mapping[str, str]]) -> list[ServingRow]:
    """Return every row as it is asked.

    Raises InputError where a needed column is missing.
    """
    given = given_rows(rows, _COLUMNS, "domestic_serving")
    return [_row(row, row.get("id") or f"row {index + 1}") for index, row in enumerate(given)]


def _row(row: Mapping[str, str], name: str) -> ServingRow:
    source, reason = row.get("source") or row["card"], _why_not(row)
    try:
        run = record(row)
    except (Unpredictable, ClusterSimError) as error:
        return ServingRow(id=name, source=source, reason=reason or reason_of(error))
    return ServingRow(
        id=name, source=source, run=run, load=None if reason else _load(row, run), reason=reason
    )


def as_scenario(rows: Iterable[Mapping[str, str]], wanted: str) -> str:
    """Return the row of an id as the text of a scenario file: serving it gives the row's predictions."""
    return serving_text(stated(rows), wanted, tuple(_QUANTITIES))


def predict(rows: Iterable[Mapping[str, str]]) -> list[ValidationRow]:
    """Predict what every row measured: TTFT and TPOT in ms (their median where the row says p50), output tokens/s.

    Raises InputError where a needed column is missing.
    """
    given = list(rows)
    return [found for row, asked in zip(given, stated(given), strict=True) for found in _each(row, asked)]


def _value(outcome: Outcome | None, quantity: str, basis: str) -> float:
    if outcome is None:
        return float("nan")
    if quantity == "tok/s":
        return outcome.output_tokens_per_s
    return 1e3 * float(getattr(outcome, f"{quantity}_p50_s" if basis == "p50" else f"{quantity}_s"))


def _each(row: Mapping[str, str], asked: ServingRow) -> list[ValidationRow]:
    (outcome, reason), run = asked.outcome(), asked.run
    words: dict[str, Any] = {}
    if run is not None:
        words |= labels(run, number(row["isl"], 0.0), number(row["osl"], 0.0))
        words["details"] = {"said": run.said, "fitted": outcome is not None and outcome.calibrated}
    measured = {name: number(row[column]) for name, (column, _) in _QUANTITIES.items()}
    names = [name for name, value in measured.items() if value > 0] or ["tok/s"]
    out = []
    for name in names:
        value = _value(outcome, name, (row.get("metric_basis") or "").strip())
        held = measured[name] > 0
        out.append(
            ValidationRow(
                id=f"{asked.id} {name}", source=row["engine"] or "engine not known",
                predicted=value if held and isfinite(value) else None, measured=measured[name],
                unit=_QUANTITIES[name][1], card=run.card if run else row["card"],
                reason=reason if held or reason else NO_MEASUREMENT,
                group=f"{name} {run.card}" if outcome is not None and run else "not predicted",
                tuned=bool(row.get("tuned_on")), **words,
            )
        )  # fmt: skip
    return out

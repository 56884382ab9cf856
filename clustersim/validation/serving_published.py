"""Published throughputs of one model on one kind of card, as collected from vendors, papers and projects.

Columns: id, source, model, gpu, n_gpus, tp, precision, in_len, out_len, batch_or_rate, tokens_per_s, notes. The
load is a batch (a closed loop of as many users), a number of requests at once, or everything at once. No constant was
found from these rows: they show the frozen ones on loads and cards that they have not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from clustersim.errors import ClusterSimError
from clustersim.perf.serving_engine import Layout
from clustersim.schema.find_software import UNMEASURED, FoundSoftware, find_software, load_software
from clustersim.schema.formats import number_format
from clustersim.schema.profiles import load_model
from clustersim.validation.common import NO_MEASUREMENT, ValidationRow, reason_of, require_columns
from clustersim.validation.serving_rows import (
    Campaign,
    ServingRecord,
    degree,
    labels,
    lengths_of,
    model_of,
    number,
    scripts_of,
    settings_of,
    site_speed,
    waves_of,
)
from clustersim.validation.serving_scenario import Load, ServingRow
from clustersim.validation.sites import Unpredictable, card_of, unreadable
from clustersim.validation.sources import filled, shipped_rows

__all__ = ["COLUMNS", "predict_published", "record", "stated_published"]

COLUMNS = (
    "model", "gpu", "n_gpus", "tp", "precision", "in_len", "out_len", "batch_or_rate", "tokens_per_s", "notes",
)  # fmt: skip
#: Requests of every user of a closed loop.
WAVES = 4


@lru_cache(maxsize=1)
def _benches() -> dict[str, dict[str, int]]:
    """What the throughput tables of engines' makers set, whose own benchmark starts the engine, by its family; other
    software has the defaults of its server."""
    words = ("max_sequences", "max_batched_tokens")
    return {
        line["software"]: {key: int(line[key]) for key in words}
        for line in shipped_rows("serving_benches.csv")
    }


def _software(row: Mapping[str, str]) -> FoundSoftware:
    """The software in the row's column, or in a word of its notes; else the class of what nobody measured."""
    name = (row.get("software") or "").strip()
    if name:
        return find_software(name, role="serving", release=(row.get("engine_version") or "").strip())
    for part in row["notes"].split(";"):
        try:
            return find_software(part.strip().removesuffix(" nan"), role="serving")
        except ClusterSimError:
            continue
    profile = load_software(UNMEASURED["serving"])
    return FoundSoftware(profile, f"the row names no software: constants of {profile.name}")


def _layout(row: Mapping[str, str], experts: bool) -> Layout:
    """Read ``8``, ``TP8PP2``, ``DP32EP32``; where nothing stands, tensor parallel over all cards up to 8."""
    text, cards = str(row["tp"]).strip().upper(), degree(row, "n_gpus")
    if re.fullmatch(r"[-+\d.]+", text):
        return Layout(tp=degree(row, "tp"))
    found = {k: int(v) for k, v in re.findall(r"(TP|PP|DP|EP)(\d+)", text)}
    if text and not found:
        raise unreadable("tp", text, "a degree, or degrees such as TP8PP2 or DP32EP32")
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


def _metric(row: Mapping[str, str]) -> str:
    """What a row's figure is, from ``metric=out`` in its notes."""
    said = (part.strip().partition("=") for part in row["notes"].split(";"))
    return next((value for key, _, value in said if key == "metric"), "")


def _why_not(row: Mapping[str, str]) -> str:
    if _metric(row) != "out":
        return "the row is no output throughput (input rate, latency, cost or ratio)"
    if not (number(row["in_len"]) >= 1 and number(row["out_len"]) >= 1):
        return "the lengths of prompts and answers are not stated"
    if not _load(str(row["batch_or_rate"]), 1000.0)[1]:
        return "the load is not stated"
    return "" if number(row["tokens_per_s"]) > 0 else NO_MEASUREMENT


def record(row: Mapping[str, str]) -> ServingRecord:
    """Return the run behind a row.

    Raises Unpredictable, or InputError with the nearest name, for what has no profile.
    """
    full = filled(row)
    model, suffix = model_of(full["model"])
    weights = number_format(full["precision"] or suffix)
    found = _software(full)
    card, layout = card_of(full["gpu"]).name, _layout(full, load_model(model).moe is not None)
    said = scripts_of(
        Campaign(
            campaign=full.get("campaign", ""), software=found.profile.family, model=model, card=card,
            format=weights.dtype, isl=full["in_len"], osl=full["out_len"], tp=layout.tp,
        )
    )  # fmt: skip
    cache = full.get("kv_cache_dtype") or said.get("kv_cache_dtype", "")
    cache = cache if weights.dtype in {"fp8", "fp4"} else ""
    return ServingRecord(
        card=card,
        model=model,
        software=found.profile.name,
        weights=weights,
        layout=layout,
        settings=settings_of({**full, "kv_cache_dtype": cache}, **_benches().get(found.profile.family, {})),
        site_speed=site_speed(full),
        said=found.said,
    )  # fmt: skip


def _asked(row: Mapping[str, str], run: ServingRecord) -> Load:
    """Four requests of every user of a closed loop (or the publication's own number), or all at once, spread over as
    many replicas as fill the cards."""
    replicas = max(int(number(row["n_gpus"], 1.0) // run.layout.cards), 1)
    isl, osl = number(row["in_len"]), number(row["out_len"])
    kind, size = _load(str(row["batch_or_rate"]), isl + osl)
    count = max(size, replicas)
    waves = waves_of(row, WAVES) if kind == "loop" else 1
    prompt, output = lengths_of(row, (isl, osl))
    return Load(waves * count, count, prompt, output, replicas)


def stated_published(rows: Iterable[Mapping[str, str]]) -> list[ServingRow]:
    """Return every row as it is asked."""
    return [_row(row, row.get("id") or f"row {index + 1}") for index, row in enumerate(rows)]


def _row(row: Mapping[str, str], name: str) -> ServingRow:
    source, reason = row.get("source") or row["gpu"], _why_not(row)
    try:
        run = record(row)
    except (Unpredictable, ClusterSimError) as error:
        return ServingRow(id=name, source=source, reason=reason_of(error))
    open_load = reason not in {"", NO_MEASUREMENT}
    return ServingRow(
        id=name, source=source, run=run, load=None if open_load else _asked(row, run), reason=reason
    )


def predict_published(rows: Iterable[Mapping[str, str]]) -> list[ValidationRow]:
    """Predict the output throughput (tok/s, all cards) of every row that states one.

    Raises InputError where a needed column is missing.
    """
    given = list(rows)
    require_columns(given[0], COLUMNS, "serving data")
    return [_predicted(row, asked) for row, asked in zip(given, stated_published(given), strict=True)]


def _predicted(row: Mapping[str, str], asked: ServingRow) -> ValidationRow:
    (outcome, reason), run = asked.outcome(), asked.run
    words: dict[str, Any] = {}
    details: dict[str, object] = {k: row[k] for k in ("model", "in_len", "out_len", "batch_or_rate")}
    if run is not None:
        words = labels(run, number(row["in_len"], 0.0), number(row["out_len"], 0.0))
    if run is not None and outcome is not None:
        details |= {"said": run.said, "fitted": outcome.calibrated}
    card = run.card if run else row["gpu"]
    return ValidationRow(
        id=asked.id, source=f"{run.engine if run else 'engine not known'} {card}",
        predicted=outcome.output_tokens_per_s if outcome is not None else None,
        measured=number(row["tokens_per_s"]), unit="tok/s", card=card, reason=reason,
        group=f"published {card}" if outcome is not None else "not predicted", details=details,
        question="|".join((run.model, card, row["n_gpus"], row["precision"], row["in_len"], row["out_len"],
                           row["batch_or_rate"])) if run else "",
        **words,
    )  # fmt: skip

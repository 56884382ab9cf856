"""Agentic sessions: measured times, tokens per second and shares of known tokens beside the simulation's.

A row states means of prompts and answers, users, and whether blocks are also kept outside the cards. What its sessions
look like stands once for the campaign (``data/validation/serving_sessions.csv``): the share of a mean prompt that is
there at a session's first turn, the share that is known while nothing is evicted, pauses, and what a tier outside
gives. Turns and what each adds follow:

    (first + turns added) / (turns mean prompt) = 1 - known,    mean prompt = first + (turns - 1) / 2 (added + answer)

The share that is found under load is predicted, never read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from math import isfinite
from typing import Any

from clustersim.des.serving.known import known_shares
from clustersim.des.serving.stream import Lengths
from clustersim.errors import ClusterSimError, InputError, suggest
from clustersim.perf.serving_engine import Layout
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.find_software import find_software
from clustersim.schema.formats import number_format
from clustersim.schema.load_one import load_one
from clustersim.schema.profiles import load_card
from clustersim.schema.serving import ServingPlan
from clustersim.schema.yamlfile import Document
from clustersim.validation.common import ValidationRow, class_of, given_rows, reason_of
from clustersim.validation.row_files import scenario_text
from clustersim.validation.serving_rows import (
    Campaign,
    ServingRecord,
    model_of,
    number,
    scripts_of,
    settings_of,
)
from clustersim.validation.serving_scenario import WORK, Load, serving_document
from clustersim.validation.sites import Unpredictable, card_of
from clustersim.validation.sources import shipped_rows
from clustersim.workloads.served import served

__all__ = ["COLUMNS", "as_scenario", "predict", "session_of"]

COLUMNS = ("model", "precision", "card", "engine", "tp", "concurrency", "requests", "mean_isl", "mean_osl")
#: Column of a quantity, its name in results, its unit, and what brings a column's number to that unit.
_QUANTITIES = (
    ("mean_ttft_ms", "ttft", "ms", 1.0),
    ("p50_ttft_ms", "ttft p50", "ms", 1.0),
    ("mean_tpot_ms", "tpot", "ms", 1.0),
    ("p50_tpot_ms", "tpot p50", "ms", 1.0),
    ("output_tok_s", "output", "tok/s", 1.0),
    ("gpu_prefix_hit", "hit share", "%", 100.0),
)


@dataclass(frozen=True, slots=True)
class Session:
    """What the sessions of a campaign look like, in tokens of one row."""

    turns: float
    first: float
    added: float


def session_of(mean_prompt: float, answer: float, *, first_share: float, known_share: float) -> Session:
    """Return turns and additions for which prompts have their mean and so much of them is new.

    >>> one = session_of(80_000, 1_000, first_share=0.25, known_share=0.95)
    >>> round(one.first + (one.turns - 1) / 2 * (one.added + 1_000))
    80000
    >>> round((one.first + one.turns * one.added) / (one.turns * 80_000), 6)
    0.05

    Raises Unpredictable where no sessions have these means.
    """
    first = first_share * mean_prompt
    # first + n a = (1 - h) n m and first + (n - 1)(a + o) / 2 = m: the second gives a, the first n (a quadratic).
    grown, new = mean_prompt - first, (1.0 - known_share) * mean_prompt
    a, b, c = new + answer, -(2.0 * grown + first + new + answer), first
    root = b * b - 4.0 * a * c
    turns = (-b + root**0.5) / (2.0 * a) if root >= 0 else 0.0
    added = new - first / turns if turns > 1.0 else 0.0
    if not added >= 1.0:
        raise Unpredictable("no sessions have such prompts and answers with so much of them known")
    return Session(turns, first, added)


def _stated() -> Mapping[str, str]:
    """The campaign's line."""
    return shipped_rows("serving_sessions.csv")[0]


@lru_cache(maxsize=1)
def _campaign() -> dict[str, float]:
    words = {"campaign", "scripts", "source"}
    return {key: number(value) for key, value in _stated().items() if key not in words}


def record(row: Mapping[str, str]) -> ServingRecord:
    """Return the run behind a row; raises Unpredictable or InputError for what has no profile."""
    card, (model, _) = card_of(row["card"]), model_of(row["model"])
    engine, tp = find_software(row["engine"], role="serving"), int(number(row["tp"], 1.0))
    weights = number_format(row["precision"])
    asked = Campaign(
        campaign=_stated()["scripts"], software=engine.profile.family, model=model, card=card.name,
        format=weights.dtype, tp=tp, users=number(row["concurrency"], 1.0),
    )  # fmt: skip
    said = {key: value for key, value in scripts_of(asked).items() if key != "batch_wait_iters"}
    return ServingRecord(
        card=card.name, model=model, software=engine.profile.name, weights=weights, layout=Layout(tp=tp),
        settings=settings_of(said), said=engine.said,
    )  # fmt: skip


def _document(row: Mapping[str, str], name: str) -> dict[str, Any]:
    """The scenario of a row, as the data of a file."""
    lacks = [column for column in COLUMNS[4:] if not number(row.get(column)) >= 1]
    if lacks:
        raise Unpredictable(f"the row lacks {', '.join(lacks)}")
    run, usual = record(row), _campaign()
    prompt, answer = number(row["mean_isl"]), number(row["mean_osl"])
    users, requests = int(number(row["concurrency"])), int(number(row["requests"]))
    one = session_of(prompt, answer, first_share=usual["first_share"], known_share=usual["known_share"])
    load = Load(requests, users, Lengths(prompt, "constant"), Lengths(answer, "constant"))
    run = replace(run, settings=replace(run.settings, max_sequences=users))
    document = serving_document(run, load, name=name, description=row.get("source") or "")
    work = document["demand"][WORK]
    outside = (row.get("kv_offload") or "none").strip()
    work["prefix"] = {"tiers": [_tier(outside, usual)]} if outside != "none" else {}
    work["traffic"] = {
        "requests": requests, "closed_loop": {"users": users}, "output": {"mean": answer}, "whole": True,
        "sessions": {
            "turns": {"mean": one.turns, "spread": usual["turns_spread"]},
            "first": {"mean": one.first}, "added": {"mean": one.added},
            "pause": f"{usual['pause_s']} s", "midway": usual["joined_share"],
        },
    }  # fmt: skip
    return document


def _tier(name: str, usual: Mapping[str, float]) -> dict[str, Any]:
    return {
        "name": name,
        "capacity": f"{usual['tier_capacity_GB']} GB",
        "bandwidth": f"{usual['tier_bandwidth_GBs']} GB/s",
        "token": f"{usual['tier_token_us']} us",
    }


def _figures(document: dict[str, Any]) -> dict[str, float]:
    """What serving the scenario of a row gives."""
    inputs = load_one(Document("row", document, {}))
    inputs.require(money=False)
    work = inputs.scenario.demand[WORK]
    assert isinstance(work, ServingWorkload) and isinstance(work.plan, ServingPlan)
    run = served(inputs, work, work.plan)
    found, known = run.summary, known_shares(run.run)
    return {
        "ttft": 1e3 * found.ttft_s["mean"], "ttft p50": 1e3 * found.ttft_s["p50"],
        "tpot": 1e3 * found.tpot_s["mean"], "tpot p50": 1e3 * found.tpot_s["p50"],
        "output": found.output_tokens_per_s, "hit share": 100.0 * known.device,
    }  # fmt: skip


def _name(row: Mapping[str, str], index: int) -> str:
    keys = ("model", "precision", "card", "tp", "concurrency", "kv_offload")
    return row.get("id") or " ".join([*(str(row.get(key, "")) for key in keys), f"row {index + 1}"])


def as_scenario(rows: Iterable[Mapping[str, str]], wanted: str) -> str:
    """Return the row of an id as the text of a scenario file: serving it gives all of the row's predictions."""
    table = {_name(row, index): row for index, row in enumerate(rows)}
    bare = next((name for name in table if wanted == name or wanted.startswith(f"{name} ")), None)
    if bare is None:
        raise InputError(f"no row has the id {wanted!r}; {suggest(wanted, list(table))}")
    try:
        document = _document(table[bare], bare)
    except (Unpredictable, ClusterSimError) as error:
        raise InputError(reason_of(error)) from None
    return scenario_text(
        document, f"Row {bare} of {table[bare].get('source', '')} as `validate` predicts it."
    )


def predict(rows: Iterable[Mapping[str, str]]) -> list[ValidationRow]:
    """Predict every row: means and medians of TTFT and TPOT, output tokens/s, and the share of known tokens.

    Raises InputError for a table without its columns.
    """
    given = given_rows(rows, COLUMNS, "serving_agentic")
    return [found for index, row in enumerate(given) for found in _row(row, index)]


def _row(row: Mapping[str, str], index: int) -> list[ValidationRow]:
    name, reason, figures = _name(row, index), "", {}
    card, words = row["card"], {}
    try:
        run = record(row)
        card, words = run.card, {"software": run.software, "card_class": class_of(load_card(run.card))}
        figures = _figures(_document(row, name))
    except (Unpredictable, ClusterSimError) as error:
        reason = reason_of(error)
    tuned = (row.get("tuned_on") or "").strip() != ""
    out = []
    for column, what, unit, scale in _QUANTITIES:
        measured = scale * number(row.get(column))
        value = figures.get(what)
        out.append(
            ValidationRow(
                id=f"{name} {what}", source=f"agentic {card}", card=card, unit=unit, measured=measured,
                predicted=value if value is not None and isfinite(measured) and isfinite(value) else None,
                reason=reason if isfinite(measured) else "no measured value", group=f"{what} {card}", tuned=tuned,
                aside=unit == "%", plan_kind="tensor", domain="sessions",
                details={k: row[k] for k in ("model", "tp", "concurrency", "kv_offload") if k in row}, **words,
            )
        )  # fmt: skip
    return out

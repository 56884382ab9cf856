"""A run of a serving benchmark as one row: what every tool must have measured, and where its figures contradict.

The columns serve both layouts of measured serving rows: throughput at a load (``in_len``, ``out_len``,
``batch_or_rate``, ``tokens_per_s``) and latency at a concurrency (``isl``, ``osl``, ``concurrency``, ``ttft_ms``,
``tpot_ms``). TPOT leaves the first token out; ITL is the time between two tokens of a stream.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clustersim.errors import Problem
from clustersim.perf.serving_draft import tokens_per_step
from clustersim.schema.imports.source import Fields, card_label, number_of

__all__ = ["COLUMNS", "Run", "day_of", "drafted", "row_of"]

COLUMNS = (
    "id", "source", "model", "gpu", "system", "n_gpus", "tp", "pp", "dp", "ep", "precision", "weights", "in_len",
    "out_len", "isl", "osl", "batch_or_rate", "concurrency", "request_rate", "requests", "duration_s",
    "requests_per_s", "tokens_per_s", "ttft_ms", "tpot_ms", "itl_ms", "software", "backend", "engine_version",
    "kv_cache_dtype", "max_batched_tokens", "max_sequences", "draft_tokens",
    "acceptance", "length_shape", "length_spread", "notes",
)  # fmt: skip
#: Printed rates are rounded, and clients count their own start: figures of one file agree within this share.
AGREE = 0.05


@dataclass(slots=True, kw_only=True)
class Run:
    """What a benchmark's file says of one run; numbers that it does not say are None."""

    model: str = ""
    gpu: str = ""
    n_gpus: float | None = None
    tp: float | None = None
    pp: float | None = None
    dp: float | None = None
    ep: float | None = None
    precision: str = ""
    kv_cache_dtype: str = ""
    isl: float | None = None
    osl: float | None = None
    concurrency: float | None = None
    request_rate: float | None = None
    asked: float | None = None
    requests: float | None = None
    duration_s: float | None = None
    requests_per_s: float | None = None
    tokens_per_s: float | None = None
    ttft_ms: float | None = None
    tpot_ms: float | None = None
    itl_ms: float | None = None
    software: str = ""
    engine_version: str = ""
    max_batched_tokens: float | None = None
    max_sequences: float | None = None
    accepted: float | None = None
    """Tokens that a step of the large model makes, where a draft stands before it."""
    draft_tokens: float | None = None
    acceptance: float | None = None
    length_shape: str = ""
    length_spread: float | None = None
    date: str = ""
    notes: list[str] = field(default_factory=list)


def _load(run: Run) -> str:
    """How the requests came, in the words of published rows; a rate is told as one, so that nobody reads it as users.

    >>> _load(Run(concurrency=64.0)), _load(Run(asked=500.0)), _load(Run(request_rate=4.0, concurrency=64.0))
    ('64', '500 requests at once', 'rate 4 requests/s, no more than 64 users')
    """
    if run.request_rate is not None:
        limit = f", no more than {run.concurrency:g} users" if run.concurrency else ""
        return f"rate {run.request_rate:g} requests/s{limit}"
    if run.concurrency:
        return f"{run.concurrency:g}"
    return f"{run.asked:g} requests at once" if run.asked else ""


def _complete(run: Run, fields: Fields) -> None:
    """Derive what one figure follows from others, and keep as problems what is missing or contradicts."""

    def problem(key: str, what: str, hint: str = "") -> None:
        fields.problems.append(Problem(fields.file, None, key, what, hint))

    if run.requests == 0:
        problem("completed", "no request succeeded")
    if run.tokens_per_s is None and run.requests and run.osl and run.duration_s:
        run.tokens_per_s = run.requests * run.osl / run.duration_s
    elif run.tokens_per_s and run.requests and run.osl and run.duration_s:
        found = run.requests * run.osl / run.duration_s
        if abs(found / run.tokens_per_s - 1.0) > AGREE:
            problem("output throughput", f"{run.tokens_per_s:g} tokens/s contradicts {run.requests:g} answers of"
                    f" {run.osl:g} tokens in {run.duration_s:g} s ({found:.4g} tokens/s)")  # fmt: skip
    if run.asked and run.requests is not None and run.requests < run.asked:
        run.notes.append(f"{run.asked - run.requests:g} of {run.asked:g} requests failed")
    missing = {
        "length of prompts": run.isl,
        "length of answers": run.osl,
        "output throughput": run.tokens_per_s,
    }
    for what, value in missing.items():
        if not value and not any(p.key == what for p in fields.problems):
            problem(what, "is missing")


def drafted(run: Run, fields: Fields, given: Mapping[str, str]) -> None:
    """Fill in the chance that a drafted token is kept from the tokens that a step makes (arXiv:2211.17192).

    A run with drafts is no run of plain decoding: without the number of drafted tokens it is a problem of the fields.
    """
    if run.accepted is None or run.accepted <= 1.0:
        return
    drafts = number_of(given["draft_tokens"]) if "draft_tokens" in given else run.draft_tokens
    if not isinstance(drafts, float) or not 0 < drafts < 1e3 or not run.accepted <= 1.0 + drafts:
        fields.problems.append(Problem(
            fields.file, None, "draft_tokens", f"a step makes {run.accepted:g} tokens: a draft model ran, and how many"
            " tokens it drafts is not stated or too few", "give --given draft_tokens=3 (as it was)"))  # fmt: skip
        return
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = 0.5 * (low + high)
        fewer = float(tokens_per_step([middle] * round(drafts))) < run.accepted
        low, high = (middle, high) if fewer else (low, middle)
    run.draft_tokens, run.acceptance = float(round(drafts)), round(low, 6)


def row_of(run: Run, fields: Fields) -> dict[str, Any]:
    """Return a run as a row; what is missing or contradicts is kept with the fields' problems."""
    _complete(run, fields)
    spread = [
        f"{key.upper()}{int(value)}" for key in ("tp", "pp", "dp", "ep") if (value := getattr(run, key))
    ]
    only_tp = not any((getattr(run, key) or 1) > 1 for key in ("pp", "dp", "ep"))
    cards = run.n_gpus or (run.tp or 0) * (run.pp or 1) * (run.dp or 1) or None
    gpu = card_label(run.gpu) if run.gpu else ""
    precision = {"": "", "none": ""}.get(run.precision.lower(), run.precision)
    return {
        "model": run.model, "gpu": gpu, "system": gpu, "n_gpus": cards,
        "tp": (run.tp if only_tp else "".join(spread)) or "", "pp": run.pp, "dp": run.dp or 1.0, "ep": run.ep or 1.0,
        "precision": precision, "weights": precision, "in_len": run.isl, "out_len": run.osl,
        "isl": run.isl, "osl": run.osl, "batch_or_rate": _load(run),
        "concurrency": run.concurrency if run.request_rate is None else None, "request_rate": run.request_rate,
        "requests": run.requests, "duration_s": run.duration_s, "requests_per_s": run.requests_per_s,
        "tokens_per_s": run.tokens_per_s, "ttft_ms": run.ttft_ms, "tpot_ms": run.tpot_ms, "itl_ms": run.itl_ms,
        "software": run.software, "backend": run.software, "engine_version": run.engine_version,
        "kv_cache_dtype": run.kv_cache_dtype, "max_batched_tokens": run.max_batched_tokens,
        "max_sequences": run.max_sequences,
        "draft_tokens": run.draft_tokens, "acceptance": run.acceptance,
        "length_shape": run.length_shape, "length_spread": run.length_spread,
        "notes": "; ".join(["metric=out", *run.notes]), "date": run.date,
    }  # fmt: skip


def day_of(text: str) -> str:
    """Return the date in a tool's time stamp, empty where it has none.

    >>> day_of("20260901-101010"), day_of("2025-10-17T20:22:08.93"), day_of("")
    ('2026-09-01', '2025-10-17', '')
    """
    found = re.match(r"(\d{4})-?(\d{2})-?(\d{2})", text.strip())
    return "-".join(found.groups()) if found else ""

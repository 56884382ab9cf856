"""Measured output throughput of whole engines beside the simulation's, row by row.

The rows are the public performance lab of GPUStack: an engine is started with a command, then a number of requests
is sent at once. The command says model, formats and plan. What the engines lose against the iteration model under
hundreds of open connections is one declared factor per engine and card (`FACTORS`), fitted on the calibration
subset and frozen; every other row is a test.

A row is *fair* where its command is complete and its load is stated; the others are listed with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from clustersim.assemble.software import engine_efficiency, reserve_of
from clustersim.des.serving.arrivals import draw_lengths
from clustersim.des.serving.book import Requests
from clustersim.des.serving.build import build
from clustersim.des.serving.cluster import simulate
from clustersim.des.serving.metrics import records
from clustersim.des.serving.rules import Batching
from clustersim.des.serving.settings import Pool
from clustersim.errors import ClusterSimError, InfeasibleError, InputError
from clustersim.perf.serving_engine import Layout, Precision
from clustersim.schema.find_software import find_software
from clustersim.validation.common import ValidationRow, require_columns
from clustersim.validation.serving_published import predict_published
from clustersim.validation.serving_setup import (
    ENGINE_RULES,
    find_card,
    find_model,
    kind_of,
    normal_engine,
    number,
    shipped_table,
)

__all__ = ["FACTORS", "predict"]

_TOKENS, _ASKED, _MADE = "Output token throughput (tok/s)", "Total input tokens", "Total generated tokens"
_DONE = "Successful requests"
_NEEDED = ("model", "gpu", "serve", _DONE, _ASKED, _MADE, _TOKENS)

#: Share of the simulated throughput that an engine keeps under the lab's load, per engine and card: geometric mean
#: of measured over simulated on the calibration rows. Tier: derived.
FACTORS: dict[tuple[str, str], float] = {
    ("sglang", "A100"): 1.04,
    ("sglang", "H100"): 0.6,
    ("sglang", "H200"): 0.66,
    ("trtllm", "A100"): 1.16,
    ("trtllm", "H100"): 0.6,
    ("vllm", "A100"): 0.77,
    ("vllm", "H100"): 0.62,
    ("vllm", "H200"): 0.62,
}
#: For an engine and card without calibration rows: the mean of the above. Tier: assumption.
DEFAULT_FACTOR = 0.73


@dataclass(frozen=True, slots=True)
class _Run:
    """What a row's command and counts say."""

    engine: str
    layout: Layout
    precision: Precision
    rules: Batching
    count: int
    isl: float
    osl: float


def _option(command: str, names: str, default: int) -> int:
    found = re.search(rf"(?:^|\s)(?:{names})[ =](\d+)", command)
    return int(found.group(1)) if found else default


def _precision(command: str, card_name: str) -> Precision:
    """Return the formats of a command; a card without fp8 unpacks fp8 weights to bf16."""
    low = command.lower()
    has_fp8 = "fp8" in (find_card(card_name).card or _NO_CARD).peak
    if "awq" in low or "gptq" in low or "int4" in low:
        return Precision("int4", "bf16", "bf16", "bf16", attention_weights="int4")
    if "w8a8" in low:
        return Precision("int8", "int8", "bf16", "bf16")
    if "fp8" in low or "deepseek-r1" in low or "deepseek-v3" in low:
        return Precision("fp8", "fp8" if has_fp8 else "bf16", "bf16", "bf16")
    return Precision()


class _NoCard:
    peak: Mapping[str, float] = {}


_NO_CARD = _NoCard()


def _layout(command: str) -> Layout:
    tp = _option(command, r"-tp|--tp|--tp-size|--tp_size|--tensor-parallel-size", 1)
    pp = _option(command, r"-pp|--pp|--pp-size|--pp_size|--pipeline-parallel-size", 1)
    dp = _option(command, r"-dp|--dp|--dp-size|--data-parallel-size", 1)
    ep = _option(command, r"--ep|--ep-size|--ep_size", 1)
    if "--enable-expert-parallel" in command:
        ep = tp * dp
    if "--enable-dp-attention" in command and dp == 1:
        return Layout(tp=1, pp=pp, dp=tp, ep=tp)
    return Layout(tp=tp, pp=pp, dp=dp, ep=ep if (tp * dp) % max(ep, 1) == 0 else 1)


def _rules(engine: str, command: str, card_name: str) -> Batching:
    """Return the scheduler's defaults of an engine on a card, with what the command overrides.

    vLLM allows 8,192 tokens and 1,024 sequences on cards of Hopper's size and 2,048 and 256 on others (its
    engine arguments, 2025; published).
    """
    base = ENGINE_RULES.get(engine, ENGINE_RULES["vllm"])
    big = card_name.lower() in {"h100", "h200", "b200"}
    if engine == "vllm" or engine not in ENGINE_RULES:
        base = replace(base, max_tokens=8192 if big else 2048, max_sequences=1024 if big else 256)
    tokens = _option(
        command, r"--max-num-batched-tokens|--max_num_tokens|--chunked-prefill-size", base.max_tokens
    )
    sequences = _option(
        command, r"--max-num-seqs|--max_batch_size|--max-running-requests", base.max_sequences
    )
    sequences = min(sequences, tokens - 1) if base.mixed else sequences
    return replace(base, max_tokens=tokens, max_sequences=sequences)


def _why_not(row: Mapping[str, str]) -> str:
    """Return why a row is not fair, or an empty text."""
    command = row["serve"].strip()
    for known in (find_model(command), find_card(row["gpu"])):
        if known.reason:
            return known.reason
    if command.endswith("\\"):
        return "the launch command is cut off: its plan and options are not known"
    if "speculative" in command:
        return "speculative decoding without a stated acceptance"
    if "latency" in str(row.get("source", "")):
        return "latency page: the client's concurrency is not in the row"
    counts = [number(row[k]) for k in (_DONE, _ASKED, _MADE)]
    if not all(value >= 1 for value in counts):
        return "requests or tokens are missing"
    count, asked, made = counts
    ttft = number(row.get("Mean TTFT (ms)"))
    if count >= 500 and ttft < 1000:
        return (
            f"requests not sent at once (mean TTFT {ttft:.0f} ms of {count:.0f}): the rate is not in the row"
        )
    if count <= 200 and asked / count < 1500:
        return "few short requests: the client's concurrency is not in the row"
    if made / count < 10:
        return "answers of four tokens: the time is the client's and the server's start, not the model's"
    return ""


def _read(row: Mapping[str, str]) -> _Run:
    command = row["serve"].strip()
    engine = normal_engine(command)
    count = int(number(row[_DONE]))
    card = find_card(row["gpu"]).card
    assert card is not None
    return _Run(
        engine,
        _layout(command),
        _precision(command, row["gpu"]),
        _rules(engine, command, card.name),
        count,
        number(row[_ASKED]) / count,
        number(row[_MADE]) / count,
    )


@lru_cache(maxsize=1024)
def _throughput(model_name: str, gpu: str, run: _Run) -> float:
    """Output tokens per second when all requests are there at once."""
    known, model = find_card(gpu), find_model(model_name).model
    assert known.card is not None and known.network is not None and model is not None
    efficiency = engine_efficiency(
        find_software(run.engine or "unmeasured-serving").profile, known.card, kind_of(model, run.precision)
    )
    cost, _ = build(
        model,
        run.layout,
        known.card,
        known.network,
        efficiency,
        run.precision,
        run.rules,
        reserve=reserve_of(find_software(run.engine or "unmeasured-serving").profile),
        context=run.isl + run.osl / 2.0,
    )
    rng = np.random.default_rng(0)
    # Round numbers are drawn lengths of a fixed size; the others are conversations (ShareGPT), which spread.
    drawn = run.isl < 400 and abs(run.isl - 128) > 1.5
    shape, spread = ("lognormal", 1.0) if drawn else ("constant", 0.0)
    requests = Requests(
        np.zeros(run.count),
        draw_lengths(run.count, mean=run.isl, rng=rng, shape=shape, spread=spread),
        draw_lengths(run.count, mean=run.osl, rng=rng, shape=shape, spread=spread),
    )
    done = records(simulate(requests, Pool(1, cost, run.rules), log=False))
    finished = np.isfinite(done["e2e_s"])
    if not finished.any():
        raise InfeasibleError(f"no request fits the {cost.cache_tokens} tokens of cache")
    return float(done["output_tokens"][finished].sum() / max(done["finish_s"][finished].max(), 1e-9))


def identity(row: Mapping[str, str]) -> str:
    """Return what makes a measurement the same measurement."""
    return "|".join(str(row[k]).strip() for k in ("serve", "gpu", _DONE, _ASKED, _MADE, _TOKENS))


@lru_cache(maxsize=1)
def _calibration_rows() -> frozenset[str]:
    return frozenset(row["identity"] for row in shipped_table("serving_throughput_calibration.csv"))


def in_calibration(row: Mapping[str, str]) -> bool:
    """Tell whether a row took part in fitting `FACTORS`.

    Per engine and card the fifth with the smallest checksums was taken (at least two of four rows or more), before
    any fit; the list ships with the package.
    """
    return identity(row) in _calibration_rows()


def _copies(rows: list[Mapping[str, str]]) -> set[tuple[str, str, str]]:
    """Measurements that stand under two different cards: at least one of them is not that card's."""
    cards: dict[tuple[str, str, str], set[str]] = {}
    for row in rows:
        cards.setdefault((row["model"], row["serve"], row[_TOKENS]), set()).add(row["gpu"])
    return {key for key, names in cards.items() if len(names) > 1}


def simulated(row: Mapping[str, str]) -> float:
    """Return the throughput of a fair row before the engine's factor."""
    return _throughput(row["serve"].strip(), row["gpu"], _read(row))


def predict(rows: Iterable[Mapping[str, str]]) -> list[ValidationRow]:
    """Predict the output throughput (tok/s) of every row, in the lab's layout or that of published figures.

    Raises InputError where a needed column is missing.
    """
    given = list(rows)
    if not given:
        raise InputError("serving: no rows")
    if "batch_or_rate" in given[0]:
        return predict_published(given, FACTORS)
    require_columns(given[0], _NEEDED, "serving data")
    copies = _copies(given)
    seen: set[str] = set()
    out = []
    for index, row in enumerate(given):
        measured = number(row[_TOKENS])
        if not measured > 0:
            continue
        reason = _why_not(row)
        if not reason and (row["model"], row["serve"], row[_TOKENS]) in copies:
            reason = "the same figures stand under two different cards"
        if not reason and identity(row) in seen:
            reason = "the same measurement stands in an earlier row"
        seen.add(identity(row))
        out.append(_predicted(row, f"row {index + 1}", measured, reason))
    return out


def _predicted(row: Mapping[str, str], name: str, measured: float, reason: str) -> ValidationRow:
    engine = normal_engine(row["serve"])
    found = find_card(row["gpu"]).card
    card = found.name if found is not None else row["gpu"]
    value: float | None = None
    factor = FACTORS.get((engine, card), DEFAULT_FACTOR)
    if not reason:
        try:
            value = factor * simulated(row)
        except ClusterSimError as error:
            reason = str(error)
    ascend = "ascend" in card.lower()
    group = "ascend" if ascend else "not fair" if value is None else "fair"
    if value is not None and not ascend and in_calibration(row):
        group = "calibration"
    return ValidationRow(
        id=name,
        source=f"{engine} {card}",
        predicted=value,
        measured=measured,
        unit="tok/s",
        card=card,
        reason=reason,
        group=group,
        details={"serve": row["serve"][:120], "factor": factor},
    )

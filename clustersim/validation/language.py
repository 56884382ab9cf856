"""Language models of an inference benchmark beside serving on the same cards.

A row names a benchmark, whose data set has its lengths, its number of samples and its limits in
``data/validation/mlperf_language.csv``; what of them is assumed is said there. Offline, all samples are there at once
and as many are run as fill the least duration. Under limits the rate is the largest at which 99 % of the requests keep
both. One replica is asked, times those that the cards hold. A plan that the row does not state is the fastest that
fits, by the same model. No constant was found from these rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import ceil
from typing import Any

from clustersim.des.serving.stream import Lengths
from clustersim.errors import ClusterSimError
from clustersim.perf.serving_engine import Layout
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.find_software import UNMEASURED, FoundSoftware, find_software, load_software
from clustersim.schema.formats import number_format
from clustersim.schema.load_one import load_one
from clustersim.schema.profiles import load_model
from clustersim.schema.yamlfile import Document
from clustersim.validation.common import ValidationRow, reason_of
from clustersim.validation.row_files import scenario_text
from clustersim.validation.serving_rows import ServingRecord, labels, number, settings_of
from clustersim.validation.serving_scenario import WORK, Load, outcome_of, serving_document
from clustersim.validation.sites import Unpredictable, card_of
from clustersim.validation.sources import shipped_rows
from clustersim.workloads.serving import detail_of
from clustersim.workloads.work import StageCache

__all__ = ["is_language", "language_row", "language_text"]

#: Share of the requests that keep the limits.
LEVEL = 0.99
#: Requests of a short run, and the share of the best short run's rate from which a plan is asked whole.
_FEW, _NEAR = 1000, 0.85
#: Times that a run is made longer until it lasts as long as it must.
_LONGER = 6
#: Tokens of an iteration and sequences of a replica where the row states none: a submitter's tuning, not a server's
#: defaults; the cache bounds the sequences.
_TOKENS, _SEQUENCES = 8192, 2048


@dataclass(frozen=True, slots=True)
class _Asked:
    """A row as it is asked: one replica's run, how many replicas, the data set, and the limits (none offline)."""

    run: ServingRecord
    replicas: int
    prompt: Lengths
    output: Lengths
    samples: int
    least_s: float
    limits: tuple[float, float] | None


@lru_cache(maxsize=1)
def _sets() -> Mapping[str, Mapping[str, str]]:
    return {line["benchmark"]: line for line in shipped_rows("mlperf_language.csv")}


def is_language(row: Mapping[str, str]) -> bool:
    """Whether a row is of a language model whose data set is described."""
    return row.get("benchmark", "") in _sets()


def language_row(row: Mapping[str, str], measured: float) -> ValidationRow:
    """Predict output tokens per second of all cards; a row that cannot be predicted says why."""
    card, model, reason = row.get("gpu", ""), _sets()[row["benchmark"]]["model"], ""
    predicted, words, details = None, dict[str, Any](), dict[str, Any]()
    way = "offline" if row.get("scenario") == "Offline" else "limit"
    try:
        asked = _asked(row)
        predicted = asked.replicas * _one(asked)
        words = labels(asked.run, asked.prompt.mean, asked.output.mean)
        card = asked.run.card
        details = {
            "network": model, "cards": int(number(row["n_gpus"])), "replicas": asked.replicas,
            "tp": asked.run.layout.tp, "dp": asked.run.layout.dp, "under_latency_limit": asked.limits is not None,
            "prompt_tokens": asked.prompt.mean, "output_tokens": asked.output.mean, "training": False,
        }  # fmt: skip
    except (Unpredictable, ClusterSimError) as error:
        reason = reason_of(error)
    words |= {"domain": way, "family": model}
    return ValidationRow(
        id=row["id"], source=row.get("source", ""), predicted=predicted, measured=measured, unit="tok/s", card=card,
        reason=reason, group=f"{model}, {way}", details=details, **words,
    )  # fmt: skip


def language_text(row: Mapping[str, str]) -> str:
    """Return the row as the text of a scenario file: one of its replicas.

    Raises Unpredictable, or InputError, for a row that is set aside.
    """
    asked = _asked(row)
    head = (
        f"One of {asked.replicas} replicas of row {row['id']} as `validate` predicts it.\n{asked.run.said}\n"
        f"Lengths: {_sets()[row['benchmark']]['source']}"
    )
    return scenario_text(_document(asked, row["id"]), head)


def _asked(row: Mapping[str, str]) -> _Asked:
    line = _sets()[row["benchmark"]]
    if line["why_not"]:
        raise Unpredictable(line["why_not"])
    if number(row.get("gpu_power_limit_w", ""), 0.0) > 0:
        raise Unpredictable("a power limit below the card's own: sustained clocks are not modelled")
    limits = _limits(row, line)
    prompt, output = _lengths(line, "prompt"), _lengths(line, "output")
    base = _record(row, line)
    open_row = _Asked(base, 1, prompt, output, int(line["samples"]), float(line["least_s"]), limits)
    cards = int(number(row["n_gpus"], 1.0))
    plans = [
        replace(open_row, run=replace(base, layout=layout), replicas=cards // layout.cards)
        for layout in _layouts(row, base.model, cards)
    ]
    return plans[0] if _stated(row) else _fastest(plans)


def _fastest(plans: Sequence[_Asked]) -> _Asked:
    """The plan of the largest rate: those near the best of a short run are asked whole, then the next that answers.

    Raises Unpredictable, in the words of the first that is refused, where none can.
    """
    short: list[tuple[float, _Asked]] = []
    refused: list[str] = []
    for asked in plans:
        try:
            rate = outcome_of(asked.run, Load(_FEW, _FEW, asked.prompt, asked.output)).output_tokens_per_s
            short.append((asked.replicas * rate, asked))
        except ClusterSimError as error:
            refused.append(reason_of(error))
    short.sort(key=lambda each: -each[0])
    best: tuple[float, _Asked] | None = None
    for rate, asked in short:
        if best is not None and rate < _NEAR * short[0][0]:
            break
        try:
            whole = asked.replicas * _one(asked)
        except ClusterSimError as error:
            refused.append(reason_of(error))
            continue
        best = (whole, asked) if best is None or whole > best[0] else best
    if best is None:
        raise Unpredictable(refused[0] if refused else "no plan of these cards fits")
    return best[1]


def _limits(row: Mapping[str, str], line: Mapping[str, str]) -> tuple[float, float] | None:
    """TTFT and TPOT that 99 % must keep, in seconds; nothing offline."""
    way = row.get("scenario", "").lower()
    if way == "offline":
        return None
    found = line.get(f"{way}_ttft_s"), line.get(f"{way}_tpot_s")
    if not all(found):
        raise Unpredictable(f"no limits of the scenario {row.get('scenario')!r} are described")
    return number(found[0]), number(found[1])


def _lengths(line: Mapping[str, str], which: str) -> Lengths:
    shape = line[f"{which}_shape"]
    return Lengths(float(line[which]), shape, number(line[f"{which}_spread"], 0.0))


def _software(text: str) -> FoundSoftware:
    """The first of the row's words that names a server, with the release behind it; else what nobody measured."""
    for part in re.split(r"[,;]", text):
        name, _, release = part.strip().partition(" ")
        for said in (name, f"{name}-LLM"):
            try:
                return find_software(said, role="serving", release=release.strip())
            except ClusterSimError:
                continue
    profile = load_software(UNMEASURED["serving"])
    return FoundSoftware(profile, f"the row names no server: constants of {profile.name}")


def _record(row: Mapping[str, str], line: Mapping[str, str]) -> ServingRecord:
    card, found = card_of(re.sub(r" \((preview)\)$", "", row["gpu"])), _software(row.get("software", ""))
    said = row.get("precision", "").casefold()
    width = next((name for name in ("fp4", "fp8", "int8") if name in said), "fp16")
    batch = re.search(r": (\d+)$", row.get("gpu_batch_size", "").strip())
    settings = settings_of(
        {"kv_cache_dtype": line["kv_cache_dtype"] if width != "fp16" else ""},
        max_sequences=int(batch[1]) if batch else _SEQUENCES, max_batched_tokens=_TOKENS,
    )  # fmt: skip
    return ServingRecord(
        card=card.name, model=line["model"], software=found.profile.name, weights=number_format(width), layout=Layout(),
        settings=settings, site_speed=None, said=found.said,
    )  # fmt: skip


def _stated(row: Mapping[str, str]) -> bool:
    return number(row.get("tensor_parallel", ""), 0.0) >= 1


def _layouts(row: Mapping[str, str], model: str, cards: int) -> Iterator[Layout]:
    """The stated degrees, or all that may be: tensor groups of a server, experts over ranks of attention."""
    if _stated(row):
        yield Layout(
            tp=int(number(row["tensor_parallel"])), pp=int(number(row.get("pipeline_parallel", ""), 1.0))
        )
        return
    degrees = [d for d in (1, 2, 4, 8) if d <= cards]
    yield from (Layout(tp=tp) for tp in degrees)
    if load_model(model).moe is not None:
        yield from (Layout(dp=dp, ep=dp) for dp in degrees[1:])


def _one(asked: _Asked) -> float:
    """Output tokens per second of one replica."""
    return _at_limits(asked) if asked.limits is not None else _offline(asked)[0]


@lru_cache(maxsize=256)
def _offline(asked: _Asked) -> tuple[float, int]:
    """Output tokens per second of a replica with all samples there at once, and how many: what is left of the samples
    for it, and no fewer than the least duration takes at that rate."""
    count, rate = ceil(asked.samples / asked.replicas), 0.0
    for _ in range(_LONGER):
        rate = outcome_of(asked.run, Load(count, count, asked.prompt, asked.output)).output_tokens_per_s
        needed = ceil(asked.least_s * rate / asked.output.mean)
        if needed <= 1.05 * count:
            break
        count = needed
    return rate, count


@lru_cache(maxsize=256)
def _at_limits(asked: _Asked) -> float:
    inputs = load_one(Document("row", _document(asked, "row"), {}))
    inputs.require(money=False)
    work = inputs.scenario.demand[WORK]
    assert isinstance(work, ServingWorkload)
    return float(detail_of(inputs, work, StageCache()).capacity.output_tokens_per_s)


def _document(asked: _Asked, name: str) -> dict[str, Any]:
    """The scenario of one replica, as the data of a file."""
    count = ceil(asked.samples / asked.replicas) if asked.limits is not None else _offline(asked)[1]
    load = Load(count, count, asked.prompt, asked.output)
    document = serving_document(asked.run, load, name=name, description="")
    if asked.limits is not None:
        work, (ttft, tpot) = document["demand"][WORK], asked.limits
        work["slo"] = {"ttft": f"{ttft!r} s", "tpot": f"{tpot!r} s", "share": LEVEL}
        del work["traffic"]["closed_loop"], work["traffic"]["whole"]
        work["traffic"]["rate"] = "1 1/s"
    return document

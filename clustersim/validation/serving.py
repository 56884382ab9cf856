"""Measured output throughput of whole engines beside the simulation's, row by row.

The rows are a public performance lab's: an engine is started with a command, then a number of requests is sent at once.
The command says model, formats, plan and options; a column of settings (``serving_rows.SETTINGS``) goes before the
command. A machine that is slower than its like has a speed of its own (``serving_sites.csv``), found from the rows
marked in ``tuned_on``; every other row is a test.

A row is *fair* where its command is complete and its load is stated; the others are listed with the reason.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from clustersim.des.serving.stream import Lengths
from clustersim.errors import ClusterSimError, InputError
from clustersim.perf.serving_engine import Layout
from clustersim.schema.find_software import find_software, is_family
from clustersim.schema.formats import number_format
from clustersim.schema.profiles import load_model
from clustersim.validation.common import NO_MEASUREMENT, ValidationRow, reason_of, require_columns
from clustersim.validation.serving_published import predict_published, stated_published
from clustersim.validation.serving_rows import (
    ServingRecord,
    degree,
    labels,
    model_of,
    number,
    settings_of,
    site_speed,
)
from clustersim.validation.serving_scenario import Load, ServingRow, serving_text
from clustersim.validation.sites import Unpredictable, card_of
from clustersim.validation.sources import filled, shipped_rows

__all__ = ["as_scenario", "predict", "record"]

_TOKENS, _ASKED, _MADE = "Output token throughput (tok/s)", "Total input tokens", "Total generated tokens"
_DONE = "Successful requests"
_NEEDED = ("model", "gpu", "serve", _DONE, _ASKED, _MADE, _TOKENS)

#: What a command calls an option; the programs spell it with hyphens or underscores.
_OPTIONS = {
    "tp": ("-tp", "--tp", "--tp-size", "--tensor-parallel-size"),
    "pp": ("-pp", "--pp", "--pp-size", "--pipeline-parallel-size"),
    "dp": ("-dp", "--dp", "--dp-size", "--data-parallel-size"),
    "ep": ("--ep", "--ep-size"),
    "model": ("--model", "--model-path"),
    "quantization": ("--quantization", "-q"),
    "max_batched_tokens": ("--max-num-batched-tokens", "--max-num-tokens", "--chunked-prefill-size"),
    "max_sequences": ("--max-num-seqs", "--max-batch-size", "--max-running-requests"),
    "kv_cache_dtype": ("--kv-cache-dtype",),
    "memory_share": ("--gpu-memory-utilization", "--mem-fraction-static", "--kv-cache-free-gpu-memory-fraction"),
}  # fmt: skip
_BY_OPTION = {option: name for name, options in _OPTIONS.items() for option in options}


@dataclass(frozen=True, slots=True)
class _Command:
    """A launch command: the program, the model it serves, and its options by their own and by common names."""

    program: str
    model: str
    given: Mapping[str, str]
    flags: frozenset[str]


@lru_cache(maxsize=1024)
def _command(text: str) -> _Command:
    """Read a command's words.

    >>> read = _command("vllm serve Qwen/Qwen3-8B-FP8 -tp 2 --max_num_seqs=64")
    >>> read.program, read.model, read.given["tp"], read.given["max_sequences"]
    ('vllm', 'Qwen/Qwen3-8B-FP8', '2', '64')
    """
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    words = [part for word in words for part in (word.split("=", 1) if word.startswith("-") else [word])]
    program = next((word for word in words if is_family(word, role="serving")), "")
    given: dict[str, str] = {}
    flags, bare = set(), []
    for at, word in enumerate(words):
        if not word.startswith("-") or re.fullmatch(r"-\d+", word):
            if at and words[at - 1].startswith("-") and words[at - 1] != "-m":
                continue
            bare.append(word)
            continue
        option = word if not word.startswith("--") else "--" + word[2:].replace("_", "-")
        flags.add(option)
        after = words[at + 1] if at + 1 < len(words) else ""
        if option in _BY_OPTION and after and not after.startswith("-"):
            given.setdefault(_BY_OPTION[option], after)
    after_program = bare[bare.index(program) + 1 :] if program in bare else []
    served = [word for word in after_program if word not in {"serve", "\\"}]
    return _Command(program, given.get("model") or (served[0] if served else ""), given, frozenset(flags))


def _layout(read: _Command) -> Layout:
    tp, pp, dp, ep = (degree(read.given, key) for key in ("tp", "pp", "dp", "ep"))
    if "--enable-expert-parallel" in read.flags:
        ep = tp * dp
    if "--enable-dp-attention" in read.flags and tp % dp == 0:
        # Attention is split over tp / dp cards of each rank: with one rank, its default, over all (SGLang arguments).
        return Layout(tp=tp // dp, pp=pp, dp=dp, ep=ep if tp % ep == 0 else 1)
    return Layout(tp=tp, pp=pp, dp=dp, ep=ep if (tp * dp) % ep == 0 else 1)


def _weights(read: _Command, model: str, suffix: str) -> str:
    """The format that the command states, that the model's name ends in, or that its makers published."""
    stated = read.given.get("quantization") or suffix
    if stated:
        return stated
    experts = load_model(model).formats.experts
    return experts if experts != "bf16" else "bf16"


def record(row: Mapping[str, str]) -> ServingRecord:
    """Return the run behind a row; a software or setting column goes before the command's words.

    Raises Unpredictable, or InputError with the nearest name, for what has no profile.
    """
    full, read = filled(row), _command(row["serve"].strip())
    name = (full.get("software") or "").strip() or read.program
    if not name:
        raise Unpredictable("neither a column nor the command names the software")
    model, suffix = model_of(read.model)
    found = find_software(name, role="serving", release=(full.get("engine_version") or "").strip())
    return ServingRecord(
        card=card_of(full["gpu"]).name,
        model=model,
        software=found.profile.name,
        weights=number_format(_weights(read, model, suffix)),
        layout=_layout(read),
        settings=settings_of({**read.given, **{k: v for k, v in full.items() if v}}),
        site_speed=site_speed(full),
        said=found.said,
    )


def _load(row: Mapping[str, str], run: ServingRecord) -> Load:
    """All requests at once, or as many users as the row states.

    Round numbers are lengths of a fixed size; the others are conversations (ShareGPT), which spread.
    """
    count = number(row[_DONE])
    isl, osl = number(row[_ASKED]) / count, number(row[_MADE]) / count
    drawn = isl < 400 and abs(isl - 128) > 1.5
    shape, spread = ("lognormal", 1.0) if drawn else ("constant", 0.0)
    users = run.settings.client_concurrency or int(count)
    return Load(
        int(count), users, Lengths(max(isl, 1.0), shape, spread), Lengths(max(osl, 1.0), shape, spread)
    )


def _why_not(row: Mapping[str, str]) -> str:
    """Return why a row is not fair, or an empty text."""
    command = row["serve"].strip()
    if command.endswith("\\"):
        return "the launch command is cut off: its plan and options are not known"
    if any(flag.startswith("--speculative") for flag in _command(command).flags) and not row.get(
        "acceptance"
    ):
        return "speculative decoding without a stated acceptance"
    counts = [number(row[k]) for k in (_DONE, _ASKED, _MADE)]
    if not all(value >= 1 for value in counts):
        return "requests or tokens are missing"
    count, asked, made = counts
    if number(row.get("client_concurrency")) >= 1:
        return ""
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


def identity(row: Mapping[str, str]) -> str:
    """Return what makes a measurement the same measurement."""
    return "|".join(str(row[k]).strip() for k in ("serve", "gpu", _DONE, _ASKED, _MADE, _TOKENS))


@lru_cache(maxsize=1)
def tuned_rows() -> frozenset[str]:
    """Measurements that the speed of a slow machine was found from.

    Per engine and card the fifth with the smallest checksums was taken (at least two of four rows or more), before
    any fit; the shipped rows mark them.
    """
    return frozenset(identity(row) for row in shipped_rows("serving.csv") if row["tuned_on"])


def _copies(rows: list[Mapping[str, str]]) -> set[tuple[str, str, str]]:
    """Measurements that stand under two different cards: at least one of them is not that card's."""
    cards: dict[tuple[str, str, str], set[str]] = {}
    for row in rows:
        cards.setdefault((row["model"], row["serve"], row[_TOKENS]), set()).add(row["gpu"])
    return {key for key, names in cards.items() if len(names) > 1}


def stated(rows: list[Mapping[str, str]]) -> list[ServingRow]:
    """Return every row of the lab's layout as it is asked, repeated measurements once."""
    copies = _copies(rows)
    seen: set[str] = set()
    out = []
    for index, row in enumerate(rows):
        reason = _why_not(row) if number(row[_TOKENS]) > 0 else NO_MEASUREMENT
        if not reason and (row["model"], row["serve"], row[_TOKENS]) in copies:
            reason = "the same figures stand under two different cards"
        if not reason and identity(row) in seen:
            reason = "the same measurement stands in an earlier row"
        seen.add(identity(row))
        out.append(_row(row, row.get("id") or f"row {index + 1}", reason))
    return out


def _row(row: Mapping[str, str], name: str, reason: str) -> ServingRow:
    source = row.get("source") or row["serve"]
    try:
        run = record(row)
        load = _load(row, run)
    except (Unpredictable, ClusterSimError, ZeroDivisionError, ValueError) as error:
        return ServingRow(id=name, source=source, reason=reason or reason_of(error))
    return ServingRow(id=name, source=source, run=run, load=load, reason=reason)


def _checked(rows: Iterable[Mapping[str, str]]) -> list[Mapping[str, str]]:
    given = list(rows)
    if not given:
        raise InputError("serving: no rows")
    if "batch_or_rate" not in given[0]:
        require_columns(given[0], _NEEDED, "serving data")
    return given


def as_scenario(rows: Iterable[Mapping[str, str]], wanted: str) -> str:
    """Return the row of an id as the text of a scenario file: serving it gives the row's prediction."""
    given = _checked(rows)
    return serving_text(stated_published(given) if "batch_or_rate" in given[0] else stated(given), wanted)


def predict(rows: Iterable[Mapping[str, str]]) -> list[ValidationRow]:
    """Predict the output throughput (tok/s) of every row, in the lab's layout or that of published figures.

    Raises InputError where a needed column is missing.
    """
    given = _checked(rows)
    if "batch_or_rate" in given[0]:
        return predict_published(given)
    return [_predicted(row, asked) for row, asked in zip(given, stated(given), strict=True)]


def _predicted(row: Mapping[str, str], asked: ServingRow) -> ValidationRow:
    (outcome, reason), run = asked.outcome(), asked.run
    words: dict[str, Any] = {}
    details: dict[str, object] = {"serve": row["serve"][:120]}
    tuned, group = identity(row) in tuned_rows(), "not predicted"
    if run is not None and asked.load is not None:
        words = labels(run, asked.load.prompt.mean, asked.load.output.mean)
    if run is not None and outcome is not None:
        details |= {"site_speed": run.site_speed, "fitted": outcome.calibrated, "said": run.said}
        group = "tuned" if tuned else "fair" if outcome.calibrated else "not fitted"
    card = run.card if run else row["gpu"]
    cards = run.layout.cards if run else 0
    return ValidationRow(
        id=asked.id,
        source=f"{run.engine if run else _command(row['serve'].strip()).program} {card}".strip(),
        predicted=outcome.output_tokens_per_s if outcome is not None else None,
        measured=number(row[_TOKENS]),
        unit="tok/s",
        card=card,
        reason=reason,
        group=group,
        details=details,
        tuned=tuned,
        question="|".join((row["model"], card, str(cards), *(str(row[k]) for k in (_DONE, _ASKED))))
        if run
        else "",
        **words,
    )

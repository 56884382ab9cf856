"""Real traces as requests: the Azure layout, the Mooncake layout with prefix blocks, and any CSV with named columns.

A line with a missing, negative or unordered field stops the reading with its number; ``skip`` allows a stated
number of such lines to be left out, and says which.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from clustersim.des.serving.book import Requests
from clustersim.errors import InputError, Problem, listed, suggest
from clustersim.reading.guarded import Text, is_file, printable, read_text
from clustersim.reading.jsontext import Limits, parse_json
from clustersim.reading.tables import records

__all__ = ["AZURE", "PLAIN", "SHIPPED", "Trace", "read_trace", "shipped_trace"]

_FOLDER = Path(__file__).resolve().parent.parent.parent / "data" / "traces"

#: column of the arrival, of the prompt tokens, of the output tokens
AZURE = ("TIMESTAMP", "ContextTokens", "GeneratedTokens")
PLAIN = ("arrival_s", "prompt_tokens", "output_tokens")

#: No request has more tokens than this.
MOST_TOKENS = 1_000_000_000
_DATE = re.compile(r"([^.]+?)(?:\.(\d{1,12}))?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
#: Traces that come with the package (attribution beside them).
SHIPPED = {
    "azure-conv": "azure_conv_2023.csv.gz",
    "mooncake-sample": "mooncake_conversation_sample.jsonl.gz",
}


@dataclass(frozen=True, slots=True)
class Trace:
    """Requests of a trace, and the lines that were left out with the reason of each."""

    name: str
    requests: Requests
    skipped: tuple[Problem, ...] = ()


class _BadLine(ValueError):
    """A field of one line is unusable."""


def shipped_trace(name: str) -> Trace:
    """Return a trace that comes with the package.

    >>> shipped_trace("azure-conv").requests.prompt.size
    19366
    """
    if name not in SHIPPED:
        raise InputError(f"trace {name!r} is not shipped; {suggest(name, sorted(SHIPPED))}")
    return read_trace(_FOLDER / SHIPPED[name])


def _seconds(value: Any) -> float:
    """Read seconds, or a date and time (then seconds since 1970)."""
    text = str(value).strip()
    if not text:
        raise _BadLine("the arrival is missing")
    try:
        # A date is told by its colon: an exception for each of many thousand lines would be a third of the reading.
        number = float(text) if ":" not in text else math.nan
    except ValueError:
        number = math.nan
    if number != number:
        try:
            # Azure writes seven digits after the second; Python reads at most six.
            head, digits, zone = _DATE.fullmatch(text).groups("")  # type: ignore[union-attr]
            number = datetime.fromisoformat(head + zone).timestamp() + float(f"0.{digits or 0}")
        except (AttributeError, ValueError, OverflowError, OSError):
            raise _BadLine(
                f"the arrival {printable(text, 40)!r} is neither seconds nor a date and time"
            ) from None
    if not math.isfinite(number) or number < 0:
        raise _BadLine(f"the arrival {printable(text, 40)!r} is negative or not finite")
    return number


def _tokens(value: Any, what: str) -> int:
    text = "" if value is None else str(value).strip()
    if not text:
        raise _BadLine(f"{what} is missing")
    if text.isdecimal() and text.isascii() and 0 < len(text) < 10 and (whole := int(text)) > 0:
        return whole
    try:
        number = float(text)
    except ValueError:
        raise _BadLine(f"{what} {printable(text, 40)!r} is not a number") from None
    if not math.isfinite(number) or number != math.floor(number) or not 1 <= number <= MOST_TOKENS:
        raise _BadLine(
            f"{what} {printable(text, 40)!r} must be a whole number of at least 1 and at most {MOST_TOKENS:,}"
        )
    return int(number)


def _csv_lines(source: Text, columns: tuple[str, str, str] | None) -> Iterator[tuple[int, tuple[Any, ...]]]:
    rows = records(source.text, source.name)
    header = [name.strip() for name in next(rows, (1, []))[1]]
    names = columns or next((c for c in (AZURE, PLAIN) if all(n in header for n in c)), None)
    if names is None or any(name not in header for name in names):
        wanted = " or ".join(", ".join(c) for c in ((names,) if names else (AZURE, PLAIN)))
        has = printable(listed(header)) or "nothing"
        raise InputError(f"{source.name}:1: needs the columns {wanted}; it has: {has}")
    twice = next((name for name in names if header.count(name) > 1), None)
    if twice is not None:
        raise InputError(
            f"{source.name}:1: column {printable(twice, 80)!r} stands twice; which one is meant?"
        )
    at = [header.index(name) for name in names]
    width = max(at)
    for line, row in rows:
        cells = row if len(row) > width else [*row, *[""] * (width + 1 - len(row))]
        yield line, (*(cells[i] for i in at), ())


def _json_lines(source: Text) -> Iterator[tuple[int, tuple[Any, ...]]]:
    for number, line in enumerate(source.text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield number, _json_fields(parse_json(line, source.name, line=number))
        except InputError as error:
            yield number, (_BadLine(str(error).removeprefix(f"{source.name}:{number}: ")),) * 4


def _json_list(source: Text) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """The objects of one JSON list, numbered from 1: where each begins in the text is not known."""
    for number, item in enumerate(parse_json(source.text, source.name, Limits(nodes=None)), start=1):
        try:
            yield number, _json_fields(item)
        except InputError as error:
            yield number, (_BadLine(str(error)),) * 4


def _json_fields(item: Any) -> tuple[Any, ...]:
    if not isinstance(item, Mapping):
        raise InputError("is no JSON object")
    stamp, blocks = item.get("timestamp"), item.get("hash_ids") or []
    if stamp is not None and (isinstance(stamp, bool) or not isinstance(stamp, int | float)):
        raise InputError(f"the timestamp {printable(repr(stamp), 40)} is not a number of milliseconds")
    if not isinstance(blocks, list) or not all(type(b) is int for b in blocks):
        raise InputError("hash_ids must be a list of whole numbers")
    when = "" if stamp is None else stamp / 1000.0
    return when, item.get("input_length"), item.get("output_length"), tuple(blocks)


def read_trace(
    path: str | Path,
    *,
    columns: tuple[str, str, str] | None = None,
    skip: int = 0,
    limit: int | None = None,
    zero_output_is_one: bool = True,
) -> Trace:
    """Read a trace file (CSV, JSON lines or one JSON list, gzip or not) as requests whose first arrival is at zero.

    ``skip`` lines with unusable fields may be left out. An answer of zero tokens, which real traces contain, is
    read as one token (the end token); switch that off with ``zero_output_is_one``.

    Raises InputError naming every bad line (the first twenty) when more than ``skip`` are bad, and for a trace
    without requests.
    """
    file = Path(path)
    try:
        source = read_text(file, packed=True)
    except InputError as error:
        if is_file(file):
            raise
        raise InputError(f"{error}; shipped traces: {', '.join(sorted(SHIPPED))}") from None
    return _parsed(str(file), source, columns, skip, limit, zero_output_is_one)


@lru_cache(maxsize=4)
def _parsed(
    path: str,
    source: Text,
    columns: tuple[str, str, str] | None,
    skip: int,
    limit: int | None,
    zero_output_is_one: bool,
) -> Trace:
    """Return the requests of a text; remembered, since one question asks for them several times."""
    file = Path(path)
    first = source.text.lstrip()[:1]
    if first == "[":
        lines = _json_list(source)
    else:
        is_json = ".jsonl" in file.name or (first == "{" and columns is None)
        lines = _json_lines(source) if is_json else _csv_lines(source, columns)
    arrival: list[float] = []
    prompt: list[int] = []
    output: list[int] = []
    blocks: list[tuple[int, ...]] = []
    bad: list[Problem] = []
    for number, (when, asked, made, hashes) in lines:
        try:
            if isinstance(when, _BadLine):
                raise when
            second = _seconds(when)
            if arrival and second < arrival[-1]:
                raise _BadLine("the arrival is earlier than the line before")
            size = _tokens(asked, "the prompt length")
            answer = (
                1 if zero_output_is_one and str(made).strip() == "0" else _tokens(made, "the output length")
            )
        except _BadLine as error:
            bad.append(
                Problem(str(file), number, "", str(error), "correct the line or allow it to be skipped")
            )
            continue
        arrival.append(second)
        prompt.append(size)
        output.append(answer)
        blocks.append(hashes)
        if limit is not None and len(arrival) >= limit:
            break
    if len(bad) > skip:
        raise InputError(f"{file}: {len(bad)} bad line(s), {skip} may be skipped", bad[:20])
    if not arrival:
        raise InputError(f"{file}: zero arrivals; the trace holds no request")
    start = np.asarray(arrival)
    arrays = (start - start[0], np.asarray(prompt, dtype=np.int64), np.asarray(output, dtype=np.int64))
    for array in arrays:
        array.setflags(write=False)
    requests = Requests(*arrays, tuple(blocks) if any(blocks) else ())
    return Trace(file.name, requests, tuple(bad))

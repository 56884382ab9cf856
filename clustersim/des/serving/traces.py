"""Real traces as requests: the Azure layout, the Mooncake layout with prefix blocks, and any CSV with named columns.

A line with a missing, negative or unordered field stops the reading with its number; ``skip`` allows a stated
number of such lines to be left out, and says which.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from clustersim.des.serving.book import Requests
from clustersim.errors import InputError, Problem, suggest

__all__ = ["AZURE", "PLAIN", "SHIPPED", "Trace", "read_trace", "shipped_trace"]

_FOLDER = Path(__file__).resolve().parent.parent.parent / "data" / "traces"

#: column of the arrival, of the prompt tokens, of the output tokens
AZURE = ("TIMESTAMP", "ContextTokens", "GeneratedTokens")
PLAIN = ("arrival_s", "prompt_tokens", "output_tokens")

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
        number = float(text)
    except ValueError:
        try:
            # Azure writes seven digits after the second; Python reads at most six.
            head, _, tail = text.partition(".")
            number = datetime.fromisoformat(head).timestamp() + (float(f"0.{tail}") if tail else 0.0)
        except ValueError:
            raise _BadLine(f"the arrival {text!r} is neither seconds nor a date and time") from None
    if not math.isfinite(number) or number < 0:
        raise _BadLine(f"the arrival {text!r} is negative or not finite")
    return number


def _tokens(value: Any, what: str) -> int:
    text = "" if value is None else str(value).strip()
    if not text:
        raise _BadLine(f"{what} is missing")
    try:
        number = float(text)
    except ValueError:
        raise _BadLine(f"{what} {text!r} is not a number") from None
    if not math.isfinite(number) or number != math.floor(number) or number < 1:
        raise _BadLine(f"{what} {text!r} must be a whole number of at least 1")
    return int(number)


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
        if path.suffix == ".gz":
            raw = gzip.decompress(raw)
        return raw.decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: no such trace; shipped: {', '.join(sorted(SHIPPED))}") from None
    except (OSError, UnicodeDecodeError, EOFError) as error:
        raise InputError(f"{path}: cannot be read as a trace ({error})") from None


def _csv_lines(
    text: str, path: Path, columns: tuple[str, str, str] | None
) -> Iterator[tuple[int, tuple[Any, ...]]]:
    rows = csv.reader(io.StringIO(text))
    header = [name.strip() for name in next(rows, [])]
    names = columns or next((c for c in (AZURE, PLAIN) if all(n in header for n in c)), None)
    if names is None or any(name not in header for name in names):
        wanted = " or ".join(", ".join(c) for c in ((names,) if names else (AZURE, PLAIN)))
        raise InputError(f"{path}:1: needs the columns {wanted}; it has: {', '.join(header) or 'nothing'}")
    at = [header.index(name) for name in names]
    width = max(at)
    for row in rows:
        if row:
            cells = row if len(row) > width else [*row, *[""] * (width + 1 - len(row))]
            yield rows.line_num, (*(cells[i] for i in at), ())


def _json_lines(text: str) -> Iterator[tuple[int, tuple[Any, ...]]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except json.JSONDecodeError:
            item = {}
        if not isinstance(item, Mapping):
            item = {}
        stamp = item.get("timestamp")
        when = "" if stamp is None else float(stamp) / 1000.0
        yield (
            number,
            (when, item.get("input_length"), item.get("output_length"), tuple(item.get("hash_ids") or ())),
        )


def read_trace(
    path: str | Path,
    *,
    columns: tuple[str, str, str] | None = None,
    skip: int = 0,
    limit: int | None = None,
    zero_output_is_one: bool = True,
) -> Trace:
    """Read a trace file (CSV or JSON lines, gzip or not) as requests whose first arrival is at zero.

    ``skip`` lines with unusable fields may be left out. An answer of zero tokens, which real traces contain, is
    read as one token (the end token); switch that off with ``zero_output_is_one``.

    Raises InputError naming every bad line (the first twenty) when more than ``skip`` are bad, and for a trace
    without requests.
    """
    file = Path(path)
    text = _text(file)
    lines = _json_lines(text) if ".jsonl" in file.name else _csv_lines(text, file, columns)
    arrival: list[float] = []
    prompt: list[int] = []
    output: list[int] = []
    blocks: list[tuple[int, ...]] = []
    bad: list[Problem] = []
    for number, (when, asked, made, hashes) in lines:
        try:
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
    requests = Requests(
        start - start[0],
        np.asarray(prompt, dtype=np.int64),
        np.asarray(output, dtype=np.int64),
        tuple(blocks) if any(blocks) else (),
    )
    return Trace(file.name, requests, tuple(bad))

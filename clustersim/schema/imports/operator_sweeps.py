"""Sweeps of operators (CSV) as rows: matrix products, attention, streams of memory, copies over the host link.

The kind is told by the columns: M, N and K are a product; lengths, heads and head size are attention; bytes alone are a
stream. Where a file gives both a time and a rate they must agree; where it gives a time alone the rate is derived:
2MNK (times the batch) for a product, 4 B H Sq Skv D for attention forward (halved where causal, 2.5 times as much for
the backward pass, 3.5 for both; Dao et al. 2022), the bytes that the file states for a stream.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from clustersim.errors import InputError, Problem, listed
from clustersim.reading.tables import Table
from clustersim.schema.imports.source import (
    Imported,
    ImportOptions,
    Source,
    card_label,
    lowered,
    number_of,
    refuse,
    rows_made,
)

__all__ = ["is_operators", "read_operators"]

COLUMNS = (
    "id", "source", "vendor", "card", "n_cards", "benchmark", "dtype", "shape_or_size", "measured", "unit", "time_s",
    "power_w", "basis", "software", "note",
)  # fmt: skip
#: What a cell is -> its names, units aside.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "m": ("m",), "n": ("n",), "k": ("k",), "batch": ("batch", "b", "batch_size", "batch_count"),
    "sq": ("seqlen", "seq_len", "seqlen_q", "sq", "s", "seq", "sequence_length", "n_ctx"),
    "skv": ("seqlen_k", "seqlen_kv", "skv", "sk"), "heads": ("nheads", "heads", "n_heads", "num_heads", "h"),
    "kv_heads": ("nheads_k", "kv_heads", "num_kv_heads"), "d": ("headdim", "head_dim", "d", "head_size"),
    "causal": ("causal", "is_causal"), "pass": ("mode", "pass", "direction"),
    "bytes": ("size_bytes", "bytes", "size", "array_bytes", "buffer_size_bytes", "message_size"),
    "elements": ("n_elements", "elements", "array_size"), "sizeof": ("sizeof", "element_size"),
    "op": ("op", "operation", "kernel", "function", "benchmark", "test", "name", "provider"),
    "dtype": ("dtype", "precision", "datatype", "data_type", "a_type", "type", "a"),
    "card": ("card", "gpu", "device", "device_name"),
    "n_cards": ("n_cards",), "power": ("power_w", "power"), "software": ("software", "library", "backend"),
    "vendor": ("vendor",), "basis": ("basis",),
}  # fmt: skip
#: A rate's column -> (unit of the row, factor).
_RATES: Mapping[str, tuple[str, float]] = {
    "tflops": ("TFLOPS", 1.0), "tflop/s": ("TFLOPS", 1.0), "tflops/s": ("TFLOPS", 1.0), "gflops": ("TFLOPS", 1e-3),
    "gflop/s": ("TFLOPS", 1e-3), "tops": ("TOPS", 1.0), "gb/s": ("GB/s", 1.0), "gbps": ("GB/s", 1.0),
    "bandwidth_gbs": ("GB/s", 1.0), "bandwidth_gb_s": ("GB/s", 1.0), "gb_per_s": ("GB/s", 1.0), "gbs": ("GB/s", 1.0),
    "bandwidth (gb/s)": ("GB/s", 1.0), "max_mbytes_per_sec": ("GB/s", 1e-3), "mbytes/sec": ("GB/s", 1e-3),
    "mb/s": ("GB/s", 1e-3), "tb/s": ("GB/s", 1e3), "tflops_per_s": ("TFLOPS", 1.0),
    "throughput_tflops": ("TFLOPS", 1.0),
}  # fmt: skip
#: A time's column -> seconds of its unit.
_TIMES: Mapping[str, float] = {
    "time_us": 1e-6, "latency_us": 1e-6, "us": 1e-6, "time (us)": 1e-6, "runtime": 1e-3, "time_ms": 1e-3,
    "latency_ms": 1e-3, "ms": 1e-3, "time (ms)": 1e-3, "latency (ms)": 1e-3, "time_s": 1.0, "seconds": 1.0,
    "min_runtime": 1.0, "time_ns": 1e-9, "latency (us)": 1e-6, "avg_time_us": 1e-6, "duration_us": 1e-6,
}  # fmt: skip
_PASSES = {"fwd": 1.0, "forward": 1.0, "bwd": 2.5, "backward": 2.5, "fwd_bwd": 3.5, "both": 3.5, "": 1.0}
#: Bytes that a stream moves for each byte of one array (BabelStream).
_ARRAYS = {"copy": 2.0, "mul": 2.0, "add": 3.0, "triad": 3.0, "dot": 2.0, "nstream": 4.0}
AGREE = 0.03
_RANK = re.compile(r"^\[\d+\]:")
_PRINTED = re.compile(r"^\s*(?:\[\d+\]:)?transA,.*gflops", re.MULTILINE | re.IGNORECASE)


def _column(cell: str) -> str:
    """A column's name as it is looked for: micro as u, without the name of the library that measured.

    >>> _column("Time (µs)"), _column("hipblaslt-Gflops"), _column("[0]:transA")
    ('time (us)', 'gflops', 'transa')
    """
    bare = lowered(cell).replace("µ", "u").replace("μ", "u")
    return re.sub(r"^(?:\[\d+\]:)?(?:(?:hip|roc|cu)blas(?:lt)?-)?", "", bare)


def _number_format(text: str) -> str:
    """A number format as rows name it, from the libraries' own names.

    >>> _number_format("bf16_r"), _number_format("f8_fnuz_r"), _number_format("int8")
    ('bf16', 'fp8', 'int8')
    """
    own = re.fullmatch(r"(bf16|f16|f32|f64|b?f8|i8)(?:_fnuz)?_r", text.lower())
    names = {
        "bf16": "bf16",
        "f16": "fp16",
        "f32": "fp32",
        "f64": "fp64",
        "f8": "fp8",
        "bf8": "fp8",
        "i8": "int8",
    }
    return names[own[1]] if own else text


def _bench_table(source: Source) -> Table | None:
    """The lines of figures that hipblaslt-bench and rocblas-bench print among others, each below its own header."""
    header, rows, lines = "", [], []
    for number, text in source.lines():
        plain = _RANK.sub("", text.strip())
        if plain.startswith("transA,"):
            if header and plain != header:
                raise InputError(
                    f"{source.name}:{number}: the columns change within the file: give one file each"
                )
            header = plain
        elif header and plain.count(",") == header.count(",") and plain[:1] in "NTC":
            rows.append([cell.strip() for cell in plain.split(",")])
            lines.append(number)
        elif header and re.match(r"[NTC],[NTC],", plain):
            raise InputError(f"{source.name}:{number}: the line is cut off")
    if not header or (source.text.lstrip().startswith("transA,") and not rows):
        return None
    columns = tuple(header.split(","))
    return Table(
        source.name, columns, tuple(dict(zip(columns, row, strict=True)) for row in rows), tuple(lines)
    )


def _found(columns: tuple[str, ...]) -> dict[str, str]:
    have = {_column(c): c for c in columns}
    found = {what: have[name] for what, names in _NAMES.items() for name in reversed(names) if name in have}
    for what, names in (("rate", tuple(_RATES)), ("time", tuple(_TIMES))):
        hit = next((have[name] for name in names if name in have), None)
        if hit is not None:
            found[what] = hit
    return found


def _shape(found: Mapping[str, str]) -> str:
    if {"m", "n", "k"} <= set(found):
        return "gemm"
    if {"sq", "d"} <= set(found) and "heads" in found:
        return "attention"
    return "stream" if "bytes" in found or {"elements", "sizeof"} <= set(found) else ""


def _is_rows(columns: tuple[str, ...]) -> bool:
    """Whether these are rows of operators already."""
    return {"benchmark", "dtype", "shape_or_size", "measured", "unit"} <= {lowered(c) for c in columns}


def is_operators(source: Source) -> bool:
    """Tell whether a CSV is a sweep of operators: shapes or sizes, and a time or a rate of each."""
    if source.archive:
        return False
    found = _found(source.header)
    if _PRINTED.search(source.text[:400_000]):
        return True
    return _is_rows(source.header) or bool(
        len(source.header) > 2 and _shape(found) and ("rate" in found or "time" in found)
    )


def read_operators(source: Source, options: ImportOptions) -> Imported:
    """Return one row an operator and shape.

    Raises InputError naming what is missing, every cell that is no number, and rates that contradict their times.
    """
    table = _bench_table(source) or source.table()
    if _is_rows(table.columns):
        return _as_rows(source, table, options)
    found = _found(table.columns)
    kind = _shape(found)
    if not kind or not ("rate" in found or "time" in found):
        raise InputError(f"{source.name}:1: is no sweep of operators: it needs shapes (m, n, k; or seqlen, nheads,"
                         " headdim; or size_bytes) and a rate (tflops, gb/s) or a time with its unit (time_us);"
                         f" it has: {listed(table.columns)}")  # fmt: skip
    problems: list[Problem] = []
    named = re.search(r"^Device ID \d+\s*:\s*(.+?)(?:\s+gfx\w+)?\s*$", source.text, re.MULTILINE)
    device = named[1] if named else ""
    rows = [_row(source, line, row, found, kind, problems, device) for line, row in table.numbered()]
    if not rows:
        problems.append(Problem(source.name, None, "", "holds no line of figures"))
    refuse(source, f"a sweep of operators ({kind})", problems)
    said = [f"a sweep of operators ({kind}): {len(rows)} rows"]
    lacks = [
        c for c in ("card", "dtype") if not all(row[c] for row in rows if row) and c not in options.given
    ]
    if lacks:
        said.append(f"the file does not name {', '.join(lacks)}: give --given {lacks[0]}=…")
    return rows_made(source, options, "operators", COLUMNS, [row for row in rows if row], said)


def _row(
    source: Source,
    line: int,
    row: Mapping[str, str],
    found: Mapping[str, str],
    kind: str,
    problems: list[Problem],
    device: str = "",
) -> dict[str, Any]:
    before = len(problems)

    def number(what: str, default: float | None = None) -> float:
        text = row[found[what]].strip() if what in found else ""
        if not text and default is not None:
            return default
        value = number_of(text, where=source.name, key=what)
        if isinstance(value, Problem) or value <= 0:
            said = value if isinstance(value, Problem) else Problem(source.name, line, what, f"is {value:g}")
            problems.append(Problem(source.name, line, found.get(what, what), said.what, said.hint))
            return 1.0
        return value

    def word(what: str) -> str:
        return row[found[what]].strip() if what in found else ""

    if kind == "gemm":
        m, n, k, b = number("m"), number("n"), number("k"), number("batch", 1.0)
        work, unit, shape = (
            2 * b * m * n * k / 1e12,
            "TFLOPS",
            f"M={m:g} N={n:g} K={k:g}" + (f" batch={b:g}" if b > 1 else ""),
        )
    elif kind == "attention":
        work, unit, shape = _attention(source, line, number, word, problems)
    else:
        size = number("bytes") if "bytes" in found else number("elements") * number("sizeof")
        arrays = _ARRAYS.get(word("op").lower(), 0.0)
        work, unit, shape = size * arrays / 1e9, "GB/s", f"{size:.0f} B"
    rate, time = None, None
    if "rate" in found and word("rate"):
        unit, scale = _RATES[_column(found["rate"])]
        rate = number("rate") * scale
    if "time" in found and word("time"):
        time = number("time") * _TIMES[_column(found["time"])]
    if rate is None and time is None:
        problems.append(Problem(source.name, line, found.get("rate") or found["time"], "has no value"))
    elif len(problems) == before and time and work:
        derived = work / time
        if rate is None:
            rate = derived
        elif unit in ("TFLOPS", "TOPS") and abs(rate - derived) > AGREE * derived:
            problems.append(Problem(source.name, line, found["rate"], f"{rate:g} {unit} contradicts {work:.4g} T of"
                                    f" operations in {time:.4g} s ({derived:.4g} {unit})"))  # fmt: skip
    elif rate is None and len(problems) == before:
        problems.append(Problem(source.name, line, "bytes", "a time alone says no rate: the file must state it, or name"
                                f" a stream's kernel ({', '.join(_ARRAYS)})"))  # fmt: skip
    card = word("card") or device
    return {
        "vendor": word("vendor"), "card": card_label(card) if card else "", "n_cards": word("n_cards") or 1,
        "benchmark": f"{kind}/{word('op')}" if word("op") else kind, "dtype": _number_format(word("dtype")),
        "shape_or_size": shape,
        "measured": rate, "unit": unit, "time_s": time, "power_w": word("power"), "basis": word("basis") or "per card",
        "software": word("software"),
        "note": "" if "rate" in found else "rate derived from the time",
    }  # fmt: skip


def _attention(
    source: Source, line: int, number: Any, word: Any, problems: list[Problem]
) -> tuple[float, str, str]:
    b, h, d, sq = number("batch", 1.0), number("heads"), number("d"), number("sq")
    skv = number("skv", sq)
    causal = word("causal").lower() in ("true", "1", "yes")
    which = word("pass").lower()
    if which not in _PASSES:
        problems.append(
            Problem(source.name, line, "pass", f"{which!r} is none of {', '.join(filter(None, _PASSES))}")
        )
    work = 4 * b * h * sq * skv * d * (0.5 if causal else 1.0) * _PASSES.get(which, 1.0) / 1e12
    shape = f"B={b:g} H={h:g} Sq={sq:g} Skv={skv:g} D={d:g}" + (" causal" if causal else "")
    return work, "TFLOPS", f"{shape} {which}".strip()


def _as_rows(source: Source, table: Table, options: ImportOptions) -> Imported:
    """Rows that are operators' already: each value is checked, none is changed; those without one are counted."""
    names = {lowered(c): c for c in table.columns}
    problems: list[Problem] = []
    rows, empty = [], 0
    for line, row in table.numbered():
        text = row[names["measured"]].strip()
        if not text:
            empty += 1
            continue
        value = number_of(text, where=source.name, key="measured")
        if isinstance(value, Problem) or value <= 0:
            what = value.what if isinstance(value, Problem) else f"is {value:g}"
            problems.append(Problem(source.name, line, "measured", what, getattr(value, "hint", "")))
            continue
        kept = {c: row[names[c]].strip() for c in COLUMNS if c in names and c != "source"}
        origin = next(
            (row[names[c]] for c in ("source_path", "source", "claimed_by") if c in names and row[names[c]]),
            "",
        )
        unit = kept.get("unit", "")
        note = kept.get("note", "") + ("" if unit else "; no unit is stated")
        rows.append(kept | {"source": origin, "measured": value, "note": note.strip("; ")})
    if not rows and not problems:
        problems.append(Problem(source.name, None, "measured", "no row has a value"))
    refuse(source, "a table of operators", problems)
    said = [f"a table of operators: {len(rows)} rows"] + (
        [f"{empty} rows without a value are left out"] if empty else []
    )
    return rows_made(source, options, "operators", COLUMNS, rows, said)

"""The JSON of the measuring kit as rows: operators, collectives, power, a training step, a serving run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from clustersim.errors import InputError, Problem, suggest
from clustersim.schema.imports import (
    bench_rows,
    collective_logs,
    operator_sweeps,
    power_samples,
    training_logs,
)
from clustersim.schema.imports.source import Imported, ImportOptions, Source, card_label, refuse, rows_made

__all__ = ["is_kit", "read_kit"]

FORMAT, VERSION = "clustersim-measure", 1
#: Table of the kit -> columns of its rows, and the column that names the card.
_TABLES: dict[str, tuple[tuple[str, ...], str]] = {
    "operators": (operator_sweeps.COLUMNS, "card"),
    "collectives": (collective_logs.COLUMNS, "gpu"),
    "power": (power_samples.COLUMNS, "gpu"),
    "training": (training_logs.COLUMNS, "gpu"),
    "serving": (bench_rows.COLUMNS, "gpu"),
}
#: Cells that the kit has beside the columns: how many calls stand behind a median.
_BESIDE = {"calls"}
#: Columns of measurements: a finite number above 0 each.
_MEASURED = {
    "measured", "time_s", "iteration_time_s", "tokens_per_s", "ttft_ms", "tpot_ms", "algbw_GBs", "busbw_GBs",
    "power_busy_w", "power_mean_w",
}  # fmt: skip


def is_kit(source: Source) -> bool:
    """Tell whether a JSON is the measuring kit's."""
    return len(source.objects) == 1 and source.objects[0].get("format") == FORMAT


def read_kit(source: Source, options: ImportOptions) -> Imported:
    """Return the tables of a kit's JSON: its first, with the others as ``more``.

    Raises InputError for another version, a table or column that the kit does not write, and a measurement that is no
    number above 0; all at once.
    """
    if source.not_json is not None:
        raise source.not_json
    if len(source.objects) != 1:
        found = f"it holds {len(source.objects)} JSON objects" if source.objects else "it is no JSON"
        raise InputError(f"{source.name}: is no result of the measuring kit: {found}; the kit writes one")
    data = source.objects[0]
    if data.get("version") != VERSION:
        raise InputError(
            f"{source.name}: version: {data.get('version')!r} is not {VERSION}; take the kit of this release"
        )
    tables = data.get("rows")
    if not isinstance(tables, Mapping) or not any(tables.values()):
        raise InputError(f"{source.name}: rows: is empty: nothing was measured{_why(data)}")
    problems: list[Problem] = []
    for name, rows in tables.items():
        _check(source, str(name), rows, problems)
    refuse(source, "a result of the measuring kit", problems)
    given = {("gpu" if key == "card" else key): value for key, value in options.given.items()}
    card = (
        given.pop("gpu", "") or str(data.get("card") or "") or card_label(str(data.get("device_name") or ""))
    )
    known = {column for columns, _ in _TABLES.values() for column in columns}
    unknown = next((key for key in given if key not in known), None)
    if unknown is not None:
        raise InputError(
            f"--given {unknown}: no row of the kit has such a column; {suggest(unknown, sorted(known))}"
        )
    made = [
        _table(source, options, str(name), rows, data, card, given) for name, rows in tables.items() if rows
    ]
    first, *rest = made
    said = [
        f"measured on {card or 'a card that the file does not name (--given card=…)'}, {data.get('software')}"
    ]
    said += [f"not measured: {p.get('step')}: {p.get('why')}" for p in data.get("not_measured") or ()]
    return replace(first, kind="kit", said=(*said, *first.said), more=tuple(rest))


def _why(data: Mapping[str, Any]) -> str:
    reasons = [
        f"{p.get('step')}: {p.get('why')}" for p in data.get("not_measured") or () if isinstance(p, Mapping)
    ]
    return f" ({'; '.join(reasons)})" if reasons else ""


def _check(source: Source, name: str, rows: Any, problems: list[Problem]) -> None:
    if name not in _TABLES:
        problems.append(
            Problem(source.name, None, f"rows.{name}", "is no table of the kit", suggest(name, list(_TABLES)))
        )
        return
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        problems.append(Problem(source.name, None, f"rows.{name}", "is no list of rows"))
        return
    known = {*_TABLES[name][0], *_BESIDE}
    for number, row in enumerate(rows):
        for key, value in row.items():
            at = f"rows.{name}.{number}.{key}"
            if key not in known:
                problems.append(
                    Problem(source.name, None, at, "is no column of the table", suggest(key, sorted(known)))
                )
            elif key in _MEASURED and not _positive(value):
                problems.append(
                    Problem(source.name, None, at, f"is {value!r}", "it must be a number above 0")
                )


def _positive(value: Any) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0
    )


def _table(
    source: Source, options: ImportOptions, name: str, rows: list[Mapping[str, Any]], data: Mapping[str, Any],
    card: str, given: Mapping[str, str],
) -> Imported:  # fmt: skip
    columns, named = _TABLES[name]
    stem = options.name or source.stem
    own = ImportOptions(f"{stem}.{name}", given={k: v for k, v in given.items() if k in columns})
    cells: dict[str, Any] = {named: card, "source": f"clustersim measure, {card}"}
    if name == "serving":
        cells |= {"system": card, "backend": "", "software": ""}
    if name == "operators":
        cells |= {"n_cards": 1, "basis": "per card", "software": data.get("software") or ""}
    whole = [
        {**{k: v for k, v in cells.items() if k in columns}, **{k: v for k, v in row.items() if k in columns}}
        for row in rows
    ]
    return rows_made(source, own, name, columns, whole, date=str(data.get("date") or ""))

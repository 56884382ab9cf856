"""Options and output that every command shares: ``--format``, ``--set``, tables, progress, safe writing."""

from __future__ import annotations

import json
import math
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import click

from clustersim.errors import InputError
from clustersim.reading.guarded import GBK, printable
from clustersim.writing import write_beside

__all__ = [
    "emit_object", "emit_rows", "format_option", "output_folder", "progress", "set_option", "stated_plans_option",
    "stated_plans_set", "write_beside",
]  # fmt: skip

F = TypeVar("F", bound=Callable[..., Any])
#: What JSON leaves as it is and a terminal obeys.
_UNPRINTED = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
FORMATS = ("table", "json", "csv", "md")


def format_option(*formats: str) -> Callable[[F], F]:
    """Add ``-f/--format``; the default is a table on a terminal and JSON in a pipe."""
    return click.option(
        "-f",
        "--format",
        "fmt",
        type=click.Choice(formats or FORMATS),
        default=lambda: "table" if sys.stdout.isatty() else "json",
        show_default="table on a terminal, json in a pipe",
        help="How the result is printed.",
    )


def set_option(function: F) -> F:
    """Add ``--set KEY=VALUE`` (repeatable): overrides of any input by its key, units included."""
    return click.option(
        "--set",
        "sets",
        multiple=True,
        metavar="KEY=VALUE",
        help="Override an input, for example --set tco.tariff='0.6 CNY/kWh'. Repeatable.",
    )(function)


def stated_plans_option(function: F) -> F:
    """Add ``--stated-plans``: a plan that one side alone states may be held against the other's best."""
    return click.option(
        "--stated-plans",
        is_flag=True,
        help="Let a plan that one side alone states be held against the best plan of the other.",
    )(function)


def stated_plans_set(allowed: bool) -> list[str]:
    """Return the override that the flag stands for."""
    return ["market.stated_plans=true"] if allowed else []


def _plain(value: Any) -> Any:
    """Make a value fit for JSON: NaN and infinity have no JSON form and become null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if hasattr(value, "item") and not isinstance(value, str | bytes):
        return _plain(value.item() if getattr(value, "ndim", 0) == 0 else value.tolist())
    if isinstance(value, Decimal):
        return _plain(float(value))
    return value if value is None or isinstance(value, str | int) else str(value)


def to_json(value: Any) -> str:
    """Return JSON text with stable key order as given; what would move a terminal's cursor is escaped."""
    text = json.dumps(_plain(value), indent=2, ensure_ascii=False, allow_nan=False)
    return _UNPRINTED.sub(lambda m: f"\\u{ord(m[0]):04x}", text)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"
    return printable(str(value), 10_000).replace("\n", "\\n").replace("\t", "\\t")


def _width(text: str) -> int:
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def render_table(rows: Sequence[Mapping[str, Any]], fmt: str) -> str:
    """Render rows of equal keys as an aligned table or as Markdown."""
    if not rows:
        return "(no rows)"
    names = list(rows[0])
    columns = [_cell(name) for name in names]
    cells = [[_cell(row.get(c)) for c in names] for row in rows]
    if fmt == "md":
        lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
        escaped = [[text.replace("|", "\\|") for text in line] for line in cells]
        return "\n".join(lines + ["| " + " | ".join(line) + " |" for line in escaped])
    numeric = [all(isinstance(r.get(c), int | float | None) for r in rows) for c in names]
    widths = [max(_width(c), *(_width(line[i]) for line in cells)) for i, c in enumerate(columns)]

    def line(parts: Sequence[str]) -> str:
        padded = [
            " " * (widths[i] - _width(p)) + p if numeric[i] else p + " " * (widths[i] - _width(p))
            for i, p in enumerate(parts)
        ]
        return "  ".join(padded).rstrip()

    return "\n".join([line(columns), line(["-" * w for w in widths]), *map(line, cells)])


def emit_rows(rows: Sequence[Mapping[str, Any]], fmt: str) -> None:
    """Print rows to stdout in the chosen format."""
    if fmt == "json":
        click.echo(to_json(list(rows)))
    elif fmt == "csv":
        from clustersim.report.csvtext import rows_text

        click.echo(rows_text(rows) or "\n", nl=False)
    else:
        click.echo(render_table(rows, fmt))


def emit_object(value: Mapping[str, Any], fmt: str, table: Callable[[], str]) -> None:
    """Print one object: JSON as it is, or the text that ``table`` makes of it."""
    click.echo(to_json(value) if fmt == "json" else table())


def say(text: str) -> None:
    """Say something beside the data, on stderr; a name in it moves no cursor."""
    click.echo(printable(text, 10_000), err=True)


def tell_encoding(name: str, encoding: str) -> None:
    """Say on stderr that a file was taken for GBK: nothing in it declares that."""
    if encoding == GBK:
        say(f"{name}: read as GBK")


def refuse_blank(path: str) -> None:
    """Raise InputError for an empty name of a folder, which would mean the one that the user happens to be in."""
    if not path.strip():
        raise InputError("-o '': names no folder; give one, or -o . for this one")


def output_folder(path: str) -> Path:
    """Return a folder that can be written, making it if needed.

    Raises InputError when it cannot be made or written; nothing in it is touched.
    """
    refuse_blank(path)
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".probe-"):
            pass
    except FileExistsError:
        raise InputError(f"{path}: is a file; give a folder for the results") from None
    except ValueError:
        raise InputError(f"{path!r}: no folder can have this name") from None
    except OSError as error:
        raise InputError(
            f"{path}: cannot write there ({error.strerror}); give another folder with -o"
        ) from None
    return folder


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Callable[[str], None]]:
    """Show progress on stderr when it is a terminal; yields a function that advances by one step with its name."""
    if not sys.stderr.isatty():
        yield lambda name: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda name: bar.update(task, advance=1, description=f"{label}: {name}")

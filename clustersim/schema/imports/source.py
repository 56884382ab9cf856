"""What every door has in common: the file as it was read, what the user says beside it, and the rows that it becomes.

A row that was measured says so: ``tier`` measured, the file's name, its SHA-256, and the date that the file states, or
else that of its last change.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from clustersim.errors import InputError, Problem, suggest
from clustersim.reading.guarded import Text, printable, stamp
from clustersim.reading.jsontext import Limits, parse_json
from clustersim.reading.tables import MOST_COLUMNS, Table, parse_table
from clustersim.schema.lookup import exact_name

__all__ = [
    "PROVENANCE", "Fields", "ImportOptions", "Imported", "Source", "card_label", "csv_text", "lowered", "number_of",
    "refuse",
    "rows_made",
]  # fmt: skip

#: Columns that every measured row has beside its own.
PROVENANCE = ("tier", "file", "sha256", "date")
_FREE = Limits(nodes=None, infinite=True)
_JSON = re.compile(
    r"\s*(?:\{\s*(?:[\"}]|$)|\[\s*(?:[\[{\"\]]|$|(?:-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|true|false|null)\s*[,\]]))"
)
_COMMA = re.compile(r"[+-]?\d+,\d+")
_SIZE = re.compile(r"^(\d+\s?G(i?B)?|HBM\d\w*|SXM\d?|OAM)$", re.IGNORECASE)
_REPORTED = 20


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the user may say beside the file.

    ``name`` is that of what is made, ``ignored`` are keys that change nothing, ``given`` are columns that the file does
    not tell, ``columns`` those of a request log, ``skip`` the lines that may be left out.
    """

    name: str = ""
    ignored: tuple[str, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    skip: int = 0


@dataclass(frozen=True, slots=True)
class Imported:
    """What an importer made: its kind, name and folder, the file's text, and the checked object or the rows."""

    kind: str
    name: str
    folder: str
    text: str
    content: Any = None
    rows: tuple[dict[str, Any], ...] = ()
    said: tuple[str, ...] = ()
    ending: str = "yaml"
    provenance: Mapping[str, str] = field(default_factory=dict)
    """Tier, file, digest and date of rows that have no columns for them: traces and logs of events."""
    more: tuple[Imported, ...] = ()
    """Further tables of the same file, each a file of its own."""


@dataclass(frozen=True)
class Source:
    """A file from outside, read once: its text where it is text, its bytes where it is an archive."""

    path: Path
    text: str
    encoding: str
    sha256: str
    archive: bool = False

    @property
    def name(self) -> str:
        """The file's name for messages."""
        return printable(str(self.path))

    @property
    def stem(self) -> str:
        """A name for what is made of the file."""
        plain = re.sub(r"[^a-z0-9.]+", "-", self.path.name.lower().partition(".")[0]).strip("-.")
        return plain or "import"

    @property
    def changed(self) -> str:
        """The date of the last change, ``YYYY-MM-DD``."""
        return datetime.fromtimestamp(stamp(self.path) / 1e9, UTC).date().isoformat()

    @cached_property
    def _json(self) -> tuple[tuple[Any, ...], InputError | None]:
        """The JSON values of the file (several where every line is one), or why there are none."""
        if not self._like_json:
            return (), InputError(f"{self.name}: is no JSON")
        try:
            return (parse_json(self.text, self.name, _FREE),), None
        except InputError as error:
            whole = error
        lines = [(n, line) for n, line in enumerate(self.text.split("\n"), 1) if line.strip()]
        if len(lines) < 2 or not lines[1][1].lstrip().startswith("{"):
            return (), whole
        try:
            return tuple(parse_json(line, self.name, _FREE, line=n) for n, line in lines), None
        except InputError as error:
            return (), error

    @property
    def objects(self) -> tuple[dict[str, Any], ...]:
        """The JSON objects of the file: one, one a line, or those of a list."""
        values = self._json[0]
        if len(values) == 1 and isinstance(values[0], list):
            values = tuple(values[0])
        return (
            tuple(v for v in values if isinstance(v, dict))
            if all(isinstance(v, dict) for v in values)
            else ()
        )

    @property
    def not_json(self) -> InputError | None:
        """What is wrong with a text that begins like JSON."""
        return self._json[1] if self._like_json else None

    @property
    def _like_json(self) -> bool:
        """Whether the text begins as JSON does; a log's lines begin with [rank0] or [2026-01-01 as well."""
        return bool(_JSON.match(self.text))

    @cached_property
    def _table(self) -> tuple[Table | None, InputError | None]:
        try:
            return parse_table(Text(self.name, self.text, self.encoding)), None
        except InputError as error:
            return None, error

    @cached_property
    def header(self) -> tuple[str, ...]:
        """The cells of the first line that is not blank, where commas separate them; lower case, for signs."""
        first = next((line for line in self.text.split("\n", 50) if line.strip()), "")
        cells = first.strip().lstrip("#").split(",", MOST_COLUMNS)[:MOST_COLUMNS]
        return tuple(lowered(cell) for cell in cells)

    def table(self) -> Table:
        """Return the file as a table; raises InputError as ``parse_table`` does."""
        table, error = self._table
        if table is None:
            raise error or InputError(f"{self.name}: is no table")
        return table

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield the number and text of every line."""
        return enumerate(self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1)


def lowered(cell: str) -> str:
    """Return a column's name as it is compared: lower case, without marks of quotation around it.

    >>> lowered(' "Power.Draw [W]" ')
    'power.draw [w]'
    """
    return cell.strip().strip('"').strip().lower()


def card_label(text: str) -> str:
    """Return the name of the card's profile that a driver's name means; the text itself where there is none.

    Words of memory size and form factor are dropped from the end while no profile goes by the name.

    >>> card_label("NVIDIA H100 80GB HBM3"), card_label("NVIDIA H100 PCIe"), card_label("Voodoo 2")
    ('H100', 'H100-PCIe', 'Voodoo 2')
    """
    words = text.replace("_", " ").split()
    while words:
        found = exact_name("hwprofiles/cards", " ".join(words))
        if found is not None:
            return found
        if not _SIZE.match(words[-1]):
            break
        words.pop()
    return text.strip()


def number_of(text: object, *, where: str = "", key: str = "") -> float | Problem:
    """Read a finite number, or return what is wrong with it; a decimal comma is told, not guessed.

    >>> number_of("12.5"), number_of("12,5", where="a.log", key="time").what
    (12.5, "'12,5' is written with a decimal comma")
    """
    plain = str(text).strip()
    try:
        value = math.nan if isinstance(text, bool) else float(plain)
    except ValueError:
        value = math.nan
    if math.isfinite(value):
        return value
    if _COMMA.fullmatch(plain):
        return Problem(where, None, key, f"{plain!r} is written with a decimal comma",
                       "write numbers with a point (LC_ALL=C), the comma may also part thousands")  # fmt: skip
    return Problem(where, None, key, f"{printable(plain, 40)!r} is no number")


class Fields:
    """The fields of one JSON object by dotted keys, with everything that is wrong with them."""

    def __init__(self, file: str, data: Mapping[str, Any]) -> None:
        self.file, self.data = file, data
        self.problems: list[Problem] = []

    def get(self, *keys: str) -> Any:
        """Return the first of the keys that is there and not null."""
        for key in keys:
            value: Any = self.data
            for part in key.split("."):
                if isinstance(value, list) and value and part.isdigit():
                    value = value[int(part)] if int(part) < len(value) else None
                else:
                    value = value.get(part) if isinstance(value, Mapping) else None
                if value is None:
                    break
            if value is not None:
                return value
        return None

    def text(self, *keys: str) -> str:
        """Return a field as text, empty where it is missing or no text."""
        value = self.get(*keys)
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        return value.strip() if isinstance(value, str) else ""

    def bound(self, *keys: str) -> float | None:
        """Return a number that may be without bound, as a rate of arrivals or a client's users: then None."""
        value = self.get(*keys)
        return None if str(value).strip().lower() in ("inf", "infinity") else self.number(*keys)

    def number(self, *keys: str, needed: bool = False) -> float | None:
        """Return a positive number; keep a problem of one that is none, and of one that is needed and missing."""
        value = self.get(*keys)
        if value is None:
            if needed:
                self.problems.append(Problem(self.file, None, keys[0], "is missing"))
            return None
        read = number_of(value, where=self.file, key=keys[0])
        if isinstance(read, Problem):
            if str(value).strip().lower() not in ("n/a", "none", ""):
                self.problems.append(read)
            return None
        if read < 0 or (needed and read == 0):
            self.problems.append(
                Problem(self.file, None, keys[0], f"is {read:g}, which nothing measured can be")
            )
            return None
        return read


def rows_made(
    source: Source, options: ImportOptions, kind: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]],
    said: Sequence[str] = (), *, date: str = "", tier: str = "measured",
) -> Imported:  # fmt: skip
    """Return measured rows with their provenance, the user's own columns filled in, as one CSV.

    Raises InputError for a column that these rows do not have.
    """
    every = (*columns, *PROVENANCE)
    for column in options.given:
        if column not in columns:
            raise InputError(
                f"--given {column}: rows of kind {kind} have no such column; {suggest(column, columns)}"
            )
    stated = {"tier": tier, "file": source.path.name, "sha256": source.sha256, "date": date or source.changed}
    name = options.name or source.stem
    out = []
    for number, row in enumerate(rows, 1):
        whole = {column: row.get(column, "") for column in columns} | stated
        whole["date"] = row.get("date") or stated["date"]
        if "id" in whole:
            whole["id"] = whole["id"] or f"{name}-{number}"
        if "source" in whole:
            whole["source"] = whole["source"] or source.path.name
        out.append(whole | dict(options.given))
    notes = list(said)
    if not date and not any(row.get("date") for row in rows):
        notes.append("the file states no date: that of its last change is taken")
    return Imported(
        kind, name, "measured", csv_text(out, every), rows=tuple(out), said=tuple(notes), ending="csv"
    )


def csv_text(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    r"""Return rows as CSV text.

    >>> csv_text([{"a": 1.0, "b": "x"}], ["a", "b"])
    'a,b\n1,x\n'
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([[_cell(row.get(column, "")) for column in columns] for row in rows])
    return out.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.12g}"
    return str(value)


def refuse(source: Source, form: str, problems: Sequence[Problem]) -> None:
    """Raise InputError with every problem of a format's file, where there are any."""
    if problems:
        raise InputError(f"{source.name}: is {form}, but {len(problems)} thing(s) are missing or wrong",
                         problems[:_REPORTED])  # fmt: skip

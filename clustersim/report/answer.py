"""What a question gives, whatever was asked: one object with its data, its page, its rows and its files.

The command line prints it, a notebook shows it, and a folder keeps it; no other place decides how an answer looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Self

from clustersim.errors import ClusterSimError, InputError
from clustersim.reading.guarded import printable
from clustersim.report.spoken import spoken
from clustersim.report.text import render_table, table_cells, to_json
from clustersim.writing import write_beside, write_bytes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FORMATS", "Answer", "Block", "Row", "csv_of", "flat", "html_of", "listed", "short"]

FORMATS = ("table", "json", "csv", "md")
#: Bytes of a file's name, and of the beginning that it has while it is written.
LONGEST_NAME = 200
#: A representation longer than this hides what it represents.
MOST_REPR = 2_000
_REPR_LINE = 110

Row = Mapping[str, Any]
#: A page is made of lines and of tables (rows of equal keys).
Block = str | Sequence[Row]


def flat(value: object, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every leaf of nested mappings and lists with its dotted key.

    >>> list(flat({"a": {"b": 1}, "c": [2, 3]}))
    [('a.b', 1), ('c.0', 2), ('c.1', 3)]
    """
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from flat(item, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from flat(item, f"{key}.{number}" if key else str(number))
    else:
        yield key, value


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer, and every form that it has.

    Attributes:
        name: what its file is called.
        data: plain values: what JSON prints.
        page: makes the lines and tables that people read; absent: the rows as one table.
        rows: the table that CSV prints; absent: every leaf of the data with its key.
        files: makes the further files of its folder by name: text, bytes, a figure, or what writes it to a path.
        raw: the file that was asked for (a scenario, a block of YAML), shown where no form of the figures is asked for.
        keeps_json: whether a folder keeps the data as NAME.json beside the files.
        alone: whether a folder may hold nothing but the files.
        said: what is said beside the data.
        failed: the error that the answer ends with, once it is shown and kept.
    """

    name: str
    data: object
    page: Callable[[], Sequence[Block]] | None = None
    rows: Sequence[Row] | None = None
    files: Callable[[], Mapping[str, Any]] = dict
    raw: str | None = None
    keeps_json: bool = True
    alone: bool = False
    said: Sequence[str] = ()
    failed: ClusterSimError | None = None

    @cached_property
    def table(self) -> Sequence[Row]:
        """The answer as rows of equal keys."""
        if self.rows is not None:
            return self.rows
        return [{"key": key, "value": value} for key, value in flat(self.data)]

    @cached_property
    def blocks(self) -> Sequence[Block]:
        """The answer as lines and tables."""
        return self.page() if self.page is not None else [self.table]

    def text(self, fmt: str = "table") -> str:
        """Return the answer as a table, JSON, CSV or Markdown; raises InputError for another format.

        Tables and Markdown are in the language that was chosen (``clustersim.speaking``).
        """
        if fmt == "json":
            return to_json(self.data)
        if fmt == "csv":
            from clustersim.report.csvtext import rows_text

            return rows_text(self.table).removesuffix("\n")
        if fmt not in FORMATS:
            raise InputError(f"{fmt!r} is no format; write one of {', '.join(FORMATS)}")
        gap = "\n\n" if fmt == "md" else "\n"
        return gap.join(spoken(b) if isinstance(b, str) else render_table(b, fmt) for b in self.blocks)

    def with_said(self, said: Sequence[str]) -> Self:
        """Return the answer with more said beside it."""
        return replace(self, said=[*self.said, *said])

    def without_raw(self) -> Answer:
        """Return the answer as its figures, not as the file that it becomes."""
        return replace(self, raw=None)

    def as_file(self) -> Answer:
        """Return the answer as the file that it becomes, in every format that people read."""
        text = (self.raw or "").rstrip("\n")
        return replace(self, page=lambda: [text])

    def to_dict(self) -> Any:
        """Return the data as plain values: what JSON prints."""
        return self.data

    def to_frame(self) -> pd.DataFrame:
        """Return the rows as a DataFrame."""
        import pandas as pd

        return pd.DataFrame(list(self.table))

    def write(
        self, folder: str | Path, *, tell: Callable[[int, int], None] = lambda done, of: None
    ) -> list[Path]:
        """Write the answer as JSON, with its tables and figures, into a folder that is made where it is missing.

        ``tell`` is told how many of the files are written.

        Raises InputError where the folder cannot be written, and where it holds other files and may not.
        """
        at = Path(folder)
        files = self.files()
        if self.alone:
            _refuse_others(at, files)
        try:
            at.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{folder}: cannot write there ({error.strerror})") from None
        for name in files:
            _refuse_outside(at, name)
        written = []
        if self.keeps_json:
            written = [at / f"{self.name}.json"]
            write_bytes(written[0], f"{to_json(self.data)}\n".encode())
        for name, content in files.items():
            (at / name).parent.mkdir(parents=True, exist_ok=True)
            with write_beside(at / name) as temporary:
                _put(content, temporary)
            written.append(at / name)
            tell(len(written), len(files) + int(self.keeps_json))
        return written

    def __repr__(self) -> str:
        return short(self.blocks)

    def _repr_html_(self) -> str:
        return "\n".join(html_of(block) for block in self.blocks)


def _refuse_outside(folder: Path, name: str) -> None:
    """Raise InputError for the name of a file that would not lie in the folder, or that no file can have."""
    parts = PurePath(name).parts
    if PurePath(name).is_absolute() or ".." in parts or "\0" in name or not parts:
        raise InputError(
            f"{printable(name, 80)}: is no name of a file in {folder}; give a name without a path"
        )
    if any(len(part.encode(errors="replace")) > LONGEST_NAME for part in parts):
        raise InputError(f"{printable(name, 80)}: is too long for the name of a file; give a shorter one")


def short(blocks: Sequence[Block]) -> str:
    """Return lines and tables as text of at most 2,000 characters; what is left out is said."""
    text = "\n".join(spoken(block) if isinstance(block, str) else render_table(block) for block in blocks)
    lines = [line for line in text.splitlines() if line.strip()]
    shown: list[str] = []
    for line in lines:
        cut = line if len(line) <= _REPR_LINE else f"{line[: _REPR_LINE - 1]}…"
        if sum(map(len, shown)) + len(shown) + len(cut) > MOST_REPR - 100:
            return "\n".join([*shown, f"… {len(lines) - len(shown)} more lines: .text() has all of them"])
        shown.append(cut)
    return "\n".join(shown)


def html_of(block: Block) -> str:
    """Return a line or a table as HTML."""
    from html import escape  # its table of entities is long, and a terminal shows none

    if isinstance(block, str):
        return f"<pre>{escape(spoken(block))}</pre>" if block.strip() else ""
    if not block:
        return "<p>(no rows)</p>"
    columns, *cells = table_cells(block)
    head = "".join(f"<th>{escape(c)}</th>" for c in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in cells)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def listed(name: str, rows: Sequence[Row], **more: Any) -> Answer:
    """Return an answer that is one table."""
    return Answer(name=name, data=list(rows), rows=list(rows), **more)


def csv_of(rows: Sequence[Row]) -> bytes:
    """Return rows as the bytes of a CSV file."""
    from clustersim.report.csvtext import rows_text

    return rows_text(rows).encode()


def _refuse_others(folder: Path, files: Mapping[str, Any]) -> None:
    """Refuse a folder that holds what is none of its files."""
    there = (p for p in sorted(folder.rglob("*")) if not p.is_dir() or p.is_symlink())
    other = next((p for p in there if p.relative_to(folder).as_posix() not in files), None)
    if other is not None:
        raise InputError(
            f"{folder}: holds other files ({other.relative_to(folder)}); give a new folder with -o"
        )


def _put(content: Any, path: Path) -> None:
    """Write text, bytes or a figure to a path, or let the content write itself."""
    if callable(content):
        content(path)
    elif isinstance(content, str | bytes):
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    else:
        from clustersim.report.style import save

        save(content, path)

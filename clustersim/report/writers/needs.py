"""What the writers need beside the program: a library each, and a font for what they are to write."""

from __future__ import annotations

import importlib
import io
import logging
import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from clustersim.errors import InputError
from clustersim.extras import install_line
from clustersim.report.content.model import Chart, Content, Paragraph, Table
from clustersim.report.fonts import FONT_VARIABLE, drawable, lacking

__all__ = [
    "broken",
    "families",
    "library",
    "lines_of",
    "quiet_and_dateless",
    "same_bytes",
    "texts",
    "weights",
    "wide",
]

#: Of a file that is written now: no reader needs its time, and the same content gives the same bytes.
_FIXED = (1980, 1, 1, 0, 0, 0)
_WHEN = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*<")
#: A key of an input or of an answer, and the marks behind which it may go on in another line.
_KEY = re.compile(r"[A-Za-z(][\w.:/-]{11,}\)?")
_MARK = re.compile(r"[.:_/-]")
#: The variable by which builds that are to be repeated say what time it is.
_EPOCH = "SOURCE_DATE_EPOCH"


def library(name: str) -> ModuleType:
    """Return a library; raises InputError that says how it is installed."""
    try:
        return importlib.import_module(name)
    except (ImportError, OSError) as error:
        raise InputError(
            f"{name} is needed for this kind of document and cannot be loaded ({error}); install"
            f" {install_line('report')}"
        ) from None


def texts(content: Content) -> str:
    """Return everything that a document says, run together."""
    parts = [content.title, content.subtitle, content.foot, *(t for fact in content.facts for t in fact)]
    for section in content.sections:
        parts.append(section.title)
        for block in section.blocks:
            parts += _words(block)
    return "".join(parts)


def _words(block: Paragraph | Table | Chart) -> list[str]:
    if isinstance(block, Paragraph):
        return [block.text]
    if isinstance(block, Table):
        return [block.title, *block.columns, *(cell for row in block.rows for cell in row)]
    return [block.title, block.unit, *block.categories, *(name for name, _ in block.series)]


def families(content: Content) -> tuple[str, ...]:
    """Return the font families that draw a document, the house's first.

    Raises InputError where no font here draws what it says, naming what to install.
    """
    missing = lacking(texts(content))
    if not missing:
        return ("DejaVu Sans",)
    found, undrawn = drawable("".join(sorted(missing)))
    if undrawn:
        raise InputError(
            f"no font here draws {undrawn[:8]!r}: install one with Chinese (on Debian fonts-noto-cjk or"
            f" fonts-wqy-microhei), or give a font file or family in ${FONT_VARIABLE}"
        )
    return found


def weights(table: Table) -> tuple[float, ...]:
    """Return how wide the columns of a table of words are to be, as shares of the whole: by what stands in them.

    A column has at least its longest word and at most what an even page can give it.

    >>> weights(Table("", ("a", "b"), (("key", "a long sentence that says where it comes from"),), words=True))
    (0.2, 0.8)
    """
    wanted = []
    for j, head in enumerate(table.columns):
        cells = [row[j] for row in table.rows]
        longest = max(map(wide, cells), default=0)
        usual = sum(map(wide, cells)) / max(len(cells), 1)
        word = max((wide(part) for cell in (head, *cells) for part in cell.split()), default=0)
        wanted.append(min(max(1.4 * min(word, 14) + 2.0, 0.5 * longest, usual, 9.0), 36.0))
    return tuple(round(w / sum(wanted), 6) for w in wanted)


def lines_of(table: Table, letters: float) -> int:
    """Return how many lines a table takes, its head among them, where a line of the whole width holds so many letters.

    >>> lines_of(Table("", ("a", "b"), (("key", "x" * 90), ("k", "y"))), 100.0)
    4
    """
    shares = weights(table) if len(table.columns) > 2 else (0.5, 0.5)
    return sum(
        max(
            1,
            *(
                -(-wide(cell) // max(int(share * letters), 1))
                for cell, share in zip(row, shares, strict=False)
            ),
        )
        for row in (table.columns, *table.rows)
    )


def broken(text: str, most: int) -> tuple[str, ...]:
    """Return the lines of a cell of so many letters: a key that is longer goes on behind one of its marks, for no key
    is to be parted within a word.

    >>> broken("cards.BR166M.efficiency.gemm and 25 more", 20)
    ('cards.BR166M.', 'efficiency.gemm and 25 more')
    >>> broken("a short one", 20), broken("5.87", 2)
    (('a short one',), ('5.87',))
    """
    found = next((key for key in _KEY.finditer(text) if len(key[0]) > most), None)
    if found is None:
        return (text,)
    marks = [m.end() for m in _MARK.finditer(found[0]) if 0 < m.end() < len(found[0])]
    fitting = [at for at in marks if at <= most] or marks[:1]
    if not fitting:
        return (text,)
    at = found.start() + fitting[-1]
    before = (text[: found.start()].rstrip(), text[found.start() : at]) if found.start() else (text[:at],)
    return (*(part for part in before if part), *broken(text[at:], most))


def wide(text: str) -> int:
    """Return how many letters a text takes the place of; a Chinese character takes that of two."""
    return sum(2 if ord(c) > 0x2E80 else 1 for c in text)


def same_bytes(path: Path) -> None:
    """Write an archive anew with fixed times, in the workbooks inside it as well: the same content, the same bytes."""
    path.write_bytes(_fixed(path.read_bytes()))


def _fixed(archive: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            data = old.read(item)
            if item.filename.endswith(".xlsx"):
                data = _fixed(data)
            elif item.filename == "docProps/core.xml":
                data = _WHEN.sub(rb"\g<1>2020-01-01T00:00:00Z<", data)
            new.writestr(zipfile.ZipInfo(item.filename, _FIXED), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


@contextmanager
def quiet_and_dateless(library_name: str) -> Iterator[None]:
    """Keep what a library says of itself out of ours, and the time out of the fonts that it embeds."""
    log, before = logging.getLogger(library_name), os.environ.get(_EPOCH)
    level = log.level
    log.setLevel(logging.ERROR)
    os.environ[_EPOCH] = "1577836800"
    try:
        yield
    finally:
        log.setLevel(level)
        if before is None:
            del os.environ[_EPOCH]
        else:
            os.environ[_EPOCH] = before

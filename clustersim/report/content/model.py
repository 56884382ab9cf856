"""The content object that every document is made of, and the one way by which a number gets into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from clustersim.errors import InputError
from clustersim.report.answer import flat
from clustersim.report.content.words import PHRASES

__all__ = ["Block", "Chart", "Content", "Number", "Paragraph", "Section", "Table", "Teller"]

Kind = Literal["stacked", "clustered", "line", "range", "waterfall"]


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is shown, and the answers' values that it is: ``text`` is ``pattern`` of value times ``scale``."""

    keys: tuple[str, ...]
    value: float
    scale: float
    pattern: str
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, an item of a list, or a remark in small print."""

    text: str
    kind: Literal["text", "bullet", "remark"] = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts; the first column holds names, the others numbers or words."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: bool = False
    """Whether the further columns hold words, and are set from the left."""

    def from_left(self, column: int) -> bool:
        """Return whether a column is set from the left: names, and words of which none is a number.

        >>> table = Table("a", ("b", "c", "d"), (("x", "1.0", "yes"), ("y", "–", "no")))
        >>> [table.from_left(column) for column in range(3)]
        [True, False, True]
        """
        if column == 0 or self.words:
            return True
        cells = [row[column] for row in self.rows if row[column] not in {"", "–"}]
        return bool(cells) and not any(cell.lstrip("+-−")[:1].isdigit() for cell in cells)


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart: categories along one axis, named series, and lines drawn across it.

    ``stacked``, ``clustered`` and ``line`` have the series' values by category. ``range`` has two series, the low and
    the high end of each category, drawn across. ``waterfall`` has one series of changes; its first value is a level,
    and the last category the level that they lead to.
    """

    kind: Kind
    title: str
    unit: str
    categories: tuple[str, ...]
    series: tuple[tuple[str, tuple[float, ...]], ...]
    lines: tuple[tuple[str, float], ...] = ()


Block = Paragraph | Table | Chart


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part of a document."""

    key: str
    title: str
    blocks: tuple[Block, ...]

    def of(self, kind: type[Any]) -> tuple[Any, ...]:
        """Return the blocks of one kind."""
        return tuple(block for block in self.blocks if isinstance(block, kind))


@dataclass(frozen=True, slots=True)
class Content:
    """A document in one language: its head, its sections, and every number that it tells."""

    name: str
    title: str
    subtitle: str
    language: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    numbers: tuple[Number, ...] = ()
    foot: str = ""


@dataclass
class Teller:
    """Looks numbers up in the answers of commands, formats them, and remembers which were told.

    ``answers`` are plain values by the command that gave them (``run``, ``forecast``, ``cases``, …).

    >>> tell = Teller({"run": {"tco": {"capex_cny": 2.5e6}}}, "en")
    >>> tell.number("run:tco.capex_cny", ",.1f", 1e-6), tell.numbers[0].keys
    ('2.5', ('run:tco.capex_cny',))
    """

    answers: Mapping[str, Any]
    language: str
    numbers: list[Number] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._flat = {f"{name}:{key}": v for name, data in self.answers.items() for key, v in flat(data)}

    def say(self, key: str, **values: object) -> str:
        """Return a phrase in the document's language with values in its places."""
        return PHRASES[key][1 if self.language == "zh" else 0].format(**values)

    def raw(self, key: str) -> Any:
        """Return what an answer holds at a key; raises InputError where it holds nothing (a mistake of the builder)."""
        if key not in self._flat:
            raise InputError(f"no answer holds {key!r}")
        return self._flat[key]

    def has(self, key: str) -> bool:
        """Return whether an answer holds a number at a key."""
        value = self._flat.get(key)
        return isinstance(value, int | float) and not isinstance(value, bool)

    def value(self, key: str, scale: float = 1.0) -> float:
        """Return a number for a chart."""
        value = float(self.raw(key)) * scale
        self.numbers.append(Number((key,), float(self.raw(key)), scale, "", ""))
        return value

    def number(self, key: str, pattern: str = ",.2f", scale: float = 1.0) -> str:
        """Return a number as text; a dash where the answer holds none."""
        if not self.has(key):
            self.raw(key)
            return "–"
        return self._told((key,), float(self.raw(key)), pattern, scale)

    def share(self, part: str, wholes: Sequence[str], pattern: str = ".0%") -> str:
        """Return a value as a share of the sum of values that hold it."""
        value = float(self.raw(part)) / sum(float(self.raw(key)) for key in wholes)
        return self._told((part, *wholes), value, pattern, 1.0)

    def _told(self, keys: tuple[str, ...], value: float, pattern: str, scale: float) -> str:
        text = f"{value * scale:{pattern}}".replace("-", "−")
        self.numbers.append(Number(keys, value, scale, pattern, text))
        return text

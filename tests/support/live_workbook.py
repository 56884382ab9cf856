"""A workbook with all product lines and their surfaces behind it, open in a program that is not ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import formualizer
from workbook_recalc import place, stripped

from clustersim.planner.company import runs_by_case
from clustersim.report.pages.workbook import behind_of
from clustersim.report.workbook.export import export_workbook

SCENARIO = "nanjing-1024"


class Live:
    """The book, typed into and recalculated by another program."""

    def __init__(self) -> None:
        self.runs = runs_by_case(SCENARIO, ())
        self.run = self.runs["base"]
        self.folder = Path(mkdtemp())
        self.behind, said = behind_of(self.runs, "base")
        assert said == []
        self.book = export_workbook(self.folder / "book.xlsx", self.runs, selected="base", behind=self.behind)
        stripped(self.folder / "book.xlsx", self.folder / "s.xlsx")
        self.program: Any = formualizer.load_workbook(str(self.folder / "s.xlsx"))
        self.program.evaluate_all()
        self.stale = False
        self.found: dict[tuple[str, float], Any] = {}
        self.filed = {
            key: float(self.program.evaluate_cell(*place(at))) for key, at in self.book.typed.items()
        }
        self.base = self.book.value("target_price")

    def value(self, address: str) -> Any:
        if self.stale:
            self.program.evaluate_all()
            self.stale = False
        return self.program.evaluate_cell(*place(address))

    def typed(self, key: str) -> float:
        """What stands in a blue cell as exported."""
        return self.filed[key]

    @contextmanager
    def with_typed(self, **numbers: float) -> Iterator[None]:
        """Type numbers by key, calculate, and put back what stood there; that is calculated when it is asked for."""
        before = {key: self.typed(key) for key in numbers}
        for key, number in numbers.items():
            self.program.set_value(*place(self.book.typed[key]), number)
        self.program.evaluate_all()
        self.stale = False
        try:
            yield
        finally:
            for key, number in before.items():
                self.program.set_value(*place(self.book.typed[key]), number)
            self.stale = True

    def target(self, key: str, number: float) -> float:
        """The target price with one number typed; the laws that ask the same share it."""
        if (key, number) not in self.found:
            with self.with_typed(**{key: number}):
                self.found[key, number] = self.value(self.book.cell("target_price"))
        found = self.found[key, number]
        assert isinstance(found, float), (key, number, found)
        return found


@lru_cache(maxsize=1)
def live() -> Live:
    return Live()


def keys() -> list[str]:
    return sorted(live().book.typed)

"""Progress on stderr, where it is a terminal: by named stages, or by points done."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["Teller", "progress"]


class Teller:
    """What a question at work is told to; tells nobody where there is no terminal."""

    def __init__(self, label: str, shown: Progress | None = None) -> None:
        self.label, self.shown = label, shown
        self.task = shown.add_task(label, total=None) if shown is not None else None

    def stage(self, name: str) -> None:
        """Say that a stage is done."""
        if self.shown is not None and self.task is not None:
            self.shown.update(self.task, advance=1, description=f"{self.label}: {name}")

    def count(self, done: int, of: int) -> None:
        """Say how many of all are done."""
        if self.shown is not None and self.task is not None:
            self.shown.update(self.task, completed=done, total=of)


@contextmanager
def progress(label: str, *, wanted: bool = True) -> Iterator[Teller]:
    """Show a bar while something is at work, where anybody sees it."""
    if not wanted or not sys.stderr.isatty():
        yield Teller(label)
        return
    try:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    except ModuleNotFoundError:  # a bar is a courtesy: the extra `study` has it
        yield Teller(label)
        return

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        yield Teller(label, shown)

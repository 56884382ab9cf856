"""What errors say, by room: English as it stands where it is raised (``{}`` is what differs), and Chinese."""

from __future__ import annotations

from clustersim.report.labels.errors import (
    asked,
    brought,
    files,
    importers,
    machines,
    money,
    options,
    pieces,
    runs,
)
from clustersim.report.labels.lines import errors as frame
from clustersim.report.labels.rooms import joined

__all__ = ["TEXTS"]

#: The frame (where, what, what to do), which lines of pages share, and the sentences of every room.
TEXTS: dict[str, str] = joined(
    frame.LINES, files.TEXTS, brought.TEXTS, machines.TEXTS, runs.TEXTS, money.TEXTS, asked.TEXTS,
    importers.TEXTS, options.TEXTS, pieces.TEXTS,
)  # fmt: skip

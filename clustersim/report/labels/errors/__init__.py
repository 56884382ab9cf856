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

__all__ = ["TEXTS"]

#: The frame (where, what, what to do), which lines of pages share, and the sentences of every room.
TEXTS: dict[str, str] = {
    **frame.LINES, **files.TEXTS, **brought.TEXTS, **machines.TEXTS, **runs.TEXTS, **money.TEXTS, **asked.TEXTS,
    **importers.TEXTS, **options.TEXTS, **pieces.TEXTS,
}  # fmt: skip

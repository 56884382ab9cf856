"""The outcome of a serving run."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from clustersim.des.serving.book import DONE, FAILED, REJECTED, Book
from clustersim.des.serving.replica import Replica

__all__ = ["ServingRun", "counts"]


@dataclass(slots=True)
class ServingRun:
    """The outcome of a run: the book, the replicas with their logs, and when each replica was paid for."""

    book: Book
    replicas: list[Replica]
    prefill_count: int
    end_s: float
    spans: list[list[float]]
    failures: int
    router: str

    def log(self, index: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return the run log of a replica, one row per stretch (columns in `replica.LOG_COLUMNS`)."""
        raw = self.replicas[index].log
        return np.frombuffer(raw if raw is not None else array("d"), dtype=np.float64).reshape(-1, 8)

    def held(self, start_s: float = 0.0, stop_s: float = inf) -> list[tuple[float, int]]:
        """Return (seconds held between two moments, replica) of every span, down time included."""
        stop = min(stop_s, self.end_s)
        return [
            (max(min(end, stop) - max(begin, start_s), 0.0), int(index)) for begin, end, index in self.spans
        ]

    @property
    def replica_seconds(self) -> float:
        """Replica-seconds that were held, down time included."""
        return float(sum(seconds for seconds, _ in self.held()))


def counts(run: ServingRun) -> dict[str, int]:
    """Return how many requests completed, were rejected, failed, and are still in flight (none after a run)."""
    status = bytes(run.book.status)
    done, refused, failed = (status.count(code) for code in (DONE, REJECTED, FAILED))
    rest = len(status) - done - refused - failed
    return {"completed": done, "rejected": refused, "failed": failed, "in_flight": rest}

"""Running a study from its description to its table."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.errors import InputError
from clustersim.study.execute import TASK_S, evaluate, open_executor, run_ranges, time_one_point
from clustersim.study.outputs import check_outputs
from clustersim.study.spec import StudySpec
from clustersim.study.store import StudyStore
from clustersim.study.table import input_units, to_table

__all__ = ["StudyResult", "run_in_memory", "run_study"]

Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class StudyResult:
    """The rows of a study in the order of its points."""

    spec: StudySpec
    outputs: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]

    @property
    def failed(self) -> tuple[dict[str, Any], ...]:
        """Points that gave an error."""
        return tuple(row for row in self.rows if row["error"])

    def column(self, name: str) -> NDArray[np.float64]:
        """Return an output along the points, NaN where a point failed."""
        check_outputs([name], dict.fromkeys(self.outputs, 0.0))
        return np.array([np.nan if row.get(name) is None else float(row[name]) for row in self.rows])


def known_outputs(spec: StudySpec) -> tuple[str, ...]:
    """Return the names of the outputs, from the first point that gives any.

    Raises InputError with the first point's error when none of the first points gives any.
    """
    first = ""
    for index in range(min(spec.total, 64)):
        row = evaluate(spec, index, index + 1)[0]
        if not row["error"]:
            inputs = {"point", "error", *spec.varied}
            return tuple(name for name in row if name not in inputs)
        first = first or str(row["error"])
    raise InputError(f"none of the first points can be run; the first says: {first}")


def task_ranges(gaps: list[tuple[int, int]], points_per_task: int) -> Iterator[tuple[int, int]]:
    """Cut the missing ranges into tasks."""
    for start, stop in gaps:
        for at in range(start, stop, points_per_task):
            yield at, min(at + points_per_task, stop)


def points_per_task(spec: StudySpec, workers: int) -> int:
    """Return how many points fill TASK_S, at most a quarter of a worker's even share."""
    fitting = int(TASK_S / time_one_point(spec))
    return max(1, min(fitting, -(-spec.total // (4 * workers))))


def run_in_memory(
    spec: StudySpec, *, workers: int = 1, scheduler: str | None = None, tell: Tell | None = None
) -> StudyResult:
    """Run a study and keep its rows in memory."""
    outputs = known_outputs(spec)
    rows: dict[int, list[dict[str, Any]]] = {}
    done = 0
    with open_executor(workers, scheduler, spec) as (executor, count):
        ranges = task_ranges([(0, spec.total)], points_per_task(spec, count))
        for start, stop, part in run_ranges(spec, ranges, executor, ahead=4 * count):
            rows[start] = part
            done += stop - start
            if tell is not None:
                tell(done, spec.total)
    ordered = tuple(row for start in sorted(rows) for row in rows[start])
    return StudyResult(spec, outputs, ordered)


def run_study(
    spec: StudySpec,
    store: StudyStore,
    *,
    details: dict[str, Any] | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    tell: Tell | None = None,
) -> None:
    """Run what a study's folder is missing and finish it.

    Every finished task is on disk before the next is asked for; an interruption leaves a folder that `resume` takes
    up where it stopped.
    """
    outputs = known_outputs(spec)
    about = {"outputs": list(outputs), "units": input_units(spec), **(details or {})}
    with store.locked():
        store.begin(spec, about)
        gaps = store.missing(spec.total)
        done = spec.total - sum(stop - start for start, stop in gaps)
        if gaps:
            with open_executor(workers, scheduler, spec) as (executor, count):
                ranges = task_ranges(gaps, points_per_task(spec, count))
                for start, stop, rows in run_ranges(spec, ranges, executor, ahead=4 * count):
                    store.add(start, stop, to_table(spec, rows, outputs))
                    done += stop - start
                    if tell is not None:
                        tell(done, spec.total)
        store.finish()


def stop_on_terminate() -> None:
    """Treat a polite kill like Ctrl-C, so that the executor is closed and the folder stays resumable."""

    def stop(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)

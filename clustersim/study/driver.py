"""Running a study from its description to its table."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clustersim.errors import ClusterSimError, InputError
from clustersim.study.execute import (
    TASK_S,
    block_size,
    open_executor,
    probed_outputs,
    question_of,
    run_ranges,
    time_one_block,
)
from clustersim.study.outputs import check_outputs
from clustersim.study.points import MOST_PARTS, SMALL_BLOCK, Found, joined
from clustersim.study.spec import StudySpec

if TYPE_CHECKING:
    from clustersim.study.store import StudyStore

__all__ = ["Alone", "StudyResult", "result_of", "run_in_memory", "run_study"]

Tell = Callable[[int, int], None]
#: Points of a study whose outputs are kept once they are read: more are read again where they are asked for again.
MOST_KEPT = 1_000_000


@dataclass(slots=True)
class Alone:
    """How many points were run one by one, and why the first of them was."""

    points: int = 0
    why: str = ""

    def add(self, part: Found) -> None:
        """Count the points of a part."""
        self.points += part.alone
        self.why = self.why or part.why_alone


@dataclass(frozen=True)
class StudyResult:
    """A study that is done: its outputs as columns in the order of the points, read when they are asked for."""

    spec: StudySpec
    outputs: tuple[str, ...]
    read: Callable[[str], NDArray[np.float64]]
    errors: Mapping[int, str]
    alone: Alone | None = None
    """Points of this run that had to be run one by one; nothing where it was not run here."""

    @cached_property
    def rows(self) -> tuple[dict[str, Any], ...]:
        """Every point with its inputs, outputs and error."""
        return tuple(self._row(point) for point in range(self.spec.total))

    @cached_property
    def failed(self) -> tuple[dict[str, Any], ...]:
        """Points that gave an error."""
        return tuple(self._row(point) for point in sorted(self.errors))

    def column(self, name: str) -> NDArray[np.float64]:
        """Return an output along the points, NaN where a point failed."""
        check_outputs([name], dict.fromkeys(self.outputs, 0.0))
        if name in self._columns:
            return self._columns[name]
        found = self.read(name)
        if self.spec.total <= MOST_KEPT:
            self._columns[name] = found
        return found

    @cached_property
    def _columns(self) -> dict[str, NDArray[np.float64]]:
        return {}

    def _row(self, point: int) -> dict[str, Any]:
        values = {name: float(self.column(name)[point]) for name in self.outputs}
        known = {name: None if np.isnan(value) else value for name, value in values.items()}
        return {"point": point, **self.spec.point(point), **known, "error": self.errors.get(point, "")}


def known_outputs(spec: StudySpec) -> tuple[str, ...]:
    """Return the names of the outputs, from the first point that gives any.

    Raises InputError with the first point's error when none of the first points gives any.
    """
    if names := probed_outputs(spec):
        return names
    question, first = question_of(spec), ""
    for index in range(min(spec.total, 64)):
        try:
            return tuple(question.alone(spec.point(index)))
        except ClusterSimError as error:
            first = first or str(error)
    raise InputError(f"none of the first points can be run; the first says: {first}")


def task_ranges(gaps: list[tuple[int, int]], points_per_task: int) -> Iterator[tuple[int, int]]:
    """Cut the missing ranges into tasks, which end where all tasks of the study end."""
    for start, stop in gaps:
        while start < stop:
            end = min(stop, (start // points_per_task + 1) * points_per_task)
            yield start, end
            start = end


def points_per_task(spec: StudySpec, workers: int) -> int:
    """Return how many points a task has: whole blocks that fill TASK_S, at most a quarter of a worker's even share, but
    so many that a large study makes few files."""
    block = block_size(spec)
    fitting = int(TASK_S / time_one_block(spec)) if block <= SMALL_BLOCK else 1
    share = -(-spec.total // (4 * workers * block))
    files = -(-spec.total // (MOST_PARTS * block))
    return block * max(1, min(fitting, share), files)


def _hands(spec: StudySpec, workers: int) -> int:
    """Return the processes that a study is worth: a single block is run where it was looked into."""
    return 1 if block_size(spec) >= spec.total else workers


def run_in_memory(
    spec: StudySpec, *, workers: int = 1, scheduler: str | None = None, tell: Tell | None = None
) -> StudyResult:
    """Run a study and keep its outputs in memory."""
    outputs = known_outputs(spec)
    parts: list[Found] = []
    done, alone = 0, Alone()
    with open_executor(_hands(spec, workers), scheduler, spec) as (executor, count):
        ranges = task_ranges([(0, spec.total)], points_per_task(spec, count))
        for part in run_ranges(spec, ranges, executor, ahead=4 * count):
            parts.append(part)
            alone.add(part)
            done += part.stop - part.start
            if tell is not None:
                tell(done, spec.total)
    whole = joined(sorted(parts, key=lambda part: part.start))
    return StudyResult(spec, outputs, whole.column, whole.errors, alone)


def result_of(spec: StudySpec, store: StudyStore, alone: Alone | None = None) -> StudyResult:
    """Return what a finished study's folder holds."""
    return StudyResult(spec, tuple(store.manifest()["outputs"]), store.column, store.errors(), alone)


def run_study(
    spec: StudySpec,
    store: StudyStore,
    *,
    details: dict[str, Any] | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    tell: Tell | None = None,
) -> Alone:
    """Run what a study's folder is missing and finish it; return which points had to be run one by one.

    Every finished task is on disk before the next is asked for; an interruption leaves a folder that `resume` takes
    up where it stopped.
    """
    from clustersim.study.table import input_units, to_table

    outputs = known_outputs(spec)
    about = {"outputs": list(outputs), "units": input_units(spec), **(details or {})}
    alone = Alone()
    with store.locked():
        store.begin(spec, about)
        gaps = store.missing(spec.total)
        done = spec.total - sum(stop - start for start, stop in gaps)
        if gaps:
            with open_executor(_hands(spec, workers), scheduler, spec) as (executor, count):
                ranges = task_ranges(gaps, points_per_task(spec, count))
                for found in run_ranges(spec, ranges, executor, ahead=4 * count):
                    store.add(found.start, found.stop, to_table(spec, found, outputs))
                    alone.add(found)
                    done += found.stop - found.start
                    if tell is not None:
                        tell(done, spec.total)
        store.finish()
    return alone


def stop_on_terminate() -> None:
    """Treat a polite kill like Ctrl-C, so that the executor is closed and the folder stays resumable."""

    def stop(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)

"""Steps predicted without the rows that constants came from: whole sources, cards or releases left out in turn.

Each declared constant that was found from rows of the group is found again from its other rows, by its own grid; where
none are left it takes the value that a user without measurements gets. The rest stays. Constants that no key of a file
holds (the shares of unfused attention, of norms; kernels of narrow experts) are not found again: ``KEPT`` names them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median
from typing import Any

from clustersim.errors import ClusterSimError, InputError, suggest
from clustersim.perf.job import TrainJob
from clustersim.schema.profiles import SUSTAINED
from clustersim.validation.sources import shipped_rows
from clustersim.validation.training import measured_step, predict_job, tuned_ids
from clustersim.validation.training_record import Unpredictable
from clustersim.validation.training_rows import KnownRow, known_row

__all__ = [
    "BY",
    "CONSTANTS",
    "KEPT",
    "Constant",
    "Measured",
    "group_line",
    "left_out_steps",
    "measured_steps",
]

#: Shipped tables of steps.
TABLES = ("training.csv", "training_2026.csv", "domestic_training.csv")


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant that was found from declared rows: where it holds, its grid, and what stands in without rows.

    Attributes:
        name: field of the engine's card or software.
        of: cards, or profiles of software; empty: any that has the shipped value.
        value: as shipped.
        grid: the values that were tried.
        without: what a user without measurements gets.
        declared: cards or software of the rows that it was found from; empty: as ``of``.
        mixtures: whether these are mixtures of experts alone.
        sharded: whether these share out their weights (ZeRO 3).
    """

    name: str
    of: tuple[str, ...]
    value: float
    grid: tuple[float, ...]
    without: float
    declared: tuple[str, ...] = ()
    mixtures: bool = False
    sharded: bool = False

    @property
    def on_card(self) -> bool:
        """Whether it is a card's."""
        return self.name == "gemm_sustained"

    def at(self, job: TrainJob) -> float:
        """Return its value in a job."""
        return float(getattr(job.card if self.on_card else job.plan.software, self.name))

    def put(self, job: TrainJob, value: float) -> TrainJob:
        """Return the job with another value of it."""
        changed: dict[str, Any] = {self.name: value}
        if self.on_card:
            return replace(job, card=replace(job.card, **changed))
        software = replace(job.plan.software, **changed)
        return replace(job, plan=replace(job.plan, software=software))

    def holds(self, row: Measured) -> bool:
        """Tell whether a row is predicted with it."""
        where = row.card if self.on_card else row.software
        return (not self.of or where in self.of) and abs(self.at(row.known.train) - self.value) < 1e-12

    def found_from(self, row: Measured) -> bool:
        """Tell whether it was found from a row."""
        names = self.declared or self.of
        mine = (row.card if self.on_card else row.software) in names if names else True
        job = row.known.train
        kind = (job.model.experts or not self.mixtures) and (job.plan.zero == 3 or not self.sharded)
        return row.tuned and mine and self.holds(row) and bool(kind)


def _declared() -> Iterator[Constant]:
    """The declared constants that a key of a file holds (docs/training.md, "Constants"), as their table has them."""
    for line in shipped_rows("found_constants.csv"):
        yield Constant(
            name=line["name"], of=tuple(line["of"].split()), value=float(line["value"]),
            grid=tuple(map(float, line["grid"].split())),
            without=float(line["without"]) if line["without"] else SUSTAINED.value,
            declared=tuple(line["declared"].split()), mixtures=bool(line["mixtures"]), sharded=bool(line["sharded"]),
        )  # fmt: skip


CONSTANTS = tuple(_declared())
#: Constants of the engine that are not found again.
KEPT = (
    "unfused attention (share and passes)", "seconds and kernels of a layer", "streaming share of norms",
    "kernels of narrow experts", "the rate of a card below its own power", "the host's time of a layer (other tables)",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """A row that is predicted: as the step model takes it, its measurement, and what it is grouped by."""

    id: str
    source: str
    card: str
    software: str
    tuned: bool
    known: KnownRow
    measured_s: float

    def error(self, job: TrainJob) -> float:
        """Return predicted over measured step, less one, of a job with other constants."""
        return predict_job(self.known, job) / self.measured_s - 1.0


#: What may be left out together, by the word of the question.
BY: dict[str, Callable[[Measured], str]] = {
    "source": lambda row: row.source,
    "card": lambda row: row.card,
    "release": lambda row: row.software,
}


def measured_steps(rows: Iterable[Mapping[str, str]]) -> list[Measured]:
    """Return the rows of a table whose step is predicted and measured."""
    out = []
    for row in rows:
        try:
            known = known_row(row)
            seconds = measured_step(row, known)
        except (Unpredictable, ClusterSimError, ZeroDivisionError):
            continue
        out.append(
            Measured(
                id=row["id"], source=row["source"], card=known.train.card.name,
                software=known.record.software.profile.name, tuned=row["id"] in tuned_ids(), known=known,
                measured_s=seconds,
            )
        )  # fmt: skip
    return out


def left_out_steps(by: str, rows: Sequence[Measured] | None = None) -> dict[str, Any]:
    """Return the errors of every group with its own rows' constants found again without it, and groups weighted alike.

    Raises InputError for a word that is none of ``BY``.
    """
    if by not in BY:
        raise InputError(f"--leave-out {by}: {suggest(by, list(BY))}")
    if rows is None:
        rows = [row for table in TABLES for row in measured_steps(shipped_rows(table))]
    key, errors = BY[by], _Errors(rows)
    groups = [
        _group(name, [r for r in rows if key(r) == name], key, errors) for name in sorted(set(map(key, rows)))
    ]
    return {
        "left_out": by, "groups": groups, "kept": list(KEPT), "rows": len(rows),
        "median_mape_pct": median(g["mape_pct"] for g in groups) if groups else None,
        "bias_pct": fmean(g["bias_pct"] for g in groups) if groups else None,
        "median_bias_pct": median(g["bias_pct"] for g in groups) if groups else None,
    }  # fmt: skip


class _Errors:
    """The errors of the declared rows of each constant at each value of its grid, each found once."""

    def __init__(self, rows: Sequence[Measured]) -> None:
        self._declared = {c: [r for r in rows if c.found_from(r)] for c in CONSTANTS}
        self._at: dict[tuple[Constant, float, str], float] = {}

    def again(self, constant: Constant, key: Callable[[Measured], str], name: str) -> float | None:
        """Return a constant without a group; None where none of its rows is of the group."""
        declared = self._declared[constant]
        rest = [r for r in declared if key(r) != name]
        if len(rest) == len(declared):
            return None
        if not rest:
            return constant.without
        return min(constant.grid, key=lambda value: fmean(self._error(constant, value, r) for r in rest))

    def _error(self, constant: Constant, value: float, row: Measured) -> float:
        at = (constant, value, row.id)
        if at not in self._at:
            self._at[at] = abs(row.error(constant.put(row.known.train, value)))
        return self._at[at]


def _group(
    name: str, mine: Sequence[Measured], key: Callable[[Measured], str], errors: _Errors
) -> dict[str, Any]:
    """One group: its errors with the constants found without it, and which moved."""
    again = {c: value for c in CONSTANTS if (value := errors.again(c, key, name)) is not None}
    off = []
    for row in mine:
        job = row.known.train
        for constant, value in again.items():
            job = constant.put(job, value) if constant.holds(row) else job
        off.append(100.0 * row.error(job))
    moved = [
        f"{c.name} of {', '.join(c.of) or 'mixtures'} {c.value:g} -> {value:g}"
        for c, value in again.items()
        if value != c.value
    ]
    return group_line(name, off, len(again), moved)


def group_line(name: str, off: Sequence[float], again: int, moved: Sequence[str]) -> dict[str, Any]:
    """Return the line of a group left out: its errors in per cent, and which constants moved.

    >>> group_line("A", [-10.0, 30.0], 1, ["x 1 -> 2"])["bias_pct"]
    10.0
    """
    return {
        "group": name, "rows": len(off), "mape_pct": fmean(map(abs, off)), "median_ape_pct": median(map(abs, off)),
        "bias_pct": fmean(off), "found_again": again, "moved": list(moved),
    }  # fmt: skip

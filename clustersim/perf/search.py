"""The best plans of a model on a cluster: every possible plan, evaluated as arrays.

The degrees, the micro-batch and the interleave are columns; the words (recomputation, ZeRO stage, flags) are looped
over. A plan that does not fit the memory is left out before its time is computed, which loses nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.columns import distinct, pick, places, values_of
from clustersim.errors import InfeasibleError
from clustersim.perf.binds import binding, time_shares
from clustersim.perf.job import TrainJob
from clustersim.perf.memory import memory_per_card
from clustersim.perf.plan import RECOMPUTE, Plan
from clustersim.perf.schedules import fewest_micro_batches
from clustersim.perf.step import step_columns
from clustersim.perf.terms import NO_TERMS, StepTerms

__all__ = [
    "FoundPlan", "Other", "PlanSpace", "PointPlans", "SearchResult", "plan_numbered", "search_plans", "search_points",
]  # fmt: skip

#: Fields of a plan that the search loops over; the others are columns.
_WORDS = ("schedule", "recompute", "zero", "sequence_parallel", "offload_optimizer", "offload_activations")

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSpace:
    """Which values the search may take."""

    tp: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)
    cp: tuple[int, ...] = (1,)
    ep: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)
    micro_batch: tuple[int, ...] = (1, 2, 4, 8, 16)
    interleave: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 8, 10, 12)
    recompute: tuple[str, ...] = RECOMPUTE
    zero: tuple[int, ...] = (0, 1, 2, 3)
    sequence_parallel: tuple[bool, ...] = (True, False)
    offload_optimizer: tuple[bool, ...] = (False,)
    offload_activations: tuple[bool, ...] = (False,)
    schedule: tuple[str, ...] = ("1f1b",)
    """1F1B is interleaved where a plan has several chunks a stage; the others have their own number of chunks."""


@dataclass(frozen=True, slots=True)
class FoundPlan:
    """A plan that fits, its step time with its terms, its memory, and the resources that take most of its time."""

    plan: Plan
    step_time_s: float
    memory_bytes: float
    binds: str
    then: str
    terms: StepTerms


@dataclass(frozen=True, slots=True)
class Other:
    """The fastest plan that makes one choice unlike the winner: what that choice is worth, and why."""

    choice: str
    """A field of the plan."""
    found: FoundPlan
    slower_s: float
    because: str
    """The term that grows most."""


@dataclass(frozen=True, slots=True)
class _Fitting:
    """Times and memory of all plans that fit, the rows of the degrees and the number of the words behind each."""

    time: NDArray[np.float64]
    memory: NDArray[np.float64]
    row: Ints
    words: Ints


@dataclass(frozen=True, slots=True)
class PointPlans:
    """The fastest plan that fits at each point of a batch; infinite time and memory, and number -1, where none does.

    ``number`` names a plan among those of a space: see ``plan_numbered``.
    """

    time: NDArray[np.float64]
    memory: NDArray[np.float64]
    number: Ints


@dataclass(frozen=True)
class SearchResult:
    """The best plans by step time, and how many plans are possible and fit; the rest is made when it is asked for."""

    best: tuple[FoundPlan, ...]
    possible: int
    fitting: int
    _search: _Search = field(repr=False, compare=False)

    @cached_property
    def front(self) -> tuple[FoundPlan, ...]:
        """The plans that no other beats in time and memory, in order of time."""
        return tuple(self._search.found(i) for i in self._search.front())

    @cached_property
    def others(self) -> tuple[Other, ...]:
        """For every choice of the winner, the fastest plan that chooses otherwise, in order of what it costs."""
        return self.others_than(self.best[0])

    def others_than(self, winner: FoundPlan) -> tuple[Other, ...]:
        """Return the same for a winner of another search of the same job, such as of another kind of plan."""
        return tuple(self._search.others(winner))


def _columns(job: TrainJob, space: PlanSpace) -> dict[str, Ints]:
    """Return every combination of degrees, micro-batch and interleave that can be laid out, as columns."""
    rows, model = list(_layouts(job, space)), job.model
    if not rows:
        raise InfeasibleError(
            f"no plan can lay out {model.name} ({model.layers} layers, {model.heads} heads) on {job.cards} cards"
            f" with a batch of {job.global_batch}; change the number of cards or the batch"
        )
    table = np.array(rows, dtype=np.int64).T
    return dict(zip(("tp", "pp", "dp", "cp", "ep", "micro_batch", "interleave"), table, strict=True))


def _layouts(job: TrainJob, space: PlanSpace) -> Iterator[tuple[int, ...]]:
    # Counts that vary over the points of a batch part them here.
    model, cards, global_batch = job.model, int(job.cards), int(job.global_batch)
    slots = model.layers + job.plan.embedding_slot + job.plan.loss_slot
    experts = [e for e in space.ep if e == 1 or (model.experts and model.experts % e == 0)]
    for tp, cp, pp in itertools.product(space.tp, space.cp, range(1, slots + 1)):
        if model.heads % tp or cards % (tp * cp * pp):
            continue
        dp = cards // (tp * cp * pp)
        for micro, ep in itertools.product(space.micro_batch, experts):
            if global_batch % (dp * micro) or (tp * cp * dp) % ep:
                continue
            micro_batches = global_batch // (dp * micro)
            for v in space.interleave:
                if v == 1 or (1 < pp <= slots // v and micro_batches % pp == 0):
                    yield tp, pp, dp, cp, ep, micro, v


def search_plans(
    job: TrainJob, space: PlanSpace | None = None, top: int = 10, *, terms: bool = True
) -> SearchResult:
    """Return the ``top`` fastest plans of a space; its front and what each choice is worth when they are asked for.

    Every plan keeps what the space does not name from the plan of the job, such as its software. Without ``terms`` the
    best have their times and memory alone.

    Raises InfeasibleError when no plan can be laid out, or none fits.
    """
    space = space or PlanSpace()
    columns = _columns(job, space)
    rows = {schedule: _rows_of(schedule, columns, job) for schedule in space.schedule}
    words = _words(space)
    possible = sum(rows[choice[0]].size for choice in words)
    parts = [
        part
        for number, choice in enumerate(words)
        if (part := _fitting(job, columns, rows[choice[0]], choice, number))
    ]
    if not parts:
        raise InfeasibleError(
            f"no plan of {job.model.name} fits {job.cards} x {job.card.name}: none of {possible} is below"
            f" {job.card.memory_bytes / 2**30:.0f} GiB; take more cards or offload the optimizer"
        )
    fitting = _Fitting(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(_Fitting)))
    search = _Search(columns, words, job, fitting)
    return SearchResult(
        best=tuple(search.found(i) if terms else search.timed(i) for i in search.fastest(top)),
        possible=possible,
        fitting=fitting.time.size,
        _search=search,
    )


#: Layouts times points that are evaluated at once: what a table of them takes stays within a few megabytes.
_TABLE = 2**17


def search_points(job: TrainJob, space: PlanSpace) -> PointPlans:
    """Return the fastest plan of a space at each point of a job whose numbers are columns.

    Points at which the job is alike are searched once. Of plans as fast the smaller counts, then the first, as in
    ``search_plans`` at one point.

    Raises InfeasibleError when no plan can be laid out, Unbatchable where points cannot be told apart.
    """
    where = places(job)
    first, which = distinct(job, where)
    columns = _columns(job, space)
    size = max(1, _TABLE // columns["tp"].size)
    parts = [
        _fastest_of(pick(job, where, first[at : at + size]), space, columns, min(size, first.size - at))
        for at in range(0, first.size, size)
    ]
    return PointPlans(
        *(np.concatenate([getattr(p, f.name) for p in parts])[which] for f in fields(PointPlans))
    )


def plan_numbered(job: TrainJob, space: PlanSpace, number: int) -> Plan:
    """Return the plan behind a number of ``search_points``."""
    columns, words = _columns(job, space), _words(space)
    at, row = divmod(number, columns["tp"].size)
    return _by(job, *_degrees_and_flags(columns, words, row, at)).plan


def _fastest_of(job: TrainJob, space: PlanSpace, columns: dict[str, Ints], points: int) -> PointPlans:
    """The same for points that are all evaluated at once, one choice of words after the other."""
    total = columns["tp"].size
    rows = {schedule: _rows_of(schedule, columns, job) for schedule in space.schedule}
    best = PointPlans(np.full(points, np.inf), np.full(points, np.inf), np.full(points, -1))
    for number, choice in enumerate(_words(space)):
        found = _table_of(job, columns, rows[choice[0]], choice)
        if found is None:
            continue
        mine, time, memory = found
        quickest = np.min(time, axis=0)
        sizes = np.where(np.isfinite(time) & (time <= quickest), memory, np.inf)
        row, least = mine[np.argmin(sizes, axis=0)], np.min(sizes, axis=0)
        smaller = (least < best.memory) | ((least == best.memory) & (row < best.number % total))
        better = np.isfinite(quickest) & ((quickest < best.time) | ((quickest == best.time) & smaller))
        best = PointPlans(
            np.where(better, quickest, best.time),
            np.where(better, least, best.memory),
            np.where(better, number * total + row, best.number),
        )
    return best


def _table_of(
    job: TrainJob, columns: dict[str, Ints], rows: Ints, choice: Sequence[Any]
) -> tuple[Ints, NDArray[np.float64], NDArray[np.float64]] | None:
    """The layouts that fit at some point under a choice of words, their times, infinite at points where they do not
    fit, and their memory: one row a layout, one column a point; nothing where none fits anywhere."""
    if not rows.size:
        return None
    flags, upright = _flags(choice), {name: column[rows][:, None] for name, column in columns.items()}
    memory = np.asarray(values_of(memory_per_card(_by(job, upright, flags)).total), dtype=float)
    fits = np.broadcast_to(memory, (rows.size, memory.shape[-1] if memory.ndim else 1)) <= values_of(
        job.card.memory_bytes
    )
    some = np.flatnonzero(np.any(fits, axis=-1))
    if not some.size:
        return None
    job = _by(job, {name: column[some] for name, column in upright.items()}, flags)
    time = np.where(fits[some], values_of(step_columns(job).terms.total), np.inf)
    memory = np.broadcast_to(memory, fits.shape)[some]
    return rows[some], time, np.broadcast_to(memory, time.shape)


def _rows_of(schedule: str, columns: dict[str, Ints], job: TrainJob) -> Ints:
    """The layouts that a schedule can take: with stages, of one chunk each, and as many micro-batches as it needs."""
    if schedule == "1f1b":
        return np.arange(len(columns["tp"]))
    plan = replace(job.plan, **columns, schedule=schedule)  # type: ignore[arg-type]
    slots = job.model.layers + job.plan.embedding_slot + job.plan.loss_slot
    enough = job.with_plan(plan).micro_batches >= fewest_micro_batches(plan)
    possible = enough & (plan.pp > 1) & (plan.interleave == 1)
    if schedule == "zb_v":
        possible = possible & (2 * plan.pp <= slots)
    if schedule == "dualpipe":
        possible = possible & (plan.pp % 2 == 0)
    return np.flatnonzero(possible)


def _fitting(
    job: TrainJob, columns: dict[str, Ints], rows: Ints, choice: Sequence[Any], number: int
) -> _Fitting | None:
    """Times and memory of the layouts that fit under a choice of words; nothing where none does."""
    if not rows.size:
        return None
    flags, mine = _flags(choice), {name: column[rows] for name, column in columns.items()}
    total = np.broadcast_to(np.asarray(memory_per_card(_by(job, mine, flags)).total), rows.shape)
    fits = np.flatnonzero(total <= job.card.memory_bytes)
    if not fits.size:
        return None
    terms = step_columns(_by(job, {name: column[fits] for name, column in mine.items()}, flags)).terms
    time = np.broadcast_to(np.asarray(terms.total, dtype=float), fits.shape)
    return _Fitting(time, total[fits], rows[fits], np.full(fits.size, number))


@dataclass(frozen=True)
class _Search:
    """All plans that fit, as numbers; ``found`` makes a plan of one of them."""

    columns: dict[str, Ints]
    words: Sequence[Sequence[Any]]
    job: TrainJob
    fitting: _Fitting

    @cached_property
    def order(self) -> Ints:
        """The plans in order of time, then of memory."""
        fitting = self.fitting
        return np.lexsort((fitting.words, fitting.row, fitting.memory, fitting.time))

    def _job(self, index: int) -> TrainJob:
        row, number = int(self.fitting.row[index]), int(self.fitting.words[index])
        return _by(self.job, *_degrees_and_flags(self.columns, self.words, row, number))

    def timed(self, index: int) -> FoundPlan:
        time, memory = float(self.fitting.time[index]), float(self.fitting.memory[index])
        return FoundPlan(self._job(index).plan, time, memory, "", "", NO_TERMS)

    def found(self, index: int) -> FoundPlan:
        job = self._job(index)
        terms = step_columns(job).terms
        plain = StepTerms(*(float(getattr(terms, f.name)) for f in fields(terms)))
        binds, then = binding(time_shares(plain, job.plan, job.network))
        time, memory = float(self.fitting.time[index]), float(self.fitting.memory[index])
        return FoundPlan(job.plan, time, memory, binds, then, plain)

    def fastest(self, top: int) -> list[int]:
        """The first ``top`` in order of time; of plans that agree in time and memory to the last digits only one."""
        kept: list[int] = []
        for index in self.order.tolist():
            if not (kept and self._same(kept[-1], index)):
                kept.append(index)
            if len(kept) == top:
                break
        return kept

    def _same(self, one: int, other: int) -> bool:
        time, memory = self.fitting.time, self.fitting.memory
        return all(np.isclose(c[one], c[other], rtol=1e-12, atol=0) for c in (time, memory))

    def front(self) -> list[int]:
        """Of plans in order of time, those smaller in memory than every faster one."""
        memory = self.fitting.memory[self.order]
        least = np.minimum.accumulate(memory)
        leads = np.concatenate([[True], memory[1:] < least[:-1] * (1 - 1e-12)])
        return [int(i) for i in self.order[leads]]

    def others(self, winner: FoundPlan) -> Iterator[Other]:
        rows = []
        for name in (*self.columns, *_WORDS):
            own = getattr(winner.plan, name)
            unlike = np.flatnonzero(self._unlike(name, "1f1b" if own == "interleaved" else own))
            if unlike.size:
                rows.append((name, self.found(int(unlike[np.argmin(self.fitting.time[unlike])]))))
        for name, other in sorted(rows, key=lambda row: row[1].step_time_s):
            grown = {
                f.name: getattr(other.terms, f.name) - getattr(winner.terms, f.name)
                for f in fields(StepTerms)
            }
            because = max(grown, key=lambda term: grown[term]).removesuffix("_s")
            yield Other(name, other, other.step_time_s - winner.step_time_s, because)

    def _unlike(self, name: str, own: object) -> NDArray[np.bool_]:
        """Which plans choose something else in a field."""
        if name in self.columns:
            return np.asarray(self.columns[name][self.fitting.row] != own)
        position = _WORDS.index(name)
        return np.array([choice[position] != own for choice in self.words])[self.fitting.words]


def _by(job: TrainJob, degrees: dict[str, Any], flags: dict[str, Any]) -> TrainJob:
    """The job by other degrees, which may be columns, and flags; the schedule's word matters only for zero-bubble."""
    return job.with_plan(replace(job.plan, **degrees, **flags))


def _words(space: PlanSpace) -> list[tuple[Any, ...]]:
    """Every choice of words of a space."""
    return list(itertools.product(*(getattr(space, name) for name in _WORDS)))


def _degrees_and_flags(
    columns: dict[str, Ints], words: Sequence[Sequence[Any]], row: int, number: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """One layout under one choice of words, as the fields of a plan."""
    degrees: dict[str, Any] = {name: int(column[row]) for name, column in columns.items()}
    flags = _flags(words[number])
    if degrees["interleave"] > 1:
        flags["schedule"] = "interleaved"
    return degrees, flags


def _flags(choice: Sequence[Any]) -> dict[str, Any]:
    return {"etp": 1, **dict(zip(_WORDS, choice, strict=True))}

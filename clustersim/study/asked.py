"""A study as it is asked for, by a file or in words, and how it is run: in memory, or kept in a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from clustersim.errors import InputError
from clustersim.processors import processors
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.readers import refuse_unread
from clustersim.study.distributions import Distribution
from clustersim.study.driver import StudyResult, known_outputs, result_of, run_in_memory, run_study
from clustersim.study.outputs import check_outputs
from clustersim.study.space import Axis
from clustersim.study.spec import (
    InputFile,
    StudySpec,
    axes_of,
    chosen_points,
    input_distributions,
    make_spec,
    read_study,
    sampled_spec,
)
from clustersim.study.store import StudyStore
from clustersim.workloads.work import MAIN_UNITS

__all__ = [
    "How",
    "StudyAsked",
    "asked_of_file",
    "main_cost",
    "percentile_error",
    "run_asked",
    "statistics_row",
]

Array = NDArray[np.float64]
Tell = Callable[[int, int], None]


class HowWords(TypedDict, total=False):
    """How a study is run, as keyword arguments."""

    folder: str | None
    workers: int | None
    scheduler: str | None
    tell: Tell


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How a study is run: where it is kept, by how many processes or on which Dask cluster, and who is told."""

    folder: str | None = None
    workers: int | None = None
    scheduler: str | None = None
    tell: Tell = lambda done, of: None

    def __post_init__(self) -> None:
        """Refuse an empty name of a folder, which would mean the one that the user happens to be in."""
        if self.folder is not None and not self.folder.strip():
            raise InputError("-o '': names no folder; give one, or -o . for this one")


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyAsked:
    """What a study asks of a scenario.

    Attributes:
        scenario: its name.
        sets: inputs that stay the same at every point.
        axes: inputs that take listed values (sweep, optimise).
        inputs: uncertain inputs with their distributions (mc, sensitivity); None takes the input's own range.
        outputs: what is shown; empty: what a scenario of its kind shows.
        title: what figures are called.
        source: the name that the manifest keeps.
    """

    scenario: str
    sets: Mapping[str, Any] = field(default_factory=dict)
    axes: tuple[Axis, ...] = ()
    inputs: Mapping[str, InputFile | None] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    seed: int = 0
    points: int = 256
    sampling: str = "sobol"
    correlation: Sequence[Sequence[float]] | None = None
    method: str = ""
    limits: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse to vary what no output depends on."""
        refuse_unread([*(axis.key for axis in self.axes), *self.inputs])

    def with_more(
        self, *, sets: Mapping[str, Any], axes: Iterable[Axis] = (), outputs: Sequence[str] = ()
    ) -> StudyAsked:
        """Return the same question with more set and varied, and other outputs where any are named."""
        return replace(
            self,
            sets={**self.sets, **sets},
            axes=(*self.axes, *axes),
            outputs=tuple(outputs) or self.outputs,
        )

    def grid(self, kind: str, design: str = "grid", points: int | None = None) -> StudySpec:
        """Return the study of every combination of the axes, or of a sample of them."""
        spec = make_spec(kind, self.scenario, sets=self.sets, seed=self.seed, axes=self.axes)
        return spec if design == "grid" else chosen_points(spec, design, points)

    def distributions(self) -> list[Distribution]:
        """Return the distribution of each uncertain input."""
        return input_distributions(self.scenario, self.sets, self.inputs)

    def sample(self, kind: str, points: int) -> StudySpec:
        """Return the study of a sample of the uncertain inputs."""
        more: dict[str, Any] = {}
        if kind == "mc":
            more = {"sampling": self.sampling, "correlation": self.correlation}
        return sampled_spec(
            kind, self.scenario, self.distributions(), sets=self.sets, seed=self.seed, points=points, **more
        )

    def tornado(self) -> StudySpec:
        """Return one row at every median, then each input at its 10 % and 90 % point."""
        drawn = self.distributions()
        middle = np.array([float(d(np.array([0.5]))[0]) for d in drawn])
        rows = [middle]
        for column, d in enumerate(drawn):
            for share in (0.1, 0.9):
                row = middle.copy()
                row[column] = float(d(np.array([share]))[0])
                rows.append(row)
        keys, units = [d.key for d in drawn], [d.unit for d in drawn]
        return make_spec(
            "tornado",
            self.scenario,
            sets=self.sets,
            seed=self.seed,
            keys=keys,
            units=units,
            samples=np.array(rows),
        )


def asked_of_file(name: str, kind: str) -> StudyAsked:
    """Read a study file.

    Raises InputError for one of another kind, naming the command that takes it.
    """
    file = read_study(name)
    if file.kind != kind:
        raise InputError(
            f"{name}: is a study of kind {file.kind}; ask it with `clustersim {file.kind} {name}`"
        )
    return StudyAsked(
        scenario=file.scenario, sets=file.set, axes=tuple(axes_of(file.vary)), inputs=file.inputs,
        outputs=tuple(file.outputs), seed=file.seed, points=file.points, sampling=file.sampling,
        correlation=file.correlation, method=file.method, limits=file.constraints, title=file.name, source=name,
    )  # fmt: skip


def run_asked(spec: StudySpec, how: How, about: dict[str, Any]) -> StudyResult:
    """Run a study in its folder, or in memory where none is given.

    Raises InputError before a folder is begun where ``about`` names outputs to draw that the study does not give.
    """
    check_outputs(about.get("draw", {}).get("outputs", ()), dict.fromkeys(known_outputs(spec), 0.0))
    count = how.workers or processors()
    if how.folder is None:
        return run_in_memory(spec, workers=count, scheduler=how.scheduler, tell=how.tell)
    store = StudyStore(Path(how.folder))
    alone = run_study(spec, store, details=about, workers=count, scheduler=how.scheduler, tell=how.tell)
    return result_of(spec, store, alone)


def main_cost(scenario: str, sets: Mapping[str, Any]) -> str:
    """Return the name of the cost of the first workload's unit: what a study shows where nothing is asked for."""
    inputs = load_inputs(scenario, dict(sets), with_incumbent=False)
    inputs.refuse_idle()
    demand = inputs.scenario.demand
    units = [f"cny_per_{MAIN_UNITS[work.kind]}" for work in demand.values()]
    return units[0] if units.count(units[0]) == 1 else f"{next(iter(demand))}.{units[0]}"


def percentile_error(values: Array, share: float, *, resamples: int = 200, seed: int = 0) -> float:
    """Return the half-width of the 95 % bootstrap interval of a percentile."""
    rng = np.random.default_rng(seed)
    draws = [
        np.percentile(values[rng.integers(0, values.size, values.size)], share) for _ in range(resamples)
    ]
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(high - low) / 2


def statistics_row(name: str, values: Array) -> dict[str, Any]:
    """Return mean, spread and percentiles of an output over the points that ran."""
    good = values[np.isfinite(values)]
    if good.size == 0:
        return {"output": name, "points": 0}
    return {
        "output": name,
        "points": int(good.size),
        "mean": float(good.mean()),
        "sd": float(good.std(ddof=1)) if good.size > 1 else 0.0,
        "p10": float(np.percentile(good, 10)),
        "p50": float(np.percentile(good, 50)),
        "p90": float(np.percentile(good, 90)),
        "p50_half_width": percentile_error(good, 50),
    }

"""A study as a file, and as the frozen description that workers get."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from clustersim.errors import InputError
from clustersim.reading.jsontext import Limits, read_json
from clustersim.schema.base import Model, validate
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.lookup import find_file
from clustersim.schema.yamlfile import read_yaml
from clustersim.study.designs import morris_design, saltelli_design, uniform_sample
from clustersim.study.distributions import Distribution, correlate, make_distribution
from clustersim.study.space import Axis, Span, Value, full_grid, grid_point, parse_axis, quantity_text
from clustersim.units import parse_quantity
from clustersim.version import __version__

__all__ = ["StudyFile", "StudySpec", "make_spec", "read_study"]

Array = NDArray[np.float64]


class InputFile(Model):
    """An uncertain input. Without a distribution, the low-value-high range of the input itself (triangular)."""

    distribution: str | None = None
    """uniform, loguniform, normal, lognormal, triangular, pert, or empirical with a file."""
    parameters: dict[str, float | str] = Field(default_factory=dict)
    """Parameters of the distribution, with units."""
    file: str = ""
    """CSV of observed values, for empirical."""


class StudyFile(Model):
    """A study file."""

    kind: Literal["sweep", "mc", "sensitivity", "optimise"]
    """What is done: every combination, draws, sensitivities, or the best point."""
    name: str
    """Its name in results; that of its file."""
    description: str = ""
    """One line."""
    scenario: str
    """The scenario that is moved, by name or path."""
    seed: int = Field(0, ge=0)
    """Of every draw."""
    set: dict[str, Any] = Field(default_factory=dict)
    """Keys that hold for every point, with their values."""
    vary: dict[str, str | list[Any]] = Field(default_factory=dict)
    """Keys with their values: a list, lo:hi:n, or log:lo:hi:n."""
    inputs: dict[str, InputFile | None] = Field(default_factory=dict)
    """Uncertain keys; without a distribution, the low-value-high range of the key's own file."""
    correlation: list[list[float]] | None = None
    """Rank correlations of the inputs, in their order."""
    method: str = ""
    """Of a sensitivity: sobol, morris or tornado."""
    sampling: Literal["sobol", "lhs", "random"] = "sobol"
    """How points are drawn."""
    points: int = Field(256, ge=1)
    """How many points."""
    outputs: list[str] = Field(default_factory=list)
    """Columns that are kept."""
    constraints: dict[str, str] = Field(default_factory=dict)
    """Bounds on outputs that the best point must meet."""


@dataclass(frozen=True, slots=True, eq=False)
class StudySpec:
    """Everything that decides the points of a study and what each one gives.

    Either ``axes`` (a full grid) or ``keys`` with ``samples`` (one row of numbers a point, in ``units``).
    """

    kind: str
    scenario: str
    sets: tuple[tuple[str, Any], ...]
    seed: int
    axes: tuple[Axis, ...]
    keys: tuple[str, ...]
    units: tuple[str, ...]
    samples: Array
    inputs_digest: str
    version: str = __version__

    chosen: tuple[int, ...] = ()
    """Points of the full grid that a sampled design takes; empty for all of them."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StudySpec) and self.identity() == other.identity()

    __hash__ = object.__hash__

    @property
    def total(self) -> int:
        """Number of points."""
        if self.chosen:
            return len(self.chosen)
        return full_grid(self.axes) if self.axes else len(self.samples)

    @property
    def varied(self) -> tuple[str, ...]:
        """The keys that vary."""
        return tuple(a.key for a in self.axes) if self.axes else self.keys

    def point(self, index: int) -> dict[str, Value]:
        """Return the inputs of one point, by key."""
        if self.axes:
            return grid_point(self.axes, self.chosen[index] if self.chosen else index)
        row = self.samples[index].tolist()
        return {k: quantity_text(v, u) for k, v, u in zip(self.keys, row, self.units, strict=True)}

    def identity(self) -> dict[str, Any]:
        """Return what must be equal for two studies to be the same one."""
        design = hashlib.sha256(repr((self.axes, self.keys, self.units, self.samples.shape)).encode())
        design.update(np.ascontiguousarray(self.samples).tobytes())
        design.update(np.asarray(self.chosen, dtype=np.int64).tobytes())
        return {
            "kind": self.kind,
            "scenario": self.scenario,
            "sets": [list(pair) for pair in self.sets],
            "seed": self.seed,
            "varied": list(self.varied),
            "points": self.total,
            "design_sha256": design.hexdigest(),
            "inputs_sha256": self.inputs_digest,
            "version": self.version,
        }


def chosen_points(spec: StudySpec, method: str, points: int | None) -> StudySpec:
    """Return a study of a sample of a grid: each uniform number picks one of an axis's values; repeats are dropped.

    Raises InputError without a number of points.
    """
    if points is None:
        raise InputError(f"--design {method} needs --points")
    sizes = [len(axis.values) for axis in spec.axes]
    uniform = uniform_sample(method, points, len(sizes), spec.seed)
    picks = np.minimum((uniform * sizes).astype(np.int64), np.array(sizes) - 1)
    strides = np.cumprod([1, *reversed(sizes[1:])])[::-1]
    indices = dict.fromkeys(int(i) for i in picks @ strides)
    return replace(spec, chosen=tuple(indices))


def inputs_digest(scenario: str, sets: Mapping[str, Any]) -> str:
    """Return a digest of the content of every file that the scenario reads, overrides included."""
    inputs = load_inputs(scenario, sets)
    documents = {name: document.data for name, document in inputs.documents.items()}
    if inputs.incumbent is not None:
        documents |= {f"incumbent.{name}": d.data for name, d in inputs.incumbent.documents.items()}
    text = json.dumps(documents, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def make_spec(
    kind: str,
    scenario: str,
    *,
    sets: Mapping[str, Any] | None = None,
    seed: int = 0,
    axes: Sequence[Axis] = (),
    keys: Sequence[str] = (),
    units: Sequence[str] = (),
    samples: Array | None = None,
) -> StudySpec:
    """Return the description of a study, its keys checked against the scenario.

    Raises InputError for a key that the scenario does not have, before any point is run.
    """
    fixed = dict(sets or {})
    rows = np.asarray(samples, dtype=float) if samples is not None else np.zeros((0, 0))
    spec = StudySpec(
        kind, scenario, tuple(sorted(fixed.items())), seed, tuple(axes), tuple(keys), tuple(units), rows,
        inputs_digest(scenario, fixed),
    )  # fmt: skip
    if spec.total == 0:
        raise InputError("the study has no points; vary at least one input")
    clash = sorted(set(fixed) & set(spec.varied))
    if clash:
        raise InputError(f"{clash[0]} is both set and varied; keep one")
    for key, value in spec.point(0).items():
        try:
            load_inputs(scenario, {**fixed, key: value})
        except InputError as error:
            # A value may be out of range at this point only; an unknown key is wrong at every point.
            if "unknown key" in str(error) or "does not use" in str(error) or "no item" in str(error):
                raise InputError(f"--vary {key}: {error}") from None
    return spec


def input_distributions(
    scenario: str, sets: Mapping[str, Any], wanted: Mapping[str, InputFile | None]
) -> list[Distribution]:
    """Return the distribution of each uncertain input.

    Without one of its own an input takes the triangular distribution of its low, value and high.

    Raises InputError for an unknown key or an input without a range.
    """
    fields = dict(load_inputs(scenario, sets).fields())
    out = []
    for key, given in wanted.items():
        if given is not None and given.distribution:
            numbers, unit = _parameters(key, given.parameters)
            out.append(make_distribution(key, given.distribution, numbers, unit=unit, file=given.file))
            continue
        if key not in fields:
            from clustersim.errors import suggest

            raise InputError(f"{key}: no such number in {scenario}; {suggest(key, list(fields))}")
        sourced = fields[key]
        low, high = sourced.range
        if not low < high:
            raise InputError(f"{key}: has no low-high range in its file; give it a distribution")
        shape = {"low": low, "mode": sourced.value, "high": high}
        out.append(
            make_distribution(key, "triangular", shape, unit="" if sourced.unit == "1" else sourced.unit)
        )
    return out


def _parameters(key: str, given: Mapping[str, float | str]) -> tuple[dict[str, float], str]:
    """Parameters with units are all expressed in the unit of the last one that has any."""
    unit = ""
    for value in given.values():
        if isinstance(value, str):
            unit = value.strip().partition(" ")[2]
    out = {}
    for name, value in given.items():
        number, has = parse_quantity(value) if isinstance(value, str) else (float(value), None)
        if has is not None and unit and has.dimension:
            from clustersim.units import parse_unit

            target = parse_unit(unit)
            if target.dimension != has.dimension:
                raise InputError(f"{key}: {name}={value!r} is not of the dimension of {unit}")
            number *= has.factor / target.factor
        out[name] = number
    return out, unit


def read_study(name: str) -> StudyFile:
    """Read a study file by path or shipped name."""
    document = read_yaml(find_file("scenarios/studies", name))
    return validate(StudyFile, document)


def axes_of(vary: Mapping[str, str | list[Any]]) -> list[Axis]:
    """Return the axes of a study file's ``vary`` section."""
    return [
        parse_axis(f"{key}={values}") if isinstance(values, str) else Axis(key, tuple(values))
        for key, values in vary.items()
    ]


def sampled_spec(
    kind: str,
    scenario: str,
    distributions: Sequence[Distribution],
    *,
    sets: Mapping[str, Any],
    seed: int,
    points: int,
    sampling: str = "sobol",
    correlation: Sequence[Sequence[float]] | None = None,
) -> StudySpec:
    """Return the study of a sample (``mc``), a Saltelli design (``sobol``) or Morris trajectories (``morris``)."""
    columns = len(distributions)
    if columns == 0:
        raise InputError("no uncertain input is named")
    if kind == "sobol":
        uniform = saltelli_design(points, columns, seed)
    elif kind == "morris":
        # The ends of a distribution may be infinite: the trajectories walk between the 5 % and 95 % points.
        uniform = 0.05 + 0.9 * morris_design(points, columns, seed)
    else:
        uniform = uniform_sample(sampling, points, columns, seed)
    if correlation is not None:
        uniform = correlate(uniform, np.asarray(correlation, dtype=float))
    samples = np.column_stack([d(uniform[:, i]) for i, d in enumerate(distributions)])
    return make_spec(
        kind,
        scenario,
        sets=sets,
        seed=seed,
        keys=[d.key for d in distributions],
        units=[d.unit for d in distributions],
        samples=samples,
    )


SPEC_FILE = "design.json"
#: A design that the program wrote itself: a million points of a dozen inputs.
_DESIGN_BYTES = 1_000_000_000


def spec_text(spec: StudySpec) -> str:
    """Return the description of a study as text from which ``load_spec`` makes it again."""
    return json.dumps(
        {
            "kind": spec.kind, "scenario": spec.scenario, "sets": [list(p) for p in spec.sets], "seed": spec.seed,
            "axes": [[a.key, _written(a.values)] for a in spec.axes], "keys": list(spec.keys),
            "units": list(spec.units), "samples": spec.samples.tolist(),
            "chosen": list(spec.chosen),
        }
    )  # fmt: skip


def _written(values: Sequence[Value]) -> Any:
    """What stands for the values of an axis in a design."""
    return asdict(values) if isinstance(values, Span) else list(values)


def _read_back(values: Any) -> Sequence[Value]:
    return Span(**values) if isinstance(values, dict) else tuple(values)


def load_spec(folder: Path) -> StudySpec:
    """Return the study of a folder, with its inputs as they are now.

    Raises InputError when the folder has no readable design.
    """
    path = folder / SPEC_FILE
    data = read_json(path, Limits(nodes=None), limit=_DESIGN_BYTES)
    try:
        given: dict[str, Any] = {
            "sets": dict(data["sets"]),
            "seed": int(data["seed"]),
            "axes": [Axis(key, _read_back(values)) for key, values in data["axes"]],
            "keys": [str(key) for key in data["keys"]],
            "units": [str(unit) for unit in data["units"]],
            "samples": np.array(data["samples"], dtype=float) if data["samples"] else None,
        }
        kind, scenario = str(data["kind"]), str(data["scenario"])
        chosen = tuple(int(point) for point in data["chosen"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InputError(
            f"{path}: is damaged ({type(error).__name__}: {error}); run the study anew in another folder"
        ) from None
    return replace(make_spec(kind, scenario, **given), chosen=chosen)

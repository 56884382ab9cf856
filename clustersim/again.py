"""One question asked point after point, as a script asks it: recorded at one point, replayed at the next.

The first points of a form (the keys that are given, their units, and all that is no number) are run by the functions
themselves; one of them is recorded, the replay is held to the run of the next one, and only then stands for the
functions. A point at which a decision falls otherwise is run by them, and recorded as another branch. Files are looked
at for every point: where one has changed, all is run anew.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np

from clustersim.columns import Decided, Split, Unbatchable, Varied, batch
from clustersim.columns.recorded import POINTS, Tape
from clustersim.columns.replay import Recording
from clustersim.errors import ClusterSimError, InputError
from clustersim.reading.guarded import looked_at, unchanged
from clustersim.schema.lookup import roots
from clustersim.units import split_quantity

__all__ = ["Again"]

T = TypeVar("T")
Seen = Mapping[str, int | None]
#: Points of a form that are run before one is recorded, recordings of a form, and forms that are kept.
FIRST, BRANCHES, FORMS = 2, 8, 64
#: How far a replay may be from the run: Python's and NumPy's logarithms differ in the last bit.
CLOSE = 1e-12


@dataclass(slots=True)
class _Form:
    """What is known of the points that share their keys, their units and their words."""

    asked: int = 0
    branches: list[Recording] = field(default_factory=list)
    proven: set[int] = field(default_factory=set)
    seen: Seen = field(default_factory=dict)
    where: Any = None
    plain: bool = False
    """Whether something has no recorded form: every point is run."""


class Again(Generic[T]):
    """A question of a point: ``load`` takes overrides by key, ``run`` gives named numbers of what was loaded.

    >>> def load(point):  # a number, or one value a point
    ...     given = point["side"]
    ...     return given.numbers if isinstance(given, Varied) else given
    >>> square = Again(load, lambda side: {"area": side * side})
    >>> [square.numbers({"side": float(n)})["area"] for n in range(5)]
    [0.0, 1.0, 4.0, 9.0, 16.0]
    """

    def __init__(self, load: Callable[[Mapping[str, Any]], T], run: Callable[[T], Mapping[str, Any]]) -> None:
        self._load, self._run = load, run
        self._forms: dict[Any, _Form] = {}

    def numbers(self, point: Mapping[str, Any]) -> dict[str, float]:
        """Return the numbers of a point, by its own run or by a replay that equals it to 1e-12.

        Raises what the run says where it cannot be run.
        """
        given, form = self._given(point)
        values = {k: n[0] for k, n in given.items() if n is not None}
        if form.branches and not self._still(form):
            form.branches, form.proven = [], set()
        for recording in form.branches:
            found = recording.one(values)
            if found is not None:
                return found if id(recording) in form.proven else self._prove(form, recording, found, point)
        return self._alone(form, point, {k: n for k, n in given.items() if n is not None})

    def replayed(self, point: Mapping[str, Any]) -> dict[str, float] | None:
        """Return the numbers of a point by a recording that was held to a run; None where there is none of it."""
        given, form = self._given(point)
        if not form.branches or not self._still(form):
            return None
        values = {k: n[0] for k, n in given.items() if n is not None}
        for recording in form.branches:
            found = recording.one(values) if id(recording) in form.proven else None
            if found is not None:
                return found
        return None

    def _given(self, point: Mapping[str, Any]) -> tuple[dict[str, tuple[float, str] | None], _Form]:
        """The numbers of a point with their units, and what is known of its form."""
        given = {key: _number(value) for key, value in point.items()}
        known = tuple((k, repr(point[k]) if n is None else n[1]) for k, n in given.items())
        return given, self._form((known, tuple(n is None for n in given.values())))

    def _form(self, key: Any) -> _Form:
        if key not in self._forms and len(self._forms) >= FORMS:
            self._forms.pop(next(iter(self._forms)))
        return self._forms.setdefault(key, _Form())

    def _plainly(self, point: Mapping[str, Any]) -> dict[str, float]:
        return {name: float(value) for name, value in self._run(self._load(point)).items()}

    @staticmethod
    def _still(form: _Form) -> bool:
        """Whether all files are as they were when the branches were recorded."""
        return roots() == form.where and unchanged(form.seen)

    def _prove(
        self, form: _Form, recording: Recording, found: Mapping[str, float], point: Mapping[str, Any]
    ) -> dict[str, float]:
        """Hold a replay to the run of its point; one that differs is given up, and the form with it."""
        run = self._plainly(point)
        if run.keys() == found.keys() and all(_alike(run[name], found[name]) for name in run):
            form.proven.add(id(recording))
        else:
            form.branches, form.plain = [], True
        return run

    def _alone(
        self, form: _Form, point: Mapping[str, Any], numbers: Mapping[str, tuple[float, str]]
    ) -> dict[str, float]:
        """Run a point, and record it where its form is asked for often."""
        run = self._plainly(point)
        form.asked += 1
        if form.asked > FIRST and not form.plain and len(form.branches) < BRANCHES and numbers:
            self._record(form, point, numbers)
        return run

    def _record(
        self, form: _Form, point: Mapping[str, Any], numbers: Mapping[str, tuple[float, str]]
    ) -> None:
        tape, where = Tape(), roots()
        inputs = {key: tape.root(value) for key, (value, _) in numbers.items()}
        varied = {key: Varied(root, numbers[key][1]) for key, root in inputs.items()}
        try:
            with looked_at() as seen, batch(np.arange(POINTS), Decided(), POINTS):
                found = self._run(self._load({**point, **varied}))
            recording = Recording.of(tape, inputs, found)
        except (Split, Unbatchable, ClusterSimError, ValueError, TypeError, AttributeError, LookupError):
            form.plain = True
            return
        if form.branches and (where != form.where or not unchanged(form.seen)):
            form.branches, form.proven = [], set()
        form.seen, form.where = {**(form.seen if form.branches else {}), **seen}, where
        form.branches.append(recording)


def _number(value: Any) -> tuple[float, str] | None:
    """A value's number and unit; nothing where it is no number."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (float(value), "") if abs(value) < 2**53 or isinstance(value, float) else None
    if not isinstance(value, str):
        return None
    try:
        return split_quantity(value)
    except InputError:
        return None


def _alike(one: float, other: float) -> bool:
    return one == other or abs(one - other) <= CLOSE * abs(one) or (math.isnan(one) and math.isnan(other))

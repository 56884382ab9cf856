"""A scenario asked over values of its inputs: every combination, draws, ranks, a design space, a target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Unpack

from clustersim.api.named import Named
from clustersim.api.told import told
from clustersim.errors import InputError
from clustersim.report.answer import Answer

if TYPE_CHECKING:
    from clustersim.report.pages.studies import Study
    from clustersim.study.asked import HowWords, StudyAsked

__all__ = ["AskedOverValues", "Values"]

#: Values of one input: a list, or text of the form ``a,b,c``, ``lo:hi:n`` or ``log:lo:hi:n``.
Values = Sequence[object] | str


class AskedOverValues(Named):
    """What is asked of a scenario over values of its inputs."""

    @told("sweep")
    def sweep(
        self, vary: Mapping[str, Values], *, outputs: Sequence[str] = (), design: str = "grid",
        points: int | None = None, seed: int = 0, **how: Unpack[HowWords],
    ) -> Study:  # fmt: skip
        """Run every combination of the varied inputs, or a sample; ``how``: folder, workers, scheduler, tell."""
        from clustersim.report.pages.studies import sweep_study
        from clustersim.study.asked import How

        asked = self._asked(outputs, seed, vary)
        return sweep_study(asked, How(**how), design=design, points=points)

    @told("mc")
    def mc(
        self, inputs: Iterable[str] | Mapping[str, Mapping[str, object] | None], *, outputs: Sequence[str] = (),
        points: int = 256, precision: float | None = None, seed: int = 0, **how: Unpack[HowWords],
    ) -> Study:  # fmt: skip
        """Carry uncertain inputs through the chain: P10, P50, P90.

        An input takes its own low-high range, or a distribution: ``{"company.wacc": {"distribution": "triangular",
        "parameters": {"low": 0.1, "mode": 0.11, "high": 0.13}}}``.
        """
        from clustersim.report.pages.studies import mc_study
        from clustersim.study.asked import How

        return mc_study(
            self._asked(outputs, seed, inputs=inputs), How(**how), points=points, precision=precision
        )

    @told("sensitivity")
    def sensitivity(
        self, inputs: Iterable[str] | Mapping[str, Mapping[str, object] | None], *, output: str = "",
        method: str = "sobol", points: int = 256, seed: int = 0, **how: Unpack[HowWords],
    ) -> Study:  # fmt: skip
        """Rank inputs by what they do to an output (sobol, morris, tornado)."""
        from clustersim.report.pages.studies import sensitivity_study
        from clustersim.study.asked import How

        asked = self._asked([output] if output else [], seed, inputs=inputs)
        return sensitivity_study(asked, How(**how), method=method, points=points)

    @told("optimise")
    def optimise(
        self, vary: Mapping[str, Values], *, minimise: Sequence[str] = (), maximise: Sequence[str] = (),
        subject_to: Sequence[str] = (), **how: Unpack[HowWords],
    ) -> Study:  # fmt: skip
        """Find the points of a design space that no other beats, under constraints such as ``"mfu >= 0.4"``."""
        from clustersim.report.pages.studies import optimise_study
        from clustersim.study.asked import How

        return optimise_study(
            self._asked((), 0, vary), How(**how), minimise=minimise, maximise=maximise, limits=subject_to
        )

    @told("seek")
    def seek(self, span: str, target: str) -> Answer:
        """Find the value of an input (``"tco.pue=1:2"``) that gives an output its target (``"mfu=0.4"``)."""
        from clustersim.report.pages.studies import seek_answer

        return seek_answer(self.name, self.changes, span=span, target=target)

    def _asked(
        self, outputs: Sequence[str], seed: int, vary: Mapping[str, Values] | None = None,
        inputs: Iterable[str] | Mapping[str, Mapping[str, object] | None] = (),
    ) -> StudyAsked:  # fmt: skip
        from clustersim.study.asked import StudyAsked
        from clustersim.study.spec import InputFile, axes_of

        given = inputs if isinstance(inputs, Mapping) else dict.fromkeys(inputs)
        return StudyAsked(
            scenario=self.name,
            sets=self.changes,
            axes=tuple(axes_of({k: _values(k, v) for k, v in (vary or {}).items()})),
            inputs={k: None if v is None else InputFile.model_validate(v) for k, v in given.items()},
            outputs=tuple(outputs),
            seed=seed,
            title=self.name,
            source=self.name,
        )


def _values(key: str, values: object) -> str | list[object]:
    """The values of one input as a study takes them; raises InputError for what is no list."""
    if isinstance(values, str):
        return values
    if not isinstance(values, Iterable):
        raise InputError(f"{key}: {values!r} is one value; give a list of values, or text like '1:2:5'")
    return list(values)

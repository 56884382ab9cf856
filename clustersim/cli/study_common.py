"""What the commands of studies share: options, the run itself, the figures, the verdict on failed points."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from clustersim.cli.options import refuse_blank, say, write_beside
from clustersim.errors import InputError, PartialFailureError

if TYPE_CHECKING:
    from clustersim.study.driver import StudyResult
    from clustersim.study.spec import StudySpec

F = TypeVar("F", bound=Callable[..., Any])

#: Points that were run one by one before anything is said of it.
MANY_ALONE = 64


def workers_option(function: F) -> F:
    """Add ``--workers`` and ``--scheduler``."""
    function = click.option(
        "--scheduler",
        metavar="tcp://HOST:PORT",
        help="Run on an existing Dask cluster (needs the dask extra).",
    )(function)
    return click.option(
        "--workers",
        type=click.IntRange(min=1),
        help="Local processes; by default one a processor, 1 is serial.",
    )(function)


def parse_sets(sets: Sequence[str], base: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return ``--set`` texts as a mapping, over those of a study file."""
    out = dict(base or {})
    for text in sets:
        key, separator, value = text.partition("=")
        if not separator or not value.strip():
            raise InputError(f"--set {text!r}: write KEY=VALUE, for example tco.pue=1.2")
        from clustersim.schema.yamlfile import parse_yaml

        out[key.strip()] = parse_yaml(f"v: {value.strip()}", f"--set {text}").data["v"]
    return out


@contextmanager
def bar(label: str, total: int) -> Iterator[Callable[[int, int], None]]:
    """Show points done, points/s and the time left on stderr, where it is a terminal."""
    import sys

    if not sys.stderr.isatty():
        yield lambda done, of: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
    )
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(label, total=total, rate="")

        def advance(done: int, of: int) -> None:
            speed = shown.tasks[0].speed
            shown.update(task, completed=done, total=of, rate=f"{speed:,.0f} points/s" if speed else "")

        yield advance


def run(
    spec: StudySpec, folder: str | None, workers: int | None, scheduler: str | None, about: dict[str, Any]
) -> StudyResult:
    """Run a study in its folder, or in memory where none is given.

    Raises InputError before a folder is begun where ``about`` names outputs to draw that the study does not give.
    """
    from clustersim.study.driver import (
        known_outputs,
        result_of,
        run_in_memory,
        run_study,
        stop_on_terminate,
    )
    from clustersim.study.execute import default_workers
    from clustersim.study.outputs import check_outputs

    check_outputs(about.get("draw", {}).get("outputs", ()), dict.fromkeys(known_outputs(spec), 0.0))
    if folder is not None:
        refuse_blank(folder)
    count = workers or default_workers()
    with bar(spec.kind, spec.total) as tell:
        if folder is None:
            result = run_in_memory(spec, workers=count, scheduler=scheduler, tell=tell)
            _tell_alone(result)
            return result
        from clustersim.study.store import StudyStore

        stop_on_terminate()
        store = StudyStore(Path(folder))
        try:
            alone = run_study(spec, store, details=about, workers=count, scheduler=scheduler, tell=tell)
        except KeyboardInterrupt:
            say(f"stopped; finished points are kept: clustersim study resume {folder}")
            raise
        result = result_of(spec, store, alone)
        _tell_alone(result)
        return result


def _tell_alone(result: StudyResult) -> None:
    """Say on stderr which points of a large study could not share a run: they take a hundred times as long."""
    alone = result.alone
    if alone is not None and alone.why and alone.points >= MANY_ALONE:
        say(f"{alone.points} of {result.spec.total} points were run one by one: {alone.why}")


def main_cost(scenario: str, sets: Mapping[str, Any]) -> str:
    """Return the name of the cost of the first workload's unit: what a study shows where nothing is asked for."""
    from clustersim.schema.inputs import load_inputs
    from clustersim.workloads.work import MAIN_UNITS

    demand = load_inputs(scenario, dict(sets), with_incumbent=False).scenario.demand
    units = [f"cny_per_{MAIN_UNITS[work.kind]}" for work in demand.values()]
    return units[0] if units.count(units[0]) == 1 else f"{next(iter(demand))}.{units[0]}"


def verbose_reuse(verbose: bool) -> None:
    """Say on stderr which stages were reused (of this process; workers keep their own)."""
    if not verbose:
        return
    from clustersim.study.execute import reused

    for stage, (again, ran) in reused().items():
        click.echo(f"{stage}: run {ran} times, reused {again} times", err=True)


def draw(folder: str | None, result: StudyResult, drawn: Mapping[str, Any], *, anew: bool = True) -> int:
    """Write the figures of a study into its folder, where there is one; return how many; ``anew`` replaces those there.

    ``drawn`` is what the manifest keeps under ``draw``, so that a resumed study has its figures too.
    """
    if folder is None:
        return 0
    from clustersim.report.study_album import album
    from clustersim.report.style import save

    count = 0
    for name, figure in album(result, drawn).items():
        path = Path(folder) / name
        if anew or not path.exists():
            with write_beside(path) as temporary:
                save(figure(), temporary)
            count += 1
    return count


def one_line(error: str) -> str:
    """Return a refusal in one line: its problems, where it lists any, instead of their number.

    >>> one_line("a.yaml: 1 problem(s)\\n  a.yaml:3: tco.pue: 0.5 must be at least 1")
    'a.yaml:3: tco.pue: 0.5 must be at least 1'
    """
    first, *listed = error.splitlines() or [""]
    return "; ".join(line.strip() for line in listed) or first


def refuse_failed(result: StudyResult) -> None:
    """Raise PartialFailureError naming the first failed points; the statistics leave them out."""
    if result.errors:
        first = result.failed[0]
        raise PartialFailureError(
            f"{len(result.errors)} of {result.spec.total} points failed and are kept out of the statistics;"
            f" the first is point {first['point']}: {one_line(first['error'])}"
        )

"""Commands of many points: sweeps, draws, rankings, searches, and the studies that are kept in folders."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

import click

from clustersim.cli.helps import grouped
from clustersim.cli.names import KEY_VALUE, MOST_POINTS, WORKERS, Finite
from clustersim.cli.options import answers, say, varied

if TYPE_CHECKING:
    from clustersim import Answer, Scenario
    from clustersim.api.study import StudyFile
    from clustersim.cli.progress import Teller

F = TypeVar("F", bound=Callable[..., Any])

_VARY = click.option(
    "--vary", multiple=True, metavar="KEY=…", type=KEY_VALUE,
    help="KEY=a,b,c or KEY=lo:hi:n or KEY=log:lo:hi:n. Repeatable.",
)  # fmt: skip


def _workers(function: F) -> F:
    """Add ``--workers`` and ``--scheduler``."""
    scheduler = click.option(
        "--scheduler",
        metavar="tcp://HOST:PORT",
        help="Run on an existing Dask cluster (needs the dask extra).",
    )
    workers = click.option(
        "--workers",
        type=WORKERS,
        help="Local processes; by default one a processor, 1 is serial.",
    )
    return workers(scheduler(function))


@contextmanager
def _kept(folder: str | Path | None) -> Iterator[None]:
    """Treat a polite kill like Ctrl-C while a study is written, and say how to go on."""
    if folder is None:
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        say(f"stopped; finished points are kept: clustersim study resume {folder}")
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


@answers(of="study")
@_VARY
@click.option("--show", "outputs", multiple=True, metavar="NAME", help="Outputs to print; repeatable.")
@click.option(
    "--design", type=click.Choice(["grid", "sobol", "lhs", "random"]), default="grid", show_default=True,
    help="All combinations, or a sample of them.",
)  # fmt: skip
@click.option("--points", type=click.IntRange(1, MOST_POINTS), help="Points of a sample.")
@_workers
@click.option("-v", "--verbose", is_flag=True, help="Say which stages were reused.")
def sweep(
    study: StudyFile, vary: tuple[str, ...], outputs: tuple[str, ...], design: str, points: int | None,
    workers: int | None, scheduler: str | None, verbose: bool, output: str | None, tell: Teller,
) -> Answer:  # fmt: skip
    """Run every combination of the varied inputs of STUDY (a scenario, or a study file of kind sweep)."""
    with _kept(output):
        answer = study.sweep(
            varied(vary), outputs=outputs, design=design, points=points, folder=output, workers=workers,
            scheduler=scheduler, tell=tell.count,
        )  # fmt: skip
    return answer.with_said(_reused()) if verbose else answer


def _reused() -> list[str]:
    """Which stages were reused (of this process; workers keep their own)."""
    from clustersim.study.execute import reused

    return [f"{stage}: run {ran} times, reused {again} times" for stage, (again, ran) in reused().items()]


@answers(of="study")
@click.option("--points", type=click.IntRange(2, MOST_POINTS), help="Replace the study's number of points.")
@click.option(
    "--precision", type=Finite(min=0, min_open=True, max=1),
    help="Stop as soon as the P50 of the first output is known to this share of itself; points is then the limit.",
)  # fmt: skip
@_workers
def mc(
    study: StudyFile, points: int | None, precision: float | None, workers: int | None, scheduler: str | None,
    output: str | None, tell: Teller,
) -> Answer:  # fmt: skip
    """Sample the uncertain inputs of STUDY (a study file) and print P10, P50 and P90 of its outputs."""
    with _kept(output):
        return study.mc(
            points=points, precision=precision, folder=output, workers=workers, scheduler=scheduler, tell=tell.count
        )  # fmt: skip


@answers(of="study")
@click.option(
    "--method", type=click.Choice(["sobol", "morris", "tornado"]), help="Replace the study's method."
)
@click.option(
    "--points", type=click.IntRange(8, MOST_POINTS), help="Base points (Sobol) or trajectories (Morris)."
)
@_workers
def sensitivity(
    study: StudyFile, method: str | None, points: int | None, workers: int | None, scheduler: str | None,
    output: str | None, tell: Teller,
) -> Answer:  # fmt: skip
    """Rank the inputs of STUDY (a study file) by what they do to its first output."""
    with _kept(output):
        return study.sensitivity(
            method=method, points=points, folder=output, workers=workers, scheduler=scheduler, tell=tell.count
        )  # fmt: skip


@answers(of="study")
@_VARY
@click.option("--minimise", multiple=True, metavar="OUTPUT", help="Output to make small. Repeatable.")
@click.option("--maximise", multiple=True, metavar="OUTPUT", help="Output to make large. Repeatable.")
@click.option(
    "--subject-to", multiple=True, metavar="'OUTPUT<=N'", help="Constraint on an output. Repeatable."
)
@_workers
def optimise(
    study: StudyFile, vary: tuple[str, ...], minimise: tuple[str, ...], maximise: tuple[str, ...],
    subject_to: tuple[str, ...], workers: int | None, scheduler: str | None, output: str | None, tell: Teller,
) -> Answer:  # fmt: skip
    """Find the points of STUDY's design space that no other beats; the first goal's best stands first."""
    with _kept(output):
        return study.optimise(
            varied(vary), minimise=minimise, maximise=maximise, subject_to=subject_to, folder=output,
            workers=workers, scheduler=scheduler, tell=tell.count,
        )  # fmt: skip


@answers()
@click.option(
    "--input",
    "span",
    required=True,
    metavar="KEY=lo:hi",
    type=KEY_VALUE,
    help="The input and the range to look in.",
)
@click.option("--target", required=True, metavar="NAME=NUMBER", help="The output and its target.")
def seek(scenario: Scenario, span: str, target: str) -> Answer:
    """Find the value of an input of SCENARIO that gives an output its target."""
    return scenario.seek(span, target)


@grouped()
def study() -> None:
    """Resume, inspect, query and export studies that were kept in a folder."""


_FOLDER = click.argument("folder", type=click.Path())


@answers(study, of="")
@_FOLDER
@_workers
def resume(folder: str, workers: int | None, scheduler: str | None, tell: Teller) -> Answer:
    """Run what a study's FOLDER is missing."""
    import clustersim as cs

    with _kept(folder):
        return cs.open_study(folder).resume(workers=workers, scheduler=scheduler, tell=tell.count)


@answers(study, of="")
@_FOLDER
def status(folder: str) -> Answer:
    """Say how much of a study is done and what it is."""
    import clustersim as cs

    return cs.open_study(folder).status()


@answers(study, of="")
@_FOLDER
@click.argument("sql")
def query(folder: str, sql: str) -> Answer:
    """Run an SQL query (one SELECT) over a study; its table is called ``study``."""
    import clustersim as cs

    return cs.open_study(folder).query(sql)


@answers(study, of="", needs_folder=True)
@_FOLDER
@click.option(
    "--as",
    "kind",
    type=click.Choice(["csv", "parquet", "xlsx"]),
    default="csv",
    show_default=True,
    help="Kind of file.",
)
def export(folder: str, kind: str) -> Answer:
    """Write a study's table to one file of the folder -o."""
    import clustersim as cs

    return cs.open_study(folder).export(kind)

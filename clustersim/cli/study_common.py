"""What the commands of studies share: options, the run itself, the figures, the verdict on failed points."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from clustersim.cli.options import write_beside
from clustersim.errors import InputError, PartialFailureError

if TYPE_CHECKING:
    from clustersim.study.driver import StudyResult
    from clustersim.study.spec import StudySpec

F = TypeVar("F", bound=Callable[..., Any])


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
    """Run a study in its folder, or in memory where none is given."""
    from clustersim.study.driver import StudyResult, run_in_memory, run_study, stop_on_terminate
    from clustersim.study.execute import default_workers
    from clustersim.study.store import StudyStore

    count = workers or default_workers()
    with bar(spec.kind, spec.total) as tell:
        if folder is None:
            return run_in_memory(spec, workers=count, scheduler=scheduler, tell=tell)
        stop_on_terminate()
        store = StudyStore(Path(folder))
        try:
            run_study(spec, store, details=about, workers=count, scheduler=scheduler, tell=tell)
        except KeyboardInterrupt:
            click.echo(f"stopped; finished points are kept: clustersim study resume {folder}", err=True)
            raise
        outputs = tuple(store.manifest()["outputs"])
        return StudyResult(spec, outputs, tuple(store.rows()))


def verbose_reuse(verbose: bool) -> None:
    """Say on stderr which stages were reused (of this process; workers keep their own)."""
    if not verbose:
        return
    from clustersim.study.execute import reused

    for stage, (again, ran) in reused().items():
        click.echo(f"{stage}: run {ran} times, reused {again} times", err=True)


def keep_figure(folder: str | None, name: str, figure: Callable[[], Any]) -> None:
    """Write a figure into the study's folder, where there is one."""
    if folder is None:
        return
    from clustersim.report.style import save

    with write_beside(Path(folder) / name) as temporary:
        save(figure(), temporary)


def refuse_failed(result: StudyResult) -> None:
    """Raise PartialFailureError naming the first failed points; the statistics leave them out."""
    if result.failed:
        first = result.failed[0]
        raise PartialFailureError(
            f"{len(result.failed)} of {len(result.rows)} points failed and are kept out of the statistics;"
            f" the first is point {first['point']}: {first['error']}"
        )

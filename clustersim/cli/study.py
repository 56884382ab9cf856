"""``clustersim study``: take up, ask, and take away the studies that were kept in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from clustersim.cli.options import emit_rows, format_option, write_beside
from clustersim.cli.study_common import bar, workers_option
from clustersim.errors import InputError


@click.group()
def command() -> None:
    """Resume, inspect, query and export studies that were kept in a folder."""


@command.command()
@click.argument("folder", type=click.Path(path_type=Path))
@workers_option
def resume(folder: Path, workers: int | None, scheduler: str | None) -> None:
    """Run what a study's FOLDER is missing."""
    from clustersim.study.driver import run_study, stop_on_terminate
    from clustersim.study.execute import default_workers
    from clustersim.study.spec import load_spec
    from clustersim.study.store import StudyStore

    stop_on_terminate()
    store = StudyStore(folder)
    store.manifest()
    spec = load_spec(folder)
    store.check_same(spec)
    with bar("resume", spec.total) as tell:
        run_study(spec, store, workers=workers or default_workers(), scheduler=scheduler, tell=tell)
    click.echo(f"{folder}: all {spec.total} points are done", err=True)


@command.command()
@click.argument("folder", type=click.Path(path_type=Path))
@format_option()
def status(folder: Path, fmt: str) -> None:
    """Say how much of a study is done and what it is."""
    from clustersim.study.store import StudyStore

    store = StudyStore(folder)
    identity = store.manifest()["identity"]
    missing = sum(stop - start for start, stop in store.missing(identity["points"]))
    failed = sum(1 for row in store.rows() if row["error"])
    emit_rows(
        [
            {
                "study": str(folder), "kind": identity["kind"], "scenario": identity["scenario"],
                "points": identity["points"], "done": identity["points"] - missing, "failed": failed,
                "finished": store.finished(), "version": identity["version"],
            }
        ],
        fmt,
    )  # fmt: skip


def _source(folder: Path) -> str:
    from clustersim.study.store import StudyStore

    store = StudyStore(folder)
    store.manifest()
    if store.finished():
        return str(store.results_path)
    if not store.parts():
        raise InputError(f"{folder}: no point is done yet; run `clustersim study resume {folder}`")
    return str(store.parts_folder / "*.parquet")


@command.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("sql")
@format_option()
def query(folder: Path, sql: str, fmt: str) -> None:
    """Run an SQL query over a study; its table is called ``study``."""
    import duckdb

    connection: Any = duckdb.connect()
    path = _source(folder).replace("'", "''")
    connection.execute(f"create view study as select * from read_parquet('{path}') order by point")
    try:
        answer = connection.execute(sql)
    except duckdb.Error as error:
        raise InputError(f"the query cannot be run: {str(error).splitlines()[0]}") from None
    names = [column[0] for column in answer.description]
    emit_rows([dict(zip(names, row, strict=True)) for row in answer.fetchall()], fmt)


@command.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="A .csv, .parquet or .xlsx file."
)
def export(folder: Path, output: Path) -> None:
    """Write a study's table to one file."""
    import pandas as pd

    source = _source(folder)
    import duckdb

    path = source.replace("'", "''")
    connection: Any = duckdb.connect()
    frame: pd.DataFrame = connection.sql(f"select * from read_parquet('{path}') order by point").df()
    if output.suffix not in {".csv", ".parquet", ".xlsx"}:
        raise InputError(f"{output}: end the name in .csv, .parquet or .xlsx")
    with write_beside(output) as temporary:
        if output.suffix == ".csv":
            frame.to_csv(temporary, index=False)
        elif output.suffix == ".parquet":
            frame.to_parquet(temporary, index=False)
        else:
            # Text that begins like a formula must stay text.
            with pd.ExcelWriter(
                temporary, engine="xlsxwriter", engine_kwargs={"options": {"strings_to_formulas": False}}
            ) as writer:
                frame.to_excel(writer, index=False, sheet_name="study")
    click.echo(f"{output}: {len(frame)} points", err=True)

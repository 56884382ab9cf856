"""``clustersim study``: take up, ask, and take away the studies that were kept in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from clustersim.cli.options import emit_rows, format_option, say, write_beside
from clustersim.cli.study_common import bar, draw, workers_option
from clustersim.errors import InputError


@click.group()
def command() -> None:
    """Resume, inspect, query and export studies that were kept in a folder."""


@command.command()
@click.argument("folder", type=click.Path(path_type=Path))
@workers_option
def resume(folder: Path, workers: int | None, scheduler: str | None) -> None:
    """Run what a study's FOLDER is missing."""
    from clustersim.study.driver import result_of, run_study, stop_on_terminate
    from clustersim.study.execute import default_workers
    from clustersim.study.store import StudyStore

    stop_on_terminate()
    store = StudyStore(folder)
    manifest = store.manifest()
    spec = store.spec()
    with bar("resume", spec.total) as tell:
        run_study(spec, store, workers=workers or default_workers(), scheduler=scheduler, tell=tell)
    drawn = draw(str(folder), result_of(spec, store), manifest.get("draw") or {}, anew=False)
    if drawn:
        say(f"{folder}: {drawn} missing figure(s) drawn")
    say(f"{folder}: all {spec.total} points are done")


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


def _files(folder: Path) -> list[str]:
    """The files that hold the finished points."""
    from clustersim.study.store import StudyStore

    store = StudyStore(folder)
    store.check()
    if store.finished():
        return [str(store.results_path)]
    parts = store.parts()
    if not parts:
        raise InputError(f"{folder}: no point is done yet; run `clustersim study resume {folder}`")
    return [str(part.path) for part in parts]


def _asked(folder: Path, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run one SELECT over a study's rows; the database can reach no file, no network and no setting."""
    import duckdb
    import pyarrow.dataset

    statements = duckdb.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise InputError("the query must be one SELECT: a study is only read")
    connection: Any = duckdb.connect(
        config={"enable_external_access": "false", "python_enable_replacements": "false"}
    )
    connection.register("every_row", pyarrow.dataset.dataset(_files(folder)))
    connection.execute("create view study as select * from every_row order by point")
    connection.execute("set lock_configuration = true")
    # By way of Arrow: the rows of DuckDB's own interface need pytz for a time with its zone.
    answer = connection.sql(sql).to_arrow_table()
    columns = [column.to_pylist() for column in answer.columns]
    return answer.column_names, list(zip(*columns, strict=True))


@command.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("sql")
@format_option()
def query(folder: Path, sql: str, fmt: str) -> None:
    """Run an SQL query (one SELECT) over a study; its table is called ``study``."""
    import duckdb

    try:
        names, rows = _asked(folder, sql)
    except duckdb.Error as error:
        raise InputError(f"the query cannot be run: {str(error).splitlines()[0]}") from None
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"two columns of the answer are called {twice[0]!r}; name them apart with AS")
    emit_rows([dict(zip(names, row, strict=True)) for row in rows], fmt)


@command.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="A .csv, .parquet or .xlsx file."
)
def export(folder: Path, output: Path) -> None:
    """Write a study's table to one file."""
    if output.suffix not in {".csv", ".parquet", ".xlsx"}:
        raise InputError(f"{output}: end the name in .csv, .parquet or .xlsx")
    import pandas as pd
    import pyarrow as pa
    import pyarrow.dataset
    import pyarrow.parquet

    from clustersim.report.csvtext import csv_text

    try:
        table = pyarrow.dataset.dataset(_files(folder)).to_table()
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{folder}: cannot be read ({error})") from None
    with write_beside(output) as temporary:
        if output.suffix == ".csv":
            rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
            temporary.write_text(csv_text(table.column_names, rows), encoding="utf-8")
        elif output.suffix == ".parquet":
            pyarrow.parquet.write_table(table, temporary, compression="zstd")
        else:
            # Text that begins like a formula must stay text.
            options = {"strings_to_formulas": False, "strings_to_urls": False}
            with pd.ExcelWriter(temporary, engine="xlsxwriter", engine_kwargs={"options": options}) as writer:
                table.to_pandas().to_excel(writer, index=False, sheet_name="study")
    say(f"{output}: {table.num_rows} points")

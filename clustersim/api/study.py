"""Studies in Python: those that a file asks for, and those that were kept in a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Unpack

from clustersim.api.kinds import STUDIES, kind_of, refuse_other
from clustersim.api.told import told
from clustersim.api.values import Values
from clustersim.errors import InputError, suggest
from clustersim.extras import needs
from clustersim.processors import processors
from clustersim.report.answer import Answer, listed
from clustersim.report.pages.studies import (
    Study,
    draw,
    mc_study,
    optimise_study,
    sensitivity_study,
    sweep_study,
)
from clustersim.schema.lookup import known_names
from clustersim.study.asked import How, HowWords, StudyAsked, asked_of_file
from clustersim.study.driver import result_of, run_study
from clustersim.study.spec import axes_of
from clustersim.study.store import StudyStore

__all__ = ["Study", "StudyFile", "StudyFolder", "open_study", "study_file"]

#: What a study's table may be written as.
EXPORTS = ("csv", "parquet", "xlsx")


@dataclass(frozen=True)
class StudyFolder:
    """A study that was kept in a folder."""

    folder: Path

    def __repr__(self) -> str:
        return f"StudyFolder({str(self.folder)!r})"

    def status(self) -> Answer:
        """Say how much of the study is done and what it is."""
        store = StudyStore(self.folder)
        identity = store.manifest()["identity"]
        missing = sum(stop - start for start, stop in store.missing(identity["points"]))
        row = {
            "study": str(self.folder), "kind": identity["kind"], "scenario": identity["scenario"],
            "points": identity["points"], "done": identity["points"] - missing,
            "failed": sum(1 for row in store.rows() if row["error"]), "finished": store.finished(),
            "version": identity["version"],
        }  # fmt: skip
        return listed("status", [row])

    def resume(
        self, *, workers: int | None = None, scheduler: str | None = None,
        tell: Callable[[int, int], None] = lambda done, of: None,
    ) -> Answer:  # fmt: skip
        """Run what the study is missing, and draw the figures that it lacks."""
        store = StudyStore(self.folder)
        manifest, spec = store.manifest(), store.spec()
        run_study(spec, store, workers=workers or processors(), scheduler=scheduler, tell=tell)
        drawn = draw(str(self.folder), result_of(spec, store), manifest.get("draw") or {}, anew=False)
        said = [f"{self.folder}: {drawn} missing figure(s) drawn"] if drawn else []
        return listed(
            "status", self.status().table, said=[*said, f"{self.folder}: all {spec.total} points are done"]
        )

    def query(self, sql: str) -> Answer:
        """Run one SELECT over the study, whose table is called ``study``; it can reach no file and no network."""
        with needs("study", "queries"):
            import duckdb

        try:
            names, rows = self._asked(sql)
        except duckdb.Error as error:
            table = "; the table is called study" if isinstance(error, duckdb.CatalogException) else ""
            raise InputError(f"the query cannot be run: {str(error).splitlines()[0]}{table}") from None
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InputError(f"two columns of the answer are called {twice[0]!r}; name them apart with AS")
        return listed("query", [dict(zip(names, row, strict=True)) for row in rows])

    def export(self, kind: str = "csv") -> Answer:
        """Return the study's table as an answer whose folder gets one file of a kind: csv, parquet or xlsx."""
        if kind not in EXPORTS:
            raise InputError(f"{kind!r}: a study is exported as {', '.join(EXPORTS)}")
        import pyarrow as pa
        import pyarrow.dataset

        try:
            table = pyarrow.dataset.dataset(self._files()).to_table()
        except (OSError, pa.ArrowException) as error:
            raise InputError(f"{self.folder}: cannot be read ({error})") from None
        name = f"{self.folder.resolve().name}.{kind}"
        row = {
            "study": str(self.folder),
            "points": table.num_rows,
            "columns": table.num_columns,
            "file": name,
        }
        return listed(
            "export", [row], files=lambda: {name: lambda path: _export(table, kind, path)}, keeps_json=False
        )

    def _files(self) -> list[str]:
        """The files that hold the finished points."""
        store = StudyStore(self.folder)
        store.check()
        if store.finished():
            return [str(store.results_path)]
        parts = store.parts()
        if not parts:
            raise InputError(
                f"{self.folder}: no point is done yet; run `clustersim study resume {self.folder}`"
            )
        return [str(part.path) for part in parts]

    def _asked(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Run one SELECT over the rows; the database can reach no file, no network and no setting."""
        import duckdb
        import pyarrow.dataset

        statements = duckdb.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise InputError("the query must be one SELECT: a study is only read")
        connection: Any = duckdb.connect(
            config={"enable_external_access": "false", "python_enable_replacements": "false"}
        )
        connection.register("every_row", pyarrow.dataset.dataset(self._files()))
        connection.execute("create view study as select * from every_row order by point")
        connection.execute("set lock_configuration = true")
        # By way of Arrow: the rows of DuckDB's own interface need pytz for a time with its zone.
        answer = connection.sql(sql).to_arrow_table()
        columns = [column.to_pylist() for column in answer.columns]
        return answer.column_names, list(zip(*columns, strict=True))


def _export(table: Any, kind: str, path: Path) -> None:
    """Write a table as one file; text that begins like a formula stays text."""
    import pandas as pd
    import pyarrow.parquet

    from clustersim.report.csvtext import csv_text

    if kind == "csv":
        rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
        path.write_text(csv_text(table.column_names, rows), encoding="utf-8")
    elif kind == "parquet":
        pyarrow.parquet.write_table(table, path, compression="zstd")
    else:
        options = {"strings_to_formulas": False, "strings_to_urls": False}
        with needs("report", "workbooks"):
            import xlsxwriter  # noqa: F401 -- by name below
        with pd.ExcelWriter(path, engine="xlsxwriter", engine_kwargs={"options": options}) as writer:
            table.to_pandas().to_excel(writer, index=False, sheet_name="study")


@dataclass(frozen=True)
class StudyFile:
    """A study that a file asks for, further inputs changed; a scenario is the study that varies nothing."""

    name: str
    changes: Mapping[str, object] = field(default_factory=dict)

    def set(self, changes: Mapping[str, object]) -> StudyFile:
        """Return the study with more inputs changed at every point."""
        return StudyFile(self.name, {**self.changes, **changes})

    def _asked(
        self, kind: str, vary: Mapping[str, Values] | None = None, outputs: Sequence[str] = ()
    ) -> StudyAsked:
        """What the file asks, and what is asked besides; raises InputError for a file of another kind."""
        axes = axes_of({k: v if isinstance(v, str) else list(v) for k, v in (vary or {}).items()})
        if kind_of(self.name) != "scenario":
            asked = asked_of_file(self.name, kind)
        elif kind in {"sweep", "optimise"}:
            asked = StudyAsked(scenario=self.name, title=self.name, source=self.name)
        else:
            raise InputError(
                f"{self.name}: is a scenario, and {kind} takes a study file, which names the uncertain inputs"
                f" (docs/studies.md); `clustersim sweep {self.name}` and `clustersim run {self.name}` take a scenario"
            )
        return asked.with_more(sets=self.changes, axes=axes, outputs=outputs)

    @told("sweep")
    def sweep(
        self, vary: Mapping[str, Values] | None = None, *, outputs: Sequence[str] = (), design: str = "grid",
        points: int | None = None, **how: Unpack[HowWords],
    ) -> Study:  # fmt: skip
        """Run every combination of the varied inputs, or a sample of them."""
        return sweep_study(self._asked("sweep", vary, outputs), How(**how), design=design, points=points)

    @told("mc")
    def mc(
        self, *, points: int | None = None, precision: float | None = None, outputs: Sequence[str] = (),
        **how: Unpack[HowWords],
    ) -> Study:  # fmt: skip
        """Carry the uncertain inputs through the chain: P10, P50, P90."""
        return mc_study(self._asked("mc", outputs=outputs), How(**how), points=points, precision=precision)

    @told("sensitivity")
    def sensitivity(
        self, *, method: str | None = None, points: int | None = None, **how: Unpack[HowWords]
    ) -> Study:
        """Rank the uncertain inputs by what they do to the first output."""
        return sensitivity_study(self._asked("sensitivity"), How(**how), method=method, points=points)

    @told("optimise")
    def optimise(
        self, vary: Mapping[str, Values] | None = None, *, minimise: Sequence[str] = (), maximise: Sequence[str] = (),
        subject_to: Sequence[str] = (), **how: Unpack[HowWords],
    ) -> Study:  # fmt: skip
        """Find the points of the design space that no other beats."""
        asked = self._asked("optimise", vary)
        return optimise_study(asked, How(**how), minimise=minimise, maximise=maximise, limits=subject_to)


def study_file(name: str | Path) -> StudyFile:
    """Return the study of a file or shipped name; raises InputError for a file of another kind, or where there is none.

    >>> study_file("bid")
    StudyFile(name='bid', changes={})
    """
    text = str(name)
    refuse_other(text, "study", "scenario", *STUDIES)
    if not kind_of(text) and not text.endswith((".yaml", ".yml")):
        raise InputError(f"no study or scenario {text!r}; {suggest(text, _known())}")
    return StudyFile(text)


def _known() -> list[str]:
    return [*known_names("scenarios/studies"), *known_names("scenarios")]


def open_study(folder: str | Path) -> StudyFolder:
    """Return a study that was kept in a folder; what is wrong with the folder is said when something is asked."""
    return StudyFolder(Path(folder))

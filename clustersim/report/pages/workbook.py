"""The live workbook of a forecast as an answer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clustersim.errors import InputError, suggest
from clustersim.finance.audit.run import audit_texts
from clustersim.planner.company import ForecastRun
from clustersim.report.answer import Answer, listed
from clustersim.report.pages.audit import read_folder
from clustersim.report.workbook.book import Book
from clustersim.report.workbook.export import export_workbook
from clustersim.report.workbook.inputs import CASE_KEYS
from clustersim.writing import file_stem, write_beside

__all__ = ["workbook_answer", "write_workbook"]


def write_workbook(
    path: Path, runs: Mapping[str, ForecastRun], *, case: str = "base", labels: str = "en"
) -> Path:
    """Write a workbook and return its path; raises InputError where its name is no workbook's."""
    if path.suffix.lower() != ".xlsx":
        raise InputError(f"{path}: give a file that ends in .xlsx")
    if not path.parent.is_dir():
        raise InputError(f"{path.parent}: no such folder")
    _check(runs, case)
    with write_beside(path) as temporary:
        export_workbook(temporary, runs, selected=case, language=labels, audit=[])
    return path


def workbook_answer(runs: Mapping[str, ForecastRun], *, case: str, labels: str, tables: str | None) -> Answer:
    """Return the workbook as the one file of a folder; ``tables`` is a folder of printed tables to audit into it."""
    _check(runs, case)
    verdicts: list[dict[str, object]] = []
    if tables is not None:
        verdicts = [row for row in audit_texts(read_folder(tables)[0]).rows() if row["verdict"] != "ok"]
    name = f"{file_stem(runs['base'].name)}.xlsx"

    def book(path: Path) -> Book:
        return export_workbook(path, runs, selected=case, language=labels, audit=verdicts)

    return listed("export", [{"workbook": name, "case": case}], files=lambda: {name: book}, keeps_json=False)


def _check(runs: Mapping[str, ForecastRun], case: str) -> None:
    """Raise InputError for a case that there is not, or one that the selector of the workbook cannot switch."""
    for name, changes in runs["base"].file.cases.items():
        for key in changes:
            if key not in CASE_KEYS:
                raise InputError(
                    f"case {name}: the workbook's selector does not switch {key}; {suggest(key, list(CASE_KEYS))}"
                )
    if case not in runs:
        raise InputError(f"no case {case!r}; {suggest(case, list(runs))}")

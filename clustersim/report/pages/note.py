"""The research note and its slides as answers, from the answers of the commands that they tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clustersim.errors import InputError, suggest
from clustersim.planner.company import ForecastRun
from clustersim.planner.ranges import SAMPLES
from clustersim.report.answer import Answer, listed
from clustersim.report.content.note import KINDS, Asked, note_content
from clustersim.report.pages.company import show_answer, value_answer
from clustersim.report.pages.company_moves import cases_answer, draws_answer, grid_answer, moves_answer
from clustersim.report.writers.documents import documents

__all__ = ["asked_of", "documents_answer"]


def asked_of(
    runs: Mapping[str, ForecastRun], *, run: Any = None, before: ForecastRun | None = None,
    changes: Mapping[str, object] | None = None, kind: str = "initiation",
) -> Asked:  # fmt: skip
    """Return what a note is made from: the company by its cases, and what ``run`` prints of its scenario.

    ``before`` is the company without the changes. Raises InputError for a kind of note that there is not.
    """
    if kind not in KINDS:
        raise InputError(f"no kind {kind!r} of a note; {suggest(kind, KINDS)}")
    base = runs["base"]
    targets = {name: float(one.valuation.target_price) for name, one in runs.items()}
    answers = {
        "forecast": show_answer(base).data, "value": value_answer(base).data,
        "moves": moves_answer(base).data, "grid": grid_answer(base, "wacc-growth").data,
        "mc": draws_answer(base, SAMPLES, targets).data,
    }  # fmt: skip
    if base.file.cases:
        answers["cases"] = cases_answer(runs).data
    if run is not None:
        answers["run"] = run
    if before is not None:
        answers["before"] = show_answer(before).data
    return Asked(base, answers, dict(changes or {}), kind)


def documents_answer(asked: Asked, forms: Sequence[str], languages: Sequence[str]) -> Answer:
    """Return the documents of a note as the files of a folder, NAME-LANGUAGE.FORM.

    Raises InputError for a form that there is not, a library that is missing, and text that no font here draws.
    """
    written = documents({language: note_content(asked, language) for language in languages}, forms)
    files = {name: one.write for name, one in written.items()}
    rows = [one.row(name) for name, one in written.items()]
    return listed("note", rows, files=lambda: files, keeps_json=False)

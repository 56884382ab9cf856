"""The live workbook of a forecast as an answer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from clustersim.errors import InfeasibleError, InputError, suggest
from clustersim.finance.analysis import monte_carlo
from clustersim.finance.audit.run import audit_texts
from clustersim.pipeline.chain import valued_cards
from clustersim.pipeline.value import ValuedCard
from clustersim.planner.company import ForecastRun
from clustersim.planner.moves import moves
from clustersim.planner.ranges import SAMPLES, ranges_of, reaches
from clustersim.planner.surface import Surface, surface_of
from clustersim.report.answer import Answer, listed
from clustersim.report.pages.audit import read_folder
from clustersim.report.workbook.book import Book
from clustersim.report.workbook.export import Behind, export_workbook
from clustersim.report.workbook.inputs import CASE_KEYS
from clustersim.report.workbook.spreads import Spread
from clustersim.schema.inputs import Inputs
from clustersim.writing import file_stem, write_beside

__all__ = ["behind_of", "workbook_answer", "write_workbook"]


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
        export_workbook(temporary, runs, selected=case, language=labels, behind=behind_of(runs, case)[0])
    return path


def workbook_answer(
    runs: Mapping[str, ForecastRun], *, case: str, labels: str, tables: str | None, name: str = ""
) -> Answer:
    """Return the workbook as the one file of a folder; ``tables`` is a folder of printed tables to audit into it.

    ``name`` is what it was asked by, where that is not the name of the run.
    """
    _check(runs, case)
    verdicts: list[dict[str, object]] = []
    if tables is not None:
        verdicts = [row for row in audit_texts(read_folder(tables)[0]).rows() if row["verdict"] != "ok"]
    file = f"{file_stem(name or runs['base'].name)}.xlsx"
    behind, said = behind_of(runs, case, verdicts)

    def book(path: Path) -> Book:
        return export_workbook(path, runs, selected=case, language=labels, behind=behind)

    rows = [{"workbook": file, "case": case, "sites": len(behind.cards), "surfaces": len(behind.surfaces)}]
    return listed("export", rows, files=lambda: {file: book}, keeps_json=False, said=said)


def behind_of(
    runs: Mapping[str, ForecastRun], case: str, audit: list[dict[str, Any]] | None = None
) -> tuple[Behind, list[str]]:
    """Return what stands behind a workbook beside its cases, and what has to be said of it.

    The cards of all lines on their sites, the response of each site to its card's numbers, and how the target price
    spreads over cases and draws.
    """
    run = runs[case]
    said: list[str] = []
    cards: dict[str, ValuedCard] = {}
    surfaces: dict[str, Surface] = {}
    if run.chain is not None:
        cards = valued_cards(run.chain)
        asked: dict[str, Inputs] = {product: card.inputs for product, card in cards.items()}
        if run.chain.value is not None:
            asked[run.chain.link.product or run.chain.inputs.parts.card.name] = run.chain.inputs
        for product, inputs in asked.items():
            try:
                surfaces[product] = surface_of(inputs)
            except (InfeasibleError, InputError) as error:
                said.append(f"{product}: its card's numbers cannot be moved in the workbook: {error}")
    return Behind(cards, surfaces, _spread(runs, run), audit or ()), said


def _spread(runs: Mapping[str, ForecastRun], run: ForecastRun) -> Spread:
    ranges, draws = ranges_of(run), None
    if ranges:
        rng = np.random.default_rng(run.seed)
        found = monte_carlo(run.company, run.links, _around(run, ranges), samples=SAMPLES, rng=rng,
                            reach=reaches(run))  # fmt: skip
        draws = (found.percentile(10), found.percentile(90))
    cases = {name: float(one.valuation.target_price) for name, one in runs.items()} if len(runs) > 1 else {}
    return Spread(cases, draws, moves(run))


def _around(run: ForecastRun, ranges: Mapping[str, tuple[float, float, float]]) -> dict[str, Any]:
    """The ranges, widened to the value that a case stands on."""
    return {key: (min(low, value), value, max(high, value)) for key, (low, value, high) in ranges.items()}


def _check(runs: Mapping[str, ForecastRun], case: str) -> None:
    """Raise InputError for a case that there is not, or one that the selector of the workbook cannot switch."""
    for name, changes in runs["base"].file.cases.items():
        for key in changes:
            if key not in CASE_KEYS:
                raise InputError(
                    f"case {name}: the workbook's selector does not switch {key}; {suggest(key, list(CASE_KEYS))}"
                )
    for run in runs.values():
        if (regime := run.company.drivers.tax_regime) != "loss_pool":
            raise InputError(
                f"drivers.tax_regime {regime}: the workbook has no formula for a tax regime of another package;"
                " with --set company.drivers.tax_regime=loss_pool it can be written"
            )
    if case not in runs:
        raise InputError(f"no case {case!r}; {suggest(case, list(runs))}")

"""Putting the workbook together: the order of its sheets, the cover, the checks, the charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clustersim.errors import InputError
from clustersim.finance.statements import make_statements
from clustersim.pipeline import ChainRun
from clustersim.report.workbook.book import FIRST_YEAR_COLUMN, SHEETS, Book
from clustersim.report.workbook.charts import write_charts
from clustersim.report.workbook.checks import write_audit, write_checks
from clustersim.report.workbook.cluster import write_cluster
from clustersim.report.workbook.drivers import write_drivers
from clustersim.report.workbook.inputs import write_control, write_inputs
from clustersim.report.workbook.labels import label
from clustersim.report.workbook.statements import (
    write_balance,
    write_cash_flow,
    write_income,
)
from clustersim.report.workbook.valuation import write_dcf, write_multiples, write_sensitivities

__all__ = ["export_workbook"]


def export_workbook(
    path: Path,
    runs: Mapping[str, ChainRun],
    *,
    selected: str,
    language: str = "en",
    audit: Sequence[Mapping[str, Any]] = (),
) -> Book:
    """Write the workbook of a scenario and return it with every formula and the value that Python gave for it.

    ``runs`` are the cases by name, the base first; ``selected`` is the one that the selector stands on.

    Raises InputError for a scenario without a company, or modes of the model that the workbook does not cover.
    """
    run = runs[selected]
    company, forecast = run.company, run.forecast
    if company is None or forecast is None:
        raise InputError("the workbook needs a scenario with a company")
    statements = make_statements(company, forecast)
    book = Book(path, company.history.actual_years, company.years, language)
    book.sheet("Cover", "cover", timeline=False)
    write_control(book, runs, selected)
    base = next(iter(runs.values()))
    write_inputs(book, base)
    book.section("Inputs", "steps of the grids")
    for key, step in (
        ("wacc", 0.005),
        ("terminal_growth", 0.0025),
        ("asp_scale", 0.05),
        ("units_scale", 0.05),
    ):
        book.input(f"step.{key}", step, source="spacing of the table", tier="given")
    write_cluster(book, run)
    write_drivers(book, run)
    write_income(book, company, forecast, statements)
    write_balance(book, company, forecast, statements)
    write_cash_flow(book, company, forecast, statements)
    write_multiples(book, run)
    write_dcf(book, run)
    write_sensitivities(book, run)
    write_charts(book, company)
    write_checks(book, company, forecast, statements)
    write_audit(book, company, statements, audit)
    _cover(book, run)
    book.close()
    return book


def _cover(book: Book, run: ChainRun) -> None:
    assert run.company is not None and run.valuation is not None and run.inputs.company is not None
    sheet = "Cover"
    value, cell = run.valuation, book.cell
    book.text(sheet, 1, 0, f"{run.inputs.company.name}: {run.inputs.company.source}", "note")
    book.section(sheet, "target price")
    for key, number, format_ in (
        ("target_price_hkd", value.target_price_hkd, "0.00"), ("upside", value.upside, "0.0%"),
        ("rating", value.rating, "@"),
    ):  # fmt: skip
        book.scalar(sheet, f"cover.{key}", cell(key), number, number=format_, name=key)
    book.scalar(sheet, "cover.printed", cell("printed.target_price_hkd"), run.company.printed.target_price_hkd,
                number="0.00", name="target price as printed, HKD per share")  # fmt: skip
    book.scalar(sheet, "cover.master", cell("master"), _master(book), number="0", name="all checks hold (1)")
    book.section(sheet, "how to read it")
    notes = (
        "Blue: typed inputs, on Control and Inputs only. Black: formulas. Green: links to other sheets.",
        "Change the selector on Control, an input, a price or the WACC: the target price follows.",
        "Results on the maker's cards are predictions: it has published almost no compute figures.",
        "Money is in thousand CNY unless a unit says otherwise; costs and outflows are negative.",
        "Revenue from the first unprinted year on is recovered from printed rows, units and prices are calibrated.",
    )
    for note in notes:
        book.text(sheet, book.next_row[sheet], 0, note)
        book.next_row[sheet] += 1
    book.section(sheet, "sheets")
    for name in SHEETS:
        book.text(sheet, book.next_row[sheet], 0, name)
        book.text(
            sheet,
            book.next_row[sheet],
            FIRST_YEAR_COLUMN,
            label(name.lower().replace(" ", "_"), book.language),
        )
        book.next_row[sheet] += 1


def _master(book: Book) -> float:
    address = book.cell("master")
    return next(float(c.value) for c in book.cells if book._fixed(c.sheet, c.row, c.column) == address)

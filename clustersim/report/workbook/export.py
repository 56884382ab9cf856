"""Putting the workbook together: the order of its sheets, the cover, the checks, the charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from clustersim.finance.company import Company
from clustersim.finance.forecast import Forecast, by_product
from clustersim.finance.messages import messages
from clustersim.finance.statements import make_statements
from clustersim.finance.valuation import Valuation
from clustersim.market.link import Link
from clustersim.report.labels import label
from clustersim.report.workbook.balance import write_balance, write_cash_flow
from clustersim.report.workbook.book import FIRST_YEAR_COLUMN, SHEETS, Book
from clustersim.report.workbook.charts import write_charts
from clustersim.report.workbook.checks import write_audit, write_checks
from clustersim.report.workbook.cluster import write_cluster
from clustersim.report.workbook.drivers import write_drivers
from clustersim.report.workbook.income import write_income
from clustersim.report.workbook.inputs import write_control, write_inputs
from clustersim.report.workbook.link import write_links
from clustersim.report.workbook.valuation import write_dcf, write_multiples, write_sensitivities

__all__ = ["Forecasted", "export_workbook"]


class Forecasted(Protocol):
    """What a workbook is made of: a company with its forecast, and the chain of the cluster behind it, if any."""

    @property
    def file(self) -> Any:
        """The company file."""

    @property
    def company(self) -> Company:
        """The company as plain numbers."""

    @property
    def links(self) -> tuple[Link, ...]:
        """What moves its lines."""

    @property
    def forecast(self) -> Forecast:
        """Its forecast."""

    @property
    def valuation(self) -> Valuation:
        """Its value."""

    @property
    def chain(self) -> Any:
        """The run of the chain, or None."""


def export_workbook(
    path: Path,
    runs: Mapping[str, Forecasted],
    *,
    selected: str,
    language: str = "en",
    audit: Sequence[Mapping[str, Any]] = (),
) -> Book:
    """Write the workbook of a forecast and return it with every formula and the value that Python gave for it.

    ``runs`` are the cases by name, the base first; ``selected`` is the one that the selector stands on.

    Raises InputError for modes of the model that the workbook does not cover.
    """
    run, base = runs[selected], next(iter(runs.values()))
    company, forecast = run.company, run.forecast
    statements = make_statements(company, forecast)
    book = Book(path, company.history.actual_years, company.years, language)
    book.sheet("Cover", "cover", timeline=False)
    write_control(book, {name: one.company for name, one in runs.items()}, selected)
    write_inputs(book, base.company, base.file)
    book.section("Inputs", "steps of the grids")
    for key, step in (("wacc", 0.005), ("terminal_growth", 0.0025)):
        book.input(f"step.{key}", step, source="spacing of the table", tier="given")
    live = write_cluster(book, run.chain)
    links = write_links(book, company, by_product(run.links), live)
    write_drivers(book, company, forecast, links)
    write_income(book, company, forecast, statements)
    write_balance(book, company, forecast, statements)
    write_cash_flow(book, company, statements)
    write_multiples(book, company)
    write_dcf(book, company, forecast, run.valuation)
    write_sensitivities(book, company, run.links, run.valuation)
    write_charts(book, company)
    write_checks(book, company, forecast, statements)
    write_audit(book, company, statements, audit)
    _cover(book, run)
    book.close()
    return book


def _cover(book: Book, run: Forecasted) -> None:
    sheet = "Cover"
    value, cell, currency = run.valuation, book.cell, run.company.currency
    book.text(sheet, 1, 0, f"{run.file.title or run.file.name}: {run.file.source}", "note")
    book.section(sheet, "target price")
    for key, number, format_, name in (
        ("target_price", float(value.target_price), "0.00", f"target price, {currency} per share"),
        ("upside", float(value.upside), "0.0%", "upside"), ("rating", value.rating, "@", "rating"),
    ):  # fmt: skip
        book.scalar(sheet, f"cover.{key}", cell(key), number, number=format_, name=name)
    if run.company.printed is not None:
        book.scalar(sheet, "cover.printed", cell("printed.target_price"), run.company.printed.target_price,
                    number="0.00", name=f"target price as printed, {currency} per share")  # fmt: skip
    book.scalar(
        sheet,
        "cover.wacc",
        cell("wacc_state"),
        book.values["wacc_state"],
        number="@",
        name="WACC against growth",
    )
    book.scalar(
        sheet, "cover.master", cell("master"), book.value("master"), number="0", name="all checks hold (1)"
    )
    book.section(sheet, "checks")
    for i in range(sum(key.startswith("state.") for key in book.scalars)):
        title = book.titles[f"state.{i}"]
        book.scalar(
            sheet, f"cover.state.{i}", cell(f"state.{i}"), book.values[f"state.{i}"], number="@", name=title
        )
    notes = messages(run.company, run.forecast, run.links)
    if notes:
        book.section(sheet, "notes of this export")
        for note in notes:
            book.text(sheet, book.next_row[sheet], 0, note)
            book.next_row[sheet] += 1
    book.section(sheet, "how to read it")
    notes = (
        "Blue: typed inputs, on Control and Inputs only. Black: formulas. Green: links to other sheets.",
        "Change the selector on Control, an input, a price or the WACC: the target price follows.",
        "Discount, value share and sensitivity move every line; tariff and cluster inputs this card's line only.",
        "Results on the maker's cards are predictions: it has published almost no compute figures.",
        "Money is in thousand CNY unless a unit says otherwise; costs and outflows are negative.",
        "Units and prices by product are a calibration or the file's own; what is printed is on Inputs as printed.",
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

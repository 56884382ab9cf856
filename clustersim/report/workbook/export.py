"""Putting the workbook together: the order of its sheets, its lines, the cover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from clustersim.finance.company import Company
from clustersim.finance.forecast import Forecast, by_product
from clustersim.finance.messages import messages
from clustersim.finance.statements import make_statements
from clustersim.finance.valuation import Valuation
from clustersim.market.link import Link
from clustersim.pipeline.value import ValuedCard
from clustersim.planner.surface import Surface
from clustersim.report.workbook.balance import write_balance, write_cash_flow
from clustersim.report.workbook.book import PERCENT, SHEETS, VALUE_COLUMN, Book
from clustersim.report.workbook.charts import write_charts
from clustersim.report.workbook.checks import held, judge, rating_formula, write_audit, write_checks
from clustersim.report.workbook.chip import printed_part, show_target
from clustersim.report.workbook.cluster import LineSite, write_cluster
from clustersim.report.workbook.drivers import write_drivers
from clustersim.report.workbook.income import write_income
from clustersim.report.workbook.inputs import write_control, write_inputs
from clustersim.report.workbook.link import Lines, write_links
from clustersim.report.workbook.looks import tab
from clustersim.report.workbook.ratios import balance_ratios, cash_ratios, income_ratios
from clustersim.report.workbook.sensitivities import write_sensitivities
from clustersim.report.workbook.spreads import Spread, write_spreads
from clustersim.report.workbook.valuation import write_dcf, write_multiples
from clustersim.version import __version__

__all__ = ["Behind", "Forecasted", "export_workbook"]


class Forecasted(Protocol):
    """What a workbook is made of: a company with its forecast, and the chain of the cluster behind it, if any."""

    @property
    def name(self) -> str:
        """What it was asked by."""

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


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind a workbook beside its cases, each part left out where it was not asked for.

    Attributes:
        cards: by product line, its card valued on the site that stands for it.
        surfaces: by product line, the response of its site to the card's numbers.
        spread: target prices of cases and draws.
        audit: verdicts of an audit of the printed tables.
    """

    cards: Mapping[str, ValuedCard] = field(default_factory=dict)
    surfaces: Mapping[str, Surface] = field(default_factory=dict)
    spread: Spread = field(default_factory=Spread)
    audit: Sequence[Mapping[str, Any]] = ()


def export_workbook(
    path: Path,
    runs: Mapping[str, Forecasted],
    *,
    selected: str,
    language: str = "en",
    behind: Behind | None = None,
) -> Book:
    """Write the workbook of a forecast and return it with every formula and the value that Python gave for it.

    ``runs`` are the cases by name, the base first; ``selected`` is the one that the selector stands on.

    Raises InputError for modes of the model that the workbook does not cover.
    """
    run, base, behind = runs[selected], next(iter(runs.values())), behind or Behind()
    company, forecast = run.company, run.forecast
    statements = make_statements(company, forecast)
    book = Book(path, company.history.actual_years, company.years, language)
    book.sheet("Cover", "cover", timeline=False)
    write_control(book, {name: one.company for name, one in runs.items()}, selected)
    write_inputs(book, base.company, base.file)
    book.section("Inputs", "s.steps")
    for key, step in (("wacc", 0.005), ("terminal_growth", 0.0025)):
        book.input(f"step.{key}", step, source="src.spacing", tier="given", number=PERCENT)
    sites = _sites(run, behind)
    write_cluster(book, sites)
    links = write_links(book, company, _lines(run, sites))
    write_drivers(book, company, forecast, links)
    write_income(book, company, forecast, statements)
    write_balance(book, company, forecast, statements)
    write_cash_flow(book, company, statements)
    write_multiples(book, company)
    write_dcf(book, company, forecast, run.valuation)
    income_ratios(book, company, statements)
    balance_ratios(book, company, statements)
    cash_ratios(book, company, statements)
    write_sensitivities(book, company, run.links, run.valuation)
    write_charts(book, company, write_spreads(book, company, behind.spread))
    write_checks(book, company, forecast, statements)
    show_target(book, list(sites))
    write_audit(book, company, statements, behind.audit)
    printed_part(book)
    _cover(book, run)
    book.close()
    return book


def _sites(run: Forecasted, behind: Behind) -> dict[str, LineSite]:
    """The sites behind the lines, that of the run's own scenario first: it has what the run changes of its own."""
    out: dict[str, LineSite] = {}
    chain = run.chain
    if chain is not None and chain.value is not None and chain.incumbent is not None:
        now = ValuedCard(chain.inputs, chain.own, chain.incumbent, chain.shipped, chain.value)
        product = chain.link.product or chain.inputs.parts.card.name
        out[product] = LineSite(product, now, behind.cards.get(product, now), behind.surfaces.get(product))
    for product, card in behind.cards.items():
        if product not in out:
            out[product] = LineSite(product, card, card, behind.surfaces.get(product))
    return out


def _lines(run: Forecasted, sites: Mapping[str, LineSite]) -> Lines:
    """What the worth of each line is computed from; a site whose card's worth is not that of its line moves nothing."""
    links, first = by_product(run.links), next(iter(sites), "")
    ends = {}
    for product, site in sites.items():
        worth = links[product].worth if product in links else None
        value = float(np.asarray(site.now.value.price_cny))
        if worth is not None and abs(float(np.asarray(worth.value_in_use_price_cny)) - value) <= 1e-6 * abs(
            value
        ):
            ends[product] = "" if product == first else f"@{product}"
    follows = {
        name: (block.follows.product, float(block.follows.worth_ratio.value))
        for name, block in run.file.products.items()
        if block.follows is not None
    }
    return Lines(links, ends, follows)


def _cover(book: Book, run: Forecasted) -> None:
    sheet, cell, currency = "Cover", book.cell, run.company.currency
    date = str(run.file.as_of or "–")
    book.text(sheet, 1, 0, f"{run.file.title or run.file.name}", "section")
    book.text(sheet, 2, 0, book.words("made", date=date, version=__version__, name=run.name), "note")
    book.next_row[sheet] = 3
    book.section(sheet, "s.target")
    first = book.next_row[sheet]
    book.scalar(
        sheet, "cover.target_price", *held(book, "target_price"), number="0.00", unit=currency, kind="total"
    )
    book.scalar(sheet, "cover.price", cell("price"), run.company.price, number="0.00", unit=currency)
    book.scalar(sheet, "cover.upside", *held(book, "upside"), number="0.0%")
    book.scalar(sheet, "cover.rating", *rating_formula(book), number="@")
    if run.company.printed is not None:
        book.scalar(sheet, "cover.printed", cell("printed.target_price"), run.company.printed.target_price,
                    number="0.00", unit=currency)  # fmt: skip
    book.scalar(sheet, "cover.wacc_state", cell("wacc_state"), book.values["wacc_state"], number="@")
    book.scalar(sheet, "cover.master", cell("master"), book.value("master"), number="0", unit="holds")
    judge(book, sheet, first + 3, VALUE_COLUMN, book.next_row[sheet] - 1, VALUE_COLUMN)
    book.section(sheet, "s.checks")
    first = book.next_row[sheet]
    for key in [k for k in book.scalars if k.startswith("state.")]:
        book.scalar(sheet, f"cover.{key}", cell(key), book.values[key], number="@")
    judge(book, sheet, first, VALUE_COLUMN, book.next_row[sheet] - 1, VALUE_COLUMN)
    _index(book)
    notes = messages(run.company, run.forecast, run.links)
    if notes:
        book.section(sheet, "s.notes")
        _paragraphs(book, list(notes))
    book.section(sheet, "s.read")
    _paragraphs(
        book, [book.words(f"read.{k}") for k in ("blue", "change", "reach", "predicted", "money", "record")]
    )


def _paragraphs(book: Book, texts: Sequence[str]) -> None:
    """Texts over the width of the page, as high as they need."""
    for text in texts:
        row = book.next_row["Cover"]
        book.sheets["Cover"].merge_range(row, 0, row, VALUE_COLUMN + 1, "", book.format("wrapped"))
        book.sheets["Cover"].write_string(row, 0, text, book.format("wrapped"))
        wide = sum(2 if ord(c) > 0x2E80 else 1 for c in text)
        book.sheets["Cover"].set_row(row, 15 * (1 + wide // 118))
        book.next_row["Cover"] += 1


def _index(book: Book) -> None:
    """Every sheet with a link and what it holds."""
    book.section("Cover", "s.index")
    for name in SHEETS[1:]:
        row, shown = book.next_row["Cover"], tab(name, book.language)
        target = f"internal:'{shown}'!A1"
        book.sheets["Cover"].write_url(
            row, 0, target, book.format("url"), book.words(name.lower().replace(" ", "_"))
        )
        book.next_row["Cover"] += 1

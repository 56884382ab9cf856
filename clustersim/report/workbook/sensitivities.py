"""The Sensitivities sheet: WACC x growth live around the chosen case, price x volume as this export had it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from clustersim.finance import analysis
from clustersim.finance.capital import NEAR
from clustersim.finance.company import Company
from clustersim.finance.valuation import Valuation
from clustersim.market.link import Link
from clustersim.report.workbook.book import PERCENT, VALUE_COLUMN, Book
from clustersim.report.workbook.inputs import base_wacc
from clustersim.report.workbook.named import said
from clustersim.report.workbook.valuation import gordon

__all__ = ["write_sensitivities"]

STEPS = (-2, -1, 0, 1, 2)


def _value(value: object) -> float:
    return float(np.asarray(value))


def write_sensitivities(book: Book, company: Company, links: tuple[Link, ...], value: Valuation) -> None:
    """Write WACC x growth live around the chosen case; price x volume as exported, from Record."""
    book.sheet("Sensitivities", "sensitivities", timeline=False)
    _wacc_growth(book, company, links, value)
    _price_volume(book, company, links)


def _grid(
    book: Book, title: str, rows: tuple[str, float, str], columns: tuple[str, float, str],
    formula: Callable[[str, str, int, int], str], values: list[list[float]],
) -> None:  # fmt: skip
    """Write a grid of target prices; its axes are the chosen case and steps around it, formulas as well."""
    from xlsxwriter.utility import xl_rowcol_to_cell

    sheet, left = "Sensitivities", VALUE_COLUMN
    book.section(sheet, title)
    top, at = book.next_row[sheet], book.cell

    def axis(name: str, step: float, k: int) -> tuple[str, float]:
        text = f"{at(name)}+({k})*{at('step.' + name.removesuffix('_used'))}" if k else at(name)
        return text, book.value(name) + k * step

    for j, k in enumerate(STEPS):
        text, number = axis(columns[0], columns[1], k)
        book.put(sheet, top, left + 1 + j, text, number, "axis", columns[2])
    for i, k in enumerate(STEPS):
        text, number = axis(rows[0], rows[1], k)
        book.put(sheet, top + 1 + i, left, text, number, "axis", rows[2])
        for j in range(len(STEPS)):
            r = xl_rowcol_to_cell(top + 1 + i, left, col_abs=True)
            c = xl_rowcol_to_cell(top, left + 1 + j, row_abs=True)
            book.put(sheet, top + 1 + i, left + 1 + j, formula(r, c, i, j), values[i][j], "formula", "0.00")
    names = {k: said(v[0], book.language) for k, v in (("down", rows), ("across", columns))}
    book.text(sheet, top, 0, book.words("down_across", **names), "note")
    look = {"type": "3_color_scale", "min_color": "#F8C9B4", "mid_color": "#FFFFFF", "max_color": "#BFE6D5"}
    book.sheets[sheet].conditional_format(top + 1, left + 1, top + len(STEPS), left + len(STEPS), look)
    book.next_row[sheet] = top + len(STEPS) + 1


def _wacc_growth(book: Book, company: Company, links: tuple[Link, ...], value: Valuation) -> None:
    n, cell = len(company.years), book.cell
    dw, dg = 0.005, 0.0025
    w, g = _value(value.wacc), _value(company.terminal_growth)
    if w - 2 * dw < g + 2 * dg + NEAR - 1e-9:
        book.text("Sensitivities", 3, 0, book.words("no_grid"))
        return
    shift = w - base_wacc(company)
    values = analysis.grid(
        company,
        links,
        ("wacc", [w - shift + k * dw for k in STEPS]),
        ("terminal_growth", [g + k * dg for k in STEPS]),
    )
    fcf, time = book.span("fcf", 0, n - 1), book.span("time", 0, n - 1)
    t, weight = book.at("time", n - 1, fixed=True), cell("dcf_weight")
    proceeds = f"{cell('listing_proceeds_counted')}*{cell('listing_proceeds')}"

    def formula(r: str, c: str, i: int, j: int) -> str:
        worth = f"SUMPRODUCT({fcf},(1+{r})^(-{time}))+{gordon(book, r, c)}*(1+{r})^-{t}+{cell('net_cash')}"
        leg = f"{weight}*MAX(({worth})*{cell('fx_per_cny')}/1000+{proceeds},0)+(1-{weight})*{cell('ps_m')}"
        shares = cell("shares_used")
        return f'IF(OR({r}-{c}<{NEAR}-1E-9,NOT(ISNUMBER({shares}))),"–",({leg})/{shares})'

    _grid(
        book,
        "s.wacc_growth",
        ("wacc_used", dw, PERCENT),
        ("terminal_growth", dg, PERCENT),
        formula,
        values,
    )


def _price_volume(book: Book, company: Company, links: tuple[Link, ...]) -> None:
    """Price x volume as Python had it: learning and losses make it no closed form."""
    step = 0.05
    scales = [(_value(company.asp_scale), "asp_scale"), (_value(company.units_scale), "units_scale")]
    axes = [(key, [at + k * step for k in STEPS]) for at, key in scales]
    values = analysis.grid(company, links, axes[0], axes[1])
    book.section("Record", "s.grid")
    for i, row in enumerate(values):
        for j, number in enumerate(row):
            book.input(
                f"grid.{i}.{j}", number, source="src.export", tier="derived", number="0.00", sheet="Record"
            )
    book.section("Sensitivities", "s.price_volume")
    top, left = book.next_row["Sensitivities"], VALUE_COLUMN
    down, across = (said(key, book.language) for key in ("asp_scale", "units_scale"))
    book.text("Sensitivities", top, 0, book.words("down_across", down=down, across=across), "note")
    for k, points in enumerate(STEPS):
        for line, column in ((top, left + 1 + k), (top + 1 + k, left)):
            book.text("Sensitivities", line, column, f"{points * 100 * step:+.0f}%", "head")
    for i in range(len(STEPS)):
        for j in range(len(STEPS)):
            place = (top + 1 + i, left + 1 + j)
            book.put("Sensitivities", *place, book.cell(f"grid.{i}.{j}"), values[i][j], "link", "0.00")
    book.next_row["Sensitivities"] = top + len(STEPS) + 2

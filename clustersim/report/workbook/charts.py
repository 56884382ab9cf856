"""Native Excel charts over the calculation sheets, in billions, with the rows that they are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clustersim.finance.company import Company
from clustersim.report.labels import label
from clustersim.report.workbook.book import Book
from clustersim.report.workbook.named import said
from clustersim.report.workbook.spreads import Bars

__all__ = ["write_charts"]

# Okabe and Ito (2008): colours that colour-blind readers can tell apart.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#56B4E9", "#D55E00", "#CC79A7", "#F0E442", "#8C8C8C")
#: Where the rows of the charts begin, below the charts.
_ROWS_FROM = 92
#: The row of their years.
_YEARS_IN = _ROWS_FROM + 2
_SIZE = {"width": 640, "height": 400}
_GAP = 24
_FONT = {"size": 9}


def write_charts(book: Book, company: Company, spreads: Sequence[Bars]) -> None:
    """Write revenue by product, profit, cash, and what spreads the target price: football field, tornado, waterfall."""
    sheet = book.sheet("Charts", "charts", timeline=False)
    book.next_row["Charts"] = _ROWS_FROM
    sheet.set_paper(8)
    sheet.set_portrait()
    sheet.fit_to_pages(1, 1)
    book.section("Charts", "chart.series")
    for i, year in enumerate(company.years):
        book.text("Charts", _YEARS_IN, book.column(i), year, "head")
    book.next_row["Charts"] = _YEARS_IN + 1
    products = [(p.name, f"revenue:{p.name}") for p in company.products]
    plans = (
        ("chart.revenue", "column", "stacked",
         [*products, (said("services", book.language), "services")], (3, 0)),
        ("chart.profit", "line", None,
         [(said(k, book.language), k) for k in ("gross_profit", "operating_profit", "net_profit")], (3, 1)),
        ("chart.fcf", "column", None, [(said(k, book.language), k) for k in ("fcf", "pv")], (25, 0)),
        ("chart.cash", "line", None,
         [(said(k, book.language), k) for k in ("bs.cash_and_cash_equivalents", "net_working_capital")], (25, 1)),
    )  # fmt: skip
    for title, kind, subtype, series, where in plans:
        chart = book.file.add_chart({"type": kind, **({"subtype": subtype} if subtype else {})})
        for (name, key), colour in zip(series, COLOURS, strict=False):
            chart.add_series(_series(book, company, name, key, colour, kind))
        _dress(chart, book.words(title), book.words("bn"), "#,##0.0")
        _put(sheet, where, chart)
    for bars, where in zip(spreads, ((47, 0), (47, 1), (69, 0)), strict=False):
        _put(sheet, where, _spread(book, bars))


def _put(sheet: Any, where: tuple[int, int], chart: Any) -> None:
    """Place a chart by its row and whether it stands left or right, whatever the widths of the columns."""
    row, right = where
    offset = right * (_SIZE["width"] + _GAP)
    sheet.insert_chart(row, 0, chart, {"object_position": 2, "x_offset": offset})


def _series(book: Book, company: Company, name: str, key: str, colour: str, kind: str) -> dict[str, object]:
    """One row of the model in billions: its formulas on this sheet, and how it is drawn."""
    n, own = len(company.years), f"bn.{key}"
    where, row = book.rows[key]
    if own not in book.rows:
        values = [cell.value for cell in book.cells if cell.row == row and cell.column >= book.column(0)
                  and cell.sheet == book.shown(where)][:n]  # fmt: skip
        shown = [float(v) / 1e6 if not isinstance(v, str) else v for v in values]
        book.row(
            "Charts", own, lambda i: f"{book.at(key, i)}/1000000", shown, unit="CNY bn", number="#,##0.000"
        )
    at = book.rows[own][1]
    look = {"line": {"color": colour, "width": 2.25}} if kind == "line" else {"fill": {"color": colour}}
    tab = book.shown("Charts")
    first, last = book.column(0), book.column(n - 1)
    return {
        "name": name.replace("!", "!\u200b"),  # else what looks like a place would be read as one
        "categories": [tab, _YEARS_IN, first, _YEARS_IN, last],
        "values": [tab, at, first, at, last],
        **look,
    }


def _dress(chart: Any, title: str, unit: str, number: str) -> None:
    """Title, axes with units, legend and size."""
    chart.set_title({"name": title, "name_font": {"size": 12}})
    grid = {"visible": True, "line": {"color": "#E0E0E0"}}
    chart.set_y_axis({"name": unit, "num_format": number, "major_gridlines": grid, "num_font": _FONT,
                      "name_font": _FONT})  # fmt: skip
    chart.set_x_axis({"label_position": "low", "num_font": _FONT})
    chart.set_legend({"position": "bottom"})
    chart.set_size(_SIZE)


def _spread(book: Book, bars: Bars) -> Any:
    """Bars from one value to another: the first series is not seen, it only lifts the others."""
    across = bars.kind == "bar"
    chart = book.file.add_chart({"type": bars.kind, "subtype": "stacked"})
    tab, (top, bottom) = book.shown(bars.sheet), bars.rows
    for column, colour in bars.series:
        look = (
            # A border makes a line of a bar that has no width, as the target price beside its ranges.
            {"fill": {"color": colour}, "border": {"color": colour, "width": 1.5}}
            if colour
            else {"fill": {"none": True}, "border": {"none": True}}
        )
        chart.add_series({
            "name": label("span_of", book.language), "categories": [tab, top, 0, bottom, 0],
            "values": [tab, top, column, bottom, column], "gap": 40, **look,
        })  # fmt: skip
    _dress(chart, book.words(bars.title), bars.unit, "#,##0")
    if across:
        # The values stand below, although the first bar stands at the top.
        chart.set_y_axis({"reverse": True, "num_font": _FONT, "label_position": "low", "crossing": "max"})
        chart.set_x_axis({"name": bars.unit, "num_format": "#,##0", "num_font": _FONT, "name_font": _FONT,
                          "major_gridlines": {"visible": True, "line": {"color": "#E0E0E0"}}})  # fmt: skip
    chart.set_legend({"none": True})
    return chart

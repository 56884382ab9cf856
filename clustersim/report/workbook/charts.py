"""Native Excel charts over the calculation sheets."""

from __future__ import annotations

from clustersim.finance.company import Company
from clustersim.report.workbook.book import Book

__all__ = ["write_charts"]

# Okabe and Ito (2008): colours that colour-blind readers can tell apart.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#56B4E9", "#D55E00", "#CC79A7", "#8C8C8C")


def write_charts(book: Book, company: Company) -> None:
    """Write the Charts sheet: revenue by product, profit, free cash flow, cash and working capital."""
    sheet = book.sheet("Charts", "charts", timeline=False)
    products = [(p.name, f"revenue:{p.name}") for p in company.products]
    plans = (
        ("Revenue by product", "column", "stacked", [*products, ("services", "services")], "B4"),
        ("Gross profit, EBIT and net profit", "line", None,
         [("gross profit", "gross_profit"), ("EBIT", "operating_profit"), ("net profit", "net_profit")], "K4"),
        ("Free cash flow and its present value", "column", None,
         [("free cash flow", "fcf"), ("present value", "pv")], "B26"),
        ("Cash and net working capital", "line", None,
         [("cash", "bs.cash_and_cash_equivalents"), ("net working capital", "net_working_capital")], "K26"),
    )  # fmt: skip
    for title, kind, subtype, series, where in plans:
        chart = book.file.add_chart({"type": kind, **({"subtype": subtype} if subtype else {})})
        for (name, key), colour in zip(series, COLOURS, strict=False):
            chart.add_series(_series(book, company, name, key, colour, kind))
        chart.set_title({"name": title, "name_font": {"size": 12}})
        chart.set_y_axis({"name": "thousand CNY", "num_format": "#,##0", "major_gridlines": {"visible": True,
                          "line": {"color": "#E0E0E0"}}})  # fmt: skip
        chart.set_x_axis({"label_position": "low"})
        chart.set_legend({"position": "bottom"})
        chart.set_size({"width": 620, "height": 400})
        sheet.insert_chart(where, chart)


def _series(book: Book, company: Company, name: str, key: str, colour: str, kind: str) -> dict[str, object]:
    where, row = book.rows[key]
    first, last = book.column(0), book.column(len(company.years) - 1)
    look = {"line": {"color": colour, "width": 2.25}} if kind == "line" else {"fill": {"color": colour}}
    return {
        "name": name,
        "categories": [where, 2, first, 2, last],
        "values": [where, row, first, row, last],
        **look,
    }

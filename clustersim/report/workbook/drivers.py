"""The Drivers sheet: units, price and cost by product, and what departs from the printed forecast."""

from __future__ import annotations

from clustersim.finance.company import Company
from clustersim.finance.forecast import Forecast
from clustersim.pipeline import ChainRun
from clustersim.report.workbook.book import Book

__all__ = ["write_drivers"]


def write_drivers(book: Book, run: ChainRun) -> None:
    """Write units, price, cost and revenue by product, and what departs from the printed forecast."""
    company, forecast = run.company, run.forecast
    assert company is not None and forecast is not None
    book.sheet("Drivers", "drivers")
    cell, at = book.cell, book.at
    lines = {p.name: p for p in forecast.products}
    years = company.years
    learning = f"LN({cell('drivers.progress_ratio')})/LN(2)"
    for product in company.products:
        name, line = product.name, lines[product.name]
        book.section("Drivers", name)
        own = [i for i, y in enumerate(years) if y in product.units]
        first, linked = own[0], run.link.product == name
        factor = cell("units_scale") + (f"*{cell('units_factor')}" if linked else "")
        price = cell("asp_scale") + (f"*{cell('asp_factor')}" if linked else "")
        # Rows of a product run over its own years only; they are without gaps.
        values = [years[i] for i in own]
        book.row(
            "Drivers", f"units:{name}", lambda i, f=factor, n=name: f"{at(f'in.units:{n}', i)}*{f}",  # type: ignore[misc]
            [line.units[y] for y in values], unit="cards", start=first, name="units",
        )  # fmt: skip
        book.row(
            "Drivers", f"asp:{name}", lambda i, f=price, n=name: f"{at(f'in.asp:{n}', i)}*{f}",  # type: ignore[misc]
            [line.asp_kcny[y] for y in values], start=first, number="#,##0.000", name="price (ASP)",
        )  # fmt: skip
        book.row(
            "Drivers", f"revenue:{name}", lambda i, n=name: f"{at(f'units:{n}', i)}*{at(f'asp:{n}', i)}",  # type: ignore[misc]
            [line.revenue_kcny[y] for y in values], start=first, name=f"revenue {name}",
        )  # fmt: skip
        book.row(
            "Drivers", f"unit_cost:{name}",
            lambda i, f=factor, n=name: f"{at(f'in.unit_cost:{n}', i)}*({f})^({learning})",  # type: ignore[misc]
            [line.unit_cost_kcny[y] for y in values], start=first, number="#,##0.000", name="unit cost",
        )  # fmt: skip
        book.row(
            "Drivers", f"warranty:{name}",
            lambda i, n=name: f"{at(f'asp:{n}', i)}*{cell('drivers.warranty_share')}",  # type: ignore[misc]
            [line.warranty_kcny[y] for y in values], start=first, number="#,##0.000",
            name="of which warranty, a card",
        )  # fmt: skip
        book.row(
            "Drivers", f"cost:{name}", lambda i, n=name: f"{at(f'units:{n}', i)}*{at(f'unit_cost:{n}', i)}",  # type: ignore[misc]
            [line.units[y] * line.unit_cost_kcny[y] for y in values], start=first, name=f"cost {name}",
        )  # fmt: skip
    _totals(book, company, forecast)


def _totals(book: Book, company: Company, forecast: Forecast) -> None:
    at, years = book.at, company.years
    book.section("Drivers", "services and totals")
    services = [company.services_share[y] * r for y, r in zip(years, company.revenue_kcny, strict=True)]
    book.row("Drivers", "services", lambda i: f"{at('services_share', i)}*{at('base_revenue', i)}", services)
    cost = [s * (1 - m) for s, m in zip(services, company.gross_margin, strict=True)]
    book.row("Drivers", "services_cost", lambda i: f"{at('services', i)}*(1-{at('base_margin', i)})", cost)
    sold = {p.name: [i for i, y in enumerate(years) if y in p.units] for p in company.products}

    def total(kind: str, i: int) -> str:
        own = [at(f"{kind}:{n}", i) for n, where in sold.items() if i in where]
        return "+".join([*own, at("services" if kind == "revenue" else "services_cost", i)])

    book.row(
        "Drivers",
        "total_revenue",
        lambda i: total("revenue", i),
        forecast.revenue_kcny,
        kind="total",
        name="revenue",
    )
    book.row(
        "Drivers", "total_cost", lambda i: total("cost", i), [-c for c in forecast.cost_of_sales_kcny],
        kind="total", name="cost of sales",
    )  # fmt: skip
    moved = forecast.moved
    book.row(
        "Drivers", "moved_revenue", lambda i: f"ROUND({at('total_revenue', i)}-{at('base_revenue', i)},6)",
        [round(v, 6) for v in moved.revenue],
        name="departure of revenue from the printed forecast",
    )  # fmt: skip
    book.row(
        "Drivers", "moved_cost",
        lambda i: f"ROUND({at('total_cost', i)}-{at('base_revenue', i)}*(1-{at('base_margin', i)}),6)",
        [round(v, 6) for v in moved.cost], name="departure of cost of sales",
    )  # fmt: skip

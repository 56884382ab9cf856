"""The Drivers sheet: units, price and cost by product within their limits, and the plan that departures count from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from clustersim.finance.company import Array, Company, ProductLine
from clustersim.finance.forecast import Forecast
from clustersim.finance.products import SERVICES, ProductForecast, planned_sales
from clustersim.market.link import Link
from clustersim.report.workbook.book import Book
from clustersim.report.workbook.formulas import Sheet

__all__ = ["write_drivers"]

MONEY = "#,##0.000"


def write_drivers(book: Book, company: Company, forecast: Forecast, links: Mapping[str, Link]) -> None:
    """Write units, price, cost and revenue by product; ``links`` are those whose factor rows stand on the sheet."""
    sheet = Sheet(book, "Drivers")
    lines = {p.name: p for p in forecast.products}
    for product in company.products:
        _asked(sheet, company, product, links.get(product.name))
    for product in company.products:
        book.section("Drivers", "itself", part=product.name)
        _line(sheet, company, product, lines[product.name], product.name in links)
    _plan(sheet, company)
    _totals(sheet, company, forecast, lines[SERVICES])


def _list(row: Array) -> list[float]:
    return [float(v) for v in np.asarray(row).reshape(-1)]


def _asked(sheet: Sheet, company: Company, product: ProductLine, link: Link | None) -> None:
    name, book, years = product.name, sheet.book, company.years
    formula = f"[in.units:{name}]*{{units_scale}}"
    values = np.array([float(product.units.get(y, 0.0)) for y in years]) * float(
        np.asarray(company.units_scale)
    )
    if product.ramp or product.end_of_life is not None:
        can = np.array([float(product.ramp.get(y, 1.0)) for y in years])
        if product.end_of_life is not None:
            can = can * np.array([float(y[:4] <= product.end_of_life[:4]) for y in years])
        book.input_row(f"in.deliverable:{name}", _list(can), unit="share", number="0.00", source="src.ramp")
        formula, values = f"{formula}*[in.deliverable:{name}]", values * can
    if link is not None:
        factor = np.broadcast_to(np.asarray(link.units_factor).reshape(-1), len(years))
        left = np.ones(len(years))
        left[0] -= company.elapsed_share
        formula = f"{formula}*(1+([link.units:{name}]-1)*[left_of_year])"
        values = values * (1 + (factor - 1) * left)
    sheet.row(f"planned:{name}", formula, _list(values), unit="cards")


def _line(sheet: Sheet, company: Company, product: ProductLine, line: ProductForecast, linked: bool) -> None:
    name, book = product.name, sheet.book
    taken = [
        f"{share!r}*([planned:{o.name}]-[ref.units:{o.name}])"
        for o in company.products
        for other, share in o.cannibalises.items()
        if other == name
    ]
    asked = f"MAX([planned:{name}]{''.join(f'-{t}' for t in taken)},0)" if taken else f"[planned:{name}]"
    if name in company.supply_units:
        limits = [float(v) if np.isfinite(v) else 1e15 for v in _list(line.limit_units)]
        book.input_row(f"in.limit:{name}", limits, unit="cards", source="src.supply")
        asked = f"MIN({asked},[in.limit:{name}])"
    sheet.row(f"units:{name}", asked, _list(line.units), unit="cards")
    price = f"[in.asp:{name}]*{{asp_scale}}*(1-[in.channel_discount])"
    if linked:
        price += f"*(1+([link.asp:{name}]-1)*[left_of_year])"
    sheet.row(f"asp:{name}", price, _list(line.asp_kcny), number=MONEY)
    sheet.row(f"revenue:{name}", f"[units:{name}]*[asp:{name}]", _list(line.revenue_kcny))
    _cost(sheet, company, product, line)


def _cost(sheet: Sheet, company: Company, product: ProductLine, line: ProductForecast) -> None:
    name, book = product.name, sheet.book
    book.input(f"past_units:{name}", product.past_units, unit="cards", source="src.company_file", number="0")
    own = np.cumsum(line.units)
    plan = next((p for p in company.reference if p.name == name), None)
    base = (
        f"[in.unit_cost:{name}]"
        if f"in.unit_cost:{name}" in book.rows
        else f"[in.asp:{name}]*(1-[ref.gross_margin])"
    )
    sheet.row(
        f"sold:{name}", f"[sold:{name}<]+[units:{name}]", _list(own), first=f"[units:{name}]", unit="cards"
    )
    if plan is not None:
        then = np.cumsum([float(plan.units.get(y, 0.0)) for y in company.years])
        sheet.row(f"plan:{name}", f"[plan:{name}<]+[ref.units:{name}]", _list(then), first=f"[ref.units:{name}]",
                  unit="cards")  # fmt: skip
        past = f"{{past_units:{name}}}"
        ratio = f"({past}+[sold:{name}])/({past}+[plan:{name}])"
        both = f"AND({past}+[sold:{name}]>0,{past}+[plan:{name}]>0)"
        base += f"*IF({both},({ratio})^(LN({{drivers.progress_ratio}})/LN(2)),1)"
    sheet.row(f"unit_cost:{name}", base, _list(line.unit_cost_kcny), number=MONEY)
    sheet.row(
        f"warranty:{name}",
        f"[asp:{name}]*{{drivers.warranty_share}}",
        _list(line.warranty_kcny),
        number=MONEY,
    )
    sheet.row(f"cost:{name}", f"[units:{name}]*[unit_cost:{name}]", _list(line.cost_kcny))


def _plan(sheet: Sheet, company: Company) -> None:
    """Revenue and cost of the plan; without a printed forecast ours, under other names."""
    book, planned = sheet.book, planned_sales(company)
    if planned is None:
        return
    book.section("Drivers", "s.plan")
    names = [p.name for p in company.reference]
    share = "(1-[ref.services_share])"
    products = "+".join(f"[ref.units:{n}]*[ref.asp:{n}]" for n in names)
    costs = "+".join(
        f"[ref.units:{n}]*" + (f"[ref.unit_cost:{n}]" if f"ref.unit_cost:{n}" in book.rows
                               else f"[ref.asp:{n}]*(1-[ref.gross_margin])")
        for n in names
    )  # fmt: skip
    sold = np.array(
        [
            float(x)
            for x in sum(
                (line.revenue_kcny[:, 0] for line in planned.lines[:-1]), np.zeros(len(company.years))
            )
        ]
    )
    sheet.row("plan_products", products, _list(sold))
    sheet.row(
        "plan_revenue",
        f"[plan_products]+[plan_products]*[ref.services_share]/{share}",
        _list(planned.revenue),
    )
    served = "[plan_products]*[ref.services_share]/" + share + "*(1-[ref.gross_margin])"
    sheet.row("plan_cost", f"{costs}+{served}", _list(planned.cost))


def _totals(sheet: Sheet, company: Company, forecast: Forecast, services: ProductForecast) -> None:
    book, names = sheet.book, [p.name for p in company.products]
    book.section("Drivers", "s.totals")
    sold = sum(
        (p.revenue_kcny for p in forecast.products if p.name != SERVICES), np.zeros(len(company.years))
    )
    sheet.row("product_revenue", "+".join(f"[revenue:{n}]" for n in names), _list(sold))
    sheet.row(
        "services",
        "[product_revenue]*[in.services_share]/(1-[in.services_share])",
        _list(services.revenue_kcny),
    )
    sheet.row("services_cost", "[services]*(1-[in.gross_margin])", _list(services.cost_kcny))
    sheet.row(
        "total_revenue",
        "[product_revenue]+[services]",
        _list(forecast.revenue_kcny),
        total=True,
    )
    cost = "+".join(f"[cost:{n}]" for n in names) + "+[services_cost]"
    if company.printed is not None:
        worse = (
            "[ref.gross_margin]-[in.gross_margin]+{drivers.warranty_share}-{printed.drivers.warranty_share}"
        )
        cost += f"+[product_revenue]*({worse})"
    else:
        cost += "+[product_revenue]*{drivers.warranty_share}"
    sheet.row("total_cost", cost, _list(-forecast.cost_of_sales_kcny), total=True)
    if company.printed is None:
        book.rows |= {"plan_revenue": book.rows["total_revenue"], "plan_cost": book.rows["total_cost"]}

"""DCF, Multiples and Sensitivities sheets."""

from __future__ import annotations

from collections.abc import Callable

from clustersim.finance import analysis
from clustersim.finance.valuation import base_multiple
from clustersim.pipeline import ChainRun
from clustersim.report.workbook.book import FIRST_YEAR_COLUMN, PERCENT, WHOLE, Book
from clustersim.report.workbook.statements import fill

__all__ = ["write_dcf", "write_multiples", "write_sensitivities"]

#: The rating scale of the house as a formula over the upside.
RATING = 'IF({0}>=0.2,"strong buy",IF({0}>=0.1,"buy",IF({0}>=-0.1,"neutral","avoid")))'
ROUNDED = {
    "ebit": "[operating_profit]+[rounding:ebit]",
    "depreciation": "[in.depreciation]",
    "tax": "[income_tax]+[rounding:tax]",
    "working_capital": "[cf.change_in_working_capital]+[rounding:change_in_working_capital]",
    "capex": "-[in.capex_share]*[total_revenue]+[rounding:capital_expenditure]",
}


def write_multiples(book: Book, run: ChainRun) -> None:
    """Write the peers' multiples and the one that is chosen."""
    assert run.company is not None
    book.sheet("Multiples", "multiples", timeline=False)
    company, cell = run.company, book.cell
    peers = company.peers
    at = company.years.index(peers.year)
    names = list(peers.members)
    if names:
        cells = ",".join(book.at(f"peer:{n}", at, fixed=True) for n in names)
        for how, function in (("mean", "AVERAGE"), ("median", "MEDIAN")):
            book.scalar("Multiples", f"peer_{how}", f"{function}({cells})", base_multiple(company, how), unit="x",
                        number="0.000", name=f"{how} of the peers, {peers.year}")  # fmt: skip
        three = (cell("peers.price_to_sales"), cell("peer_mean"), cell("peer_median"))
        choice = f"CHOOSE({cell('peers_choice')},{','.join(three)})"
    else:
        choice = cell("peers.price_to_sales")
    book.scalar(
        "Multiples",
        "multiple",
        choice,
        peers.price_to_sales,
        unit="x",
        number="0.000",
        name="chosen multiple",
    )
    book.scalar(
        "Multiples", "multiple_after", f"{cell('multiple')}*(1-{cell('peers.discount')})",
        peers.price_to_sales * (1 - peers.discount), unit="x", number="0.000", name="after the discount",
    )  # fmt: skip


def write_dcf(book: Book, run: ChainRun) -> None:
    """Write the free cash flow, its present value, the blend and the target price, as printed beside it."""
    company, forecast, value = run.company, run.forecast, run.valuation
    assert company is not None and forecast is not None and value is not None
    sheet, n = "DCF", len(company.years)
    book.sheet(sheet, "dcf")
    rows = {
        "ebit": forecast.ebit_kcny, "depreciation": forecast.depreciation_kcny, "tax": forecast.tax_kcny,
        "working_capital": forecast.working_capital_kcny, "capex": forecast.capex_kcny,
    }  # fmt: skip
    names = {"ebit": "operating_profit", "depreciation": "depreciation_and_amortisation", "tax": "income_tax",
             "working_capital": "change_in_working_capital", "capex": "capital_expenditure"}  # fmt: skip
    for key, values in rows.items():
        book.row(sheet, f"dcf.{key}", _row(book, ROUNDED[key]), values, name=names[key])
    whole = "+".join(f"[dcf.{k}]" for k in rows) + "+[rounding:free_cash_flow]"
    book.row(sheet, "fcf", _row(book, whole), forecast.fcf_kcny, kind="total", name="free_cash_flow")
    timing, wacc, growth = book.cell("flow_timing"), book.cell("wacc"), book.cell("terminal_growth")
    book.row(sheet, "time", lambda i: f"{book.at('time', i - 1)}+1" if i else f"1-{timing}",
             [float(i + 1) for i in range(n)], unit="years", number="0.00", name="time from valuation")  # fmt: skip
    discount = [(1 + company.wacc) ** -(i + 1) for i in range(n)]
    book.row(sheet, "discount", lambda i: f"(1+{wacc})^-{book.at('time', i)}", discount, unit="", number="0.000000",
             name="discount factor")  # fmt: skip
    book.row(sheet, "pv", _row(book, "[fcf]*[discount]"),
             [f * d for f, d in zip(forecast.fcf_kcny, discount, strict=True)], name="present value")  # fmt: skip
    book.section(sheet, "target price")

    def add(key: str, formula: str, number: float | str, unit: str = "kCNY", look: str = WHOLE) -> None:
        book.scalar(sheet, key, formula, number, unit=unit, number=look)

    cell = book.cell
    add("pv_fcf", f"SUM({book.span('pv', 0, n - 1)})", value.present.flows)
    last = f"{book.at('fcf', n - 1)}*(1+{growth})/({wacc}-{growth})*{book.at('discount', n - 1)}"
    add("pv_terminal", last, value.present.terminal)
    add("enterprise_value", f"{cell('pv_fcf')}+{cell('pv_terminal')}", value.present.enterprise_value)
    add(
        "equity_value",
        f"{cell('enterprise_value')}+{cell('net_cash')}",
        value.present.enterprise_value + value.net_cash_kcny,
    )
    proceeds = f"{cell('listing_proceeds_counted')}*{cell('listing_proceeds')}"
    add(
        "dcf_hkd_m", f"{cell('equity_value')}*{cell('hkd_per_cny')}/1000+{proceeds}", value.dcf_hkd_m, "HKD m"
    )
    sales = f"INDEX({book.span('revenue', 0, n - 1)},1,{cell('ps_year_index')})"
    add("ps_hkd_m", f"{cell('multiple_after')}*{sales}*{cell('hkd_per_cny')}/1000", value.ps_hkd_m, "HKD m")
    weight = cell("dcf_weight")
    add(
        "blended_hkd_m",
        f"{weight}*{cell('dcf_hkd_m')}+(1-{weight})*{cell('ps_hkd_m')}",
        value.blended_hkd_m,
        "HKD m",
    )
    add(
        "target_price_hkd",
        f"{cell('blended_hkd_m')}/{cell('shares_m')}",
        value.target_price_hkd,
        "HKD",
        "0.00",
    )
    add("upside", f"{cell('target_price_hkd')}/{cell('price_hkd')}-1", value.upside, "", PERCENT)
    add("rating", RATING.format(cell("upside")), value.rating, "", "@")
    book.section(sheet, "as printed, and what it implies")
    for key in ("pv_fcf", "pv_terminal", "dcf_hkd_m", "ps_hkd_m", "blended_hkd_m", "target_price_hkd"):
        printed = getattr(company.printed, key if key.endswith(("hkd_m", "hkd")) else f"{key}_kcny")
        look = "0.00" if printed < 1e3 else WHOLE
        book.scalar(sheet, f"as_printed.{key}", cell(f"printed.{key}"), printed, number=look,
                    name=f"{key}, as printed".replace("_", " "))  # fmt: skip
    ev = company.printed.pv_fcf_kcny + company.printed.pv_terminal_kcny
    add("printed_enterprise_value", f"{cell('printed.pv_fcf')}+{cell('printed.pv_terminal')}", ev)
    haircut = 1 - ev / value.present.enterprise_value
    add(
        "implied_flow_haircut",
        f"1-{cell('printed_enterprise_value')}/{cell('enterprise_value')}",
        haircut,
        "",
        PERCENT,
    )
    rest = ev - value.present.flows
    flow = forecast.fcf_kcny[-1] * discount[-1]
    gap = f"({cell('printed_enterprise_value')}-{cell('pv_fcf')})"
    tail = book.at("pv", n - 1)
    add(
        "implied_growth",
        f"({gap}*{wacc}-{tail})/({gap}+{tail})",
        (rest * company.wacc - flow) / (rest + flow),
        "",
        PERCENT,
    )


def _row(book: Book, formula: str) -> Callable[[int], str]:
    return lambda i: fill(formula, book, i)


def write_sensitivities(book: Book, run: ChainRun) -> None:
    """Write WACC x growth and price x volume around the chosen case, in closed form, so that they stay live."""
    sheet = "Sensitivities"
    book.sheet(sheet, "sensitivities")
    _linear_rows(book, run)
    _wacc_growth(book, run)
    _price_volume(book, run)


STEPS = (-2, -1, 0, 1, 2)


def _linear_rows(book: Book, run: ChainRun) -> None:
    """What one unit of price x volume, and of volume, does to the free cash flow of a year: it is linear in both."""
    company, forecast = run.company, run.forecast
    assert company is not None and forecast is not None
    sheet, n, d = "Sensitivities", len(company.years), company.drivers
    a, u = company.asp_scale, company.units_scale
    power = 1 + _log2(d.progress_ratio)
    services = [
        company.services_share[y] * r for y, r in zip(company.years, company.revenue_kcny, strict=True)
    ]
    x = [(r - s) / (a * u) for r, s in zip(forecast.revenue_kcny, services, strict=True)]
    cost = [
        -c - s * (1 - m)
        for c, s, m in zip(forecast.cost_of_sales_kcny, services, company.gross_margin, strict=True)
    ]
    y = [c / u**power for c in cost]
    cell = book.cell
    scales = f"({cell('asp_scale')}*{cell('units_scale')})"
    exponent = f"(1+LN({cell('drivers.progress_ratio')})/LN(2))"
    book.section(sheet, "products at a price and volume scale of one")
    book.row(sheet, "x", _row(book, f"([total_revenue]-[services])/{scales}"), x, name="revenue of products")
    book.row(sheet, "y", _row(book, f"([total_cost]-[services_cost])/{cell('units_scale')}^{exponent}"), y,
             name="cost of products")  # fmt: skip
    first = company.years.index(d.first_taxed_year)
    kept = [1 - company.tax_rate * float(i >= first) for i in range(n)]
    opex = [
        s + g + r for s, g, r in zip(d.selling_share, d.administrative_share, d.research_share, strict=True)
    ]
    held_x = [v * t / 365 for v, t in zip(x, d.receivable_days, strict=True)]
    held_y = [v * (i - p) / 365 for v, i, p in zip(y, d.inventory_days, d.payable_days, strict=True)]
    fx = [
        x[i] * (1 - d.variable_opex_share * opex[i]) * kept[i]
        - (held_x[i] - (held_x[i - 1] if i else 0.0))
        - d.capex_share[i] * x[i]
        for i in range(n)
    ]
    fy = [-y[i] * kept[i] - (held_y[i] - (held_y[i - 1] if i else 0.0)) for i in range(n)]
    book.row(sheet, "held_x", _row(book, "[x]*[in.receivable_days]/365"), held_x, name="receivables of it")
    book.row(sheet, "held_y", _row(book, "[y]*([in.inventory_days]-[in.payable_days])/365"), held_y,
             name="inventory less payables of it")  # fmt: skip
    shares = "([in.selling_share]+[in.administrative_share]+[in.research_share])"
    after = f"(1-{cell('tax_rate')}*[taxed])"
    gain = f"[x]*(1-{cell('drivers.variable_opex_share')}*{shares})*{after}"
    spent = "-[in.capex_share]*[x]"
    book.row(sheet, "fx", lambda i: fill(f"{gain}-([held_x]{'-[held_x<]' if i else ''}){spent}", book, i), fx,
             name="free cash flow of one price x volume")  # fmt: skip
    book.row(sheet, "fy", lambda i: fill(f"-[y]*{after}-([held_y]{'-[held_y<]' if i else ''})", book, i), fy,
             name="free cash flow of one volume (cost)")  # fmt: skip
    w, g = company.wacc, company.terminal_growth
    weight = [(1 + w) ** -(i + 1) * (1 + ((1 + g) / (w - g) if i == n - 1 else 0.0)) for i in range(n)]
    growth, wacc = cell("terminal_growth"), cell("wacc")
    book.row(
        sheet, "weight",
        lambda i: book.at("discount", i) + (f"*(1+(1+{growth})/({wacc}-{growth}))" if i == n - 1 else ""),
        weight, unit="", number="0.000000", name="value of one of cash, terminal value included",
    )  # fmt: skip
    spans = {k: book.span(k, 0, n - 1) for k in ("fx", "fy", "weight")}
    book.scalar(sheet, "value_of_price_volume", f"SUMPRODUCT({spans['fx']},{spans['weight']})",
                sum(p * q for p, q in zip(fx, weight, strict=True)), unit="kCNY", number=WHOLE)  # fmt: skip
    book.scalar(sheet, "value_of_volume_cost", f"SUMPRODUCT({spans['fy']},{spans['weight']})",
                sum(p * q for p, q in zip(fy, weight, strict=True)), unit="kCNY", number=WHOLE)  # fmt: skip


def _log2(value: float) -> float:
    import math

    return math.log2(value)


def _grid(
    book: Book, title: str, rows: tuple[str, float, str], columns: tuple[str, float, str],
    formula: Callable[[str, str], str], values: list[list[float]],
) -> None:  # fmt: skip
    """Write a grid of target prices; its axes are the chosen case and steps around it, formulas as well."""
    from xlsxwriter.utility import xl_rowcol_to_cell

    sheet = "Sensitivities"
    book.section(sheet, title)
    top = book.next_row[sheet]
    left = FIRST_YEAR_COLUMN
    at = book.cell
    for j, k in enumerate(STEPS):
        name, step, number = columns
        text = f"{at(name)}+({k})*{at('step.' + name)}" if k else at(name)
        book.put(sheet, top, left + 1 + j, text, book_value(book, name) + k * step, "formula", number)
    for i, k in enumerate(STEPS):
        name, step, number = rows
        text = f"{at(name)}+({k})*{at('step.' + name)}" if k else at(name)
        book.put(sheet, top + 1 + i, left, text, book_value(book, name) + k * step, "formula", number)
        for j in range(len(STEPS)):
            r = xl_rowcol_to_cell(top + 1 + i, left, col_abs=True)
            c = xl_rowcol_to_cell(top, left + 1 + j, row_abs=True)
            book.put(sheet, top + 1 + i, left + 1 + j, formula(r, c), values[i][j], "formula", "0.00")
    book.text(sheet, top, 0, f"{rows[0]} down, {columns[0]} across; HKD per share")
    book.next_row[sheet] = top + len(STEPS) + 1


def book_value(book: Book, key: str) -> float:
    """Return the Python value of a scalar that was written as a formula."""
    address = book.cell(key)
    for one in book.cells:
        if book._fixed(one.sheet, one.row, one.column) == address:
            return float(one.value)
    raise KeyError(key)


def _wacc_growth(book: Book, run: ChainRun) -> None:
    company, link = run.company, run.link
    assert company is not None
    n, cell = len(company.years), book.cell
    dw, dg = 0.005, 0.0025
    values = analysis.grid(
        company, link, ("wacc", [company.wacc + k * dw for k in STEPS]),
        ("terminal_growth", [company.terminal_growth + k * dg for k in STEPS]),
    )  # fmt: skip
    fcf, time = book.span("fcf", 0, n - 1), book.span("time", 0, n - 1)
    last, t = book.at("fcf", n - 1, fixed=True), book.at("time", n - 1, fixed=True)
    weight = cell("dcf_weight")
    proceeds = f"{cell('listing_proceeds_counted')}*{cell('listing_proceeds')}"

    def formula(w: str, g: str) -> str:
        flows = f"SUMPRODUCT({fcf},(1+{w})^(-{time}))"
        value = f"{flows}+{last}*(1+{g})/({w}-{g})*(1+{w})^-{t}+{cell('net_cash')}"
        leg = f"{weight}*(({value})*{cell('hkd_per_cny')}/1000+{proceeds})+(1-{weight})*{cell('ps_hkd_m')}"
        return f"({leg})/{cell('shares_m')}"

    _grid(
        book,
        "WACC x terminal growth",
        ("wacc", dw, PERCENT),
        ("terminal_growth", dg, PERCENT),
        formula,
        values,
    )


def _price_volume(book: Book, run: ChainRun) -> None:
    company, link = run.company, run.link
    assert company is not None
    n, cell, step = len(company.years), book.cell, 0.05
    values = analysis.grid(
        company, link, ("asp_scale", [company.asp_scale + k * step for k in STEPS]),
        ("units_scale", [company.units_scale + k * step for k in STEPS]),
    )  # fmt: skip
    exponent = f"(1+LN({cell('drivers.progress_ratio')})/LN(2))"
    x_at = f"INDEX({book.span('x', 0, n - 1)},1,{cell('ps_year_index')})"
    weight, fx = cell("dcf_weight"), cell("hkd_per_cny")

    def formula(a: str, u: str) -> str:
        both = f"({a}*{u}-{cell('asp_scale')}*{cell('units_scale')})"
        volume = f"({u}^{exponent}-{cell('units_scale')}^{exponent})"
        dcf = f"({both}*{cell('value_of_price_volume')}+{volume}*{cell('value_of_volume_cost')})*{fx}/1000"
        sales = f"{both}*{x_at}*{cell('multiple_after')}*{fx}/1000"
        return f"{cell('target_price_hkd')}+({weight}*{dcf}+(1-{weight})*{sales})/{cell('shares_m')}"

    _grid(
        book, "price x volume", ("asp_scale", step, "0.000"), ("units_scale", step, "0.000"), formula, values
    )

"""The DCF, Multiples and Sensitivities sheets."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from clustersim.finance import analysis
from clustersim.finance.capital import NEAR, cost_of_capital
from clustersim.finance.company import Array, Company
from clustersim.finance.forecast import Forecast
from clustersim.finance.multiples import base_multiple
from clustersim.finance.valuation import Valuation
from clustersim.finance.working_capital import BALANCES
from clustersim.market.link import Link
from clustersim.report.workbook.book import FIRST_YEAR_COLUMN, PERCENT, WHOLE, Book
from clustersim.report.workbook.formulas import Sheet
from clustersim.report.workbook.income import ours, write_tax
from clustersim.report.workbook.inputs import base_wacc

__all__ = ["write_dcf", "write_multiples", "write_sensitivities"]

#: The rating scale of the house as a formula over the upside.
RATING = 'IF({0}>=0.2,"strong buy",IF({0}>=0.1,"buy",IF({0}>=-0.1,"neutral","avoid")))'
STEPS = (-2, -1, 0, 1, 2)
#: Row of the cash flow: the printed row, ours, and the plan's, as formulas.
ROWS = {
    "ebit": ("ebit", "[operating_profit]", "[plan_profit]", "operating_profit"),
    "depreciation": ("depreciation_and_amortisation", "[depreciation]", "[ref.depreciation]",
                     "depreciation_and_amortisation"),
    "tax": ("tax", "[free_tax]", "[plan_tax]", "income_tax"),
    "working_capital": ("change_in_working_capital", "", "", "change_in_working_capital"),
    "capex": ("capital_expenditure", "-[capex_spent]", "-[capex_plan]", "capital_expenditure"),
}  # fmt: skip


def _list(row: Array) -> list[float]:
    return [float(v) for v in np.asarray(row).reshape(-1)]


def _value(value: object) -> float:
    return float(np.asarray(value))


def write_multiples(book: Book, company: Company) -> None:
    """Write the peers' multiple of the year whose revenue it multiplies: as given, mean or median."""
    book.sheet("Multiples", "multiples", timeline=False)
    peers = company.peers
    if peers is None:
        book.text("Multiples", 2, 0, "the company file has no peers: the DCF alone sets the target price")
        return
    discount = _value(peers.discount)
    given = _value(base_multiple(company))
    choice = _members(book, company)
    book.scalar("Multiples", "multiple", choice, given, unit="x", number="0.000", name="chosen multiple")
    book.scalar("Multiples", "multiple_after", f"{book.cell('multiple')}*(1-{book.cell('peers.discount')})",
                given * (1 - discount), unit="x", number="0.000", name="after the discount")  # fmt: skip


def _members(book: Book, company: Company) -> str:
    """Write mean and median of the members, and return the formula of the multiple that is chosen."""
    peers, cell = company.peers, book.cell
    assert peers is not None
    own = cell("peers.price_to_sales") if "peers.price_to_sales" in book.scalars else None
    if not peers.members:
        return own or cell("printed.price_to_sales")
    for how, function in (("mean", "AVERAGE"), ("median", "MEDIAN")):
        book.scalar("Multiples", f"peer_{how}", _middle(book, list(peers.members), "peer", function),
                    _value(base_multiple(company, how)), unit="x", number="0.000",
                    name=f"{how} of the peers in the chosen year")  # fmt: skip
    middle = cell(f"peer_{peers.statistic}")
    given = own or middle
    printed = company.printed.peers if company.printed is not None else None
    if "printed.price_to_sales" not in book.scalars:
        printed = None
    if own is None and printed is not None and printed.statistic == peers.statistic and printed.members:
        function = "AVERAGE" if peers.statistic == "mean" else "MEDIAN"
        then = _middle(book, list(printed.members), "printed.peer", function)
        at = company.years.index(printed.year) + 1
        moved = f"{cell('printed.price_to_sales')}+{middle}-{then}"
        given = f"IF({cell('ps_year_index')}={at},{moved},{middle})"
    return f"CHOOSE({cell('peers_choice')},{given},{cell('peer_mean')},{cell('peer_median')})"


def _middle(book: Book, names: list[str], prefix: str, function: str) -> str:
    """A member without a multiple of the year makes the whole unknown: leaving it out is a choice that must be said."""
    n = len(book.years)
    cells = [
        f"INDEX({book.span(f'{prefix}:{name}', 0, n - 1)},1,{book.cell('ps_year_index')})" for name in names
    ]
    return f"IF(MIN({','.join(cells)})<=0,NA(),{function}({','.join(cells)}))"


def write_dcf(book: Book, company: Company, forecast: Forecast, value: Valuation) -> None:
    """Write the free cash flow, its present value, the blend and the target price, as printed beside it."""
    book.sheet("DCF", "dcf")
    sheet, n = Sheet(book, "DCF"), len(company.years)
    mine = ours(company, forecast)
    _free_tax(sheet, company, mine.operating_profit[:, 0])
    values = {
        "ebit": forecast.ebit_kcny, "depreciation": forecast.depreciation_kcny, "tax": forecast.tax_kcny,
        "working_capital": forecast.working_capital_kcny, "capex": forecast.capex_kcny,
    }  # fmt: skip
    printed = company.printed is not None
    held = "[printed.balance:{}<]"
    start = f"{held.format(BALANCES[0])}+{held.format(BALANCES[1])}-{held.format(BALANCES[2])}"
    for key, row in values.items():
        item, own, then, name = ROWS[key]
        formula, first = f"[printed.row:{item}]+{own}-({then})" if printed else own, None
        if key == "working_capital":
            change = "([end_net<]-[end_net])"
            formula = f"[printed.row:{item}]+{change}-([then_net<]-[then_net])" if printed else change
            first = f"[printed.row:{item}]-[end_net]+[then_net]" if printed else f"{start}-[end_net]"
        sheet.row(f"dcf.{key}", formula, _list(row), first=first, name=name)
    parts = "+".join(f"[dcf.{k}]" for k in values)
    if printed:
        gap = "+".join(f"[printed.row:{ROWS[k][0]}]" for k in values)
        parts += f"+[printed.row:free_cash_flow]-({gap})"
    sheet.row("fcf", parts, _list(forecast.fcf_kcny), total=True, name="free_cash_flow")
    timing, wacc = book.cell("flow_timing"), _wacc(book, company)
    sheet.row("time", "[time<]+1", [float(i + 1) for i in range(n)], first=f"1-{timing}", unit="years", number="0.00",
              name="time from valuation")  # fmt: skip
    discount = [(1 + _value(value.wacc)) ** -(i + 1) for i in range(n)]
    sheet.row("discount", f"(1+{wacc})^-[time]", discount, unit="", number="0.000000", name="discount factor")
    sheet.row("pv", "[fcf]*[discount]", [float(f) * d for f, d in zip(forecast.fcf_kcny, discount, strict=True)],
              name="present value")  # fmt: skip
    _terminal(book, company, forecast)
    _legs(book, company, value, n)
    if printed:
        _as_printed(book, company, value)


def _free_tax(sheet: Sheet, company: Company, profit: Array) -> None:
    write_tax(sheet, company.drivers, "free_tax", "operating_profit", "in", profit, "tax on operating profit")


def _wacc(book: Book, company: Company) -> str:
    """The WACC of the case, and what the parts of CAPM depart from the printed ones by."""
    whole = base_wacc(company)
    book.section("DCF", "cost of capital")
    if "capm.beta" in book.scalars and company.wacc is not None:

        def of(prefix: str) -> str:
            at = {
                p: book.cell(f"{prefix}.{p}")
                for p in ("risk_free", "beta", "premium", "cost_of_debt", "debt_to_equity")
            }
            equity = f"1/(1+{at['debt_to_equity']})"
            debt = f"(1-{equity})*{at['cost_of_debt']}*(1-{book.cell('tax_rate')})"
            return f"({equity}*({at['risk_free']}+{at['beta']}*{at['premium']})+{debt})"

        shift = _value(cost_of_capital(company)) - whole
        apart = f"ROUND({of('capm')}-{of('printed.capm')},12)"
        book.scalar("DCF", "capm_shift", apart, round(shift, 12), number=PERCENT,
                    name="WACC by CAPM less that of its printed parts")  # fmt: skip
    else:
        book.scalar("DCF", "capm_shift", f"0*{book.cell('wacc')}", 0.0, number=PERCENT, name="shift by CAPM")
    used = _value(cost_of_capital(company))
    book.scalar("DCF", "wacc_used", f"{book.cell('wacc')}+{book.cell('capm_shift')}", used, number=PERCENT,
                name="WACC in use")  # fmt: skip
    gap = f"{book.cell('wacc_used')}-{book.cell('terminal_growth')}"
    close = f'IF({gap}<{NEAR},"warning: WACC within a point of growth","ok")'
    near = f'IF({gap}<=0,"ERROR: growth is not below the WACC",{close})'
    at = used - _value(company.terminal_growth)
    book.scalar("DCF", "wacc_state", near, "ok" if at >= NEAR else "warning: WACC within a point of growth", number="@",
                name="WACC against growth")  # fmt: skip
    return book.cell("wacc_used")


def _terminal(book: Book, company: Company, forecast: Forecast) -> None:
    """The flow that goes on: the printed one; departures with capex at depreciation and growing working capital."""
    n = len(company.years) - 1
    book.section("DCF", "terminal year")

    def after_tax(profit: str, rate: str) -> str:
        return f"({profit}-{rate}*MAX({profit},0))"

    own = f"({book.at('operating_profit', n)}+{book.at('depreciation', n)}-{book.at('capex_spent', n)})"
    flow, held = after_tax(own, book.cell("tax_rate")), book.at("end_net", n)
    if company.printed is not None:
        then = f"({book.at('plan_profit', n)}+{book.at('ref.depreciation', n)}-{book.at('capex_plan', n)})"
        rate = book.cell("printed.drivers.tax_rate")
        flow = f"{book.at('printed.row:free_cash_flow', n)}+{flow}-{after_tax(then, rate)}"
        held = f"ROUND({held}-{book.at('then_net', n)},6)"
    book.scalar("DCF", "terminal_flow", flow, _value(forecast.terminal_flow_kcny), unit="kCNY", number=WHOLE)
    number = _value(forecast.terminal_working_capital_kcny)
    book.scalar("DCF", "terminal_working_capital", held, round(number, 6) if company.printed is not None else number,
                unit="kCNY", number=WHOLE)  # fmt: skip


def gordon(book: Book, wacc: str, growth: str) -> str:
    """Value in the last year of what follows; not available where growth is not below the WACC."""
    after = f"({book.cell('terminal_flow')}*(1+{growth})-{growth}*{book.cell('terminal_working_capital')})"
    return f"IF({wacc}<={growth},NA(),{after}/({wacc}-{growth}))"


def _legs(book: Book, company: Company, value: Valuation, n: int) -> None:
    cell, low = book.cell, company.currency
    book.section("DCF", "target price")

    def add(key: str, formula: str, number: float | str, unit: str = "kCNY", look: str = WHOLE) -> None:
        book.scalar("DCF", key, formula, number, unit=unit, number=look)

    add("pv_fcf", f"SUM({book.span('pv', 0, n - 1)})", _value(value.present.flows))
    last = f"{gordon(book, cell('wacc_used'), cell('terminal_growth'))}*{book.at('discount', n - 1)}"
    add("pv_terminal", last, _value(value.present.terminal))
    whole = _value(value.present.enterprise_value)
    add("enterprise_value", f"{cell('pv_fcf')}+{cell('pv_terminal')}", whole)
    add("equity_value", f"{cell('enterprise_value')}+{cell('net_cash')}", whole + _value(value.net_cash_kcny))
    proceeds = f"{cell('listing_proceeds_counted')}*{cell('listing_proceeds')}"
    add(
        "dcf_m",
        f"MAX({cell('equity_value')}*{cell('fx_per_cny')}/1000+{proceeds},0)",
        _value(value.dcf_m),
        f"{low} m",
    )
    if company.peers is not None:
        sales = f"INDEX({book.span('revenue', 0, n - 1)},1,{cell('ps_year_index')})"
        add(
            "ps_m",
            f"{cell('multiple_after')}*{sales}*{cell('fx_per_cny')}/1000",
            _value(value.ps_m),
            f"{low} m",
        )
    else:
        add("ps_m", f"0*{cell('dcf_m')}", 0.0, f"{low} m")
    weight = cell("dcf_weight")
    blend = f"{weight}*{cell('dcf_m')}+(1-{weight})*{cell('ps_m')}"
    add("blended_m", blend, _value(value.blended_m), f"{low} m")
    raised = f"SUM({book.span('cf.new_equity', 0, n - 1)})/({cell('price')}/{cell('fx_per_cny')}*1000)"
    add("shares_used", f"{cell('shares_m')}+{raised}", _value(value.shares_m), "m", "#,##0.000")
    add("target_price", f"{cell('blended_m')}/{cell('shares_used')}", _value(value.target_price), low, "0.00")
    add("upside", f"{cell('target_price')}/{cell('price')}-1", _value(value.upside), "", PERCENT)
    add("rating", RATING.format(cell("upside")), value.rating, "", "@")


def _as_printed(book: Book, company: Company, value: Valuation) -> None:
    printed, cell = company.printed, book.cell
    assert printed is not None
    book.section("DCF", "as printed, and what it implies")
    for key in ("pv_fcf", "pv_terminal", "dcf_m", "ps_m", "blended_m", "target_price"):
        number = getattr(printed, f"{key}_kcny" if key.startswith("pv_") else key)
        look = "0.00" if number < 1e3 else WHOLE
        book.scalar("DCF", f"as_printed.{key}", cell(f"printed.{key}"), number, number=look,
                    name=f"{key}, as printed".replace("_", " "))  # fmt: skip
    worth = printed.pv_fcf_kcny + printed.pv_terminal_kcny
    book.scalar("DCF", "printed_enterprise_value", f"{cell('printed.pv_fcf')}+{cell('printed.pv_terminal')}", worth,
                unit="kCNY", number=WHOLE)  # fmt: skip
    book.scalar("DCF", "implied_flow_haircut", f"1-{cell('printed_enterprise_value')}/{cell('enterprise_value')}",
                1 - worth / _value(value.present.enterprise_value), number=PERCENT)  # fmt: skip


def write_sensitivities(book: Book, company: Company, links: tuple[Link, ...], value: Valuation) -> None:
    """Write WACC x growth live around the chosen case; price x volume as exported, from Inputs."""
    book.sheet("Sensitivities", "sensitivities")
    _wacc_growth(book, company, links, value)
    _price_volume(book, company, links)


def _grid(
    book: Book, title: str, rows: tuple[str, float, str], columns: tuple[str, float, str],
    formula: Callable[[str, str, int, int], str], values: list[list[float]],
) -> None:  # fmt: skip
    """Write a grid of target prices; its axes are the chosen case and steps around it, formulas as well."""
    from xlsxwriter.utility import xl_rowcol_to_cell

    sheet, left = "Sensitivities", FIRST_YEAR_COLUMN
    book.section(sheet, title)
    top, at = book.next_row[sheet], book.cell

    def axis(name: str, step: float, k: int) -> tuple[str, float]:
        text = f"{at(name)}+({k})*{at('step.' + name.removesuffix('_used'))}" if k else at(name)
        return text, book.value(name) + k * step

    for j, k in enumerate(STEPS):
        text, number = axis(columns[0], columns[1], k)
        book.put(sheet, top, left + 1 + j, text, number, "formula", columns[2])
    for i, k in enumerate(STEPS):
        text, number = axis(rows[0], rows[1], k)
        book.put(sheet, top + 1 + i, left, text, number, "formula", rows[2])
        for j in range(len(STEPS)):
            r = xl_rowcol_to_cell(top + 1 + i, left, col_abs=True)
            c = xl_rowcol_to_cell(top, left + 1 + j, row_abs=True)
            book.put(sheet, top + 1 + i, left + 1 + j, formula(r, c, i, j), values[i][j], "formula", "0.00")
    book.text(sheet, top, 0, f"{rows[0]} down, {columns[0]} across; per share")
    book.next_row[sheet] = top + len(STEPS) + 1


def _wacc_growth(book: Book, company: Company, links: tuple[Link, ...], value: Valuation) -> None:
    n, cell = len(company.years), book.cell
    dw, dg = 0.005, 0.0025
    w, g = _value(value.wacc), _value(company.terminal_growth)
    if w - 2 * dw <= g + 2 * dg:
        book.text("Sensitivities", 3, 0, "no grid: the WACC is too near to growth")
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
        return f"({leg})/{cell('shares_used')}"

    _grid(
        book,
        "WACC x terminal growth",
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
    book.section("Inputs", "price x volume: target prices as exported; they do not follow the inputs")
    for i, row in enumerate(values):
        for j, number in enumerate(row):
            name = f"price {STEPS[i] * 5:+d} %, volume {STEPS[j] * 5:+d} %"
            book.input(
                f"grid.{i}.{j}", number, source="this export", tier="derived", number="0.00", name=name
            )
    book.section("Sensitivities", "price x volume, as exported (not live)")
    top, left = book.next_row["Sensitivities"], FIRST_YEAR_COLUMN
    book.text("Sensitivities", top, 0, "price down, volume across, steps of 5 points; per share")
    for i in range(len(STEPS)):
        for j in range(len(STEPS)):
            book.put(
                "Sensitivities", top + i, left + j, book.cell(f"grid.{i}.{j}"), values[i][j], "link", "0.00"
            )
    book.next_row["Sensitivities"] = top + len(STEPS) + 1

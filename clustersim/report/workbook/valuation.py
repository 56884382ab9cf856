"""The DCF, Multiples and Sensitivities sheets."""

from __future__ import annotations

import numpy as np

from clustersim.finance.capital import NEAR, cost_of_capital
from clustersim.finance.company import Array, Company
from clustersim.finance.forecast import Forecast
from clustersim.finance.multiples import base_multiple
from clustersim.finance.valuation import Valuation
from clustersim.finance.working_capital import BALANCES
from clustersim.report.workbook.book import FIRST_YEAR_COLUMN, PERCENT, WHOLE, Book
from clustersim.report.workbook.formulas import Sheet
from clustersim.report.workbook.income import ours, write_tax
from clustersim.report.workbook.inputs import base_wacc

__all__ = ["gordon", "where_valued", "write_dcf", "write_multiples"]

#: Row of the cash flow: the printed row, ours, and the plan's, as formulas.
ROWS = {
    "ebit": ("ebit", "[operating_profit]", "[plan_profit]"),
    "depreciation": ("depreciation_and_amortisation", "[depreciation]", "[ref.depreciation]"),
    "tax": ("tax", "[free_tax]", "[plan_tax]"),
    "working_capital": ("change_in_working_capital", "", ""),
    "capex": ("capital_expenditure", "-[capex_spent]", "-[capex_plan]"),
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
        book.text("Multiples", 3, 0, book.words("no_peers"))
        return
    discount = _value(peers.discount)
    given = _value(base_multiple(company))
    if peers.members:
        _peer_table(book, company)
    choice = _members(book, company)
    book.scalar("Multiples", "multiple", choice, given, unit="x", number="0.000")
    book.scalar("Multiples", "multiple_after", f"{book.cell('multiple')}*(1-{book.cell('peers.discount')})",
                given * (1 - discount), unit="x", number="0.000")  # fmt: skip


def _members(book: Book, company: Company) -> str:
    """Write mean and median of the members, and return the formula of the multiple that is chosen."""
    peers, cell = company.peers, book.cell
    assert peers is not None
    own = cell("peers.price_to_sales") if "peers.price_to_sales" in book.scalars else None
    if not peers.members:
        return own or cell("printed.price_to_sales")
    for how, function in (("mean", "AVERAGE"), ("median", "MEDIAN")):
        book.scalar("Multiples", f"peer_{how}", _middle(book, list(peers.members), "peer", function),
                    _value(base_multiple(company, how)), unit="x", number="0.000")  # fmt: skip
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
    return f"CHOOSE(MAX(1,MIN(3,{cell('peers_choice')})),{given},{cell('peer_mean')},{cell('peer_median')})"


def _peer_table(book: Book, company: Company) -> None:
    """Every peer's multiple by year, and which year is in use."""
    assert company.peers is not None
    book.section("Multiples", "s.peer_table")
    top, sheet = book.next_row["Multiples"], "Multiples"
    known = [
        i
        for i, y in enumerate(company.years)
        if any(row.get(y) is not None for row in company.peers.members.values())
    ]
    for i in known:
        book.text(sheet, top, FIRST_YEAR_COLUMN + i, company.years[i], "head")
    book.next_row[sheet] = top + 1
    for name, row in company.peers.members.items():
        at = book.next_row[sheet]
        book.text(sheet, at, 0, name)
        for i, year in enumerate(company.years):
            if year in row and row[year] is not None:
                value = float(np.asarray(row[year]))
                book.put(sheet, at, FIRST_YEAR_COLUMN + i, book.at(f"peer:{name}", i), value, "link", "0.0")
        book.next_row[sheet] = at + 1


def _middle(book: Book, names: list[str], prefix: str, function: str) -> str:
    """The middle of the members in the year; one without a multiple makes the value unknown (``can_value``)."""
    n = len(book.years)
    cells = [
        f"INDEX({book.span(f'{prefix}:{name}', 0, n - 1)},1,{book.cell('ps_year_index')})" for name in names
    ]
    return f"IFERROR({function}({','.join(cells)}),0)"  # a year without any: there is no value then


def write_dcf(book: Book, company: Company, forecast: Forecast, value: Valuation) -> None:
    """Write the free cash flow, its present value, the blend and the target price, as printed beside it."""
    book.sheet("DCF", "dcf")
    sheet, n = Sheet(book, "DCF"), len(company.years)
    mine = ours(company, forecast)
    book.section("DCF", "s.free_cash_flow")
    _free_tax(sheet, company, mine.operating_profit[:, 0])
    values = {
        "ebit": forecast.ebit_kcny, "depreciation": forecast.depreciation_kcny, "tax": forecast.tax_kcny,
        "working_capital": forecast.working_capital_kcny, "capex": forecast.capex_kcny,
    }  # fmt: skip
    printed = company.printed is not None
    held = "[printed.balance:{}<]"
    start = f"{held.format(BALANCES[0])}+{held.format(BALANCES[1])}-{held.format(BALANCES[2])}"
    for key, row in values.items():
        item, own, then = ROWS[key]
        formula, first = f"[printed.row:{item}]+{own}-({then})" if printed else own, None
        if key == "working_capital":
            change = "([end_net<]-[end_net])"
            formula = f"[printed.row:{item}]+{change}-([then_net<]-[then_net])" if printed else change
            first = f"[printed.row:{item}]-[end_net]+[then_net]" if printed else f"{start}-[end_net]"
        sheet.row(f"dcf.{key}", formula, _list(row), first=first)
    parts = "+".join(f"[dcf.{k}]" for k in values)
    if printed:
        gap = "+".join(f"[printed.row:{ROWS[k][0]}]" for k in values)
        parts += f"+[printed.row:free_cash_flow]-({gap})"
    sheet.row("fcf", parts, _list(forecast.fcf_kcny), total=True)
    timing, wacc = book.cell("flow_timing"), _wacc(book, company)
    sheet.row(
        "time",
        "[time<]+1",
        [float(i + 1) for i in range(n)],
        first=f"1-{timing}",
        unit="years",
        number="0.00",
    )
    discount = [(1 + _value(value.wacc)) ** -(i + 1) for i in range(n)]
    sheet.row("discount", f"(1+{wacc})^-[time]", discount, unit="", number="0.000000")
    sheet.row(
        "pv", "[fcf]*[discount]", [float(f) * d for f, d in zip(forecast.fcf_kcny, discount, strict=True)]
    )
    _terminal(book, company, forecast)
    _legs(book, company, value, n)
    if printed:
        _as_printed(book, company, value)


def _free_tax(sheet: Sheet, company: Company, profit: Array) -> None:
    write_tax(sheet, company.drivers, "free_tax", "operating_profit", "in", profit)


def _wacc(book: Book, company: Company) -> str:
    """The WACC of the case, and what the parts of CAPM depart from the printed ones by."""
    whole = base_wacc(company)
    book.section("DCF", "s.capital")
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
        book.scalar("DCF", "capm_shift", apart, round(shift, 12), number=PERCENT)  # fmt: skip
    else:
        book.scalar("DCF", "capm_shift", f"0*{book.cell('wacc')}", 0.0, number=PERCENT)
    used = _value(cost_of_capital(company))
    least = (
        f"MAX({book.cell('wacc')}+{book.cell('capm_shift')},-0.99)"  # below it a discount factor has no value
    )
    book.scalar("DCF", "wacc_used", least, used, number=PERCENT)
    gap = f"{book.cell('wacc_used')}-{book.cell('terminal_growth')}"
    ok, warning, wrong = (book.words(f"say.wacc_{state}") for state in ("ok", "near", "below"))
    state = f'IF({gap}<=0,"{wrong}",IF({gap}<{NEAR},"{warning}","{ok}"))'
    at = used - _value(company.terminal_growth)
    book.scalar("DCF", "wacc_state", state, ok if at >= NEAR else warning, number="@")
    _can_value(book, company, gap)
    return book.cell("wacc_used")


def _can_value(book: Book, company: Company, gap: str) -> None:
    """Whether there is a value at all: growth below the WACC, shares with a price, every peer with a multiple."""
    tests = [f"{gap}>0", *_shared_out(book)]
    if company.peers is not None and company.peers.members:
        n = len(book.years)
        tests += [f"INDEX({book.span(f'peer:{name}', 0, n - 1)},1,{book.cell('ps_year_index')})>0"
                  for name in company.peers.members]  # fmt: skip
    book.scalar("DCF", "can_value", f"IF(AND({','.join(tests)}),1,0)", 1.0, unit="yes", number="0")


def _shared_out(book: Book) -> list[str]:
    """What a number a share divides by: none of them may be nothing."""
    return [f"{book.cell(key)}>0" for key in ("shares_m", "price", "fx_per_cny")]


def where_valued(book: Book, formula: str) -> str:
    """A formula where there is a value; a dash where there is none, instead of an error or of a wrong number."""
    return f'IF({book.cell("can_value")}=0,"–",{formula})'


def _terminal(book: Book, company: Company, forecast: Forecast) -> None:
    """The flow that goes on: the printed one; departures with capex at depreciation and growing working capital."""
    n = len(company.years) - 1
    book.section("DCF", "s.terminal")

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
    """Value in the last year of what follows; asked for only where growth is below the WACC."""
    after = f"({book.cell('terminal_flow')}*(1+{growth})-{growth}*{book.cell('terminal_working_capital')})"
    return f"{after}/({wacc}-{growth})"


def _legs(book: Book, company: Company, value: Valuation, n: int) -> None:
    cell, low = book.cell, company.currency
    book.section("DCF", "s.target")

    def add(key: str, formula: str, number: float | str, unit: str = "kCNY", look: str = WHOLE,
            kind: str | None = None) -> None:  # fmt: skip
        text = formula if key in {"pv_fcf", "ps_m", "shares_used"} else where_valued(book, formula)
        book.scalar("DCF", key, text, number, unit=unit, number=look, kind=kind)

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
    shares = f'IF(AND({",".join(_shared_out(book))}),{cell("shares_m")}+{raised},"–")'
    add("shares_used", shares, _value(value.shares_m), "m", "#,##0.000")
    add(
        "target_price",
        f"{cell('blended_m')}/{cell('shares_used')}",
        _value(value.target_price),
        low,
        "0.00",
        "total",
    )
    add("upside", f"{cell('target_price')}/{cell('price')}-1", _value(value.upside), "", PERCENT)
    for key, leg in (("dcf_per_share", "dcf_m"), ("ps_per_share", "ps_m")):
        number = _value(getattr(value, leg)) / _value(value.shares_m)
        add(key, f"{cell(leg)}/{cell('shares_used')}", number, low, "0.00")


def _as_printed(book: Book, company: Company, value: Valuation) -> None:
    printed, cell = company.printed, book.cell
    assert printed is not None
    book.section("DCF", "s.as_printed")
    for key in ("pv_fcf", "pv_terminal", "dcf_m", "ps_m", "blended_m", "target_price"):
        number = getattr(printed, f"{key}_kcny" if key.startswith("pv_") else key)
        look = "0.00" if number < 1e3 else WHOLE
        unit = (
            "kCNY"
            if key.startswith("pv_")
            else f"{company.currency} m"
            if key.endswith("_m")
            else company.currency
        )
        book.scalar("DCF", f"as_printed.{key}", cell(f"printed.{key}"), number, unit=unit, number=look)
    worth = printed.pv_fcf_kcny + printed.pv_terminal_kcny
    book.scalar("DCF", "printed_enterprise_value", f"{cell('printed.pv_fcf')}+{cell('printed.pv_terminal')}", worth,
                unit="kCNY", number=WHOLE)  # fmt: skip
    book.scalar(
        "DCF",
        "implied_flow_haircut",
        where_valued(book, f"1-{cell('printed_enterprise_value')}/{cell('enterprise_value')}"),
        1 - worth / _value(value.present.enterprise_value),
        number=PERCENT,
    )

"""Checks that can fail, with one master flag, and the model beside the printed figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from clustersim.finance.capital import NEAR
from clustersim.finance.company import Array, Company
from clustersim.finance.forecast import Forecast
from clustersim.finance.multiples import NOT_RATED, rating
from clustersim.finance.statements import Statements
from clustersim.planner.surface import AXES
from clustersim.report.workbook.book import VALUE_COLUMN, Book
from clustersim.report.workbook.formulas import fill

__all__ = ["held", "judge", "rating_formula", "write_audit", "write_checks"]

#: What rounding of printed subtotals may leave, in kCNY.
TOLERANCE = 2.0
#: Printed lines that the model must give again.
AUDITED = (
    ("income", "revenue"), ("income", "cost_of_sales"), ("income", "gross_profit"),
    ("income", "selling_and_marketing_expenses"), ("income", "general_and_administrative_expenses"),
    ("income", "research_and_development_expenses"), ("income", "net_finance_cost"),
    ("income", "profit_before_income_tax"), ("income", "income_tax"), ("income", "net_profit"),
    ("balance", "inventories"), ("balance", "trade_and_notes_receivables"), ("balance", "trade_and_other_payables"),
    ("balance", "cash_and_cash_equivalents"), ("balance", "total_assets"), ("balance", "total_equity"),
)  # fmt: skip
#: Inputs that are shares of a whole.
_SHARES = (
    "dcf_weight",
    "tax_rate",
    "peers.discount",
    "drivers.warranty_share",
    "switching_discount",
    "value_share",
)
_SHARES_OF_SITES = tuple(
    f"tco.{key}" for key in ("residual", "maintenance", "integration", "vat", "sold_share")
)
Test = tuple[str, str, Array]


def _difference(book: Book, formula: str, digits: int) -> Callable[[int], str]:
    """A difference of large numbers keeps only the digits that a spreadsheet's order of sums cannot change."""
    return lambda i: f"ROUND({fill(formula, book, i)},{digits})"


def _flag(book: Book, key: str, limit: str) -> Callable[[int], str]:
    return lambda i: f"IF(ABS({book.at(key, i)})<={limit},1,0)"


def write_checks(book: Book, company: Company, forecast: Forecast, statements: Statements) -> None:
    """Write every check along the years, those of single cells, whether each holds, and the master flag."""
    sheet, n = "Checks", len(company.years)
    book.sheet(sheet, "checks")
    book.input("tolerance", TOLERANCE, unit="kCNY", source="src.rounding", tier="given", number="0.0")
    tests = [
        *_of_years(company, forecast, statements, book),
        *_of_plan(forecast),
        *_of_supply(company, forecast),
    ]
    spans: dict[str, tuple[str, float]] = {}
    for key, formula, values in tests:
        rounded = [round(float(v), 3) for v in values]
        unit = "cards" if key == "units" or key.startswith("limit:") else "kCNY"
        book.row(sheet, f"check.{key}", _difference(book, formula, 3), rounded, unit=unit, number="0.000")
        held = [float(abs(v) <= TOLERANCE) for v in rounded]
        flag = f"flag.{key}"
        book.row(
            sheet, flag, _flag(book, f"check.{key}", book.cell("tolerance")), held, unit="holds", number="0"
        )
        spans[key] = (book.span(flag, 0, n - 1), min(held))
        judge(book, sheet, book.rows[flag][1], book.column(0), book.rows[flag][1], book.column(n - 1))
    book.section(sheet, "s.master")
    for key, formula, holds in _of_cells(book, company):
        book.scalar(sheet, f"flag.{key}", formula, holds, unit="holds", number="0")
        spans[key] = (book.cell(f"flag.{key}"), holds)
    whole = min(holds for _, holds in spans.values())
    master = f"MIN({','.join(span for span, _ in spans.values())})"
    book.scalar(sheet, "master", master, whole, unit="holds", number="0", kind="total")
    good, bad = book.words("say.holds"), book.words("say.fails")
    first = book.next_row[sheet]
    for key, (span, holds) in spans.items():
        text = f'IF(MIN({span})=1,"{good}","{bad}")'
        book.scalar(sheet, f"state.{key}", text, good if holds == 1 else bad, number="@")
    judge(book, sheet, first, VALUE_COLUMN, book.next_row[sheet] - 1, VALUE_COLUMN)


def held(book: Book, key: str) -> tuple[str, float | str]:
    """A number of the valuation as a headline: a dash where a check fails, for it is no answer then; and its value."""
    text = f'IF({book.cell("master")}=1,{book.cell(key)},"–")'
    return text, book.values[key] if book.value("master") == 1 else "–"


def rating_formula(book: Book) -> tuple[str, str]:
    """The rating by the house's scale over the upside, withheld where a check fails; and its value."""
    upside, none = book.cell("upside"), book.words(NOT_RATED)
    scale = 'IF({0}>=0.2,"{1}",IF({0}>=0.1,"{2}",IF({0}>=-0.1,"{3}","{4}")))'
    text = scale.format(upside, *(book.words(name) for name in ("strong buy", "buy", "neutral", "avoid")))
    now = book.words(rating(book.value("upside"))) if book.value("master") == 1 else none
    return f'IF({book.cell("master")}=1,{text},"{none}")', now


def judge(book: Book, sheet: str, top: int, left: int, bottom: int, right: int) -> None:
    """Colour cells by what they say: a verdict in words, or a flag."""
    for text, look in (("say.holds", "good"), ("say.fails", "bad"), ("strong buy", "good"), ("buy", "good"),
                       ("neutral", "fair"), ("avoid", "bad"), (NOT_RATED, "bad"), ("say.wacc_ok", "good"),
                       ("say.wacc_near", "fair"), ("say.wacc_below", "bad")):  # fmt: skip
        rule = {
            "type": "cell",
            "criteria": "==",
            "value": f'"{book.words(text)}"',
            "format": book.format(look),
        }
        book.sheets[sheet].conditional_format(top, left, bottom, right, rule)
    for value, look in ((1, "good"), (0, "bad")):
        rule = {"type": "cell", "criteria": "==", "value": value, "format": book.format(look)}
        book.sheets[sheet].conditional_format(top, left, bottom, right, rule)


def _of_years(company: Company, forecast: Forecast, statements: Statements, book: Book) -> Iterator[Test]:
    """Identities of the statements, and figures that cannot be: they fail when a formula is typed over, or an input is
    none that can be."""
    b, zero = statements.balance, np.zeros(len(company.years))
    gap = b["total_assets"] - b["total_liabilities"] - b["total_equity"]
    yield "balance", "[bs.total_assets]-[bs.total_liabilities]-[bs.total_equity]", gap
    yield "cash", "[lacking]", statements.shortfall_kcny
    lines = "+".join(f"[revenue:{p.name}]" for p in company.products)
    yield "lines", f"[revenue]-({lines}+[services])", zero
    flows = "+".join(f"[cf.net_cash_from_{kind}]" for kind in ("operating", "investing", "financing"))
    yield "flows", f"[cf.closing_cash]-[cf.closing_cash<]-({flows})", zero
    units = ",".join(f"[units:{p.name}]" for p in company.products)
    yield "units", f"MIN(0,{units})", zero
    profit, revenue = statements.income["gross_profit"], statements.income["revenue"]
    beyond = np.maximum(-profit, 0) + np.maximum(profit - revenue, 0)
    yield "margin", "MAX(-[gross_profit],0)+MAX([gross_profit]-[revenue],0)", beyond
    if "in.market_size" in book.rows:
        yield "market", "MAX([revenue]-[in.market_size],0)", zero


def _of_plan(forecast: Forecast) -> Iterator[Test]:
    """What was printed against what its drivers give: fails where the record was typed over."""
    replica = forecast.replica
    if replica is None:
        return
    printed = "[printed.row:{}]"
    average = "[base.trade_and_notes_receivables]+[base.inventories]-[base.trade_and_other_payables]"
    before = average.replace("]", "<]")
    yield "plan_revenue", "[printed.revenue]-[plan_revenue]", replica.gaps["revenue"]
    yield "plan_ebit", f"{printed.format('ebit')}-[plan_profit]", replica.gaps["ebit"]
    yield "plan_tax", f"{printed.format('tax')}-[plan_income_tax]", replica.gaps["tax"]
    change = f"{printed.format('change_in_working_capital')}-({before}-({average}))"
    yield "plan_working_capital", change, replica.gaps["change_in_working_capital"]
    spent = f"{printed.format('capital_expenditure')}+[capex_plan]"
    yield "plan_capex", spent, replica.gaps["capital_expenditure"]


def _of_supply(company: Company, forecast: Forecast) -> Iterator[Test]:
    limited = [p.name for p in company.products if p.name in company.supply_units]
    for line in forecast.products:
        if line.name in limited:
            over = np.maximum(np.asarray(line.asked_units) - np.asarray(line.limit_units), 0.0)
            yield f"limit:{line.name}", f"MAX([planned:{line.name}]-[in.limit:{line.name}],0)", over


def _of_cells(book: Book, company: Company) -> Iterator[tuple[str, str, float]]:
    """Checks of single cells, all of them typed: (key, formula, whether it holds)."""
    cell = book.cell
    # At less than a point the terminal value is many times all that is known, whatever it says.
    room = f"{cell('wacc_used')}-{cell('terminal_growth')}>={NEAR}-1E-9"
    far = book.value("wacc_used") - book.value("terminal_growth") >= NEAR - 1e-9
    yield "growth", f"IF({room},1,0)", float(far)
    of_sites = [key for key in book.typed if key.startswith(_SHARES_OF_SITES)]
    shares = [book.scalars[key] for key in (*_SHARES, *of_sites) if key in book.scalars]
    within = ",".join(f"{at}>=0,{at}<=1" for at in shares)
    alone = f",{cell('dcf_weight')}=1" if company.peers is None else ""  # nothing else to give a weight to
    yield "weights", f"IF(AND({within}{alone}),1,0)", 1.0
    count = sum(key.startswith("case:") and key.endswith(":wacc") for key in book.typed)
    cases = f"{cell('selector')}>=1,{cell('selector')}<={count}"
    choices = [
        cases,
        f"{cell('peers_choice')}>=1",
        f"{cell('peers_choice')}<=3",
        f"{book.scalars['flow_timing']}={cell('flow_timing')}",
    ]
    if "ps_year_index" in book.scalars:
        choices.append(f"{book.scalars['ps_year_index']}={cell('ps_year_index')}")
    yield "choices", f"IF(AND({','.join(choices)}),1,0)", 1.0
    ends = [key.removeprefix("factor.peak") for key in book.scalars if key.startswith("factor.peak")]
    inside = ",".join(
        f"{cell(f'factor.{n}{end}')}>={cell(f'least.{n}{end}')}-1E-4,"
        f"{cell(f'factor.{n}{end}')}<={cell(f'greatest.{n}{end}')}+1E-4"
        for end in ends
        for n in AXES
    )
    if ends:
        yield "box", f"IF(AND({inside}),1,0)", 1.0
    if book.bounds:
        held = ",".join(f"{book.scalars[k]}={cell(k)}" for k in book.bounds)
        yield "terms", f"IF(AND({held},{cell('wacc_used')}<1),1,0)", 1.0
    price = cell("target_price")
    yield "price", f"IF(ISNUMBER({price}),IF({price}>0,1,0),0)", float(book.value("target_price") > 0)


def write_audit(
    book: Book, company: Company, statements: Statements, audit: Sequence[Mapping[str, Any]]
) -> None:
    """Write the model less the printed figures, and below it the verdicts of an audit, if one was made."""
    sheet = "Audit"
    book.sheet(sheet, "audit")
    printed = [i for i, y in enumerate(company.years) if y in company.history.years]
    book.section(sheet, "s.against")
    for statement, item in AUDITED:
        rows = statements.income if statement == "income" else statements.balance
        ours = item if statement == "income" else f"bs.{item}"
        if not printed or item not in rows or item not in getattr(company.history, statement):
            continue
        values = [
            round(float(rows[item][i]) - company.history.at(statement, item, company.years[i]), 2)
            for i in printed
        ]
        formula = f"[{ours}]-[printed.{statement}:{item}]"
        book.row(sheet, f"audit.{item}", _difference(book, formula, 2), values, number="0.0")
    if audit:
        _verdicts(book, sheet, audit)


def _verdicts(book: Book, sheet: str, audit: Sequence[Mapping[str, Any]]) -> None:
    book.section(sheet, "s.verdicts")
    columns, top = list(audit[0]), book.next_row[sheet]
    for j, column in enumerate(columns):
        book.text(sheet, top, _at(j), column, "head")
    for i, row in enumerate(audit, top + 1):
        for j, column in enumerate(columns):
            value = row.get(column)
            if isinstance(value, int | float) and not isinstance(value, bool):
                book.sheets[sheet].write_number(i, _at(j), value, book.format("record", "#,##0.####"))
            elif value is not None:
                book.text(sheet, i, _at(j), str(value))
    book.next_row[sheet] = top + len(audit) + 1


def _at(index: int) -> int:
    """The first column holds the check, the others stand in the wide columns of the years."""
    return index if index == 0 else VALUE_COLUMN + index - 1

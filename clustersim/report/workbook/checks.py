"""Checks with one master flag, and the model beside the printed figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from clustersim.finance.company import Array, Company
from clustersim.finance.forecast import Forecast
from clustersim.finance.statements import Statements
from clustersim.report.workbook.book import FIRST_YEAR_COLUMN, Book
from clustersim.report.workbook.formulas import fill

__all__ = ["write_audit", "write_checks"]

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


def _difference(book: Book, formula: str, digits: int) -> Callable[[int], str]:
    """A difference of large numbers keeps only the digits that a spreadsheet's order of sums cannot change."""
    return lambda i: f"ROUND({fill(formula, book, i)},{digits})"


def _flag(book: Book, key: str, limit: str) -> Callable[[int], str]:
    return lambda i: f"IF(ABS({book.at(key, i)})<={limit},1,0)"


def write_checks(book: Book, company: Company, forecast: Forecast, statements: Statements) -> None:
    """Write every check along the years, whether it holds, and the master flag."""
    sheet, n, b = "Checks", len(company.years), statements.balance
    book.sheet(sheet, "checks")
    source = "rounding of printed subtotals"
    book.input("tolerance", TOLERANCE, unit="kCNY", source=source, tier="given", number="0.0")
    gap = b["total_assets"] - b["total_liabilities"] - b["total_equity"]
    tests: list[tuple[str, str, Array]] = [
        (
            "assets less liabilities less equity",
            "[bs.total_assets]-[bs.total_liabilities]-[bs.total_equity]",
            gap,
        ),
        ("cash without refinancing, below its minimum", "[lacking]", statements.shortfall_kcny),
    ]
    replica = forecast.replica
    if replica is not None:
        printed = "[printed.row:{}]"
        average = "[base.trade_and_notes_receivables]+[base.inventories]-[base.trade_and_other_payables]"
        before = average.replace("]", "<]")
        tests += [
            ("printed revenue less what the calibrated products sell", "[printed.revenue]-[plan_revenue]",
             replica.gaps["revenue"]),
            ("printed EBIT less what the printed drivers give", f"{printed.format('ebit')}-[plan_profit]",
             replica.gaps["ebit"]),
            ("printed tax less what the printed drivers give", f"{printed.format('tax')}-[plan_income_tax]",
             replica.gaps["tax"]),
            ("printed change in working capital less what the printed drivers give",
             f"{printed.format('change_in_working_capital')}-({before}-({average}))",
             replica.gaps["change_in_working_capital"]),
            ("printed capital expenditure less what the printed drivers give",
             f"{printed.format('capital_expenditure')}+[capex_plan]", replica.gaps["capital_expenditure"]),
        ]  # fmt: skip
    limited = [p.name for p in company.products if p.name in company.supply_units]
    for line in forecast.products:
        if line.name in limited:
            over = np.maximum(np.asarray(line.asked_units) - np.asarray(line.limit_units), 0.0)
            tests.append((f"units of {line.name} asked for beyond supply",
                          f"MAX([planned:{line.name}]-[in.limit:{line.name}],0)", over))  # fmt: skip
    flags = []
    for i, (title, formula, values) in enumerate(tests):
        key, flag = f"check.{i}", f"flag.{i}"
        rounded = [round(float(v), 3) for v in values]
        book.row(sheet, key, _difference(book, formula, 3), rounded, name=title, number="0.000")
        held = [float(abs(v) <= TOLERANCE) for v in rounded]
        formula_ = _flag(book, key, book.cell("tolerance"))
        book.row(sheet, flag, formula_, held, unit="1 = holds", number="0", name="holds")
        flags.append((title, book.span(flag, 0, n - 1), min(held)))
    book.section(sheet, "master flag")
    grows = f"IF({book.cell('wacc_used')}>{book.cell('terminal_growth')},1,0)"
    book.scalar(sheet, "growth_holds", grows, 1.0, unit="1 = holds", number="0", name="growth below the WACC")
    formula = f"MIN({','.join(span for _, span, _ in flags)},{book.cell('growth_holds')})"
    whole = min((holds for *_, holds in flags), default=1.0)
    book.scalar(
        sheet, "master", formula, whole, unit="1 = all hold", number="0", kind="total", name="all checks hold"
    )
    for i, (title, span, holds) in enumerate(flags):
        text = f'IF(MIN({span})=1,"holds","FAILS")'
        book.scalar(sheet, f"state.{i}", text, "holds" if holds == 1 else "FAILS", number="@", name=title)


def write_audit(
    book: Book, company: Company, statements: Statements, audit: Sequence[Mapping[str, Any]]
) -> None:
    """Write the model less the printed figures, and below it the verdicts of an audit, if one was made."""
    sheet = "Audit"
    book.sheet(sheet, "audit")
    printed = [i for i, y in enumerate(company.years) if y in company.history.years]
    book.section(sheet, "model less printed, kCNY (a case or a moved card departs on purpose)")
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
        book.row(sheet, f"audit.{item}", _difference(book, formula, 2), values, name=item, number="0.0")
    if audit:
        _verdicts(book, sheet, audit)


def _verdicts(book: Book, sheet: str, audit: Sequence[Mapping[str, Any]]) -> None:
    book.section(sheet, "audit of the printed tables")
    columns, top = list(audit[0]), book.next_row[sheet]
    for j, column in enumerate(columns):
        book.text(sheet, top, _at(j), column, "head")
    for i, row in enumerate(audit, top + 1):
        for j, column in enumerate(columns):
            value = row.get(column)
            if isinstance(value, int | float) and not isinstance(value, bool):
                book.sheets[sheet].write_number(i, _at(j), value, book.format("input", "#,##0.####"))
            elif value is not None:
                book.text(sheet, i, _at(j), str(value))
    book.next_row[sheet] = top + len(audit) + 1


def _at(index: int) -> int:
    """The first column holds the check, the others stand in the wide columns of the years."""
    return index if index == 0 else FIRST_YEAR_COLUMN + index - 1

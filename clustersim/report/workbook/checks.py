"""Checks with one master flag, and the model beside the printed figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clustersim.finance.company import Company
from clustersim.finance.forecast import Forecast
from clustersim.finance.statements import Statements
from clustersim.report.workbook.book import FIRST_YEAR_COLUMN, Book
from clustersim.report.workbook.statements import fill

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
    totals = zip(b["total_assets"], b["total_liabilities"], b["total_equity"], strict=True)
    tests: list[tuple[str, str, Sequence[float]]] = [
        (
            "assets less liabilities less equity",
            "[bs.total_assets]-[bs.total_liabilities]-[bs.total_equity]",
            [assets - liabilities - equity for assets, liabilities, equity in totals],
        ),
        (
            "cash below zero",
            "MIN([bs.cash_and_cash_equivalents],0)",
            [min(v, 0.0) for v in b["cash_and_cash_equivalents"]],
        ),
        (
            "EBIT of the cash-flow table less that of the income statement",
            "[dcf.ebit]-[operating_profit]",
            [a - o for a, o in zip(forecast.ebit_kcny, forecast.operating_profit_kcny, strict=True)],
        ),
    ]
    for name in ("tax", "change_in_working_capital", "capital_expenditure"):
        title = f"printed {name} less what the drivers give".replace("_", " ")
        tests.append((title, f"[rounding:{name}]", forecast.rounding[name]))
    flags = []
    for i, (title, formula, values) in enumerate(tests):
        key, flag = f"check.{i}", f"flag.{i}"
        rounded = [round(v, 6) for v in values]
        book.row(sheet, key, _difference(book, formula, 6), rounded, name=title, number="0.000")
        holds = [float(abs(v) <= TOLERANCE) for v in rounded]
        formula_ = _flag(book, key, book.cell("tolerance"))
        book.row(sheet, flag, formula_, holds, unit="1 = holds", number="0", name="holds")
        flags.append(book.span(flag, 0, n - 1))
    whole = float(all(abs(v) <= TOLERANCE for _, _, values in tests for v in values))
    book.section(sheet, "master flag")
    formula = f"MIN({','.join(flags)})"
    book.scalar(
        sheet, "master", formula, whole, unit="1 = all hold", number="0", kind="total", name="all checks hold"
    )


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
        values = [
            round(rows[item][i] - company.history.at(statement, item, company.years[i]), 3) for i in printed
        ]
        formula = f"[{ours}]-[printed.{statement}:{item}]"
        book.row(sheet, f"audit.{item}", _difference(book, formula, 3), values, name=item, number="0.0")
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

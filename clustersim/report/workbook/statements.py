"""Income, Balance and Cash flow sheets: the formulas of the engine's statements, row by row."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate

from clustersim.finance.company import Company
from clustersim.finance.corkscrew import FIXED, Corkscrew
from clustersim.finance.forecast import Forecast
from clustersim.finance.statements import FLAT_LIABILITIES, Statements
from clustersim.report.workbook.book import Book

__all__ = ["fill", "write_balance", "write_cash_flow", "write_income"]

Row = tuple[float, ...]


def write_income(book: Book, company: Company, forecast: Forecast, statements: Statements) -> None:
    """Write the income statement, printed actual years first."""
    book.sheet("Income", "income")
    at, rows = book.at, statements.income
    past = -len(company.history.actual_years)

    def line(item: str, formula: str, *, total: bool = False) -> None:
        """``formula`` uses {i} for the address of the input row in that year."""
        printed = f"printed.income:{item}"
        if printed in book.rows:
            values = company.history.income[item][: len(company.history.actual_years)]
            book.row("Income", item, lambda i: at(printed, i), values, start=past)
        book.row(
            "Income", item, lambda i: fill(formula, book, i), rows[item], kind="total" if total else None
        )

    vary = f"(1+{book.cell('drivers.variable_opex_share')}*[moved_revenue]/[base_revenue])"
    line("revenue", "[total_revenue]")
    line("cost_of_sales", "-[total_cost]")
    line("gross_profit", "[revenue]+[cost_of_sales]", total=True)
    for item, share in (
        ("selling_and_marketing_expenses", "in.selling_share"),
        ("general_and_administrative_expenses", "in.administrative_share"),
        ("research_and_development_expenses", "in.research_share"),
    ):
        line(item, f"-[{share}]*[base_revenue]*{vary}")
    line("other_income", "[in.other_income]")
    line("other_gains_losses_net", "[in.other_gains]")
    costs = "[selling_and_marketing_expenses]+[general_and_administrative_expenses]+[research_and_development_expenses]"
    line("operating_profit", f"[gross_profit]+{costs}+[other_income]+[other_gains_losses_net]", total=True)
    line("net_finance_cost", "[in.finance_net]")
    line("profit_before_income_tax", "[operating_profit]+[net_finance_cost]", total=True)
    line("income_tax", f"-{book.cell('tax_rate')}*[profit_before_income_tax]*[taxed]")
    line("net_profit", "[profit_before_income_tax]+[income_tax]", total=True)
    margin = [g / r for g, r in zip(rows["gross_profit"], rows["revenue"], strict=True)]
    book.row("Income", "gross_margin", lambda i: fill("[gross_profit]/[revenue]", book, i), margin, unit="",
             number="0.0%")  # fmt: skip


def fill(formula: str, book: Book, index: int) -> str:
    """Replace [key] by the address of that row in the year, [key<] by the year before."""
    out, rest = "", formula
    while "[" in rest:
        before, _, tail = rest.partition("[")
        key, _, rest = tail.partition("]")
        back = key.endswith("<")
        out += before + book.at(key.rstrip("<"), index - (1 if back else 0))
    return out + rest


def write_balance(book: Book, company: Company, forecast: Forecast, statements: Statements) -> None:
    """Write working capital, the corkscrews and the balance sheet; cash comes from the cash flow below it."""
    book.sheet("Balance", "balance")
    _working_capital(book, company, forecast)
    _fixed_assets(book, company, forecast, statements)


def _working_capital(book: Book, company: Company, forecast: Forecast) -> None:
    work = forecast.working_capital
    book.section("Balance", "working capital: days on average balances, and year-end days on what departs")
    moved = forecast.moved
    items = (
        ("trade_and_notes_receivables", work.receivables, work.opening[0], "[base_revenue]", "moved_revenue",
         "in.receivable_days", moved.revenue),
        ("inventories", work.inventories, work.opening[1], "[base_revenue]*(1-[base_margin])", "moved_cost",
         "in.inventory_days", moved.cost),
        ("trade_and_other_payables", work.payables, work.opening[2], "[base_revenue]*(1-[base_margin])", "moved_cost",
         "in.payable_days", moved.cost),
    )  # fmt: skip
    for item, closing, opening, flow, departure, days, delta in items:
        day_row = {
            "in.receivable_days": company.drivers.receivable_days,
            "in.inventory_days": company.drivers.inventory_days,
            "in.payable_days": company.drivers.payable_days,
        }[days]
        extra = [d * n / 365 for d, n in zip(delta, day_row, strict=True)]
        base = [c - e for c, e in zip(closing, extra, strict=True)]
        key = f"base.{item}"
        book.row("Balance", key, lambda i, s=item: book.at(f"printed.balance:{s}", i), [opening], start=-1,  # type: ignore[misc]
                 name=f"{item}, printed forecast".replace("_", " "))  # fmt: skip
        book.row(
            "Balance", key,
            lambda i, f=flow, d=days, k=key: fill(f"2*{f}*[{d}]/365-[{k}<]", book, i),  # type: ignore[misc]
            base,
        )  # fmt: skip
        book.row(
            "Balance", f"extra.{item}",
            lambda i, m=departure, d=days: fill(f"[{m}]*[{d}]/365", book, i),  # type: ignore[misc]
            extra, name=f"{item}, departure".replace("_", " "),
        )  # fmt: skip
    net = [0.0, *work.net]
    net[0] = work.opening[0] + work.opening[1] - work.opening[2]

    def net_formula(i: int) -> str:
        parts = ["+".join(f"[{kind}.{item}]" for kind in kinds) for item, kinds in (
            ("trade_and_notes_receivables", ("base", "extra")), ("inventories", ("base", "extra")))]  # fmt: skip
        owed = "[base.trade_and_other_payables]+[extra.trade_and_other_payables]"
        if i < 0:
            return fill(
                "[base.trade_and_notes_receivables]+[base.inventories]-[base.trade_and_other_payables]",
                book,
                i,
            )
        return fill(f"{'+'.join(parts)}-({owed})", book, i)

    book.row("Balance", "net_working_capital", net_formula, net, start=-1, kind="total")


def _fixed_assets(book: Book, company: Company, forecast: Forecast, statements: Statements) -> None:
    fixed = {c.name: c for c in statements.corkscrews if c.name in FIXED}
    extra = [s * m for s, m in zip(company.drivers.capex_share, forecast.moved.revenue, strict=True)]
    book.section("Balance", "fixed assets: totals shared out by opening balances")
    spent = [sum(fixed[n].flows["additions"][i] for n in FIXED) - extra[i] for i in range(len(company.years))]
    worn = [-sum(fixed[n].flows["depreciation"][i] for n in FIXED) for i in range(len(company.years))]
    printed = len([y for y in company.years if y in company.history.years])
    book.row(
        "Balance", "capex_total",
        lambda i: fill("-[printed.cash_flow:purchase_of_ppe_and_intangibles]", book, i) if i < printed
        else fill("[in.capex_share]*[base_revenue]-[rounding:capital_expenditure]", book, i),
        spent, name="capital expenditure at the printed forecast",
    )  # fmt: skip
    book.row(
        "Balance", "worn_total",
        lambda i: book.at("printed.cash_flow:depreciation_and_amortisation" if i < printed else "in.depreciation", i),
        worn, name="depreciation and amortisation",
    )  # fmt: skip
    book.row("Balance", "capex_extra", lambda i: fill("[in.capex_share]*[moved_revenue]", book, i), extra,
             name="capital expenditure of the departure, to plant")  # fmt: skip
    bases = _base_closings(company, fixed, extra)
    for name in FIXED:
        book.row("Balance", f"fixed.{name}", lambda i, n=name: book.at(f"printed.balance:{n}", i),  # type: ignore[misc]
                 [fixed[name].start], start=-1, name=f"{name}, printed forecast".replace("_", " "))  # fmt: skip
    for i in range(len(company.years)):
        classes = FIXED if i < printed else (FIXED[0], FIXED[2])
        for name in FIXED:
            book.row(
                "Balance",
                f"fixed.{name}",
                _closing(book, name, classes, i < printed),
                [bases[name][i]],
                start=i,
            )
    for name in FIXED:
        other = fixed[name].flows["other"]
        book.row("Balance", f"other.{name}", _other(book, name, printed), other,
                 name=f"{name}, movement that capex and D&A leave open".replace("_", " "))  # fmt: skip


def _base_closings(
    company: Company, fixed: dict[str, Corkscrew], extra: list[float]
) -> dict[str, list[float]]:
    out = {}
    for name in FIXED:
        closing = list(fixed[name].closing)
        if name == FIXED[0]:
            run = 0.0
            for i, e in enumerate(extra):
                run += e
                closing[i] -= run
        out[name] = closing
    return out


def _closing(book: Book, name: str, classes: tuple[str, ...], printed: bool) -> Callable[[int], str]:
    def formula(i: int) -> str:
        if printed:
            return book.at(f"printed.balance:{name}", i)
        if name not in classes:
            return fill(f"[fixed.{name}<]", book, i)
        total = "+".join(f"[fixed.{c}<]" for c in classes)
        return fill(f"[fixed.{name}<]+([capex_total]-[worn_total])*[fixed.{name}<]/({total})", book, i)

    return formula


def _other(book: Book, name: str, printed: int) -> Callable[[int], str]:
    def formula(i: int) -> str:
        classes = FIXED if i < printed else (FIXED[0], FIXED[2])
        if name not in classes:
            return fill(f"[fixed.{name}]-[fixed.{name}<]", book, i)
        total = "+".join(f"[fixed.{c}<]" for c in classes)
        moved = f"([capex_total]-[worn_total])*[fixed.{name}<]/({total})"
        return fill(f"[fixed.{name}]-[fixed.{name}<]-{moved}", book, i)

    return formula


def write_cash_flow(book: Book, company: Company, forecast: Forecast, statements: Statements) -> None:
    """Write the cash flow, and with its closing cash the balance sheet."""
    book.sheet("Cash flow", "cash_flow")
    flow, sheet = statements.cash_flow, "Cash flow"

    def line(item: str, formula: str, *, total: bool = False) -> None:
        book.row(sheet, f"cf.{item}", lambda i: fill(formula, book, i), flow[item], name=item,
                 kind="total" if total else None)  # fmt: skip

    _carried(book, company, statements)
    line("profit_before_tax", "[profit_before_income_tax]")
    line("depreciation_and_amortisation", "[worn_total]")
    line("change_in_working_capital", "[net_working_capital<]-[net_working_capital]")
    line("tax_paid", "[income_tax]")
    line(
        "net_cash_from_operating",
        "[cf.profit_before_tax]+[cf.depreciation_and_amortisation]+[cf.change_in_working_capital]+[cf.tax_paid]",
        total=True,
    )
    line("purchase_of_ppe_and_intangibles", "-[capex_total]-[capex_extra]")
    line("other_fixed_asset_movements", "-(" + "+".join(f"[other.{n}]" for n in FIXED) + ")")
    line(
        "change_in_other_assets",
        "[flat.other_non_current_assets<]-[flat.other_non_current_assets]"
        "+[flat.other_current_assets<]-[flat.other_current_assets]",
    )
    line(
        "net_cash_from_investing",
        "[cf.purchase_of_ppe_and_intangibles]+[cf.other_fixed_asset_movements]+[cf.change_in_other_assets]",
        total=True,
    )
    owed = "+".join(f"[flat.{n}]-[flat.{n}<]" for n in FLAT_LIABILITIES)
    book.row(sheet, "cf.change_in_other_liabilities",
             lambda i: fill(f"{owed}+[conversion]", book, i), flow["change_in_other_liabilities"],
             name="change in other liabilities, conversion apart")  # fmt: skip
    line("net_cash_from_financing", "[cf.change_in_other_liabilities]", total=True)
    line(
        "net_change_in_cash",
        "[cf.net_cash_from_operating]+[cf.net_cash_from_investing]+[cf.net_cash_from_financing]",
        total=True,
    )
    book.row(sheet, "cf.closing_cash", lambda i: book.at("printed.balance:cash_and_cash_equivalents", i),
             [statements.opening_balance["cash_and_cash_equivalents"]], start=-1, name="closing_cash")  # fmt: skip
    line("closing_cash", "[cf.closing_cash<]+[cf.net_change_in_cash]", total=True)
    _sheet_of_balance(book, company, forecast, statements)


def _carried(book: Book, company: Company, statements: Statements) -> None:
    """Balances that stay: printed while they are printed, then the last one; and the conversion."""
    printed = len([y for y in company.years if y in company.history.years])
    book.section("Balance", "balances that stay once the printed years end")
    for name in ("other_non_current_assets", "other_current_assets", *FLAT_LIABILITIES):
        values = [statements.opening_balance[name], *statements.balance[name]]
        key = f"flat.{name}"
        book.row(
            "Balance", key,
            lambda i, n=name, k=key: book.at(f"printed.balance:{n}", i) if i < printed else fill(f"[{k}<]", book, i),  # type: ignore[misc]
            values, start=-1, name=name,
        )  # fmt: skip
    equity = next(c for c in statements.corkscrews if c.name == "total_equity")
    book.row(
        "Balance", "conversion",
        lambda i: book.cell("drivers.conversion") if i == 0 else f"0*{book.cell('drivers.conversion')}",
        equity.flows["conversion_of_redeemable_shares"], name="conversion of redeemable shares",
    )  # fmt: skip


def _sheet_of_balance(book: Book, company: Company, forecast: Forecast, statements: Statements) -> None:
    sheet = "Balance"
    extra = [s * m for s, m in zip(company.drivers.capex_share, forecast.moved.revenue, strict=True)]
    book.section(sheet, "balance")
    rows, past = statements.balance, -len(company.history.actual_years)

    def line(item: str, formula: str, *, total: bool = False) -> None:
        values = company.history.balance[item][: len(company.history.actual_years)]
        key = f"bs.{item}"
        book.row(sheet, key, lambda i: book.at(f"printed.balance:{item}", i), values, start=past, name=item)
        book.row(sheet, key, lambda i: fill(formula, book, i), rows[item], kind="total" if total else None)

    book.row(sheet, "extra_plant", lambda i: fill("[extra_plant<]+[capex_extra]" if i else "[capex_extra]", book, i),
             tuple(accumulate(extra)), name="plant of the departure, accumulated")  # fmt: skip
    line(FIXED[0], f"[fixed.{FIXED[0]}]+[extra_plant]")
    for name in FIXED[1:]:
        line(name, f"[fixed.{name}]")
    line("other_non_current_assets", "[flat.other_non_current_assets]")
    line(
        "total_non_current_assets",
        "+".join(f"[bs.{n}]" for n in (*FIXED, "other_non_current_assets")),
        total=True,
    )
    for item in ("inventories", "trade_and_notes_receivables"):
        line(item, f"[base.{item}]+[extra.{item}]")
    line("cash_and_cash_equivalents", "[cf.closing_cash]")
    line("other_current_assets", "[flat.other_current_assets]")
    current = (
        "inventories",
        "trade_and_notes_receivables",
        "cash_and_cash_equivalents",
        "other_current_assets",
    )
    line("total_current_assets", "+".join(f"[bs.{n}]" for n in current), total=True)
    line("total_assets", "[bs.total_non_current_assets]+[bs.total_current_assets]", total=True)
    for item in FLAT_LIABILITIES[:2]:
        line(item, f"[flat.{item}]")
    line("total_non_current_liabilities", "+".join(f"[bs.{n}]" for n in FLAT_LIABILITIES[:2]), total=True)
    line("trade_and_other_payables", "[base.trade_and_other_payables]+[extra.trade_and_other_payables]")
    line("other_current_liabilities", "[flat.other_current_liabilities]")
    line(
        "total_current_liabilities",
        "[bs.trade_and_other_payables]+[bs.other_current_liabilities]",
        total=True,
    )
    line("total_liabilities", "[bs.total_non_current_liabilities]+[bs.total_current_liabilities]", total=True)
    line("total_equity", "[bs.total_equity<]+[net_profit]+[conversion]", total=True)

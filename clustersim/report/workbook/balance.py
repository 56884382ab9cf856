"""The Balance and Cash flow sheets: working capital, fixed assets, refinancing, and the balance sheet they make."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from clustersim.finance.company import Array, Company
from clustersim.finance.corkscrew import BOUGHT, FIXED
from clustersim.finance.forecast import Forecast
from clustersim.finance.statements import FLAT_ASSETS, FLAT_LIABILITIES, Statements
from clustersim.finance.working_capital import BALANCES
from clustersim.report.workbook.book import Book
from clustersim.report.workbook.formulas import Sheet, fill
from clustersim.report.workbook.income import ours

__all__ = ["write_balance", "write_cash_flow"]

FLOWS = {
    "trade_and_notes_receivables": ("total_revenue", "plan_revenue", "receivable_days", "receivables"),
    "inventories": ("total_cost", "plan_cost", "inventory_days", "inventories"),
    "trade_and_other_payables": ("total_cost", "plan_cost", "payable_days", "payables"),
}


def _list(row: Array) -> list[float]:
    return [float(v) for v in np.asarray(row).reshape(-1)]


def write_balance(book: Book, company: Company, forecast: Forecast, statements: Statements) -> None:
    """Write working capital, the corkscrews and what stays; the balance sheet itself follows the cash flow."""
    book.sheet("Balance", "balance")
    sheet = Sheet(book, "Balance")
    _working_capital(sheet, company, forecast)
    _fixed_assets(sheet, company, forecast, statements)
    _carried(sheet, company, statements)


def _working_capital(sheet: Sheet, company: Company, forecast: Forecast) -> None:
    book, work, mine = sheet.book, forecast.working_capital, ours(company, forecast)
    replica = forecast.replica
    book.section("Balance", "s.working_capital")
    for item, opening in zip(BALANCES, work.opening, strict=True):
        flow, plan, days, attribute = FLOWS[item]
        sheet.row(f"end.{item}", f"[{flow}]*[in.{days}]/365", _list(getattr(mine, attribute)))  # fmt: skip
        formula = f"[end.{item}]"
        if replica is not None:
            printed = (
                "[printed.revenue]" if flow == "total_revenue" else "[printed.revenue]*(1-[ref.gross_margin])"
            )
            sheet.row(f"then.{item}", f"[{plan}]*[ref.{days}]/365", _list(getattr(replica.rows, attribute)))
            base = f"base.{item}"
            sheet.add(base, partial(book.at, f"printed.balance:{item}"), [opening], start=-1)
            sheet.row(base, f"2*{printed}*[ref.{days}]/365-[{base}<]",
                      _list(getattr(replica.working_capital, attribute)))  # fmt: skip
            formula = f"[base.{item}]+[end.{item}]-[then.{item}]"
        sheet.row(f"wc.{item}", formula, _list(getattr(work, attribute)))
    net = "[wc.trade_and_notes_receivables]+[wc.inventories]-[wc.trade_and_other_payables]"
    held = "[printed.balance:{}]"
    start = f"{held.format(BALANCES[0])}+{held.format(BALANCES[1])}-{held.format(BALANCES[2])}"
    r, i, p = work.opening
    sheet.add("net_working_capital", lambda k: fill(start if k < 0 else net, book, k), [r + i - p, *_list(work.net)],
              start=-1, total=True)  # fmt: skip
    ends = "[{0}.trade_and_notes_receivables]+[{0}.inventories]-[{0}.trade_and_other_payables]"
    sheet.row(
        "end_net",
        ends.format("end"),
        _list(mine.net_working_capital),
    )
    if replica is not None:
        sheet.row("then_net", ends.format("then"), _list(replica.rows.net_working_capital))  # fmt: skip


def _fixed_assets(sheet: Sheet, company: Company, forecast: Forecast, statements: Statements) -> None:
    book, fixed = sheet.book, {c.name: c for c in statements.corkscrews if c.name in FIXED}
    book.section("Balance", "s.fixed")
    printed = len([y for y in company.years if y in company.history.years])
    bare = company.printed is None
    spent = sum(fixed[n].flows["additions"] for n in FIXED)
    worn = -sum(fixed[n].flows["depreciation"] for n in FIXED)
    more = less = np.zeros(len(company.years))
    if company.printed is not None:
        rows = company.printed.rows
        more = np.asarray(rows["capital_expenditure"]) - forecast.capex_kcny
        less = forecast.depreciation_kcny - np.asarray(rows["depreciation_and_amortisation"])

    def planned(item: str, row: str, mine: str, sign: str) -> Callable[[int], str]:
        def formula(i: int) -> str:
            if bare:
                return book.at(mine, i)
            return sign + book.at(f"printed.cash_flow:{item}" if i < printed else f"printed.row:{row}", i)

        return formula

    sheet.add("capex_total", planned("purchase_of_ppe_and_intangibles", "capital_expenditure", "capex_spent", "-"),
              _list(spent - more))  # fmt: skip
    item = "depreciation_and_amortisation"
    sheet.add("worn_total", planned(item, item, "depreciation", ""),
              _list(worn - less))  # fmt: skip
    departs = "0*[capex_spent]" if bare else "[capex_spent]-[capex_plan]"
    sheet.row("capex_extra", departs, _list(more))
    departs = "0*[depreciation]" if bare else "[depreciation]-[ref.depreciation]"
    sheet.row("worn_extra", departs, _list(less))
    held = {n: _list(fixed[n].closing) for n in FIXED}
    extra = np.cumsum(more - less)
    held[FIXED[0]] = _list(np.array(held[FIXED[0]]) - extra)
    for name in FIXED:
        opening = partial(book.at, f"printed.balance:{name}")
        sheet.add(f"fixed.{name}", opening, [fixed[name].start], start=-1)
    for i in range(len(company.years)):
        for name in FIXED:
            sheet.add(f"fixed.{name}", _closing(book, name, i < printed), [held[name][i]], start=i)
    for name in FIXED:
        sheet.add(f"other.{name}", _other(book, name, printed), _list(fixed[name].flows["other"]))  # fmt: skip
    sheet.row("extra_plant", "[extra_plant<]+[capex_extra]-[worn_extra]", _list(extra),
              first="[capex_extra]-[worn_extra]")  # fmt: skip


def _share(name: str, classes: tuple[str, ...]) -> str:
    total = "+".join(f"[fixed.{c}<]" for c in classes)
    mine = f"[fixed.{name}<]/({total})" if name in classes else "0"
    return f"IF({total}<=0,{1 if name == FIXED[0] else 0},{mine})"


def _closing(book: Book, name: str, printed: bool) -> Callable[[int], str]:
    def formula(i: int) -> str:
        if printed:
            return book.at(f"printed.balance:{name}", i)
        return fill(f"[fixed.{name}<]+([capex_total]-[worn_total])*{_share(name, BOUGHT)}", book, i)

    return formula


def _other(book: Book, name: str, printed: int) -> Callable[[int], str]:
    def formula(i: int) -> str:
        share = _share(name, FIXED if i < printed else BOUGHT)
        return fill(f"[fixed.{name}]-[fixed.{name}<]-([capex_total]-[worn_total])*{share}", book, i)

    return formula


def _carried(sheet: Sheet, company: Company, statements: Statements) -> None:
    """Balances that stay: printed while they are printed, then the last one; and the conversion."""
    book, printed = sheet.book, len([y for y in company.years if y in company.history.years])
    book.section("Balance", "s.stays")
    for name in (*FLAT_ASSETS, *FLAT_LIABILITIES):
        key = f"flat.{name}"

        def formula(i: int, n: str = name, k: str = key) -> str:
            if i < printed and (i < 0 or company.printed is not None):
                return book.at(f"printed.balance:{n}", i)
            turned = n == "other_non_current_liabilities" and i == 0
            return fill(f"[{k}<]" + ("-{drivers.conversion}" if turned else ""), book, i)

        values = [statements.opening_balance.get(name, 0.0), *_list(statements.balance[name])]
        sheet.add(key, formula, values, start=-1)
    equity = next(c for c in statements.corkscrews if c.name == "total_equity")
    sheet.row("conversion", "0*{drivers.conversion}", _list(equity.flows["conversion_of_redeemable_shares"]),
              first="{drivers.conversion}")  # fmt: skip


def write_cash_flow(book: Book, company: Company, statements: Statements) -> None:
    """Write the cash flow with its refinancing, the interest on it, and with its closing cash the balance sheet."""
    book.sheet("Cash flow", "cash_flow")
    sheet, flow = Sheet(book, "Cash flow"), statements.cash_flow
    opening = statements.opening_balance.get("cash_and_cash_equivalents", 0.0)

    def line(item: str, formula: str, *, total: bool = False, first: str | None = None) -> None:
        sheet.past(f"cf.{item}", f"printed.cash_flow:{item}", company.history.cash_flow.get(item, ()))
        sheet.row(f"cf.{item}", formula, _list(flow[item]), total=total, first=first)

    line("profit_before_tax", "[profit_before_income_tax]")
    line("depreciation_and_amortisation", "[worn_total]+[worn_extra]")
    line("change_in_working_capital", "[net_working_capital<]-[net_working_capital]")
    line("tax_paid", "[income_tax]")
    operating = (
        "profit_before_tax",
        "depreciation_and_amortisation",
        "change_in_working_capital",
        "tax_paid",
    )
    line("net_cash_from_operating", "+".join(f"[cf.{p}]" for p in operating), total=True)
    line("purchase_of_ppe_and_intangibles", "-[capex_total]-[capex_extra]")
    line("other_fixed_asset_movements", "-(" + "+".join(f"[other.{n}]" for n in FIXED) + ")")
    line("change_in_other_assets", "+".join(f"[flat.{n}<]-[flat.{n}]" for n in FLAT_ASSETS))
    parts = ("purchase_of_ppe_and_intangibles", "other_fixed_asset_movements", "change_in_other_assets")
    line("net_cash_from_investing", "+".join(f"[cf.{p}]" for p in parts), total=True)
    owed = "+".join(f"[flat.{n}]-[flat.{n}<]" for n in FLAT_LIABILITIES)
    line("change_in_other_liabilities", f"{owed}+[conversion]")
    _refinancing(sheet, company, statements, opening)
    line(
        "net_cash_from_financing",
        "[cf.change_in_other_liabilities]+[cf.new_borrowing]+[cf.new_equity]",
        total=True,
    )
    parts = ("net_cash_from_operating", "net_cash_from_investing", "net_cash_from_financing")
    line("net_change_in_cash", "+".join(f"[cf.{p}]" for p in parts), total=True)
    sheet.add("cf.closing_cash", lambda i: book.at("printed.balance:cash_and_cash_equivalents", i), [opening],
              start=-1)  # fmt: skip
    sheet.row(
        "cf.closing_cash",
        "[cf.closing_cash<]+[cf.net_change_in_cash]",
        _list(flow["closing_cash"]),
        total=True,
    )
    earned = "IF({interest_on_cash}=1,{drivers.interest_rate}*[cf.closing_cash<],[in.finance_net])"
    Sheet(book, "Income").row("net_finance_cost", f"{earned}-{{refinancing.rate}}*[borrowings<]",
                              _list(statements.income["net_finance_cost"]), first=earned)  # fmt: skip
    _balance_sheet(Sheet(book, "Balance"), company, statements)


def _refinancing(sheet: Sheet, company: Company, statements: Statements, opening: float) -> None:
    """What cash lacks without refinancing, and what is raised for it."""
    flow = statements.cash_flow
    raised = flow["new_borrowing"] + flow["new_equity"]
    bare = opening + np.cumsum(flow["net_change_in_cash"] - raised)
    change = "[cf.net_cash_from_operating]+[cf.net_cash_from_investing]+[cf.change_in_other_liabilities]"
    start = f"[printed.balance:cash_and_cash_equivalents<]+{change}"
    sheet.row("bare_cash", f"[bare_cash<]+{change}", _list(bare), first=start)
    sheet.row("lacking", "MAX({refinancing.minimum_cash}-[bare_cash],0)", _list(statements.shortfall_kcny))  # fmt: skip
    debt = company.refinancing.by == "debt"
    owed = statements.balance["borrowings"]
    sheet.row("borrowings", "[lacking]" if debt else "0*[lacking]", _list(owed))
    sheet.row(
        "cf.new_borrowing", "[borrowings]-[borrowings<]", _list(flow["new_borrowing"]), first="[borrowings]"
    )
    total = np.cumsum(flow["new_equity"])
    sheet.row("raised_equity", "0*[lacking]" if debt else "MAX([raised_equity<],[lacking])", _list(total),
              first="0*[lacking]" if debt else "[lacking]")  # fmt: skip
    sheet.row(
        "cf.new_equity",
        "[raised_equity]-[raised_equity<]",
        _list(flow["new_equity"]),
        first="[raised_equity]",
    )


def _balance_sheet(sheet: Sheet, company: Company, statements: Statements) -> None:
    book, rows = sheet.book, statements.balance
    book.section("Balance", "s.balance")

    def line(item: str, formula: str, *, total: bool = False) -> None:
        key = f"bs.{item}"
        sheet.past(key, f"printed.balance:{item}", company.history.balance.get(item, ()))
        sheet.row(key, formula, _list(rows[item]), total=total)

    def total(item: str, *parts: str) -> None:
        line(item, "+".join(f"[bs.{p}]" for p in parts), total=True)

    line(FIXED[0], f"[fixed.{FIXED[0]}]+[extra_plant]")
    for name in FIXED[1:]:
        line(name, f"[fixed.{name}]")
    line("other_non_current_assets", "[flat.other_non_current_assets]")
    total("total_non_current_assets", *FIXED, "other_non_current_assets")
    for name in ("inventories", "trade_and_notes_receivables"):
        line(name, f"[wc.{name}]")
    line("cash_and_cash_equivalents", "[cf.closing_cash]")
    line("other_current_assets", "[flat.other_current_assets]")
    total("total_current_assets", "inventories", "trade_and_notes_receivables", "cash_and_cash_equivalents",
          "other_current_assets")  # fmt: skip
    total("total_assets", "total_non_current_assets", "total_current_assets")
    for name in FLAT_LIABILITIES[:2]:
        line(name, f"[flat.{name}]")
    line("borrowings", "[borrowings]")
    total("total_non_current_liabilities", *FLAT_LIABILITIES[:2], "borrowings")
    line("trade_and_other_payables", "[wc.trade_and_other_payables]")
    line("other_current_liabilities", "[flat.other_current_liabilities]")
    total("total_current_liabilities", "trade_and_other_payables", "other_current_liabilities")
    total("total_liabilities", "total_non_current_liabilities", "total_current_liabilities")
    line("total_equity", "[bs.total_equity<]+[net_profit]+[conversion]+[cf.new_equity]", total=True)

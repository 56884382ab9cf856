"""The Control and Inputs sheets: everything that is typed, with its source and tier."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from clustersim.errors import InputError
from clustersim.finance.analysis import now
from clustersim.finance.capital import cost_of_capital
from clustersim.finance.company import YEARLY_DRIVERS, Capm, Company, Drivers, ProductLine
from clustersim.finance.corkscrew import FIXED
from clustersim.finance.multiples import base_multiple
from clustersim.finance.statements import FLAT_ASSETS, FLAT_LIABILITIES
from clustersim.finance.valuation import diluted_shares
from clustersim.finance.working_capital import BALANCES
from clustersim.report.workbook.book import PERCENT, PLAIN, VALUE_COLUMN, WHOLE, Book

__all__ = ["CASE_KEYS", "PARTS", "write_control", "write_inputs"]

#: What a case may change, and how the number is shown.
CASE_KEYS: dict[str, str] = {
    "asp_scale": "0.000",
    "units_scale": "0.000",
    "wacc": PERCENT,
    "terminal_growth": PERCENT,
    "peers.discount": PERCENT,
}
SWITCHES = (
    ("peers_choice", 1.0),
    ("flow_timing", 0.0),
    ("listing_proceeds_counted", 0.0),
    ("tariff_factor", 1.0),
)
#: What formulas take in place of less and of more, where they would divide by nothing.
_BOUNDS = {
    "drivers.asset_life": (0.01, math.inf), "drivers.progress_ratio": (1e-6, math.inf),
    "capm.debt_to_equity": (-0.99, math.inf),
    "flow_timing": (0.0, 1.0),
}  # fmt: skip
PARTS = ("risk_free", "beta", "premium", "cost_of_debt", "debt_to_equity")
_MONEY = ("research_expense", "other_income", "other_gains", "finance_net", "depreciation", "share_based_pay")


def _case_value(company: Company, key: str) -> float:
    if key == "wacc":
        return base_wacc(company)
    if key == "peers.discount" and company.peers is None:
        return 0.0
    return now(company, key)


def base_wacc(company: Company) -> float:
    """The WACC before what CAPM departs by: as given, or CAPM's own."""
    return float(np.asarray(company.wacc if company.wacc is not None else cost_of_capital(company)))


def write_control(book: Book, companies: Mapping[str, Company], selected: str) -> None:
    """Write the scenario selector, the value of every case and the one that is chosen, and the conventions."""
    from xlsxwriter.utility import xl_rowcol_to_cell

    sheet = book.sheet("Control", "control", timeline=False)
    names = list(companies)
    book.section("Control", "s.selector")
    book.input(
        "selector",
        names.index(selected) + 1,
        unit=book.words("one_of", count=len(names)),
        number="0",
        sheet="Control",
    )
    row = book.next_row["Control"] - 1
    whole = {"validate": "integer", "criteria": "between", "minimum": 1, "maximum": len(names)}
    sheet.data_validation(row, VALUE_COLUMN, row, VALUE_COLUMN, whole)
    head = book.next_row["Control"] + 1
    for i, name in enumerate((book.words("chosen"), *(book.words(f"case.{n}") for n in names))):
        book.text("Control", head, VALUE_COLUMN + i, name.removeprefix("case."), "head")
    book.next_row["Control"] = head + 1
    for key, number in CASE_KEYS.items():
        row = book.next_row["Control"]
        values = [_case_value(company, key) for company in companies.values()]
        for i, value in enumerate(values, 1):
            sheet.write_number(row, VALUE_COLUMN + i, value, book.format("input", number))
            at = xl_rowcol_to_cell(row, VALUE_COLUMN + i, row_abs=True, col_abs=True)
            book.typed[f"case:{names[i - 1]}:{key}"] = f"{book.quoted('Control')}!{at}"
        cells = ",".join(xl_rowcol_to_cell(row, VALUE_COLUMN + i) for i in range(1, len(values) + 1))
        formula = f"CHOOSE(MAX(1,MIN({len(values)},{book.cell('selector')})),{cells})"
        book.scalar("Control", key, formula, values[names.index(selected)], number=number)
    book.section("Control", "s.conventions")
    for key, value in SWITCHES:
        book.input(key, value, unit="", number="0.0", sheet="Control", bounds=_BOUNDS.get(key))
        note = book.words(f"say.{key}")
        book.text("Control", book.next_row["Control"] - 1, VALUE_COLUMN + 1, f" {note}", "note")


def write_inputs(book: Book, company: Company, file: Any) -> None:
    """Write every number that the calculation sheets use.

    Raises InputError for a mode of the model that the workbook does not cover.
    """
    if company.drivers.product_mode == "printed":
        raise InputError(
            "the workbook needs product_mode `calibrated` or `simulated`: its products drive revenue"
        )
    book.sheet("Inputs", "inputs")
    book.sheet("Record", "record")
    _scalars(book, company, file)
    _peers(book, company)
    _products(book, company.products, company, "in")
    _drivers(book, company, company.drivers, "in", file)
    if company.printed is not None:
        _products(book, company.printed.products, company, "ref")
        _drivers(book, company, company.printed.drivers, "ref", None)
    else:
        for key in list(book.rows):
            # Without a printed forecast ours is the plan: the same cells.
            if key.startswith("in."):
                book.rows["ref." + key.removeprefix("in.")] = book.rows[key]
    _printed(book, company, file)


def _typed(book: Book, file: Any, key: str, value: float, unit: str = "", sheet: str = "Inputs") -> None:
    """One number with the source of the file's field, where the file states it."""
    sourced = file
    for part in key.split("."):
        sourced = getattr(sourced, part, None)
    source, tier = getattr(sourced, "source", "src.default"), getattr(sourced, "tier", "assumption")
    book.input(key, value, unit=unit, source=source, tier=tier, number=WHOLE if abs(value) >= 1000 else PLAIN,
               sheet=sheet, bounds=_BOUNDS.get(key))  # fmt: skip


def _scalars(book: Book, company: Company, file: Any) -> None:
    d = company.drivers
    book.section("Inputs", "s.company")
    for key, value, unit in (
        ("tax_rate", d.tax_rate, "share"), ("net_cash", company.net_cash_kcny, "kCNY"),
        ("fx_per_cny", company.fx_per_cny, f"{company.currency} per CNY"), ("shares_m", diluted_shares(company), "m"),
        ("price", company.price, company.currency), ("dcf_weight", company.dcf_weight, "share"),
        ("listing_proceeds", company.listing_proceeds_m, f"{company.currency} m"),
        ("elapsed_share", company.elapsed_share, "share"),
        ("drivers.conversion", d.conversion_kcny, "kCNY"), ("drivers.variable_opex_share", d.variable_opex_share, ""),
        ("drivers.warranty_share", d.warranty_share, ""), ("drivers.progress_ratio", d.progress_ratio, ""),
        ("drivers.asset_life", d.asset_life_years, "years"), ("drivers.interest_rate", d.interest_rate, ""),
        ("interest_on_cash", float(d.finance_mode == "cash"), "yes"),
        ("opening_tax_losses", d.opening_tax_losses_kcny or 0.0, "kCNY"),
        ("refinancing.rate", company.refinancing.rate, ""),
        ("refinancing.minimum_cash", company.refinancing.minimum_cash_kcny, "kCNY"),
    ):  # fmt: skip
        _typed(book, file, key, float(np.asarray(value)), unit)
    printed = company.printed
    if printed is not None:
        book.section("Record", "s.printed.value")
        money = company.currency
        for key, value, unit in (
            ("printed.drivers.tax_rate", printed.drivers.tax_rate, "share"),
            ("printed.drivers.warranty_share", printed.drivers.warranty_share, "share"),
            ("printed.pv_fcf", printed.pv_fcf_kcny, "kCNY"),
            ("printed.pv_terminal", printed.pv_terminal_kcny, "kCNY"),
            ("printed.dcf_m", printed.dcf_m, f"{money} m"), ("printed.ps_m", printed.ps_m, f"{money} m"),
            ("printed.blended_m", printed.blended_m, f"{money} m"),
            ("printed.target_price", printed.target_price, money),
        ):  # fmt: skip
            _typed(book, file, key, float(np.asarray(value)), unit, sheet="Record")
        if company.capm is not None and printed.capm is not None:
            _capm(book, company.capm, "capm")
            _capm(book, printed.capm, "printed.capm", "Record")


def _capm(book: Book, parts: Capm, prefix: str, sheet: str = "Inputs") -> None:
    for part in PARTS:
        value = float(getattr(parts, part))
        key = f"{prefix}.{part}"
        book.input(key, value, source="src.company_file", number=PLAIN, sheet=sheet, bounds=_BOUNDS.get(key))


def _peers(book: Book, company: Company) -> None:
    peers = company.peers
    if peers is None:
        return
    book.section("Inputs", "s.peers")
    for name, row in peers.members.items():
        book.input_row(f"peer:{name}", [row.get(y) for y in company.years], unit="x", source="src.company_file",
                       tier="published", number="0.0")  # fmt: skip
    printed = company.printed.peers if company.printed is not None else None
    if printed is not None and printed.price_to_sales is not None:
        for name, row in printed.members.items():
            book.input_row(f"printed.peer:{name}", [row.get(y) for y in company.years], unit="x",
                           source="src.printed", tier="published", number="0.0", sheet="Record")  # fmt: skip
        book.input(
            "printed.price_to_sales",
            float(printed.price_to_sales),
            unit="x",
            source="src.printed",
            tier="published",
            sheet="Record",
        )
    if peers.price_to_sales is not None:
        book.input(
            "peers.price_to_sales",
            float(np.asarray(peers.price_to_sales)),
            unit="x",
            source="src.company_file",
        )
    base_multiple(company)  # a peer without a multiple is named here
    at = company.years.index(peers.year)
    book.input(
        "ps_year_index",
        at + 1,
        unit=book.words("one_of", count=len(company.years)),
        source="src.position",
        number="0",
        bounds=(1.0, float(len(company.years))),
    )


def _products(book: Book, products: tuple[ProductLine, ...], company: Company, prefix: str) -> None:
    sheet = "Inputs" if prefix == "in" else "Record"
    margin = (company.printed.drivers if company.printed is not None else company.drivers).gross_margin
    for what, unit, number in (
        ("units", "cards", WHOLE), ("asp", "kCNY", "#,##0.000"), ("unit_cost", "kCNY", "#,##0.000"),
    ):  # fmt: skip
        book.section(sheet, f"s.{what}")
        for product in products:
            row = {"units": product.units, "asp": product.asp_kcny, "unit_cost": product.unit_cost_kcny}[what]
            if what == "unit_cost" and not row:
                continue  # it follows the price at the gross margin
            values = [
                float(row[y]) if y in row
                else float(product.asp_kcny.get(y, 0.0)) * (1 - float(margin[i])) if what == "unit_cost" else 0.0
                for i, y in enumerate(company.years)
            ]  # fmt: skip
            book.input_row(f"{prefix}.{what}:{product.name}", values, unit=unit, number=number, tier="assumption",
                           source="src.company_file", sheet=sheet)  # fmt: skip


def _drivers(book: Book, company: Company, d: Drivers, prefix: str, file: Any) -> None:
    sheet = "Inputs" if prefix == "in" else "Record"
    book.section(sheet, "s.drivers")
    for name in YEARLY_DRIVERS:
        series = getattr(file.drivers, name, None) if file is not None else None
        days, money = name.endswith("_days"), name in _MONEY
        book.input_row(
            f"{prefix}.{name}",
            getattr(d, name).tolist(),
            unit="days" if days else "kCNY" if money else "share",
            source=series.source
            if series is not None
            else "src.printed"
            if company.printed is not None
            else "src.default",
            tier=series.tier if series is not None else "derived",
            number="0" if days else WHOLE if money else "0.0000%",
            sheet=sheet,
        )
    exempt = 0 if d.opening_tax_losses_kcny is not None else d.first_taxed
    taxed = [float(i >= exempt) for i in range(len(company.years))]
    book.input_row(f"{prefix}.taxed", taxed, unit="taxed", source="src.first_taxed", number="0", sheet=sheet)
    if prefix == "in":
        left = [1.0 - company.elapsed_share] + [1.0] * (len(company.years) - 1)
        book.input_row("left_of_year", left, unit="share", source="src.market_date",
                       number="0.000")  # fmt: skip


def _printed(book: Book, company: Company, file: Any) -> None:
    history, start = company.history, -len(company.history.actual_years)
    source = file.history if file.history is not None else file.opening
    for statement in ("income", "balance", "cash_flow"):
        book.section("Record", f"s.history.{statement}")
        for item, values in getattr(history, statement).items():
            book.input_row(
                f"printed.{statement}:{item}",
                values,
                start=start,
                source=source.source,
                tier=source.tier,
                sheet="Record",
            )
    for item in (*FIXED, *BALANCES, *FLAT_ASSETS, *FLAT_LIABILITIES, "cash_and_cash_equivalents"):
        if item not in history.balance:
            book.input_row(f"printed.balance:{item}", [0.0] * len(history.years), start=start, source="src.none",
                           sheet="Record")  # fmt: skip
    if company.printed is None:
        return
    book.section("Record", "s.printed.rows")
    for name, row in company.printed.rows.items():
        book.input_row(
            f"printed.row:{name}", row.tolist(), source="src.printed", tier="published", sheet="Record"
        )
    book.input_row(
        "printed.revenue", company.printed.revenue_kcny.tolist(), source="src.recovered", sheet="Record"
    )

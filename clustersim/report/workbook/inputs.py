"""The Control and Inputs sheets: everything that is typed, with its source and tier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clustersim.errors import InputError
from clustersim.finance.company import Company
from clustersim.finance.products import calibrated_products
from clustersim.finance.valuation import base_multiple
from clustersim.pipeline import ChainRun
from clustersim.report.workbook.book import FIRST_YEAR_COLUMN, PERCENT, PLAIN, WHOLE, Book

__all__ = ["CASE_KEYS", "write_control", "write_inputs"]

#: What a case may change, and how the number is shown.
CASE_KEYS: dict[str, str] = {
    "asp_scale": "0.000",
    "units_scale": "0.000",
    "wacc": PERCENT,
    "terminal_growth": PERCENT,
    "peers.discount": PERCENT,
}
SWITCHES = (
    ("peers_choice", 1.0, "1 as printed, 2 mean, 3 median of the peers"),
    ("flow_timing", 0.0, "0 flows at year end, 0.5 in mid-year"),
    ("listing_proceeds_counted", 0.0, "1 adds the gross proceeds of the listing to the DCF"),
)


def _case_value(company: Company, key: str) -> float:
    at: Any = company
    for part in key.split("."):
        at = getattr(at, part)
    return float(at)


def write_control(book: Book, runs: Mapping[str, ChainRun], selected: str) -> None:
    """Write the scenario selector, the value of every case and the one that is chosen, and the conventions."""
    sheet = book.sheet("Control", "control", timeline=False)
    names = list(runs)
    book.section("Control", "scenario selector")
    book.input(
        "selector", names.index(selected) + 1, unit="1 to " + str(len(names)), number="0", sheet="Control"
    )
    row = book.next_row["Control"] - 1
    whole = {"validate": "integer", "criteria": "between", "minimum": 1, "maximum": len(names)}
    sheet.data_validation(row, FIRST_YEAR_COLUMN, row, FIRST_YEAR_COLUMN, whole)
    head = book.next_row["Control"] + 1
    for i, name in enumerate(("chosen", *names)):
        book.text("Control", head, FIRST_YEAR_COLUMN + i, name, "head")
    book.next_row["Control"] = head + 1
    for key, number in CASE_KEYS.items():
        row = book.next_row["Control"]
        values = [_case_value(run.company, key) for run in runs.values() if run.company is not None]
        for i, value in enumerate(values, 1):
            sheet.write_number(row, FIRST_YEAR_COLUMN + i, value, book.format("input", number))
        from xlsxwriter.utility import xl_rowcol_to_cell

        cells = ",".join(xl_rowcol_to_cell(row, FIRST_YEAR_COLUMN + i) for i in range(1, len(values) + 1))
        formula = f"CHOOSE({book.cell('selector')},{cells})"
        book.scalar("Control", key, formula, values[names.index(selected)], number=number)
    book.section("Control", "conventions")
    for key, value, note in SWITCHES:
        book.input(key, value, unit="", number="0.0", sheet="Control")
        book.text("Control", book.next_row["Control"] - 1, FIRST_YEAR_COLUMN + 1, note)


def write_inputs(book: Book, run: ChainRun) -> None:
    """Write every number that the calculation sheets use."""
    assert run.company is not None and run.inputs.company is not None
    book.sheet("Inputs", "inputs")
    company, file = run.company, run.inputs.company
    if company.drivers.tax_mode != "printed" or company.drivers.finance_mode != "printed":
        raise InputError("the workbook covers tax_mode and finance_mode `printed`; export with those")
    if company.drivers.product_mode == "printed":
        raise InputError("the workbook needs product_mode `calibrated` or `simulated`")
    _scalars(book, company, file)
    _products(book, company)
    _drivers(book, company, file)
    _rounding(book, run)
    _printed(book, company, file)


def _scalars(book: Book, company: Company, file: Any) -> None:
    book.section("Inputs", "company")
    for key in (
        "tax_rate", "net_cash", "hkd_per_cny", "shares_m", "price_hkd", "dcf_weight", "listing_proceeds",
        "drivers.conversion", "drivers.variable_opex_share", "drivers.warranty_share", "drivers.progress_ratio",
        "peers.price_to_sales", "printed.pv_fcf", "printed.pv_terminal", "printed.dcf_hkd_m", "printed.ps_hkd_m",
        "printed.blended_hkd_m", "printed.target_price_hkd",
    ):  # fmt: skip
        sourced = file
        for part in key.split("."):
            sourced = getattr(sourced, part)
        value = 0.0 if sourced is None else sourced.value
        number = WHOLE if abs(value) >= 1000 else PLAIN
        unit = "" if sourced is None or sourced.unit == "1" else sourced.unit
        book.input(
            key, value, unit=unit, source=sourced.source if sourced else "", tier=sourced.tier if sourced else "",
            number=number,
        )  # fmt: skip
    book.section("Inputs", "peers, forward price-to-sales")
    at = company.years.index(company.peers.year)
    years = company.years
    for name, multiples in company.peers.members.items():
        values = [multiples.get(y) for y in years]
        book.input_row(
            f"peer:{name}", values, unit="x", source="report figure 50", tier="published", number="0.0"
        )
    if company.peers.members:
        base_multiple(company, "mean")  # a peer without a multiple is named here
    book.input("ps_year_index", at + 1, unit="", source=f"position of {company.peers.year}", number="0")


def _products(book: Book, company: Company) -> None:
    for what, unit, number in (
        ("units", "cards", WHOLE),
        ("asp", "kCNY", "#,##0.000"),
        ("unit_cost", "kCNY", "#,##0.000"),
    ):
        book.section("Inputs", f"{what} by product, calibrated to the printed revenue")
        for product in company.products:
            values: list[float | None] = []
            for year, margin in zip(company.years, company.gross_margin, strict=True):
                line = next(
                    (x for x in calibrated_products(company, year).lines if x.name == product.name), None
                )
                if line is None:
                    values.append(None)
                elif what == "units":
                    values.append(line.units)
                else:
                    values.append(line.asp_kcny * (1 - margin if what == "unit_cost" else 1))
            book.input_row(
                f"in.{what}:{product.name}", values, unit=unit, number=number, tier="assumption",
                source="calibrated prior; cost at the printed margin" if what == "unit_cost" else "calibrated prior",
            )  # fmt: skip
    shares = [company.services_share[y] for y in company.years]
    book.input_row(
        "services_share", shares, unit="", number=PERCENT, source="company file", tier="assumption"
    )


def _series(file: Any, name: str) -> tuple[str, str]:
    series = getattr(file.drivers, name)
    return series.source, series.tier


def _drivers(book: Book, company: Company, file: Any) -> None:
    book.section("Inputs", "drivers")
    d = company.drivers
    book.input_row(
        "base_revenue", company.revenue_kcny, source=file.revenue.source, tier=file.revenue.tier,
        name="revenue, printed or recovered",
    )  # fmt: skip
    source, tier = _series(file, "gross_margin_step")
    book.input_row("base_margin", company.gross_margin, unit="", source=source, tier=tier, number="0.0000%")
    rows: tuple[tuple[str, Sequence[float], str], ...] = (
        ("selling_share", d.selling_share, "0.0000%"),
        ("administrative_share", d.administrative_share, "0.0000%"),
        ("research_share", d.research_share, "0.0000%"),
        ("other_income", d.other_income, WHOLE),
        ("other_gains", d.other_gains, WHOLE),
        ("finance_net", d.finance_net, WHOLE),
        ("receivable_days", d.receivable_days, "0"),
        ("inventory_days", d.inventory_days, "0"),
        ("payable_days", d.payable_days, "0"),
        ("capex_share", d.capex_share, PERCENT),
    )
    for name, values, number in rows:
        source, tier = _series(file, name)
        unit = "kCNY" if number == WHOLE else ("days" if number == "0" else "")
        book.input_row(f"in.{name}", values, unit=unit, source=source, tier=tier, number=number)
    first = company.years.index(d.first_taxed_year)
    taxed = [float(i >= first) for i in range(len(company.years))]
    book.input_row("taxed", taxed, unit="1 = taxed", source="report figure 45", tier="published", number="0")
    book.input_row(
        "in.depreciation", company.rows["depreciation_and_amortisation"], source="report figure 49", tier="published"
    )  # fmt: skip


def _rounding(book: Book, run: ChainRun) -> None:
    assert run.forecast is not None
    book.section("Inputs", "rounding: printed rows less what the drivers give")
    for name, values in run.forecast.rounding.items():
        if name != "depreciation_and_amortisation":
            book.input_row(
                f"rounding:{name}", values, source="printed less computed", tier="derived", number="0.000"
            )


def _printed(book: Book, company: Company, file: Any) -> None:
    history = company.history
    start = -len(history.actual_years)
    for statement in ("income", "balance", "cash_flow"):
        book.section("Inputs", f"printed: {statement}")
        for item, values in getattr(history, statement).items():
            book.input_row(
                f"printed.{statement}:{item}",
                values,
                start=start,
                source=file.history.source,
                tier=file.history.tier,
            )
    book.section("Inputs", "carried balances and flags")
    printed = [float(y in history.years) for y in company.years]
    book.input_row(
        "is_printed", printed, unit="1 = printed", source="report figures 45-47", tier="published", number="0"
    )

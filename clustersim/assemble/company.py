"""A company file as the plain numbers that the forecast and the valuation take.

With a printed block, our drivers are the printed ones with the years that the file gives in their place; without one,
what is left out comes from the last actual year or a default, and ``Company.assumed`` says so.
"""

from __future__ import annotations

from datetime import date
from itertools import accumulate
from typing import Any

import numpy as np

from clustersim.assemble.opening import history_of
from clustersim.assemble.products import product_lines, supply_units
from clustersim.errors import InputError
from clustersim.finance.company import (
    YEARLY_DRIVERS,
    Array,
    Capm,
    Company,
    Drivers,
    History,
    Peers,
    Printed,
    Refinancing,
)
from clustersim.schema.company import CompanyFile, DriversFile
from clustersim.schema.company_parts import CapmFile, PeersFile, PrintedDriversFile
from clustersim.schema.company_rows import Series

__all__ = ["company_spec"]

Row = tuple[float, ...]
#: Rows that are nothing where a file does not speak of them.
NOTHING = (
    "research_expense",
    "other_income",
    "other_gains",
    "finance_net",
    "services_share",
    "channel_discount",
    "share_based_pay",
)
#: Those of them that a reader would expect.
SAID_IF_NOTHING = ("other_income", "other_gains", "finance_net", "services_share")
#: Shares of revenue that the last actual year gives where the file does not: driver, line, and the line it is of.
FROM_INCOME = {
    "selling_share": "selling_and_marketing_expenses",
    "administrative_share": "general_and_administrative_expenses",
    "research_share": "research_and_development_expenses",
}
FROM_BALANCE = {
    "receivable_days": ("trade_and_notes_receivables", "revenue"),
    "inventory_days": ("inventories", "cost_of_sales"),
    "payable_days": ("trade_and_other_payables", "cost_of_sales"),
}
CAPEX_SHARE, TAX_RATE, ASSET_LIFE = 0.05, 0.15, 5.0


def company_spec(file: CompanyFile) -> Company:
    """Return the company as the forecast and the valuation take it.

    Raises InputError for drivers that neither the file, a printed block nor the last actual year gives, all at once.
    """
    history = history_of(file)
    printed = _printed(file, history)
    assumed: list[str] = []
    drivers = _from_file(file, history, assumed) if printed is None else _over_printed(file, printed.drivers)
    opening_cash = history.at("balance", "cash_and_cash_equivalents", history.actual_years[-1])
    if file.terminal_growth.source.startswith("default"):
        assumed.append(f"terminal growth is {100 * file.terminal_growth.value:.3g} %")
    if file.net_cash is None:
        assumed.append("net cash is the opening cash: no debt is deducted")
    return Company(
        name=file.name,
        years=file.years,
        currency=file.currency,
        drivers=drivers,
        products=product_lines(file),
        history=history,
        printed=printed,
        wacc=file.wacc.value if file.wacc is not None else None,
        capm=_capm(file),
        terminal_growth=file.terminal_growth.value,
        net_cash_kcny=file.net_cash.value if file.net_cash is not None else opening_cash,
        fx_per_cny=_fx(file),
        shares_m=file.shares_m.value,
        price=file.price.value,
        dcf_weight=_dcf_weight(file, assumed),
        peers=_peers(file),
        refinancing=Refinancing(
            by=file.refinancing.by,
            rate=file.refinancing.rate.value,
            minimum_cash_kcny=file.refinancing.minimum_cash.value,
        ),
        listing_proceeds_m=file.listing_proceeds.value if file.listing_proceeds else 0.0,
        options_m=file.options_m.value,
        option_price=file.option_price.value,
        elapsed_share=_elapsed(file),
        supply_units=supply_units(file),
        asp_scale=file.asp_scale.value,
        units_scale=file.units_scale.value,
        assumed=tuple(assumed),
    )


def _fx(file: CompanyFile) -> float:
    """The rate of the last date up to ``as_of``, or the file's one rate."""
    if not file.fx:
        return file.fx_per_cny.value
    try:
        dated = sorted((date.fromisoformat(day), rate) for day, rate in file.fx.items())
    except ValueError as error:
        raise InputError(f"company.fx: {error}; write dates as 2026-06-02") from None
    upto = [rate for day, rate in dated if file.as_of is None or day <= file.as_of]
    if not upto:
        raise InputError(f"company.fx: no rate up to {file.as_of}; the first is of {dated[0][0]}")
    return upto[-1]


def _elapsed(file: CompanyFile) -> float:
    if file.as_of is None:
        return 0.0
    start = date(int(file.years[0][:4]), 1, 1)
    return min(max((file.as_of - start).days / 365, 0.0), 1.0)


def _dcf_weight(file: CompanyFile, assumed: list[str]) -> float:
    if file.dcf_weight is not None:
        return file.dcf_weight.value
    if file.peers is None and file.printed is None:
        assumed.append("without peers the DCF alone sets the target price")
        return 1.0
    assumed.append("the DCF and the peers' multiple count half each")
    return 0.5


def _capm(file: CompanyFile) -> Capm | None:
    own, printed = file.capm, file.printed.capm if file.printed is not None else None
    if own is None and printed is None:
        return None
    parts, missing = {}, []
    for name in CapmFile.model_fields:
        given = next(
            (v for v in (getattr(own, name, None), getattr(printed, name, None)) if v is not None), None
        )
        if given is None:
            missing.append(name)
        else:
            parts[name] = given.value
    if missing:
        raise InputError(
            f"company {file.name}: capm lacks {', '.join(missing)}; give all parts, or only wacc"
        )
    return Capm(**parts)


def _members(own: PeersFile | None, printed: PeersFile | None) -> dict[str, dict[str, float | None]]:
    out: dict[str, dict[str, float | None]] = {}
    for block in (printed, own):
        for name, row in (block.members if block is not None else {}).items():
            out[name] = out.get(name, {}) | row
    return out


def _peers(file: CompanyFile) -> Peers | None:
    own, printed = file.peers, file.printed.peers if file.printed is not None else None
    block = own or printed
    if block is None:
        return None
    second = file.years[min(1, len(file.years) - 1)]
    year = (own.year if own else None) or (printed.year if printed else None) or second
    multiple = own.price_to_sales if own else None
    discount = (own.discount if own else None) or (printed.discount if printed else None)
    return Peers(
        price_to_sales=multiple.value if multiple is not None else None,
        discount=discount.value if discount is not None else 0.0,
        year=year,
        statistic=block.statistic,
        members=_members(own, printed),
    )


def _margins(steps: Row, history: History) -> Row:
    last = history.actual_years[-1]
    revenue = history.at("income", "revenue", last)
    return tuple(accumulate(steps, initial=history.at("income", "gross_profit", last) / revenue))[1:]


def _array(row: Row) -> Array:
    return np.array(row, dtype=float)


def _operating(d: PrintedDriversFile, years: tuple[str, ...]) -> dict[str, Row]:
    """The three shares along the years; later years give one total, whose split stays that of the last year."""
    names = ("selling_share", "administrative_share", "research_share")
    lines = {name: getattr(d, name) for name in names}
    if d.later_operating_share is None:
        return {name: row.along(years) for name, row in lines.items()}
    first = next(i for i, y in enumerate(years) if y in d.later_operating_share.by_year)
    totals = d.later_operating_share.along(years)
    last = {name: row.along(years)[first - 1] for name, row in lines.items()}
    whole = sum(last.values())
    return {
        name: tuple(
            value if i < first else totals[i] * last[name] / whole for i, value in enumerate(row.along(years))
        )
        for name, row in lines.items()
    }


def _printed(file: CompanyFile, history: History) -> Printed | None:
    block = file.printed
    if block is None:
        return None
    years, d = file.years, block.drivers
    rows = {name: _array(row.along(years)) for name, row in block.cash_flow_rows.items()}
    zero = _array((0.0,) * len(years))
    plain = ("other_income", "other_gains", "finance_net", "receivable_days", "inventory_days", "payable_days",
             "capex_share", "services_share")  # fmt: skip
    along: dict[str, Any] = {name: _array(row) for name, row in _operating(d, years).items()}
    along |= {name: _array(getattr(d, name).along(years)) for name in plain}
    along |= dict.fromkeys(("research_expense", "channel_discount", "share_based_pay"), zero)
    drivers = Drivers(
        gross_margin=_array(_margins(d.gross_margin_step.along(years), history)),
        depreciation=rows["depreciation_and_amortisation"],
        **along,
        tax_rate=d.tax_rate.value,
        first_taxed=_year(file, d.first_taxed_year),
        variable_opex_share=0.0,
        warranty_share=d.warranty_share.value,
        progress_ratio=1.0,
        asset_life_years=ASSET_LIFE,
        conversion_kcny=d.conversion.value,
        interest_rate=0.0,
    )
    return Printed(
        revenue_kcny=_array(block.revenue.along(years)),
        drivers=drivers,
        products=product_lines(file, printed_only=True),
        rows=rows,
        peers=Peers(
            price_to_sales=block.peers.price_to_sales.value if block.peers.price_to_sales else None,
            discount=block.peers.discount.value if block.peers.discount is not None else 0.0,
            year=block.peers.year or years[0],
            statistic=block.peers.statistic,
            members=block.peers.members,
        ),
        capm=_printed_capm(block.capm),
        pv_fcf_kcny=block.pv_fcf.value,
        pv_terminal_kcny=block.pv_terminal.value,
        dcf_m=block.dcf_m.value,
        ps_m=block.ps_m.value,
        blended_m=block.blended_m.value,
        target_price=block.target_price.value,
    )


def _printed_capm(block: CapmFile | None) -> Capm | None:
    if block is None:
        return None
    return Capm(**{name: getattr(block, name).value for name in CapmFile.model_fields})


def _year(file: CompanyFile, year: str) -> int:
    if year not in file.years:
        raise InputError(
            f"company {file.name}: first_taxed_year {year!r} is not a year of the forecast"
            f" ({file.years[0]} to {file.years[-1]})"
        )
    return file.years.index(year)


def _scalars(file: CompanyFile) -> dict[str, Any]:
    """The drivers that are one number; a default stands in the file's documentation."""
    d: DriversFile = file.drivers
    default = {
        "variable_opex_share": 0.0 if file.printed is not None else 1.0,
        "progress_ratio": 1.0,
        "asset_life": ASSET_LIFE,
        "interest_rate": 0.0,
    }
    out = {name: getattr(d, name).value if getattr(d, name) else v for name, v in default.items()}
    return {("asset_life_years" if name == "asset_life" else name): v for name, v in out.items()}


def _over_printed(file: CompanyFile, base: Drivers) -> Drivers:
    """The printed drivers with the years that the file gives in their place."""
    d = file.drivers
    rows = {}
    for name in YEARLY_DRIVERS:
        row: Series | None = getattr(d, name)
        was: Array = getattr(base, name)
        rows[name] = was if row is None else _array(row.along(file.years, tuple(was.tolist())))
    return Drivers(
        **rows,
        **_scalars(file),
        tax_rate=file.tax_rate.value if file.tax_rate is not None else base.tax_rate,
        first_taxed=base.first_taxed if d.first_taxed_year is None else _year(file, d.first_taxed_year),
        warranty_share=d.warranty_share.value if d.warranty_share is not None else base.warranty_share,
        conversion_kcny=d.conversion.value if d.conversion is not None else base.conversion_kcny,
        opening_tax_losses_kcny=d.opening_tax_losses.value if d.opening_tax_losses else None,
        tax_regime=d.tax_regime,
        finance_mode=d.finance_mode,
        product_mode=d.product_mode,
    )


def _from_file(file: CompanyFile, history: History, assumed: list[str]) -> Drivers:
    """Drivers of a company without a printed forecast."""
    d, years, last = file.drivers, file.years, history.actual_years[-1]
    missing: list[str] = []
    if d.product_mode == "printed":
        raise InputError(f"company {file.name}: drivers.product_mode=printed needs a printed block")
    rows: dict[str, Row] = {}
    for name in YEARLY_DRIVERS:
        row: Series | None = getattr(d, name)
        if row is not None:
            rows[name] = row.along(years)
        elif name in NOTHING or (name == "research_share" and d.research_expense is not None):
            rows[name] = (0.0,) * len(years)
        else:
            rows[name] = _from_last(name, history, last, len(years), missing, assumed)
    if missing:
        raise InputError(
            f"company {file.name}: neither drivers nor the last actual year ({last}) give {', '.join(missing)};"
            " add them under drivers, for example research_share: 40 %"
        )
    nothing = [name.replace("_", " ") for name in SAID_IF_NOTHING if getattr(d, name) is None]
    if nothing:
        assumed.append(f"{', '.join(nothing)}: nothing in every year")
    if d.variable_opex_share is None:
        assumed.append("costs that are shares follow revenue in full (drivers.variable_opex_share 1)")
    if file.tax_rate is None:
        assumed.append("tax at 15 %, the rate of high-technology enterprises in China")
    return Drivers(
        **{name: _array(row) for name, row in rows.items()},
        **_scalars(file),
        tax_rate=file.tax_rate.value if file.tax_rate is not None else TAX_RATE,
        first_taxed=0 if d.first_taxed_year is None else _year(file, d.first_taxed_year),
        warranty_share=d.warranty_share.value if d.warranty_share is not None else 0.0,
        conversion_kcny=d.conversion.value if d.conversion is not None else 0.0,
        opening_tax_losses_kcny=d.opening_tax_losses.value if d.opening_tax_losses else None,
        tax_regime=d.tax_regime,
        finance_mode=d.finance_mode,
        product_mode=d.product_mode,
    )


def _from_last(
    name: str, history: History, last: str, count: int, missing: list[str], assumed: list[str]
) -> Row:
    """A driver as the last actual year has it, level along the years."""

    def flow(line: str) -> float:
        return abs(history.at("income", line, last))

    value: float | None = None
    if name == "gross_margin" and flow("revenue") and flow("gross_profit"):
        value = history.at("income", "gross_profit", last) / flow("revenue")
    elif name in FROM_INCOME and flow("revenue") and flow(FROM_INCOME[name]):
        value = flow(FROM_INCOME[name]) / flow("revenue")
    elif name in FROM_BALANCE:
        item, of = FROM_BALANCE[name]
        balance = history.at("balance", item, last)
        value = 365 * balance / flow(of) if flow(of) else (None if balance else 0.0)
    elif name == "capex_share":
        spent = abs(history.at("cash_flow", "purchase_of_ppe_and_intangibles", last))
        value = spent / flow("revenue") if spent and flow("revenue") else CAPEX_SHARE
    elif name == "depreciation":
        return _opening_depreciation(history, last, count)
    if value is None:
        missing.append(name)
        return (0.0,) * count
    if name == "capex_share" and value == CAPEX_SHARE:
        assumed.append(f"capex share is 5 % of revenue in every year ({value:.4g})")
    else:
        assumed.append(f"{name.replace('_', ' ')} is that of {last} in every year ({value:.4g})")
    return (value,) * count


def _opening_depreciation(history: History, last: str, count: int) -> Row:
    """The opening fixed assets, written off over the asset life in equal parts."""
    items = ("property_plant_equipment", "right_of_use_assets", "intangible_assets")
    assets = sum(history.at("balance", item, last) for item in items)
    life = round(ASSET_LIFE)
    return tuple(assets / life if i < life else 0.0 for i in range(count))

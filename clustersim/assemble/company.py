"""A company file as the plain floats that the forecast and the valuation take."""

from __future__ import annotations

from itertools import accumulate

from clustersim.errors import InputError
from clustersim.finance.company import Company, Drivers, History, Peers, Printed, ProductLine
from clustersim.schema.company import CompanyFile

__all__ = ["company_spec"]


def company_spec(file: CompanyFile) -> Company:
    """Return the company as the forecast and the valuation take it.

    Raises InputError for drivers, cash-flow rows or history that do not run along the years.
    """
    history = History(
        years=file.history.years,
        income=file.history.income,
        balance=file.history.balance,
        cash_flow=file.history.cash_flow,
    )
    last = history.actual_years[-1] if history.actual_years else ""
    if not last:
        raise InputError(f"company {file.name}: history has no actual year (2025A)")
    opening = history.at("income", "gross_profit", last) / history.at("income", "revenue", last)
    margins = tuple(accumulate(file.drivers.gross_margin_step.values, initial=opening))[1:]
    return Company(
        name=file.name,
        years=file.years,
        revenue_kcny=file.revenue.values,
        gross_margin=margins,
        rows=file.cash_flow_rows.model_dump(),
        products=tuple(ProductLine(name=n, units=p.units, asp_kcny=p.asp) for n, p in file.products.items()),
        services_share=file.services_share,
        asp_scale=file.asp_scale.value,
        units_scale=file.units_scale.value,
        tax_rate=file.tax_rate.value,
        wacc=file.wacc.value,
        terminal_growth=file.terminal_growth.value,
        net_cash_kcny=file.net_cash.value,
        hkd_per_cny=file.hkd_per_cny.value,
        shares_m=file.shares_m.value,
        price_hkd=file.price_hkd.value,
        dcf_weight=file.dcf_weight.value,
        peers=Peers(
            price_to_sales=file.peers.price_to_sales.value,
            discount=file.peers.discount.value,
            year=file.peers.year,
            members=file.peers.members,
        ),
        printed=Printed(
            pv_fcf_kcny=file.printed.pv_fcf.value,
            pv_terminal_kcny=file.printed.pv_terminal.value,
            dcf_hkd_m=file.printed.dcf_hkd_m.value,
            ps_hkd_m=file.printed.ps_hkd_m.value,
            blended_hkd_m=file.printed.blended_hkd_m.value,
            target_price_hkd=file.printed.target_price_hkd.value,
        ),
        drivers=_drivers(file),
        history=history,
        listing_proceeds_hkd_m=file.listing_proceeds.value if file.listing_proceeds else 0.0,
        capm={name: value.value for name, value in file.capm} if file.capm else {},
        supply_units=file.supply,
    )


def _drivers(file: CompanyFile) -> Drivers:
    d = file.drivers
    lines = (d.selling_share.values, d.administrative_share.values, d.research_share.values)
    known = {len(line) for line in lines}
    if len(known) > 1:
        raise InputError(f"company {file.name}: the three operating-cost shares cover different years")
    # Later years give one total; its split stays that of the last year that has three.
    last = [line[-1] for line in lines]
    later = [[total * part / sum(last) for total in d.later_operating_share.values] for part in last]
    selling, administrative, research = ((*line, *rest) for line, rest in zip(lines, later, strict=True))
    return Drivers(
        selling_share=selling,
        administrative_share=administrative,
        research_share=research,
        other_income=d.other_income.values,
        other_gains=d.other_gains.values,
        finance_net=d.finance_net.values,
        receivable_days=d.receivable_days.values,
        inventory_days=d.inventory_days.values,
        payable_days=d.payable_days.values,
        capex_share=d.capex_share.values,
        first_taxed_year=d.first_taxed_year,
        variable_opex_share=d.variable_opex_share.value,
        warranty_share=d.warranty_share.value,
        progress_ratio=d.progress_ratio.value,
        conversion_kcny=d.conversion.value,
        interest_rate=d.interest_rate.value,
        opening_tax_losses_kcny=d.opening_tax_losses.value if d.opening_tax_losses else None,
        tax_mode=d.tax_mode,
        finance_mode=d.finance_mode,
        product_mode=d.product_mode,
    )

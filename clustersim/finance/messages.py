"""What a valuation has to say beside its number: what departs without effect and why, assumptions, warnings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from clustersim.finance.capital import capital_warnings
from clustersim.finance.company import YEARLY_DRIVERS, Company
from clustersim.finance.forecast import Forecast
from clustersim.finance.valuation import value_company
from clustersim.market.link import Link, notes_of

__all__ = ["departures", "messages", "no_effect"]

_BEFORE_FINANCING = (
    "the free cash flow is before financing: net profit and cash move, the target price does not"
)


def departures(company: Company) -> dict[str, list[tuple[str, float, float]]]:
    """Return the drivers and products whose rows depart from the printed ones: key -> (year, printed, ours)."""
    printed = company.printed
    if printed is None:
        return {}
    out: dict[str, list[tuple[str, float, float]]] = {}
    for name in YEARLY_DRIVERS:
        ours, theirs = (np.asarray(getattr(d, name)) for d in (company.drivers, printed.drivers))
        if ours.ndim > 1:
            continue
        changed = [
            (y, float(b), float(a)) for y, a, b in zip(company.years, ours, theirs, strict=True) if a != b
        ]
        if changed:
            out[f"drivers.{name}"] = changed
    plan = {p.name: p for p in printed.products}
    for product in company.products:
        then = plan.get(product.name)
        for key, field in (("units", "units"), ("asp", "asp_kcny"), ("unit_cost", "unit_cost_kcny")):
            now, was = getattr(product, field), getattr(then, field) if then is not None else {}
            changed = [
                (y, float(was.get(y, 0.0)), float(now[y])) for y in now if y not in was or now[y] != was[y]
            ]
            if changed:
                out[f"products.{product.name}.{key}"] = changed
    return out


def no_effect(company: Company, forecast: Forecast) -> tuple[str, ...]:
    """Return, for every input that is set and cannot move the target price, that it has no effect and why."""
    found = departures(company)
    return tuple(text for rule in _RULES for text in rule(company, forecast, found))


Found = dict[str, list[tuple[str, float, float]]]
Rule = Callable[[Company, Forecast, Found], list[str]]


def _said(key: str, why: str) -> list[str]:
    return [f"company.{key} has no effect on the target price because {why}"]


def _finance(company: Company, forecast: Forecast, found: Found) -> list[str]:
    out = []
    if "drivers.finance_net" in found or (
        company.printed is None and np.any(company.drivers.finance_net != 0)
    ):
        out += _said("drivers.finance_net", _BEFORE_FINANCING)
    if company.drivers.finance_mode == "cash":
        out += _said("drivers.finance_mode=cash", _BEFORE_FINANCING)
    elif company.printed is None and company.drivers.interest_rate:
        out += _said("drivers.interest_rate", "finance_mode is given, not cash; and " + _BEFORE_FINANCING)
    return out


def _revenue_as_planned(company: Company, forecast: Forecast) -> bool:
    if company.printed is None:
        return True
    planned = company.printed.revenue_kcny
    revenue = forecast.revenue_kcny if forecast.revenue_kcny.ndim == 1 else forecast.revenue_kcny.T
    return bool(np.allclose(revenue, planned, rtol=1e-8))


def _scalars(company: Company, forecast: Forecast, found: Found) -> list[str]:
    d, out = company.drivers, []
    planned = _revenue_as_planned(company, forecast)
    if planned and company.printed is not None and np.any(np.asarray(d.variable_opex_share) != 0):
        out += _said(
            "drivers.variable_opex_share", "revenue is as printed: nothing departs that costs could follow"
        )
    if np.any(np.asarray(d.progress_ratio) != 1) and planned:
        out += _said(
            "drivers.progress_ratio", "cumulative volume is that of the plan: learning is in its unit costs"
        )
    printed = company.printed
    if printed is not None:
        if (
            np.any(np.asarray(d.asset_life_years) != printed.drivers.asset_life_years)
            and planned
            and ("drivers.capex_share" not in found)
        ):
            out += _said("drivers.asset_life", "no capital expenditure departs from the printed one")
        if d.conversion_kcny != printed.drivers.conversion_kcny:
            out += _said("drivers.conversion", "redeemable shares turn into equity without cash")
    elif d.conversion_kcny:
        out += _said("drivers.conversion", "redeemable shares turn into equity without cash")
    if np.any(d.share_based_pay != 0):
        out += _said("drivers.share_based_pay", "it is inside operating costs; adjusted profit adds it back")
    return out


def _margin(company: Company, forecast: Forecast, found: Found) -> list[str]:
    """Where every line has unit costs of its own, and there are no services, a margin follows from nothing."""
    if company.printed is not None or np.any(company.drivers.services_share != 0):
        return []
    costed = all(year in p.unit_cost_kcny for p in company.products for year in p.units)
    given = not any(text.startswith("gross margin is") for text in company.assumed)
    if costed and given:
        return _said("drivers.gross_margin", "every line has unit costs of its own")
    return []


def _untaxed(company: Company, forecast: Forecast, found: Found) -> list[str]:
    tax = np.asarray(forecast.tax_kcny)
    bare = [
        year
        for year, _, _ in found.get("drivers.depreciation", [])
        if not np.any(tax[company.years.index(year)])
    ]
    if not bare:
        return []
    return _said(
        f"drivers.depreciation.{bare[0]}", f"it is a cost without cash, and {', '.join(bare)} bear no tax"
    )


def _capital(company: Company, forecast: Forecast, found: Found) -> list[str]:
    out = []
    if company.wacc is not None and company.capm is not None and company.printed is None:
        out += _said("capm", "company.wacc is given; leave it out and CAPM sets it")
    peers, printed = company.peers, company.printed
    if np.all(np.asarray(company.dcf_weight) == 1) and peers is not None:
        out += _said("peers", "company.dcf_weight is 1")
    if np.all(np.asarray(company.dcf_weight) == 0):
        out += _said("wacc (and all but revenue of the peers' year)", "company.dcf_weight is 0")
    if peers is not None and peers.price_to_sales is not None:
        same = printed is not None and dict(printed.peers.members) == dict(peers.members)
        if peers.members and not same:
            out += _said(
                "peers.members", "company.peers.price_to_sales is given; leave it out to use the members"
            )
    if company.options_m and company.option_price >= company.price:
        out += _said("options_m", "the options are out of the money at the market price")
    return out


def _sales(company: Company, forecast: Forecast, found: Found) -> list[str]:
    out = []
    if company.drivers.product_mode == "printed":
        out += [
            text
            for key in found
            if key.startswith("products.")
            for text in _said(key, "drivers.product_mode is printed: revenue is the printed one")
        ]
        if company.asp_scale != 1 or company.units_scale != 1:
            out += _said("asp_scale and units_scale", "drivers.product_mode is printed")
    for line in forecast.products:
        rows = company.supply_units.get(line.name, {})
        if rows and not np.any(np.asarray(line.asked_units) > np.asarray(line.limit_units)):
            out += _said(f"supply.{line.name}", "no year asks for more than it allows")
        for year, _, _ in found.get(f"products.{line.name}.units", []):
            at = company.years.index(year)
            if np.any(np.asarray(line.asked_units)[at] > np.asarray(line.limit_units)[at]):
                out.append(
                    f"company.products.{line.name}.units.{year} has effect only up to the"
                    f" {float(np.min(line.limit_units[at])):,.0f} units that supply allows"
                )
    return out


_RULES: tuple[Rule, ...] = (_finance, _scalars, _margin, _untaxed, _capital, _sales)


def _losing(company: Company, forecast: Forecast) -> str:
    """What the last year loses its money by."""
    if np.any(np.asarray(forecast.gross_profit_kcny)[-1] <= 0):
        return "products sell for less than they cost (company.products.NAME.asp, unit_cost)"
    if np.all(np.asarray(company.drivers.variable_opex_share) < 1) and not _revenue_as_planned(
        company, forecast
    ):
        return (
            "operating costs stay as planned while revenue has fallen (company.drivers.variable_opex_share)"
        )
    return "operating costs, tax, investment and working capital take more than the gross profit"


def _worthless(company: Company, forecast: Forecast) -> list[str]:
    """A business that loses money for ever would be changed or closed; the forecast goes on as planned."""
    out = []
    if np.any(np.asarray(forecast.terminal_flow_kcny) < 0):
        out.append(
            f"the flow after the last year is negative: {_losing(company, forecast)}; nobody would run on like this"
        )
    equity = float(np.min(np.asarray(value_company(company, forecast).equity_m)))
    if equity < 0:
        out.append(
            f"the discounted flows and net cash come to {equity:,.0f} m {company.currency}: shareholders owe nothing,"
            " so that leg counts as zero, and no change that leaves it below zero moves it"
        )
    return out


def messages(company: Company, forecast: Forecast, link: Link | Sequence[Link] = ()) -> tuple[str, ...]:
    """Return everything that a reader of the target price must be told, each once."""
    links = [link] if isinstance(link, Link) else list(link)
    moved = notes_of(links)
    if company.drivers.product_mode != "simulated" and any(
        np.any(np.asarray(one.asp_factor) != 1) for one in links
    ):
        moved = (
            *moved,
            f"the cards' worth has no effect because drivers.product_mode is {company.drivers.product_mode}",
        )
    said = (
        *capital_warnings(company),
        *_worthless(company, forecast),
        *no_effect(company, forecast),
        *moved,
        *company.assumed,
    )
    return tuple(dict.fromkeys(said))

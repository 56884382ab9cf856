"""The company as tables: statements, what the print does not say, products, and its value under the conventions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from clustersim.errors import InputError
from clustersim.finance.calibrate import calibrated_products
from clustersim.finance.capital import capital_warnings
from clustersim.finance.messages import messages
from clustersim.finance.ratios import ratio_rows
from clustersim.finance.recover import Hypothesis, coincidence, recover_operating, recover_revenue
from clustersim.finance.statements import make_statements
from clustersim.finance.valuation import rating_of, value_company
from clustersim.planner.company import ForecastRun
from clustersim.report import forecast_tables as tables
from clustersim.report.answer import Answer, Block, csv_of, listed
from clustersim.report.calibrated import products_block

__all__ = ["TABLES", "calibrate_answer", "recover_answer", "show_answer", "value_answer"]

TABLES = ("income", "balance", "cash_flow", "dcf", "products", "ratios", "checks")


def show_answer(run: ForecastRun, which: Sequence[str] = (), *, proceeds: bool = False) -> Answer:
    """Show the statements, the cash-flow table, the products and the checks; ``which`` tables alone where any is named.

    ``proceeds`` lets the listing proceeds arrive in the first year.
    """
    company, forecast = run.company, run.forecast
    cash = company.listing_proceeds_m / float(company.fx_per_cny) * 1e3 if proceeds else 0.0
    statements = make_statements(company, forecast, listing_proceeds_kcny=cash)
    target = value_company(company, forecast, listing_proceeds=proceeds)
    rating = rating_of(target, statements)
    said = messages(company, forecast, run.links)
    every = {
        "income": tables.statement_rows(company, statements, "income"),
        "balance": tables.statement_rows(company, statements, "balance"),
        "cash_flow": tables.statement_rows(company, statements, "cash_flow"),
        "dcf": tables.cash_flow_rows(company, forecast),
        "products": tables.product_rows(forecast),
        "ratios": ratio_rows(company, statements, target),
        "checks": tables.check_rows(statements),
    }
    shown = {name: rows for name, rows in every.items() if not which or name in which}
    result = {
        "scenario": run.name,
        "unit": "kCNY",
        "currency": company.currency,
        "target_price": float(target.target_price),
        "upside": float(target.upside),
        "rating": rating,
        "all_checks_ok": statements.all_ok,
        "failed_checks": tables.failed_rows(statements),
        "notes": list(said),
        **shown,
    }
    head = (
        f"target price {target.target_price:,.2f} {company.currency} a share ({target.upside:+.1%} on"
        f" {company.price:,.2f}: {rating if statements.all_ok else f'CHECKS FAIL: {rating}'})"
    )
    return Answer(
        name="forecast",
        data=result,
        page=lambda: _shown(shown, [head, *said], statements.all_ok, bool(which)),
        rows=_long(shown),
        files=lambda: {f"{name}.csv": csv_of(rows) for name, rows in shown.items()},
    )


def _long(shown: Mapping[str, Sequence[Mapping[str, Any]]]) -> Sequence[Mapping[str, Any]]:
    """One table as it is; of several, their rows under one another, each with its table's name."""
    if len(shown) == 1:
        return next(iter(shown.values()))
    names = dict.fromkeys(name for rows in shown.values() for row in rows for name in row)
    return [
        {"table": table, **{name: row.get(name) for name in names}}
        for table, rows in shown.items()
        for row in rows
    ]


def _shown(shown: Mapping[str, Any], said: Sequence[str], ok: bool, asked: bool) -> list[Block]:
    out: list[Block] = [*said, ""]
    for name, rows in shown.items():
        if name == "checks" and not asked:
            rows = [r for r in rows if not r["ok"]]
            if not rows:
                continue
        out += [f"{name} (kCNY)", rows, ""]
    return [*out, "all checks hold" if ok else "CHECKS FAIL: see the table of checks"]


def recover_answer(run: ForecastRun) -> Answer:
    """Recover the revenue that the report does not print, and say how strongly its rows support it."""
    company = run.company
    history, printed = company.history, company.printed
    if printed is None:
        raise InputError(f"company {company.name} has no printed forecast: nothing to recover")
    last = history.years[-1]
    years = tuple(y for y in company.years if y not in history.years)
    if not years:
        raise InputError("every year of the forecast is printed: nothing to recover")
    at = slice(company.years.index(years[0]), None)
    net = [
        history.at("balance", item, last)
        for item in ("trade_and_notes_receivables", "inventories", "trade_and_other_payables")
    ]
    margin = history.at("income", "gross_profit", last) / history.at("income", "revenue", last)
    found = recover_revenue(
        years=years,
        working_capital=printed.rows["change_in_working_capital"][at].tolist(),
        capex=printed.rows["capital_expenditure"][at].tolist(),
        opening_net_working_capital=net[0] + net[1] - net[2],
        opening_gross_margin=margin,
    )
    income = history.at("income", "other_income", last) + history.at("income", "other_gains_losses_net", last)
    shares = recover_operating(found, printed.rows["ebit"][at].tolist(), income)
    rows = tables.recovery_rows(company, found, years)
    for row, (share, other) in zip(rows, shares, strict=True):
        row |= {"operating_cost_share_pct": 100 * share, "other_income_kcny": other}
    best, second = found.best, found.runner_up
    result = {
        "scenario": run.name,
        "years": rows,
        "gross_margin_step_pp": 100 * best.margin_step,
        "payable_less_inventory_days": best.spread_days,
        "guesses_tried": found.hypotheses,
        "combinations_per_guess_and_year": found.combinations_per_year,
        "years_explained": best.years_explained,
        "years_a_wrong_guess_would_explain": best.expected_by_chance,
        "runner_up_years_explained": second.years_explained,
        "runner_up_is_a_multiple": _is_multiple(best, second),
        "log10_chance_of_a_coincidence": found.log10_chance,
        "log10_chance_from_ebit": coincidence(found, shares, income),
        "shipped_revenue_is_the_recovered_one": [
            bool(abs(r - printed.revenue_kcny[company.years.index(y)]) <= 1)
            for r, y in zip(found.revenue, years, strict=True)
        ],
        "not_identified": [
            "inventory and payable days apart (only their difference)",
            "the split of operating costs",
            "the split of other income and gains",
        ],
    }
    return Answer(name="recover", data=result, page=lambda: _recovered(result), rows=rows)


def _is_multiple(best: Hypothesis, second: Hypothesis) -> bool:
    """Whether the runner-up is the same path with every day count and share multiplied."""
    return bool(best.margin_step == second.margin_step and second.spread_days % best.spread_days == 0)


def _recovered(result: Mapping[str, Any]) -> list[Block]:
    share = result["combinations_per_guess_and_year"]
    return [
        result["years"],
        "",
        f"One guess for all years (margin {result['gross_margin_step_pp']:+.1f} points a year, payable less"
        f" inventory days {result['payable_less_inventory_days']:.0f}) explains {result['years_explained']} of"
        f" {len(result['years'])} years to the last digit of both rows.",
        f"{result['guesses_tried']} guesses were tried, each with {share:,} combinations of capex share and"
        f" receivable days a year; a wrong one explains"
        f" {result['years_a_wrong_guess_would_explain']:.2g} years by chance. A coincidence has odds of"
        f" 1 in 10^{-result['log10_chance_of_a_coincidence']:.0f}.",
        f"The runner-up explains {result['runner_up_years_explained']}"
        + (", and is a multiple of the best." if result["runner_up_is_a_multiple"] else "."),
        "Independently, EBIT over the recovered revenue leaves operating costs of a round share and other income"
        " that hardly moves from year to year; wrong revenues do so with odds of"
        f" 1 in 10^{-result['log10_chance_from_ebit']:.0f}.",
        "Not identified: " + "; ".join(result["not_identified"]) + ".",
    ]


def calibrate_answer(run: ForecastRun) -> Answer:
    """Solve units and prices by product from the printed revenue; bands, and what is not identified.

    Its ``raw`` text are the drivers that the company file then holds: nothing is rescaled behind it.
    """
    found = calibrated_products(run.company)
    rows = []
    for year, one in found.items():
        for line in one.lines:
            units, asp = line.band("units"), line.band("asp")
            rows.append(
                {
                    "year": year, "product": line.name, "units": line.units,
                    "units_p10": units[0], "units_p90": units[1],
                    "asp_kcny": line.asp_kcny, "asp_p10": asp[0], "asp_p90": asp[1],
                    "revenue_kcny": line.revenue_kcny, "units_identified_pct": 100 * line.units_identified,
                    "identity_off_kcny": one.residual_kcny,
                }
            )  # fmt: skip
    return listed("calibrate", rows, raw=products_block(run.company, found))


_UNDATED = "no day to value dated flows at: the company file has no as_of in the first year; give --date"


def _in_first_year(run: ForecastRun) -> date | None:
    day, year = run.file.as_of, run.company.first_year
    return day if day is not None and date(year - 1, 12, 31) <= day <= date(year, 12, 31) else None


def value_answer(run: ForecastRun, *, when: str | None = None, exit_multiple: float | None = None) -> Answer:
    """Value the company under the usual conventions, and backwards from the printed value and the market price.

    ``when`` is the day of the dated conventions, by default the file's ``as_of``; there are none without either, nor
    for an ``as_of`` out of the first year.
    """
    try:
        day = date.fromisoformat(when) if when is not None else _in_first_year(run)
    except ValueError:
        raise InputError(f"--date {when!r} is not a date of the form 2026-06-02") from None
    result: dict[str, Any] = {
        "scenario": run.name,
        "conventions": tables.convention_rows(run.company, run.forecast, day, exit_multiple),
        "reverse_dcf": tables.reverse_rows(run.company, run.forecast),
        "capital": tables.capital_rows(run.company),
        "upside": float(run.valuation.upside),
        "rating": rating_of(run.valuation, make_statements(run.company, run.forecast)),
        "warnings": [*capital_warnings(run.company), *([] if day else [_UNDATED])],
    }
    return Answer(name="value", data=result, page=lambda: _valued(result), rows=result["conventions"])


def _valued(result: Mapping[str, Any]) -> list[Block]:
    parts = [block for k in ("conventions", "reverse_dcf", "capital") for block in (result[k], "")]
    return [*parts, *result["warnings"], f"recomputed upside {result['upside']:+.1%}: {result['rating']}"]

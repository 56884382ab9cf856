"""What moves the target price: grids, cases, draws, a consensus, and the market behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from clustersim.assemble.lines import market_usd_bn
from clustersim.errors import InputError
from clustersim.finance.analysis import grid, implied_share, monte_carlo, now, waterfall
from clustersim.finance.capital import cost_of_capital
from clustersim.finance.consensus import compare_consensus, read_consensus
from clustersim.finance.statements import make_statements
from clustersim.finance.valuation import expected_target, rating_of
from clustersim.market.adoption import share_path
from clustersim.planner.company import ForecastRun
from clustersim.planner.moves import moves
from clustersim.planner.ranges import ranges_of, reaches
from clustersim.reading.guarded import read_text
from clustersim.report.answer import Answer, Block, listed
from clustersim.report.forecast_figures import case_waterfall, price_histogram
from clustersim.report.said import read_as
from clustersim.schema.company_load import default_prices

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "GRIDS",
    "cases_answer",
    "consensus_answer",
    "demand_answer",
    "draws_answer",
    "grid_answer",
    "moves_answer",
]

GRIDS = {
    "wacc-growth": (("wacc", 0.005), ("terminal_growth", 0.0025)),
    "asp-units": (("asp_scale", 0.05), ("units_scale", 0.05)),
}
STEPS = (-4, -3, -2, -1, 0, 1, 2, 3, 4)
_NO_RANGE = (
    "no input has a range, so that every sample is the same: write {value, low, high} for wacc, asp_scale or a"
    " product's price of a year"
)


def grid_answer(run: ForecastRun, kind: str) -> Answer:
    """Target price over WACC x growth, or price x volume, around the case."""
    # What CAPM departs by stands in the WACC of the grid, which is then given.
    company = replace(run.company, wacc=cost_of_capital(run.company), capm=None)
    axes = [(key, [float(getattr(company, key)) + step * n for n in STEPS]) for key, step in GRIDS[kind]]
    (row_key, rows), (column_key, columns) = axes
    if kind == "wacc-growth":
        # The corner of the grid must keep growth below the WACC.
        rows = [w for w in rows if w > max(columns)]
    prices = grid(company, run.links, (row_key, rows), (column_key, columns))
    lines = [
        {row_key: round(r, 6)} | {f"{column_key}={c:g}": p for c, p in zip(columns, line, strict=True)}
        for r, line in zip(rows, prices, strict=True)
    ]
    return listed("grid", lines)


def cases_answer(runs: Mapping[str, ForecastRun]) -> Answer:
    """Put the named cases of the company file beside the base, and the way to each, input by input."""
    run = runs["base"]
    named = run.file.cases
    if not named:
        raise InputError("the company file names no cases; add `cases: {bear: {asp_scale: 0.85}}`")
    summary = [_case_row(name, one) for name, one in runs.items()]
    steps = {name: _way(run, {key: now(runs[name].company, key) for key in named[name]}) for name in named}
    result: dict[str, Any] = {
        "scenario": run.name,
        "currency": run.company.currency,
        "cases": summary,
        "way": steps,
        "failed_checks": [row for name, one in runs.items() for row in _failed(name, one)],
    }
    if run.file.probabilities:
        targets = {row["case"]: row["target_price"] for row in summary}
        result["expected_target_price"] = expected_target(
            targets, {name: chance.value for name, chance in run.file.probabilities.items()}
        )
    return Answer(
        name="cases",
        data=result,
        page=lambda: _cases(result),
        rows=summary,
        files=lambda: _waterfalls(result),
    )


def _way(run: ForecastRun, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"input": s.key, "from": s.before, "to": s.after, "change": s.change, "target_price": s.target_price}
        for s in waterfall(run.company, run.links, values)
    ]


def _failed(name: str, run: ForecastRun) -> list[dict[str, Any]]:
    return [
        {"case": name, "check": c.check, "year": c.year, "note": c.note}
        for c in make_statements(run.company, run.forecast).failed
    ]


def _case_row(name: str, run: ForecastRun) -> dict[str, Any]:
    at = run.forecast.years.index("2028E") if "2028E" in run.forecast.years else -1
    value = run.valuation
    return {
        "case": name,
        "year": run.forecast.years[at],
        "revenue_kcny": float(run.forecast.revenue_kcny[at]),
        "ebit_kcny": float(run.forecast.ebit_kcny[at]),
        "dcf_m": float(value.dcf_m),
        "ps_m": float(value.ps_m),
        "target_price": float(value.target_price),
        "upside_pct": 100 * float(value.upside),
        "rating": rating_of(value, make_statements(run.company, run.forecast)),
    }


def _cases(result: Mapping[str, Any]) -> list[Block]:
    out: list[Block] = [f"values in {result['currency']}", result["cases"]]
    out += [
        f"CHECK FAILS in {r['case']}, {r['year']}: {r['check']}. {r['note']}" for r in result["failed_checks"]
    ]
    if "expected_target_price" in result:
        out.append(f"by their probabilities: {result['expected_target_price']:,.2f}")
    for name, rows in result["way"].items():
        out += ["", f"base to {name}", rows]
    return out


def _waterfalls(result: Mapping[str, Any]) -> dict[str, Figure]:
    start, currency = result["cases"][0]["target_price"], result["currency"]
    return {
        f"case_{name}.png": case_waterfall(
            f"Target price: base to {name}", start, [(r["input"], r["change"]) for r in rows], name, currency
        )
        for name, rows in result["way"].items()
    }


def draws_answer(run: ForecastRun, samples: int, cases: Mapping[str, float] | None = None) -> Answer:
    """Draw the uncertain inputs of the company: P10, P50, P90 of the target price.

    ``cases`` are target prices by name; how many of the draws lie below each is told.
    """
    cases = cases or {}
    ranges = ranges_of(run)
    found = monte_carlo(run.company, run.links, ranges, samples=samples,
                        rng=np.random.default_rng(run.seed), reach=reaches(run))  # fmt: skip
    rows = [
        {
            "percentile": f"P{q}",
            "target_price": found.percentile(q),
            "standard_error": found.standard_error(q),
        }
        for q in (5, 10, 25, 50, 75, 90, 95)
    ]
    above = found.share_above(run.company.price)
    result = {
        "scenario": run.name,
        "samples": samples,
        "seed": run.seed,
        "percentiles": rows,
        "share_above_market_price": above,
        "share_below_case": {name: found.share_below(cases[name]) for name in cases},
        "ranges": {k: list(v) for k, v in ranges.items()},
    }
    last = (
        f"{above:.0%} of {samples:,} samples lie above the market price of {run.company.price:.2f}"
        f" {run.company.currency}"
    )
    return Answer(
        name="mc", data=result, page=lambda: [rows, last], rows=rows, said=[] if ranges else [_NO_RANGE],
        files=lambda: {"target_price.png": _histogram(run, found.prices)},
    )  # fmt: skip


def moves_answer(run: ForecastRun) -> Answer:
    """Move each uncertain input over its range, and seek where the target price would be the market price."""
    rows = [
        {
            "input": m.key, "low": m.low, "value": m.value, "high": m.high, "target_at_low": m.target_at_low,
            "target_at_high": m.target_at_high, "swing": m.swing, "value_at_market_price": m.at_market,
            "sought_from": m.tried[0], "sought_to": m.tried[1],
        }
        for m in moves(run)
    ]  # fmt: skip
    data = {
        "scenario": run.name, "currency": run.company.currency, "market_price": run.company.price,
        "target_price": float(run.valuation.target_price), "moves": rows,
    }  # fmt: skip
    return Answer(name="moves", data=data, rows=rows, page=lambda: [rows], said=[] if rows else [_NO_RANGE])


def _histogram(run: ForecastRun, prices: Any) -> Figure:
    lines = {"market price": run.company.price, "base": float(run.valuation.target_price)}
    if run.company.printed is not None:
        lines["printed target"] = run.company.printed.target_price
    return price_histogram("Target price over the uncertain inputs", prices, lines, run.company.currency)


def consensus_answer(run: ForecastRun, file: str, rates: Mapping[str, float]) -> Answer:
    """Put ours beside a consensus file (CSV as a data vendor exports it, columns by alias)."""
    statements = make_statements(run.company, run.forecast)
    known = {"CNY": 1.0, "USD": _usd(run), run.company.currency: 1 / float(run.company.fx_per_cny)}
    source = read_text(file)
    table = compare_consensus(
        statements.income, statements.years, read_consensus(source.text, source.name, known | dict(rates))
    )
    if not table:
        raise InputError(
            f"{file}: no year of the consensus is in the forecast ({', '.join(statements.years)})"
        )
    rows = [
        {"item": c.item, "year": c.year, "ours_kcny": c.ours_kcny, "consensus_kcny": c.consensus_kcny,
         "difference_pct": c.difference_pct}
        for c in table
    ]  # fmt: skip
    return listed("consensus", rows, said=read_as(source))


def demand_answer(run: ForecastRun) -> Answer:
    """Hold the forecast against its market: which share of the domestic makers' sales it means, year by year."""
    size = run.file.market_size
    if size is None:
        raise InputError("the company file gives no market_size; add the market of two years and its source")
    rate = _usd(run)
    rows = []
    for year, revenue in zip(run.forecast.years, run.forecast.revenue_kcny, strict=True):
        at = int(year.rstrip("AE"))
        if at > size.last_year:
            continue
        market = market_usd_bn(size, at)
        domestic = share_path(
            size.first_year, size.domestic_first.value, size.last_year, size.domestic_last.value, at
        )
        rows.append(
            {
                "year": year,
                "market_usd_bn": market,
                "domestic_share_pct": 100 * domestic,
                "revenue_kcny": float(revenue),
                "implied_share_of_domestic_pct": 100
                * implied_share(float(revenue), market_usd_bn=market, cny_per_usd=rate, domestic=domestic),
            }
        )
    return listed("demand", rows)


def _usd(run: ForecastRun) -> float:
    """CNY per USD, from the price book of the scenario (or the default one for a company file)."""
    prices = run.chain.inputs.prices if run.chain is not None else default_prices()
    at = prices.currencies.get("USD")
    if at is None:
        raise InputError(f"price book {prices.name}: no rate for USD; add it under currencies")
    return float(at.rate.value)

"""``clustersim forecast grid | cases | mc | consensus | demand``: what moves the target price."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from clustersim.cli.forecast_common import forecast_run, runs_by_case
from clustersim.cli.options import (
    emit_object,
    emit_rows,
    format_option,
    output_folder,
    progress,
    render_table,
    say,
    set_option,
    tell_encoding,
    write_beside,
)
from clustersim.errors import InputError

GRIDS = {
    "wacc-growth": (("wacc", 0.005), ("terminal_growth", 0.0025)),
    "asp-units": (("asp_scale", 0.05), ("units_scale", 0.05)),
}
STEPS = (-4, -3, -2, -1, 0, 1, 2, 3, 4)


def join(group: click.Group) -> None:
    """Add the commands to ``clustersim forecast``."""
    for one in (grid, cases, mc, consensus, demand):
        group.add_command(one)


@click.command()
@click.argument("scenario")
@set_option
@click.option("--kind", type=click.Choice(list(GRIDS)), default="wacc-growth", show_default=True)
@format_option()
def grid(scenario: str, sets: tuple[str, ...], kind: str, fmt: str) -> None:
    """Target price over WACC x growth, or price x volume, around the case."""
    from clustersim.finance import analysis

    run = forecast_run(scenario, sets)
    from clustersim.finance.capital import cost_of_capital

    # What CAPM departs by stands in the WACC of the grid, which is then given.
    company = replace(run.company, wacc=cost_of_capital(run.company), capm=None)
    axes = [(key, [float(getattr(company, key)) + step * n for n in STEPS]) for key, step in GRIDS[kind]]
    (row_key, rows), (column_key, columns) = axes
    if kind == "wacc-growth":
        # The corner of the grid must keep growth below the WACC.
        rows = [w for w in rows if w > max(columns)]
    prices = analysis.grid(company, run.links, (row_key, rows), (column_key, columns))
    emit_rows(
        [
            {row_key: round(r, 6)} | {f"{column_key}={c:g}": p for c, p in zip(columns, line, strict=True)}
            for r, line in zip(rows, prices, strict=True)
        ],
        fmt,
    )


@click.command()
@click.argument("scenario")
@set_option
@click.option("-o", "--output", type=click.Path(), help="Folder for the waterfall figure.")
@format_option("table", "json")
def cases(scenario: str, sets: tuple[str, ...], output: str | None, fmt: str) -> None:
    """Run the named cases of the company file beside the base, and the way to each, input by input."""
    folder = output_folder(output) if output is not None else None
    from clustersim.finance.analysis import now, waterfall
    from clustersim.finance.valuation import expected_target

    runs = runs_by_case(scenario, sets)
    run = runs["base"]
    named = run.file.cases
    if not named:
        raise InputError("the company file names no cases; add `cases: {bear: {asp_scale: 0.85}}`")
    summary, steps = [_case_row(name, one) for name, one in runs.items()], {}
    for name, changes in named.items():
        values = {key: now(runs[name].company, key) for key in changes}
        steps[name] = [
            {
                "input": s.key,
                "from": s.before,
                "to": s.after,
                "change": s.change,
                "target_price": s.target_price,
            }
            for s in waterfall(run.company, run.links, values)
        ]
    result: dict[str, Any] = {
        "scenario": run.name,
        "currency": run.company.currency,
        "cases": summary,
        "way": steps,
        "failed_checks": [row for name, one in runs.items() for row in _failed(name, one)],
    }
    if run.file.probabilities:
        targets = {row["case"]: row["target_price"] for row in summary}
        result["expected_target_price"] = expected_target(targets, run.file.probabilities)
    if folder is not None:
        _figure(folder, summary[0]["target_price"], steps, run.company.currency)
    emit_object(result, fmt, lambda: _cases(result))


def _failed(name: str, run: Any) -> list[dict[str, Any]]:
    from clustersim.finance.statements import make_statements

    return [
        {"case": name, "check": c.check, "year": c.year, "note": c.note}
        for c in make_statements(run.company, run.forecast).failed
    ]


def _case_row(name: str, run: Any) -> dict[str, Any]:
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
        "rating": value.rating,
    }


def _cases(result: dict[str, Any]) -> str:
    out = [f"values in {result['currency']}", render_table(result["cases"], "table")]
    out += [
        f"CHECK FAILS in {r['case']}, {r['year']}: {r['check']}. {r['note']}" for r in result["failed_checks"]
    ]
    if "expected_target_price" in result:
        out.append(f"by their probabilities: {result['expected_target_price']:,.2f}")
    for name, rows in result["way"].items():
        out += ["", f"base to {name}", render_table(rows, "table")]
    return "\n".join(out)


def _figure(folder: Path, start: float, steps: dict[str, Any], currency: str) -> None:
    from clustersim.report.forecast_figures import case_waterfall
    from clustersim.report.style import save

    for name, rows in steps.items():
        changes = [(row["input"], row["change"]) for row in rows]
        with write_beside(folder / f"case_{name}.png") as temporary:
            save(case_waterfall(f"Target price: base to {name}", start, changes, name, currency), temporary)


#: Inputs of the company file whose ranges the Monte Carlo draws from.
SAMPLED = (
    "asp_scale", "units_scale", "wacc", "terminal_growth", "peers.discount", "drivers.variable_opex_share",
    "drivers.progress_ratio",
)  # fmt: skip


@click.command()
@click.argument("scenario")
@set_option
@click.option("-n", "--samples", type=click.IntRange(min=100), default=10_000, show_default=True)
@click.option("-o", "--output", type=click.Path(), help="Folder for the figure.")
@format_option("table", "json")
def mc(scenario: str, sets: tuple[str, ...], samples: int, output: str | None, fmt: str) -> None:
    """Draw the uncertain inputs of the company: P10, P50, P90 of the target price.

    For the uncertain inputs of the cards and the cluster as well, use `clustersim mc`.
    """
    folder = output_folder(output) if output is not None else None
    import numpy as np

    from clustersim.finance.analysis import monte_carlo

    run = forecast_run(scenario, sets)
    ranges = {}
    for key in SAMPLED:
        at: Any = run.file
        for part in key.split("."):
            at = getattr(at, part, None)
        if at is not None and at.range[0] < at.range[1]:
            ranges[key] = (at.range[0], at.value, at.range[1])
    if not ranges:
        say(
            "no input has a range, so that every sample is the same: write {value, low, high} for wacc or asp_scale"
        )
    rng = np.random.default_rng(run.seed)
    with progress("valuations", total=1) as tell:
        found = monte_carlo(run.company, run.links, ranges, samples=samples, rng=rng)
        tell("done")
    rows = [
        {
            "percentile": f"P{q}",
            "target_price": found.percentile(q),
            "standard_error": found.standard_error(q),
        }
        for q in (5, 10, 25, 50, 75, 90, 95)
    ]
    result = {
        "scenario": run.name,
        "samples": samples,
        "seed": run.seed,
        "percentiles": rows,
        "share_above_market_price": found.share_above(run.company.price),
        "ranges": {k: list(v) for k, v in ranges.items()},
    }
    if folder is not None:
        from clustersim.report.forecast_figures import price_histogram
        from clustersim.report.style import save

        lines = {
            "market price": run.company.price,
            "base": float(run.valuation.target_price),
        }
        if run.company.printed is not None:
            lines["printed target"] = run.company.printed.target_price
        with write_beside(folder / "target_price.png") as temporary:
            figure = price_histogram(
                "Target price over the uncertain inputs", found.prices, lines, run.company.currency
            )
            save(figure, temporary)
    emit_object(
        result,
        fmt,
        lambda: (
            render_table(rows, "table")
            + f"\n{found.share_above(run.company.price):.0%} of {samples:,} samples lie above the market price of"
            f" {run.company.price:.2f} {run.company.currency}"
        ),
    )


@click.command()
@click.argument("scenario")
@click.argument("file", type=click.Path(path_type=Path))
@set_option
@click.option("--rate", "rates", multiple=True, help="CNY per unit of a currency: EUR=7.8. Repeatable.")
@format_option()
def consensus(scenario: str, file: Path, sets: tuple[str, ...], rates: tuple[str, ...], fmt: str) -> None:
    """Put ours beside a consensus FILE (CSV as a data vendor exports it, columns by alias)."""
    from clustersim.finance.consensus import compare_consensus, read_consensus
    from clustersim.finance.statements import make_statements
    from clustersim.reading.guarded import read_text

    run = forecast_run(scenario, sets)
    statements = make_statements(run.company, run.forecast)
    known = {"CNY": 1.0, "USD": _usd(run), run.company.currency: 1 / float(run.company.fx_per_cny)}
    source = read_text(file)
    tell_encoding(source.name, source.encoding)
    found = read_consensus(source.text, source.name, known | _rates(rates))
    table = compare_consensus(statements.income, statements.years, found)
    if not table:
        raise InputError(
            f"{file}: no year of the consensus is in the forecast ({', '.join(statements.years)})"
        )
    emit_rows(
        [
            {"item": c.item, "year": c.year, "ours_kcny": c.ours_kcny, "consensus_kcny": c.consensus_kcny,
             "difference_pct": c.difference_pct}
            for c in table
        ],
        fmt,
    )  # fmt: skip


@click.command()
@click.argument("scenario")
@set_option
@format_option()
def demand(scenario: str, sets: tuple[str, ...], fmt: str) -> None:
    """Hold the forecast against its market: which share of the domestic makers' sales it means, year by year."""
    from clustersim.assemble.lines import market_usd_bn
    from clustersim.finance.analysis import implied_share
    from clustersim.market.adoption import share_path

    run = forecast_run(scenario, sets)
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
    emit_rows(rows, fmt)


def _rates(texts: tuple[str, ...]) -> dict[str, float]:
    out = {}
    for text in texts:
        code, _, value = text.partition("=")
        try:
            out[code.strip().upper()] = float(value)
        except ValueError:
            raise InputError(
                f"--rate {text!r}: write a currency and CNY per unit of it, for example EUR=7.8"
            ) from None
        if out[code.strip().upper()] <= 0:
            raise InputError(f"--rate {text!r}: a rate is greater than zero")
    return out


def _usd(run: Any) -> float:
    """CNY per USD, from the price book of the scenario (or the default one for a company file)."""
    from clustersim.schema.company_load import default_prices

    prices = run.chain.inputs.prices if run.chain is not None else default_prices()
    at = prices.currencies.get("USD")
    if at is None:
        raise InputError(f"price book {prices.name}: no rate for USD; add it under currencies")
    return float(at.rate.value)

"""``clustersim forecast grid | cases | mc | consensus | demand``: what moves the target price."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from clustersim.cli.forecast_common import chain_of, runs_by_case
from clustersim.cli.options import (
    emit_object,
    emit_rows,
    format_option,
    output_folder,
    progress,
    render_table,
    set_option,
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

    run = chain_of(scenario, sets)
    axes = [(key, [getattr(run.company, key) + step * n for n in STEPS]) for key, step in GRIDS[kind]]
    (row_key, rows), (column_key, columns) = axes
    if kind == "wacc-growth":
        # The corner of the grid must keep growth below the WACC.
        rows = [w for w in rows if w > max(columns)]
    prices = analysis.grid(run.company, run.link, (row_key, rows), (column_key, columns))
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
    from clustersim.finance.analysis import waterfall

    runs = runs_by_case(scenario, sets)
    run = runs["base"]
    named = run.inputs.company.cases
    if not named:
        raise InputError("the company file names no cases; add `cases: {bear: {asp_scale: 0.85}}`")
    summary, steps = [_case_row(name, one) for name, one in runs.items()], {}
    for name, changes in named.items():
        moved = runs[name]
        values = {key: _value(moved.company, key) for key in changes}
        steps[name] = [
            {"input": s.key, "from": s.before, "to": s.after, "change_hkd": s.change_hkd,
             "target_price_hkd": s.target_price_hkd}
            for s in waterfall(run.company, run.link, values)
        ]  # fmt: skip
    result = {"scenario": run.inputs.scenario.name, "cases": summary, "way": steps}
    if folder is not None:
        _figure(folder, summary[0]["target_price_hkd"], steps)
    emit_object(result, fmt, lambda: _cases(result))


def _value(company: Any, key: str) -> float:
    at = company
    for part in key.split("."):
        at = getattr(at, part)
    return float(at)


def _case_row(name: str, run: Any) -> dict[str, Any]:
    at = run.forecast.years.index("2028E") if "2028E" in run.forecast.years else -1
    return {
        "case": name,
        "revenue_kcny": run.forecast.revenue_kcny[at],
        "ebit_kcny": run.forecast.ebit_kcny[at],
        "dcf_hkd_m": run.valuation.dcf_hkd_m,
        "ps_hkd_m": run.valuation.ps_hkd_m,
        "target_price_hkd": run.valuation.target_price_hkd,
        "upside_pct": 100 * run.valuation.upside,
        "rating": run.valuation.rating,
    }


def _cases(result: dict[str, Any]) -> str:
    out = ["revenue and EBIT of 2028E", render_table(result["cases"], "table")]
    for name, rows in result["way"].items():
        out += ["", f"base to {name}", render_table(rows, "table")]
    return "\n".join(out)


def _figure(folder: Path, start: float, steps: dict[str, Any]) -> None:
    from clustersim.report.forecast_figures import case_waterfall
    from clustersim.report.style import save

    for name, rows in steps.items():
        changes = [(row["input"], row["change_hkd"]) for row in rows]
        with write_beside(folder / f"case_{name}.png") as temporary:
            save(case_waterfall(f"Target price: base to {name}", start, changes, name), temporary)


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

    run = chain_of(scenario, sets)
    ranges = {}
    for key in SAMPLED:
        at: Any = run.inputs.company
        for part in key.split("."):
            at = getattr(at, part)
        if at.range[0] < at.range[1]:
            ranges[key] = (at.range[0], at.value, at.range[1])
    rng = np.random.default_rng(run.inputs.scenario.seed)
    with progress("valuations", total=1) as tell:
        found = monte_carlo(run.company, run.link, ranges, samples=samples, rng=rng)
        tell("done")
    rows = [
        {
            "percentile": f"P{q}",
            "target_price_hkd": found.percentile(q),
            "standard_error": found.standard_error(q),
        }
        for q in (5, 10, 25, 50, 75, 90, 95)
    ]
    result = {
        "scenario": run.inputs.scenario.name,
        "samples": samples,
        "seed": run.inputs.scenario.seed,
        "percentiles": rows,
        "share_above_market_price": found.share_above(run.company.price_hkd),
        "ranges": {k: list(v) for k, v in ranges.items()},
    }
    if folder is not None:
        from clustersim.report.forecast_figures import price_histogram
        from clustersim.report.style import save

        lines = {
            "market price": run.company.price_hkd,
            "base": run.valuation.target_price_hkd,
            "printed target": run.company.printed.target_price_hkd,
        }
        with write_beside(folder / "target_price.png") as temporary:
            save(price_histogram("Target price over the uncertain inputs", found.prices, lines), temporary)
    emit_object(
        result,
        fmt,
        lambda: (
            render_table(rows, "table")
            + f"\n{found.share_above(run.company.price_hkd):.0%} of {samples:,} samples lie above the market price of"
            f" {run.company.price_hkd:.2f} HKD"
        ),
    )


@click.command()
@click.argument("scenario")
@click.argument("file", type=click.Path(path_type=Path))
@set_option
@format_option()
def consensus(scenario: str, file: Path, sets: tuple[str, ...], fmt: str) -> None:
    """Put ours beside a consensus FILE (CSV as a data vendor exports it, columns by alias)."""
    from clustersim.finance.consensus import compare_consensus, read_consensus
    from clustersim.finance.statements import make_statements
    from clustersim.reading.guarded import read_text

    source = read_text(file)
    run = chain_of(scenario, sets)
    statements = make_statements(run.company, run.forecast)
    table = compare_consensus(statements.income, statements.years, read_consensus(source.text, source.name))
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
    from clustersim.finance.analysis import implied_share
    from clustersim.market.adoption import share_path

    run = chain_of(scenario, sets)
    size = run.inputs.company.market_size
    if size is None:
        raise InputError("the company file gives no market_size; add the market of two years and its source")
    rate = run.inputs.prices.currencies.get("USD")
    if rate is None:
        raise InputError(f"price book {run.inputs.prices.name}: no rate for USD; add it under currencies")
    grown = (size.last.value / size.first.value) ** (1 / (size.last_year - size.first_year))
    rows = []
    for year, revenue in zip(run.forecast.years, run.forecast.revenue_kcny, strict=True):
        at = int(year.rstrip("AE"))
        if at > size.last_year:
            continue
        market = size.first.value * grown ** (at - size.first_year)
        domestic = share_path(
            size.first_year, size.domestic_first.value, size.last_year, size.domestic_last.value, at
        )
        rows.append(
            {
                "year": year,
                "market_usd_bn": market,
                "domestic_share_pct": 100 * domestic,
                "revenue_kcny": revenue,
                "implied_share_of_domestic_pct": 100
                * implied_share(revenue, market_usd_bn=market, cny_per_usd=rate.value, domestic=domestic),
            }
        )
    emit_rows(rows, fmt)

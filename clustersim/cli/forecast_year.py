"""``clustersim forecast compare | halves | actuals | roll | sotp | departures | comps``: the work of a year."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from clustersim.cli.forecast_common import ForecastRun, forecast_run
from clustersim.cli.options import (
    emit_object,
    emit_rows,
    format_option,
    render_table,
    say,
    set_option,
    tell_encoding,
)
from clustersim.errors import InputError


def join(group: click.Group) -> None:
    """Add the commands to ``clustersim forecast``."""
    for one in (compare, halves, actuals, roll, sotp, departures, comps, through):
        group.add_command(one)


@click.command()
@click.argument("names", nargs=-1)
@format_option()
def compare(names: tuple[str, ...], fmt: str) -> None:
    """Put companies (or scenarios) side by side; without NAMES every company file that is found."""
    from clustersim.schema.lookup import known_names

    chosen = names or tuple(n for n in known_names("scenarios/company") if n != "anchors")
    emit_rows([_compared(forecast_run(name, ())) for name in chosen], fmt)


def _compared(run: ForecastRun) -> dict[str, Any]:
    from clustersim.finance.messages import messages
    from clustersim.finance.statements import make_statements

    company, forecast, value = run.company, run.forecast, run.valuation
    rate, shares = float(company.fx_per_cny), float(value.shares_m)
    last = company.history.actual_years[-1]
    revenue = forecast.revenue_kcny
    start = company.history.at("income", "revenue", last)
    n = min(2, len(revenue) - 1)
    statements = make_statements(company, forecast)
    return {
        "company": run.file.title or company.name,
        "currency": company.currency,
        "price": company.price,
        "target_price": float(value.target_price),
        "upside_pct": 100 * float(value.upside),
        "market_value_m": company.price * shares,
        f"revenue_{last}_kcny": start or None,
        "revenue_year_3_kcny": float(revenue[n]),
        "growth_pct_a_year": 100 * ((float(revenue[n]) / start) ** (1 / (n + 1)) - 1) if start > 0 else None,
        "gross_margin_year_3_pct": 100 * float(forecast.gross_profit_kcny[n] / revenue[n]),
        "ebit_margin_year_3_pct": 100 * float(forecast.operating_profit_kcny[n] / revenue[n]),
        "price_to_sales_year_2": company.price * shares * 1e3 / rate / float(revenue[min(1, n)]),
        "wacc_pct": 100 * float(value.wacc),
        "terminal_share_pct": 100 * float(value.present.terminal / value.present.enterprise_value),
        "failed_checks": len(statements.failed),
        "notes": len(messages(company, forecast, run.links)),
    }


@click.command()
@click.argument("scenario")
@set_option
@click.option("--quarters", is_flag=True, help="By quarters.")
@format_option()
def halves(scenario: str, sets: tuple[str, ...], quarters: bool, fmt: str) -> None:
    """Show the income statement by halves or quarters."""
    from clustersim.finance.year import halves as split

    run = forecast_run(scenario, sets)
    emit_rows(split(run.forecast, run.file.first_half_share.value, 4 if quarters else 2), fmt)


@click.command()
@click.argument("scenario")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@set_option
@click.option("--half", help="The half that FILE reports, for example 2026H1.")
@format_option("table", "json")
def actuals(scenario: str, file: Path | None, sets: tuple[str, ...], half: str | None, fmt: str) -> None:
    """Hold reported halves against the forecast, and lead the target price from before to after.

    Figures come from `actuals` of the company file, or from FILE: a CSV of `line,value` in thousand CNY, or with a unit
    in the heading (`value (CNY mn)`).
    """
    from clustersim.finance.actuals import actuals_bridge

    run = forecast_run(scenario, sets)
    reported = _from_file(file, half) if file is not None else _from_company(run)
    result, company = [], run.company
    for period, lines in sorted(reported.items()):
        share = run.file.first_half_share.value
        found = actuals_bridge(company, run.links, period, lines, share, planned=run.company)
        company = found.company
        result.append(
            {"half": period, "lines": list(found.rows), "bridge": list(found.steps), "before": found.before,
             "after": found.after}
        )  # fmt: skip
    emit_object(
        {"scenario": run.name, "currency": run.company.currency, "halves": result},
        fmt,
        lambda: _actuals(result),
    )


def _actuals(result: list[dict[str, Any]]) -> str:
    out = []
    for one in result:
        out += [one["half"], render_table(one["lines"], "table"), "", f"target price before {one['before']:,.2f}",
                render_table(one["bridge"], "table"), f"after {one['after']:,.2f}", ""]  # fmt: skip
    return "\n".join(out)


def _from_company(run: ForecastRun) -> dict[str, dict[str, float]]:
    from clustersim.schema.company_rows import line_name
    from clustersim.units import to_float

    if not run.file.actuals:
        raise InputError(
            "the company file reports no half; add `actuals: {2026H1: {lines: {revenue: 900000}}}` or give FILE"
        )
    return {
        half: {_line(line_name(k)): v * to_float(f"1 {block.unit}", "kCNY") for k, v in block.lines.items()}
        for half, block in run.file.actuals.items()
    }


def _line(name: str) -> str:
    return "closing_cash" if name == "cash_and_cash_equivalents" else name


def _from_file(file: Path, half: str | None) -> dict[str, dict[str, float]]:
    from clustersim.finance.consensus import read_table
    from clustersim.reading.guarded import read_text
    from clustersim.schema.company_rows import line_name
    from clustersim.units import to_float

    if half is None:
        raise InputError("--half: say which half FILE reports, for example --half 2026H1")
    source = read_text(file)
    tell_encoding(source.name, source.encoding)
    rows = read_table(source.text, source.name)
    head = rows[0][1] if len(rows[0]) > 1 else ""
    unit = head[head.find("(") + 1 : head.rfind(")")] if "(" in head else "CNY thousand"
    factor = {"thousand": 1.0, "mn": 1e3, "m": 1e3, "million": 1e3, "bn": 1e6}.get(unit.split()[-1].lower())
    if factor is None:
        factor = to_float(f"1 {unit}", "kCNY")
    lines, problems = {}, []
    for number, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        try:
            lines[_line(line_name(row[0]))] = float(row[1].replace(",", "")) * factor
        except (InputError, IndexError, ValueError) as error:
            problems.append(f"{file}:{number}: {error}")
    if problems:
        raise InputError("\n".join(problems))
    return {half: lines}


@click.command()
@click.argument("scenario")
@set_option
@format_option("table", "json")
def roll(scenario: str, sets: tuple[str, ...], fmt: str) -> None:
    """Roll the base a year on: the first flow becomes cash, the others come nearer, the multiple is the next year's."""
    from clustersim.finance.year import roll_forward

    run = forecast_run(scenario, sets)
    found = roll_forward(run.company, run.forecast)
    rows = [{"item": key, "now": found["now"][key], "rolled": found["rolled"][key]} for key in found["now"]]
    emit_object(
        {"scenario": run.name, "currency": run.company.currency, **found},
        fmt,
        lambda: render_table(rows, "table"),
    )


@click.command()
@click.argument("scenario")
@set_option
@format_option()
def sotp(scenario: str, sets: tuple[str, ...], fmt: str) -> None:
    """Value the lines one by one, each by its own multiple (`sotp` of the company file) or the peers'."""
    from clustersim.finance.year import sum_of_parts

    run = forecast_run(scenario, sets)
    own = {name: (block.price_to_sales.value, block.year) for name, block in run.file.sotp.items()}
    emit_rows(sum_of_parts(run.company, run.forecast, own), fmt)


@click.command()
@click.argument("scenario")
@set_option
@format_option("table", "json")
def departures(scenario: str, sets: tuple[str, ...], fmt: str) -> None:
    """List where our drivers depart from the printed ones, what each is worth alone, and the journal of changes."""
    from clustersim.finance.analysis import target_price
    from clustersim.finance.messages import departures as found_in

    run = forecast_run(scenario, sets)
    base = float(run.valuation.target_price)
    rows = []
    for key, changed in found_in(run.company).items():
        for year, was, now in changed:
            back = float(target_price(run.company, run.links, {f"{key}.{year}": was}))
            rows.append({"driver": key, "year": year, "printed": was, "ours": now, "worth": base - back})
    journal = [entry.model_dump(mode="json") for entry in run.file.journal]
    result = {"scenario": run.name, "currency": run.company.currency, "departures": rows, "journal": journal}
    shown = [render_table(part, "table") for part in (rows, journal) if part]
    emit_object(result, fmt, lambda: "\n\n".join(shown) or "nothing departs from the printed forecast")


@click.command()
@click.argument("scenario")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@set_option
@click.option("--only", is_flag=True, help="Take the companies of FILE alone: others leave the group.")
@format_option("table", "json")
def comps(scenario: str, file: Path, sets: tuple[str, ...], only: bool, fmt: str) -> None:
    """Refresh the peers from FILE (CSV, long or with years across): multiples and target price before and after.

    Prints the block `peers.members` for the company file.
    """
    from dataclasses import replace

    from clustersim.finance.comps import read_comps
    from clustersim.finance.multiples import base_multiple
    from clustersim.finance.valuation import value_company
    from clustersim.reading.guarded import read_text

    run = forecast_run(scenario, sets)
    peers = run.company.peers
    if peers is None:
        raise InputError("the company file has no peers to refresh; add company.peers")
    source = read_text(file)
    tell_encoding(source.name, source.encoding)
    fresh = read_comps(source.text, source.name)
    names = list(fresh) if only else list(dict.fromkeys((*peers.members, *fresh)))
    members = {name: dict(peers.members.get(name, {})) | fresh.get(name, {}) for name in names}
    kept = [name for name in names if name not in fresh]
    if kept:
        say(f"not in {file}, kept as they are: {', '.join(kept)} (--only leaves them out)")
    left = [name for name in peers.members if name not in names]
    if left:
        say(f"left out of the peers: {', '.join(left)}")
    moved = replace(run.company, peers=replace(peers, members=members))
    result = {
        "scenario": run.name,
        "year": peers.year,
        "multiple_before": float(base_multiple(run.company)),
        "multiple_after": float(base_multiple(moved)),
        "target_price_before": float(run.valuation.target_price),
        "target_price_after": float(value_company(moved, run.forecast).target_price),
        "members": members,
    }
    block = "\n".join(
        [
            "members:",
            *(f"  {n}: {{{', '.join(f'{y}: {v:g}' for y, v in row.items())}}}" for n, row in members.items()),
        ]
    )
    shown = [f"{k}: {v:,.2f}" for k, v in result.items() if isinstance(v, float)]
    emit_object(result, fmt, lambda: "\n".join([*shown, "", block]))


@click.command()
@click.argument("scenario")
@set_option
@format_option()
def through(scenario: str, sets: tuple[str, ...], fmt: str) -> None:
    """Split what the cards' worth does to the target price of SCENARIO: by line, by multiple and cash flow, by year."""
    from clustersim.finance.attribution import through as split

    run = forecast_run(scenario, sets)
    rows = [
        {
            "product": part.product,
            "change": part.whole,
            "through_multiple": part.through_multiple,
            "through_cash_flow": part.through_cash_flow,
            **part.by_year,
        }
        for part in split(run.company, run.links)
    ]
    emit_rows(rows, fmt)

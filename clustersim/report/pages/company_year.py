"""The work of a year on a company: its peers, reported halves, the roll forward, parts, departures, fresh multiples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from clustersim.errors import InputError
from clustersim.finance.actuals import actuals_bridge
from clustersim.finance.analysis import target_price
from clustersim.finance.attribution import through
from clustersim.finance.comps import read_comps
from clustersim.finance.consensus import read_table
from clustersim.finance.messages import departures, messages
from clustersim.finance.multiples import base_multiple
from clustersim.finance.statements import make_statements
from clustersim.finance.valuation import value_company
from clustersim.finance.year import halves, roll_forward, sum_of_parts
from clustersim.planner.company import ForecastRun
from clustersim.reading.guarded import Text, read_text
from clustersim.report.answer import Answer, Block, listed
from clustersim.report.said import read_as
from clustersim.schema.company_rows import line_name
from clustersim.units import to_float

__all__ = [
    "actuals_answer", "companies_answer", "comps_answer", "departures_answer", "halves_answer", "roll_answer",
    "sotp_answer", "through_answer",
]  # fmt: skip


def companies_answer(runs: Iterable[ForecastRun]) -> Answer:
    """Put companies side by side."""
    return listed("compare", [_compared(run) for run in runs])


def _compared(run: ForecastRun) -> dict[str, Any]:
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


def halves_answer(run: ForecastRun, *, quarters: bool = False) -> Answer:
    """Show the income statement by halves or quarters."""
    return listed("halves", halves(run.forecast, run.file.first_half_share.value, 4 if quarters else 2))


def actuals_answer(run: ForecastRun, file: str | None = None, half: str | None = None) -> Answer:
    """Hold reported halves against the forecast, and lead the target price from before to after.

    Figures come from ``actuals`` of the company file, or from a CSV of ``line,value`` in thousand CNY, or with a unit
    in the heading (``value (CNY mn)``).
    """
    source = read_text(file) if file is not None else None
    reported = _from_file(source, half) if source is not None else _from_company(run)
    result: list[dict[str, Any]] = []
    company, share = run.company, run.file.first_half_share.value
    for period, lines in sorted(reported.items()):
        found = actuals_bridge(company, run.links, period, lines, share, planned=run.company)
        company = found.company
        result.append(
            {"half": period, "lines": list(found.rows), "bridge": list(found.steps), "before": found.before,
             "after": found.after}
        )  # fmt: skip
    return Answer(
        name="actuals",
        data={"scenario": run.name, "currency": run.company.currency, "halves": result},
        page=lambda: _actuals(result),
        rows=[{"half": one["half"], **line} for one in result for line in one["lines"]],
        said=read_as(source) if source is not None else [],
    )


def _actuals(result: Sequence[Mapping[str, Any]]) -> list[Block]:
    out: list[Block] = []
    for one in result:
        out += [one["half"], one["lines"], "", f"target price before {one['before']:,.2f}",
                one["bridge"], f"after {one['after']:,.2f}", ""]  # fmt: skip
    return out


def _from_company(run: ForecastRun) -> dict[str, dict[str, float]]:
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


def _from_file(source: Text, half: str | None) -> dict[str, dict[str, float]]:
    if half is None:
        raise InputError("--half: say which half FILE reports, for example --half 2026H1")
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
            problems.append(f"{source.name}:{number}: {error}")
    if problems:
        raise InputError("\n".join(problems))
    return {half: lines}


def roll_answer(run: ForecastRun) -> Answer:
    """Roll the base a year on: the first flow becomes cash, the others come nearer, the multiple is the next year's."""
    found = roll_forward(run.company, run.forecast)
    rows = [{"item": key, "now": found["now"][key], "rolled": found["rolled"][key]} for key in found["now"]]
    data = {"scenario": run.name, "currency": run.company.currency, **found}
    return Answer(name="roll", data=data, page=lambda: [rows], rows=rows)


def sotp_answer(run: ForecastRun) -> Answer:
    """Value the lines one by one, each by its own multiple (``sotp`` of the company file) or the peers'."""
    own = {name: (block.price_to_sales.value, block.year) for name, block in run.file.sotp.items()}
    return listed("sotp", sum_of_parts(run.company, run.forecast, own))


def departures_answer(run: ForecastRun) -> Answer:
    """List where our drivers depart from the printed ones, what each is worth alone, and the journal of changes."""
    base = float(run.valuation.target_price)
    rows = []
    for key, changed in departures(run.company).items():
        for year, was, now in changed:
            back = float(target_price(run.company, run.links, {f"{key}.{year}": was}))
            rows.append({"driver": key, "year": year, "printed": was, "ours": now, "worth": base - back})
    journal = [entry.model_dump(mode="json") for entry in run.file.journal]
    data = {"scenario": run.name, "currency": run.company.currency, "departures": rows, "journal": journal}
    parts = [part for part in (rows, journal) if part]
    page: list[Block] = []
    for part in parts:
        page += ["", part] if page else [part]
    return Answer(
        name="departures",
        data=data,
        rows=rows,
        page=lambda: page or ["nothing departs from the printed forecast"],
    )


def comps_answer(run: ForecastRun, file: str, *, only: bool = False) -> Answer:
    """Refresh the peers from a CSV, long or with years across: multiples and target price before and after.

    Its page ends with the block ``peers.members`` for the company file.
    """
    peers = run.company.peers
    if peers is None:
        raise InputError("the company file has no peers to refresh; add company.peers")
    source = read_text(file)
    fresh = read_comps(source.text, source.name)
    names = list(fresh) if only else list(dict.fromkeys((*peers.members, *fresh)))
    members = {name: dict(peers.members.get(name, {})) | fresh.get(name, {}) for name in names}
    said, kept = read_as(source), [name for name in names if name not in fresh]
    if kept:
        said.append(f"not in {file}, kept as they are: {', '.join(kept)} (--only leaves them out)")
    left = [name for name in peers.members if name not in names]
    if left:
        said.append(f"left out of the peers: {', '.join(left)}")
    moved = replace(run.company, peers=replace(peers, members=members))
    figures = {
        "multiple_before": float(base_multiple(run.company)),
        "multiple_after": float(base_multiple(moved)),
        "target_price_before": float(run.valuation.target_price),
        "target_price_after": float(value_company(moved, run.forecast).target_price),
    }
    block = [
        f"  {n}: {{{', '.join(f'{y}: null' if v is None else f'{y}: {v:g}' for y, v in row.items())}}}"
        for n, row in members.items()
    ]
    shown = [f"{k}: {v:,.2f}" for k, v in figures.items()]
    return Answer(
        name="comps",
        data={"scenario": run.name, "year": peers.year, **figures, "members": members},
        page=lambda: [*shown, "", "members:", *block],
        rows=[{"figure": k, "value": v} for k, v in figures.items()],
        said=said,
    )


def through_answer(run: ForecastRun) -> Answer:
    """Split what the cards' worth does to the target price: by line, by multiple and cash flow, by year."""
    rows = [
        {
            "product": part.product,
            "change": part.whole,
            "through_multiple": part.through_multiple,
            "through_cash_flow": part.through_cash_flow,
            **part.by_year,
        }
        for part in through(run.company, run.links)
    ]
    return listed("through", rows)

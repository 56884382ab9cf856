"""``clustersim compare A B …``: the same demand on several clusters, and what makes the difference."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from clustersim.cli.options import (
    emit_object,
    format_option,
    output_folder,
    render_table,
    set_option,
    to_json,
    write_beside,
)
from clustersim.errors import InputError


@click.command()
@click.argument("scenarios", nargs=-1, required=True)
@set_option
@click.option(
    "--own-site", is_flag=True, help="Price each cluster at its own site; else all at the first one's."
)
@click.option("--demand", default="", metavar="SCENARIO", help="Put this one's demand on all of them.")
@click.option(
    "--stated-plans", is_flag=True, help="Let a plan that one side alone states stand against searched ones."
)
@click.option(
    "--draws", type=click.IntRange(min=0), default=128, show_default=True,
    help="Draws of the uncertain inputs behind P10 and P90; clusters share the draws of what they share.",
)  # fmt: skip
@click.option(
    "-o", "--output", type=click.Path(), help="Folder for compare.json and a figure of each workload."
)
@format_option("table", "json")
def command(
    scenarios: tuple[str, ...],
    sets: tuple[str, ...],
    own_site: bool,
    demand: str,
    stated_plans: bool,
    draws: int,
    output: str | None,
    fmt: str,
) -> None:
    """Run one demand on the clusters of SCENARIOS, each at its sustainable rate: cost of every unit, power, service
    level, plans, and the difference by term.

    Keys of --set reach every side where they say what is asked, its price or a part; keys of a cluster reach the first;
    SCENARIO.KEY reaches one.
    """
    if len(scenarios) < 2:
        raise InputError("compare needs at least two scenarios")
    folder = output_folder(output) if output is not None else None
    from clustersim.cli.study_common import parse_sets
    from clustersim.planner.comparison import Asked, compare

    asked = Asked(
        names=scenarios, sets=parse_sets(sets), own_site=own_site, demand=demand, stated_plans=stated_plans
    )
    result = compare(asked, draws=draws)
    if folder is not None:
        _write(folder, result)
    emit_object(result, fmt, lambda: _table(result))


def _table(result: Mapping[str, Any]) -> str:
    sites = [{k: v for k, v in row.items() if k != "reason"} for row in result["sides"]]
    head = (
        f"priced at the site of {result['site']}"
        if result["site"] != "own"
        else "each priced at its own site"
    )
    lines = [head, render_table(sites, "table")]
    lines += [f"{row['side']}: no cost: {row['reason']}" for row in result["sides"] if row["reason"]]
    for name in result["demand"]:
        lines += ["", *_workload(result, name)]
    lines += ["", *_even(result)]
    return "\n".join(lines)


def _workload(result: Mapping[str, Any], name: str) -> list[str]:
    """One workload: its rows, its terms side by side, who is cheaper and how sure that is."""
    asked = result["demand"][name]
    what = f"{asked['kind']} of {asked['model']}" if asked["model"] else asked["kind"]
    rows = [row for row in result["workloads"] if row["workload"] == name and not row["reason"]]
    lines = [f"{name}: {what}, {asked['share']:.0%} of the sold card-hours"]
    if not rows:
        return lines
    shown = [{k: row.get(k) for k in _columns(rows[0])} for row in rows]
    lines += [render_table(shown, "table")]
    lines += [f"{row['side']}: {note}" for row in rows for note in row["notes"]]
    return [*lines, "", render_table(_terms(result, name, rows[0]), "table"), *_sure(result, name)]


#: Rates and levels of a workload that the table leaves to the JSON.
_HIDDEN = (
    "workload", "reason", "notes", "cached_tokens_per_s_per_card", "tokens_per_s", "ttft_p50_s", "tpot_p50_s",
)  # fmt: skip


def _columns(row: Mapping[str, Any]) -> list[str]:
    wide = [key for key in row if key not in _HIDDEN and key not in {"plan", "stated"}]
    return [*wide, *(key for key in ("plan", "stated") if row.get(key) is not None)]


def _terms(result: Mapping[str, Any], name: str, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    terms, less = result["terms"][name], result["difference_to_first"][name]
    unit = next(key for key in row if key.startswith("cny_per_"))
    used = [t for t in next(iter(terms.values())) if any(mine[t] for mine in terms.values())]
    rows = [
        {unit: t, **{s: mine[t] for s, mine in terms.items()}, **{f"{s} less first": d[t] for s, d in less.items()}}
        for t in used
    ]  # fmt: skip
    sums = {key: sum(r[key] for r in rows) for key in rows[0] if key != unit}
    return [*rows, {unit: "all", **sums}]


def _sure(result: Mapping[str, Any], name: str) -> list[str]:
    first = result["sides"][0]["side"]
    cheapest, *tied = result["cheapest"][name]
    lines = [f"cheapest: {cheapest}" + (f"; {', '.join(tied)} within 0.5 %: a tie" if tied else "")]
    for side, band in result["intervals"].get(name, {}).items():
        text = f"{side}: {band['p10']:,.4g} to {band['p90']:,.4g} CNY a unit (P10, P90)"
        if side != first:
            text += f"; cheaper than {first} in {band['share_cheaper_than_first']:.0%} of the draws"
        lines.append(text)
    return lines


def _even(result: Mapping[str, Any]) -> list[str]:
    first = result["sides"][0]["side"]
    return [
        f"{side}: a card price of {price:,.0f} CNY gives the cost of {first} over the whole demand"
        if price >= 0
        else f"{side}: even a card for nothing costs more than {first} over the whole demand"
        for side, price in result["break_even_card_price_cny"].items()
        if price is not None
    ]


def _write(folder: Path, result: Mapping[str, Any]) -> None:
    from clustersim.report.figures import revenue_stack
    from clustersim.report.style import save

    with write_beside(folder / "compare.json") as temporary:
        temporary.write_text(to_json(result) + "\n", encoding="utf-8")
    for name, terms in result["terms"].items():
        if not terms:
            continue
        row = next(r for r in result["workloads"] if r["workload"] == name and not r["reason"])
        unit = next(key for key in row if key.startswith("cny_per_")).removeprefix("cny_per_")
        parts = {
            term: [mine[term] for mine in terms.values()]
            for term in next(iter(terms.values()))
            if any(mine[term] for mine in terms.values())
        }
        figure = revenue_stack(f"{name}: cost per {unit}", list(terms), parts, f"CNY per {unit}")
        with write_beside(folder / f"compare_{name}.png") as temporary:
            save(figure, temporary)

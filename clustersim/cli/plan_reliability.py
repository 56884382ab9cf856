"""``clustersim plan reliability``: spares, intervals, the price of a promise, and what the fleets leave open."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from clustersim.cli.options import emit_object, format_option, render_table, set_option

__all__ = ["command"]

SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)


@click.command("reliability")
@click.argument("scenario")
@set_option
@click.option("--workload", default="", metavar="NAME", help="The training workload; by default the first.")
@click.option("--wait-below", type=SHARE, default=0.01, show_default=True,
              help="How rarely a failed server may find no spare.")  # fmt: skip
@click.option("--availability", type=SHARE, default=0.999, show_default=True,
              help="Share of the time in which enough servers must be whole.")  # fmt: skip
@click.option("--restore", default="5 min", show_default=True, help="Promise: a failure is recovered within.")
@click.option("--per-restore", default="0 CNY", help="Penalty of each later restore.")
@click.option("--scaling", type=SHARE, default=0.95, show_default=True,
              help="Promise: tokens per card, failures included, over those of the smallest cluster.")  # fmt: skip
@click.option("--per-point", default="0 CNY", help="Penalty of each point of a hundred below it.")
@click.option("--per-interruption", default="0 CNY", help="Penalty of a run that people had to restart.")
@click.option("--coverage", type=click.FloatRange(0, 1, max_open=True), default=0.993, show_default=True,
              help="Share of failures that recover without people (Llama 3: 416 of 419).")  # fmt: skip
@click.option("--loading", type=click.FloatRange(min=0), default=0.0, show_default=True,
              help="What a premium adds to the expected penalty, as a share of it.")  # fmt: skip
@format_option("table", "json")
def command(
    scenario: str, sets: tuple[str, ...], workload: str, restore: str, per_restore: str, per_point: str,
    per_interruption: str, fmt: str, **shares: float,
) -> None:  # fmt: skip
    """Ask SCENARIO's long run backwards: how many spares, which checkpoint intervals, what a promise costs, and what
    ETTR, cost and price become if its cards fail as those of other fleets do."""
    from clustersim.cli.study_common import parse_sets
    from clustersim.errors import InputError
    from clustersim.planner.reliability import Asked, plan_reliability
    from clustersim.units import to_float

    limit = to_float(restore, "s")
    if not limit > 0:
        raise InputError(f"--restore {restore}: a time to recover within is above zero")
    asked = Asked(
        name=scenario, sets=parse_sets(sets), workload=workload, restore_s=limit,
        per_restore_cny=to_float(per_restore, "CNY"), per_point_cny=to_float(per_point, "CNY"),
        per_interruption_cny=to_float(per_interruption, "CNY"), **shares,
    )  # fmt: skip
    result = asdict(plan_reliability(asked))
    emit_object(result, fmt, lambda: _table(result, asked))


def _table(result: dict[str, Any], asked: Any) -> str:
    spares = result["spares"]
    lines = [
        f"{result['scenario']}, {result['workload']} on {result['cards']:,} cards: ETTR {result['ettr']:.4f}"
        f" ({result['fidelity']}: {result['why']})",
        *result["notes"], "",
        "if it fails as a further fleet does (share of the fleets that fail at least as often):",
        render_table(_without_empty(result["fleets"]), "table"), "",
        f"spares: {spares['hot']} hot, {spares['servers_out_for_repair']:.2f} servers out for repair on average; a"
        f" server that fails waits with P = {spares['p_wait']:.2g}",
        f"  {spares['hot_for_wait']} hot keep P(wait) below {asked.wait_below:g}; {spares['beyond_for_availability']}"
        f" servers beyond the job's keep it whole {asked.availability:.4%} of the time",
    ]  # fmt: skip
    if spares["cheapest_hot"] is not None:
        best = spares["cheapest_hot"]
        cost = dict(spares["cny_per_mtoken"])[best]
        lines.append(f"  the cheapest token is at {best} hot: {cost:.4f} CNY per million")
    lines += [
        "", f"intervals: ETTR {result['ettr_at_best']:.4f} at the best of each level",
        render_table(_without_empty(result["intervals"]), "table"), "",
        f"promises of one run; premiums sum to {result['premium_cny']:,.0f} CNY",
        render_table(result["promises"], "table"),
    ]  # fmt: skip
    return "\n".join(lines)


def _without_empty(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out columns that no row fills."""
    filled = [k for k in rows[0] if any(row[k] is not None for row in rows)]
    return [{k: row[k] for k in filled} for row in rows]

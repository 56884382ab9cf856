"""``clustersim plan break-even``: the price, share of hours sold or tariff at which a site matches its rival."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from clustersim.cli.options import emit_object, format_option, set_option

__all__ = ["command"]


@click.command("break-even")
@click.argument("scenario")
@set_option
@click.option(
    "--unknown", type=click.Choice(["price", "sold_share", "tariff"]), default="price", show_default=True,
    help="What to solve for: the card's price, the share of hours sold, the price of electricity.",
)  # fmt: skip
@click.option(
    "--against", type=click.Choice(["incumbent", "rent", "api"]), default="incumbent", show_default=True,
    help="An incumbent that does the same demand, the rent of a card-hour, or the price of a million served tokens.",
)  # fmt: skip
@click.option("--incumbent", default="", help="Scenario of the incumbent; absent: the scenario's own.")
@click.option(
    "--mark", type=float, help="CNY per card-hour (rent), per unit of the workload (incumbent, api)."
)
@click.option(
    "--workload", default="", metavar="NAME", help="Whose unit counts; by default the only one, else the whole demand."
)  # fmt: skip
@format_option("table", "json")
def command(
    scenario: str,
    sets: tuple[str, ...],
    unknown: str,
    against: str,
    incumbent: str,
    mark: float | None,
    workload: str,
    fmt: str,
) -> None:
    """Find the price, share of hours sold, or tariff at which SCENARIO's site matches what it is held against."""
    from clustersim.cli.study_common import parse_sets
    from clustersim.planner.break_even import Held, break_even

    held = Held(
        name=scenario,
        sets=parse_sets(sets),
        against=against,
        mark=mark,
        incumbent=incumbent,
        workload=workload,
    )
    result = {"scenario": scenario, **asdict(break_even(held, unknown))}
    emit_object(result, fmt, lambda: _sentence(result))


def _sentence(result: dict[str, Any]) -> str:
    unit = "" if result["unit"] == "1" else f" {result['unit']}"
    what = f" ({result['workload']})" if result["workload"] else ""
    found = f"{result['unknown']} {result['value']:,.6g}{unit}"
    return (
        f"{result['scenario']}{what}: {found} gives {result['cost_there']:,.4g}"
        f" {result['mark_unit']}, the {result['against']}'s {result['mark']:,.4g}; now {result['now']:,.6g}{unit} gives"
        f" {result['cost_now']:,.4g} against {result['mark_now']:,.4g}"
    )

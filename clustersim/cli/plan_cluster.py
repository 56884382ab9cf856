"""``clustersim plan cluster``: the best cluster under limits."""

from __future__ import annotations

from typing import Any

import click

from clustersim.cli.options import format_option, set_option
from clustersim.cli.plan_options import Words, limit_options

__all__ = ["cluster_command"]


@click.command("cluster")
@click.argument("scenarios", nargs=-1, required=True)
@set_option
@click.option(
    "--for", "objective", type=click.Choice(["goodput", "cny_per_mtoken", "capex_cny"]), default="goodput",
    show_default=True, help="Most training tokens per second kept, the cheapest token, or the cheapest cluster.",
)  # fmt: skip
@limit_options
@format_option("table", "json")
def cluster_command(
    scenarios: tuple[str, ...], sets: tuple[str, ...], objective: str, fmt: str, **words: Any
) -> None:
    """Find the best cluster under limits: SCENARIOS at every size, with their own cards and NIC and those of --card and
    --nic.

    Whole servers, the plan searched for each size, failures included. Differences under 0.5 % are ties, and the cheaper
    wins. Exit code 3 names the nearest cluster when none meets the limits.
    """
    from clustersim.cli.plan_output import answer_plan

    answer_plan(scenarios, sets, Words(**words), objective, fmt)

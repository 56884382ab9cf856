"""``clustersim check SCENARIO``: read everything a run would read, and say where each value came from."""

from __future__ import annotations

from collections import Counter

import click

from clustersim.cli.options import emit_rows, format_option, say, set_option


@click.command()
@click.argument("scenario")
@set_option
@click.option("--show-origin", is_flag=True, help="List every input with its file and line, or its flag.")
@format_option()
def command(scenario: str, sets: tuple[str, ...], show_origin: bool, fmt: str) -> None:
    """Check SCENARIO and every profile it names; all problems of a file are reported at once."""
    from clustersim.schema.inputs import load_inputs
    from clustersim.schema.sides import refuse_stated_plans

    inputs = load_inputs(scenario, sets)
    inputs.require(money=inputs.scenario.tco is not None)
    if inputs.scenario.market is not None and inputs.incumbent is not None:
        refuse_stated_plans([inputs, inputs.incumbent], allowed=inputs.scenario.market.stated_plans)
    if show_origin:
        rows = [
            {"key": key, "value": str(value), "origin": origin} for key, value, origin in inputs.origins()
        ]
        emit_rows(rows, fmt)
        return
    tiers = Counter(sourced.tier for _, sourced in inputs.fields())
    emit_rows([{"tier": tier, "numbers": count} for tier, count in sorted(tiers.items())], fmt)
    say(f"{inputs.file}: ok, {sum(tiers.values())} sourced numbers")

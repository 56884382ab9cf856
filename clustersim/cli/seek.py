"""``clustersim seek``: the value of an input at which an output reaches a target."""

from __future__ import annotations

import click

from clustersim.cli.options import emit_rows, format_option, set_option
from clustersim.cli.study_common import parse_sets
from clustersim.errors import InputError


@click.command()
@click.argument("scenario")
@click.option(
    "--input", "key", required=True, metavar="KEY=lo:hi", help="The input and the range to look in."
)
@click.option("--output", required=True, metavar="NAME=TARGET", help="The output and its target.")
@set_option
@format_option()
def command(scenario: str, key: str, output: str, sets: tuple[str, ...], fmt: str) -> None:
    """Find the value of an input of SCENARIO that gives an output its target."""
    from clustersim.study.search import goal_seek
    from clustersim.study.space import as_number, parse_axis

    name, _, span = key.partition("=")
    axis = parse_axis(f"{name}={span}:2")
    bottom, top = (as_number(v) for v in axis.values)
    target_name, separator, target = output.partition("=")
    try:
        goal = float(target)
    except ValueError:
        raise InputError(f"--output {output!r}: write NAME=TARGET with a number") from None
    if not separator or bottom is None or top is None:
        raise InputError(f"--input {key!r}: write KEY=lo:hi with numbers")
    (low, unit), (high, _) = bottom, top
    found = goal_seek(
        scenario, axis.key, target_name, goal, low=low, high=high, unit=unit, sets=parse_sets(sets)
    )
    emit_rows([{"input": axis.key, "value": found, "unit": unit, "output": target_name, "target": goal}], fmt)

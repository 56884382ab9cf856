"""``clustersim plan``: questions asked backwards."""

from __future__ import annotations

import importlib
from dataclasses import asdict
from typing import Any

import click

from clustersim.cli.options import emit_rows, format_option, set_option

_ELSEWHERE = {
    "serving": ("clustersim.cli.serve", "plan_command"),
    "cluster": ("clustersim.cli.plan_cluster", "cluster_command"),
    "break-even": ("clustersim.cli.plan_cluster", "break_even_command"),
}


class _Group(click.Group):
    """A group some of whose commands live with their own subjects."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_ELSEWHERE})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _ELSEWHERE:
            module, name = _ELSEWHERE[cmd_name]
            command = getattr(importlib.import_module(module), name)
            assert isinstance(command, click.Command)
            return command
        return super().get_command(ctx, cmd_name)


@click.group(cls=_Group)
def command() -> None:
    """Find plans and sizes that meet a goal."""


@command.command()
@click.argument("scenario")
@set_option
@click.option(
    "--top", type=click.IntRange(min=1), default=10, show_default=True, help="How many plans to show."
)
@click.option("--front", is_flag=True, help="Show the plans that none beats in both time and memory.")
@click.option("--offload", is_flag=True, help="Consider keeping the optimizer in host memory, too.")
@click.option(
    "--tokens", type=float, help="With --days: the smallest cluster that trains so many tokens in time."
)
@click.option("--days", type=float, help="The deadline.")
@format_option()
def training(
    scenario: str,
    sets: tuple[str, ...],
    top: int,
    front: bool,
    offload: bool,
    tokens: float | None,
    days: float | None,
    fmt: str,
) -> None:
    """Find the fastest plans for SCENARIO's model on its cards, or the smallest cluster for a deadline."""
    from clustersim.errors import InputError
    from clustersim.planner.training import best_plans, cards_for_deadline
    from clustersim.schema.inputs import load_inputs

    inputs = load_inputs(scenario, sets, with_incumbent=False)
    if (tokens is None) != (days is None):
        raise InputError("a deadline needs both --tokens and --days")
    if tokens is not None and days is not None:
        answer = cards_for_deadline(inputs, tokens=tokens, seconds=days * 86400)
        row = {
            "cards": answer.cards, "days": answer.days, "goodput_tokens_per_s": answer.goodput_tokens_per_s,
            "smaller_cards": answer.smaller_cards, "smaller_days": answer.smaller_days, **_row(answer.plan),
        }  # fmt: skip
        emit_rows([row], fmt)
        return
    result = best_plans(inputs, top=top, offload=offload)
    emit_rows([_row(found) for found in (result.front if front else result.best)], fmt)
    click.echo(f"{result.possible:,} possible plans, {result.fitting:,} fit the memory", err=True)


def _row(found: Any) -> dict[str, Any]:
    plan = asdict(found.plan)
    shown = (
        "tp",
        "pp",
        "dp",
        "cp",
        "ep",
        "interleave",
        "micro_batch",
        "recompute",
        "zero",
        "sequence_parallel",
    )
    row = {"step_time_s": found.step_time_s, "memory_gib": found.memory_bytes / 2**30, "binds": found.binds}
    return row | {name: plan[name] for name in shown}

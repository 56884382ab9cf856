"""``clustersim plan``: questions asked backwards."""

from __future__ import annotations

import importlib

import click

_ELSEWHERE = {
    "training": ("clustersim.cli.plan_training", "command"),
    "serving": ("clustersim.cli.serve", "plan_command"),
    "cluster": ("clustersim.cli.plan_cluster", "cluster_command"),
    "break-even": ("clustersim.cli.break_even", "command"),
    "reliability": ("clustersim.cli.plan_reliability", "command"),
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

"""Every command that docs/report.md names is one, with options and scenarios that exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from clustersim.cli.main import cli
from clustersim.schema.lookup import known_names

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = sorted(set(re.findall(r"`(clustersim [^`]+)`", (ROOT / "docs" / "report.md").read_text())))


@pytest.mark.parametrize("line", COMMANDS)
def test_a_named_command_can_be_asked(line: str) -> None:
    words = shlex.split(line)[1:]
    command: click.Command = cli
    context = click.Context(cli)
    while words and isinstance(command, click.Group):
        found = command.get_command(context, words[0])
        assert found is not None, line
        command, words = found, words[1:]
        context = click.Context(command, parent=context)
    if isinstance(command, click.Group):
        return
    command.make_context(command.name or "", list(words))
    shipped = {*known_names("scenarios"), *known_names("hwprofiles/tokens")}
    if words and command.name in {
        "run",
        "tco",
        "claims",
        "train",
        "fabric",
        "tokens",
        "units",
        "seek",
        "serve",
    }:
        assert words[0] in shipped, line

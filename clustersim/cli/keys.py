"""``clustersim keys [WORD]``: every input by its key, with unit, range, tier, and the commands that read it."""

from __future__ import annotations

import click

from clustersim.cli.options import emit_rows, format_option

#: Columns that a table leaves out unless they are asked for.
_LONG = ("default", "says", "read_by", "origin")


@click.command()
@click.argument("word", default="")
@click.option("-s", "--scenario", default="", help="List the numbers of one scenario, with values and tiers.")
@click.option("--long", is_flag=True, help="Add what each key is, its default and its readers to a table.")
@format_option()
def command(word: str, scenario: str, long: bool, fmt: str) -> None:
    """List the keys that --set, --vary and study files take; with WORD those that have it in key or description.

    Names of your own stand in capitals: cards.NAME.price. The tiers are those with which the shipped scenarios state
    the key, or (with --scenario) what that scenario states.
    """
    from clustersim.schema.listing import list_keys

    left_out = _LONG if fmt == "table" and not long else ()
    rows = list_keys(word, scenario)
    emit_rows([{name: row[name] for name in row if name not in left_out} for row in rows], fmt)

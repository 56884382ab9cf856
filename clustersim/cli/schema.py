"""``clustersim schema KIND``: the JSON Schema of a kind of input file, for editors and programs."""

from __future__ import annotations

import click

from clustersim.cli.options import emit_rows, format_option, output_folder, say, to_json, write_beside


@click.command()
@click.argument("kind", required=False)
@click.option(
    "-o", "--output", type=click.Path(), help="Folder for the schemas of all kinds: KIND.schema.json."
)
@format_option()
def command(kind: str | None, output: str | None, fmt: str) -> None:
    """Print the JSON Schema of a KIND of file: every field with its unit, bounds, tiers and meaning.

    Without KIND: list the kinds. With -o: write the schemas of all kinds (or of KIND) into a folder; the shipped files
    name ../schemas or ../../schemas in their first line, where an editor looks for them.
    """
    from clustersim.study.kinds import FOLDERS, schema_of

    if output is not None:
        folder = output_folder(output)
        for name in [kind] if kind is not None else FOLDERS:
            text = to_json(schema_of(name)) + "\n"
            with write_beside(folder / f"{name}.schema.json") as temporary:
                temporary.write_text(text, encoding="utf-8")
        say(f"{folder}: {len(FOLDERS) if kind is None else 1} schema(s)")
    elif kind is not None:
        click.echo(to_json(schema_of(kind)))
    else:
        emit_rows([{"kind": name, "files": f"{folder}/*.yaml"} for name, folder in FOLDERS.items()], fmt)

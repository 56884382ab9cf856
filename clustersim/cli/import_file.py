"""``clustersim import FILE``: what is published elsewhere becomes a file of this program, or says why it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from clustersim.cli.options import emit_object


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--as", "kind", default="", metavar="KIND", help="Kind of file, where its content does not tell."
)
@click.option("--name", default="", help="Name of what is made; the default comes from the file's own name.")
@click.option("--ignore", "ignored", multiple=True, metavar="KEY",
              help="A key that changes no dimension: left out, which the result says. Repeatable.")  # fmt: skip
@click.option("-o", "--output", "folder", type=click.Path(path_type=Path, file_okay=False),
              help="Folder to write NAME.yaml to; without it the text goes to stdout.")  # fmt: skip
@click.option("-f", "--format", "fmt", type=click.Choice(("yaml", "json", "table")), default="yaml",
              show_default=True, help="The file itself, or its figures.")  # fmt: skip
def command(
    file: Path, kind: str, name: str, ignored: tuple[str, ...], folder: Path | None, fmt: str
) -> None:
    """Read a FILE from outside by its content: a model's published config.json.

    What the file holds and this program cannot express is named, and nothing is written.
    """
    from clustersim.schema.imports.registry import ImportOptions, import_file

    made = import_file(file, kind, ImportOptions(name, ignored))
    target = _write(made, folder) if folder else None
    figures = _figures(made)
    if fmt == "yaml":
        click.echo(target if target else made.text, nl=target is not None)
        return
    answer = {
        "kind": made.kind, "name": made.name, "file": str(target) if target else None,
        **{row["figure"]: row["value"] for row in figures if row["figure"] != "not_modelled"},
        "not_modelled": [row["value"] for row in figures if row["figure"] == "not_modelled"],
        "notes": list(made.content.notes),
    }  # fmt: skip
    emit_object(answer, fmt, lambda: _table(figures))


def _figures(made: Any) -> list[dict[str, Any]]:
    from clustersim.report.model_figures import model_figures
    from clustersim.schema.model_engine import model_spec

    encoder = made.content.encoder_parameters
    return model_figures(model_spec(made.content), encoder=encoder.value if encoder else 0.0)


def _table(figures: list[dict[str, Any]]) -> str:
    from clustersim.cli.options import render_table

    return render_table(figures, "table")


def _write(made: Any, folder: Path) -> Path:
    from clustersim.cli.options import output_folder, write_beside

    target = output_folder(str(folder)) / f"{made.name}.yaml"
    with write_beside(target) as temporary:
        temporary.write_text(made.text, encoding="utf-8")
    return target

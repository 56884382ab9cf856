"""A file from outside as a file of this program, with the figures that it adds up to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clustersim.report.answer import Answer
from clustersim.report.model_figures import model_figures
from clustersim.schema.imports.registry import ImportOptions, import_file
from clustersim.schema.model_engine import model_spec

__all__ = ["import_answer"]


def import_answer(file: str, *, kind: str = "", name: str = "", ignored: Sequence[str] = ()) -> Answer:
    """Read a file from outside by its content; its ``raw`` text is the file that it becomes.

    Raises InputError naming what the file holds and this program cannot express.
    """
    made = import_file(Path(file), kind, ImportOptions(name, tuple(ignored)))
    encoder = made.content.encoder_parameters
    figures = model_figures(model_spec(made.content), encoder=encoder.value if encoder else 0.0)
    data: dict[str, Any] = {
        "kind": made.kind,
        "name": made.name,
        **{row["figure"]: row["value"] for row in figures if row["figure"] != "not_modelled"},
        "not_modelled": [row["value"] for row in figures if row["figure"] == "not_modelled"],
        "notes": list(made.content.notes),
    }
    return Answer(
        name=made.name, data=data, rows=figures, page=lambda: [figures], raw=made.text,
        files=lambda: {f"{made.name}.yaml": made.text}, keeps_json=False,
    )  # fmt: skip

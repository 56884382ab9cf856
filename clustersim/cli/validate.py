"""``clustersim validate DOMAIN``: predictions beside published measurements."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from clustersim.cli.options import emit_object, format_option, render_table
from clustersim.errors import InputError

#: domain -> (module with ``predict`` and ``COLUMNS``, its shipped rows)
DOMAINS: dict[str, tuple[str, str]] = {
    "training": ("clustersim.validation.training", "training.csv"),
    "scaling": ("clustersim.validation.scaling", "training_scaling.csv"),
    "collectives": ("clustersim.validation.collectives", "collectives.csv"),
    "reliability": ("clustersim.validation.reliability", "reliability.csv"),
    "tco": ("clustersim.validation.tco", "tco.csv"),
    "serving": ("clustersim.validation.serving", "serving.csv"),
    "serving_latency": ("clustersim.validation.serving_latency", "serving_latency.csv"),
}


def read_rows(file: Path) -> list[dict[str, str]]:
    """Read a CSV with a header line; blank lines are passed over.

    Raises InputError for an unreadable or empty file, a repeated column, or a line that does not fit the header.
    """
    from clustersim.reading.tables import read_table

    table = read_table(file)
    if not table.rows:
        raise InputError(f"{table.name}: has a header but no rows")
    return list(table.rows)


def _table(answer: Mapping[str, Any]) -> str:
    parts = [("all rows", answer)]
    parts += [(name, part) for name, part in answer["by_group"].items()]
    parts += [(name, part) for name, part in answer["by_source"].items()]
    lines = [
        {
            "rows of": name[:70], "rows": part["n_rows"], "predicted": part["n_predicted"],
            "MAPE %": part["mape_pct"], "median %": part["median_ape_pct"], "bias %": part["bias_pct"],
            "Spearman": part["spearman"],
        }
        for name, part in parts
    ]  # fmt: skip
    rounded = [{k: round(v, 3) if isinstance(v, float) else v for k, v in line.items()} for line in lines]
    skipped: dict[str, int] = {}
    for row in answer["rows"]:
        if row["predicted"] is None:
            skipped[row["reason"]] = skipped.get(row["reason"], 0) + 1
    reasons = [f"  {count} row(s) not predicted: {reason}" for reason, count in sorted(skipped.items())]
    return "\n".join([render_table(rounded, "table"), *reasons])


@click.command()
@click.argument("domain", type=click.Choice(sorted(DOMAINS)))
@click.option(
    "--data", "data", type=click.Path(path_type=Path), help="Your own measurements, in the shipped columns."
)
@format_option("table", "json")
def command(domain: str, data: Path | None, fmt: str) -> None:
    """Predict every row of DOMAIN's measurements and print the errors, in total, by group and by source."""
    from clustersim.validation.common import ColumnError, summarise

    module_name, shipped = DOMAINS[domain]
    module = importlib.import_module(module_name)
    file = data or Path(__file__).resolve().parent.parent / "data" / "validation" / shipped
    try:
        rows = module.predict(read_rows(file))
    except ColumnError as error:
        raise InputError(f"{file}:1: {error.problem}") from None
    answer = summarise(domain, rows)
    emit_object(answer, fmt, lambda: _table(answer))

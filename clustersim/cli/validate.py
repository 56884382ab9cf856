"""``clustersim validate DOMAIN``: predictions beside published measurements."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from clustersim.cli.options import emit_object, emit_rows, format_option, render_table, tell_encoding
from clustersim.errors import InputError

#: domain -> (module with ``predict`` and ``COLUMNS``, its shipped rows)
DOMAINS: dict[str, tuple[str, str]] = {
    "training": ("clustersim.validation.training", "training.csv"),
    "training_2026": ("clustersim.validation.training", "training_2026.csv"),
    "domestic_training": ("clustersim.validation.training", "domestic_training.csv"),
    "scaling": ("clustersim.validation.scaling", "training_scaling.csv"),
    "collectives": ("clustersim.validation.collectives", "collectives.csv"),
    "reliability": ("clustersim.validation.reliability", "reliability.csv"),
    "tco": ("clustersim.validation.tco", "tco.csv"),
    "serving": ("clustersim.validation.serving", "serving.csv"),
    "serving_published": ("clustersim.validation.serving", "serving_published.csv"),
    "serving_published_2026": ("clustersim.validation.serving", "serving_published_2026.csv"),
    "serving_latency": ("clustersim.validation.serving_latency", "serving_latency.csv"),
    "serving_latency_b200": ("clustersim.validation.serving_latency", "serving_latency_b200.csv"),
    "serving_silicon": ("clustersim.validation.serving_latency", "serving_silicon_hopper.csv"),
    "serving_silicon_blackwell": ("clustersim.validation.serving_latency", "serving_silicon_blackwell.csv"),
    "domestic_serving": ("clustersim.validation.serving_domestic", "domestic_serving.csv"),
}


def read_rows(file: Path) -> list[dict[str, str]]:
    """Read a CSV with a header line; blank lines are passed over.

    Raises InputError for an unreadable or empty file, a repeated column, or a line that does not fit the header.
    """
    from clustersim.reading.tables import read_table

    table = read_table(file)
    tell_encoding(table.name, table.encoding)
    if not table.rows:
        raise InputError(f"{table.name}: has a header but no rows")
    return list(table.rows)


#: Tables of errors, and the name that a line of each carries.
_TABLES = {
    "by_group": "group", "by_software": "software", "by_card_class": "cards", "by_plan_kind": "plan",
    "by_domain": "size or load", "by_family": "model and stack", "by_source": "source",
}  # fmt: skip


def _line(kind: str, name: str, part: Mapping[str, Any]) -> dict[str, Any]:
    line = {
        "of": kind, "rows of": name[:70], "rows": part["n_rows"], "predicted": part["n_predicted"],
        "MAPE %": part["mape_pct"], "median %": part["median_ape_pct"], "bias %": part["bias_pct"],
        "Spearman": part["spearman"],
    }  # fmt: skip
    return {k: round(v, 3) if isinstance(v, float) else v for k, v in line.items()}


def _table(answer: Mapping[str, Any]) -> str:
    lines = [_line("", "all rows", answer), _line("", "not tuned on", answer["held_out"])]
    for table, kind in _TABLES.items():
        lines += [_line(kind, name, part) for name, part in answer[table].items()]
    lost = answer["regret"]
    said = []
    if lost["questions"]:
        said = [
            f"  picking the predicted best of {lost['questions']} questions with several plans costs"
            f" {lost['mean_pct']:.1f} % on average, {lost['max_pct']:.1f} % at most; the best itself was picked"
            f" {lost['best_found']} times"
        ]
    alike = answer["sources_alike"]
    for words, part in (("sources", alike), ("sources that no constant was found from", alike["left_out"])):
        if part["sources"] > 1:
            said.append(
                f"  {part['sources']} {words}, weighted alike: median error {part['median_mape_pct']:.1f} %,"
                f" bias {part['bias_pct']:+.1f} %"
            )
    reasons = [f"  {count} row(s) not predicted: {reason}" for reason, count in answer["set_aside"].items()]
    return "\n".join([render_table(lines, "table"), *said, *reasons])


@click.command()
@click.argument("domain", type=click.Choice(sorted(DOMAINS)))
@click.option(
    "--data", "data", type=click.Path(path_type=Path), help="Your own measurements, in the shipped columns."
)
@click.option(
    "--plan-errors",
    is_flag=True,
    help="Print the errors by what plans shard, as `plan: best` uses them (CSV).",
)
@click.option(
    "--as-scenario",
    "wanted",
    metavar="ID",
    help="Write one row as a scenario file (training, scaling, serving): running it gives the row's prediction.",
)
@format_option("table", "json", "csv")
def command(domain: str, data: Path | None, plan_errors: bool, wanted: str | None, fmt: str) -> None:
    """Predict every row of DOMAIN's measurements and print the errors, in total and by whatever may hide them.

    ``-f csv`` prints one line a row: predicted, measured, error, and why a row was set aside.
    """
    from clustersim.validation.common import ColumnError, flat_rows, summarise

    if plan_errors:
        from clustersim.validation.plan_errors import shipped_errors, table_text

        click.echo(table_text(shipped_errors()), nl=False)
        return
    module_name, shipped = DOMAINS[domain]
    module = importlib.import_module(module_name)
    file = data or Path(__file__).resolve().parent.parent / "data" / "validation" / shipped
    if wanted is not None:
        if not hasattr(module, "as_scenario"):
            able = [
                name
                for name, (where, _) in DOMAINS.items()
                if hasattr(importlib.import_module(where), "as_scenario")
            ]
            raise InputError(
                f"--as-scenario: rows of {domain} are no scenarios; those of {', '.join(able)} are"
            )
        click.echo(module.as_scenario(read_rows(file), wanted), nl=False)
        return
    try:
        rows = module.predict(read_rows(file))
    except ColumnError as error:
        raise InputError(f"{file}:1: {error.problem}") from None
    if fmt == "csv":
        emit_rows(flat_rows(rows), fmt)
        return
    answer = summarise(domain, rows)
    emit_object(answer, fmt, lambda: _table(answer))

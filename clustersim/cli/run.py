"""``clustersim run SCENARIO``: the whole chain."""

from __future__ import annotations

import click

from clustersim.cli.options import (
    emit_object,
    format_option,
    output_folder,
    progress,
    say,
    set_option,
    stated_plans_option,
    stated_plans_set,
    to_json,
    write_beside,
)


@click.command()
@click.argument("scenario")
@set_option
@click.option(
    "-o", "--output", "output", type=click.Path(), help="Folder for result.json, tables and figures."
)
@stated_plans_option
@click.option("--seed", type=click.IntRange(min=0), help="Replace the scenario's seed.")
@format_option("table", "json")
def command(
    scenario: str, sets: tuple[str, ...], output: str | None, stated_plans: bool, seed: int | None, fmt: str
) -> None:
    """Run SCENARIO (a file or a shipped name): its demand on its site, from the cards to a target price."""
    folder = output_folder(output) if output is not None else None
    with progress(scenario, total=5 if folder is None else 6) as tell:
        from clustersim.pipeline import run_chain
        from clustersim.report.result import result_object
        from clustersim.schema.inputs import load_inputs

        extra = [f"seed={seed}"] if seed is not None else []
        inputs = load_inputs(scenario, (*sets, *extra, *stated_plans_set(stated_plans)))
        tell("inputs")
        run = run_chain(inputs, tell=tell)
        result = result_object(run)
        if folder is not None:
            from clustersim.report.run_report import write_run

            written = write_run(folder, run, result, to_json(result), write_beside)
            tell("report")
    from clustersim.report.summary import summary

    emit_object(result, fmt, lambda: summary(result))
    if folder is not None:
        say(f"{len(written)} files in {folder}")

"""``clustersim sweep``: a full grid over any inputs."""

from __future__ import annotations

from typing import Any

import click

from clustersim.cli.options import emit_rows, format_option, set_option
from clustersim.cli.study_common import (
    keep_figure,
    parse_sets,
    refuse_failed,
    run,
    verbose_reuse,
    workers_option,
)

#: What is shown where nothing is asked for; each scenario has those of its kinds of workload.
DEFAULT_OUTPUTS = (
    "tokens_per_s",
    "mfu",
    "training_goodput_tokens_per_s",
    "requests_per_s_per_card",
    "output_tokens_per_s_per_card",
    "streams_per_card",
    "useful_share",
    "cny_per_card_hour",
    "cny_per_mtoken",
    "cny_per_served_mtoken",
    "cny_per_stream_hour",
    "cny_per_useful_card_hour",
)


@click.command()
@click.argument("scenario")
@click.option(
    "--vary", multiple=True, metavar="KEY=…", help="KEY=a,b,c or KEY=lo:hi:n or KEY=log:lo:hi:n. Repeatable."
)
@set_option
@click.option("--output", "outputs", multiple=True, metavar="NAME", help="Outputs to print; repeatable.")
@click.option("-o", "--folder", type=click.Path(), help="Keep the study here; it can be resumed and queried.")
@click.option(
    "--design",
    type=click.Choice(["grid", "sobol", "lhs", "random"]),
    default="grid",
    show_default=True,
    help="All combinations, or a sample of them.",
)
@click.option("--points", type=click.IntRange(min=1), help="Points of a sample.")
@workers_option
@click.option(
    "--stage",
    type=click.Choice(["chain", "cost"]),
    default="chain",
    show_default=True,
    help="chain: the whole corridor a point; cost: only costs, vectorised, for a million points (needs -o).",
)
@click.option("-v", "--verbose", is_flag=True, help="Say which stages were reused.")
@format_option()
def command(
    scenario: str,
    vary: tuple[str, ...],
    sets: tuple[str, ...],
    outputs: tuple[str, ...],
    folder: str | None,
    design: str,
    points: int | None,
    workers: int | None,
    scheduler: str | None,
    stage: str,
    verbose: bool,
    fmt: str,
) -> None:
    """Run every combination of the varied inputs of SCENARIO (a scenario, or a study file of kind sweep)."""
    from clustersim.study.outputs import check_outputs
    from clustersim.study.space import parse_axis
    from clustersim.study.spec import axes_of, chosen_points, make_spec

    axes, fixed, wanted, name, seed = (
        [parse_axis(text) for text in vary],
        parse_sets(sets),
        outputs,
        scenario,
        0,
    )
    study = _study_file(scenario)
    if study is not None:
        axes, name, seed = [*axes_of(study.vary), *axes], study.scenario, study.seed
        fixed, wanted = parse_sets(sets, study.set), outputs or tuple(study.outputs)
    spec = make_spec("sweep", name, sets=fixed, seed=seed, axes=axes)
    if design != "grid":
        spec = chosen_points(spec, design, points)
    if stage == "cost":
        _cost_sweep(spec, fixed, folder, wanted, fmt)
        return
    result = run(spec, folder, workers, scheduler, {"study": scenario})
    chosen = wanted or tuple(o for o in DEFAULT_OUTPUTS if o in result.outputs)
    check_outputs(chosen, dict.fromkeys(result.outputs, 0.0))
    shown: list[dict[str, Any]] = [
        {**{k: row[k] for k in spec.varied}, **{o: row.get(o) for o in chosen}, "error": row["error"]}
        for row in result.rows
    ]
    emit_rows(shown, fmt)
    if folder is not None and design == "grid" and len(spec.axes) == 2:
        _heat_maps(folder, result, chosen)
    elif folder is not None:
        _parallel(folder, result, chosen[-1])
    verbose_reuse(verbose)
    refuse_failed(result)


def _study_file(name: str) -> Any:
    """Return the study file of that name or path, None where it is a scenario."""
    from pathlib import Path

    from clustersim.schema.lookup import known_names
    from clustersim.schema.yamlfile import read_yaml
    from clustersim.study.spec import read_study

    if name in known_names("scenarios/studies"):
        return read_study(name)
    if Path(name).suffix in {".yaml", ".yml"} and read_yaml(name).data.get("kind") in {
        "sweep", "mc", "sensitivity", "optimise",
    }:  # fmt: skip
        return read_study(name)
    return None


def _heat_maps(folder: str, result: Any, outputs: tuple[str, ...]) -> None:
    from clustersim.report.study_figures import heat_map

    first, second = result.spec.axes
    for name in outputs:
        table = result.column(name).reshape(len(first.values), len(second.values)).T
        keep_figure(
            folder,
            f"heat_map_{name}.png",
            lambda table=table, name=name: heat_map(  # type: ignore[misc]
                f"{result.spec.scenario}: {name}",
                first.values,
                second.values,
                table,
                (first.key, second.key, name),
            ),
        )


def _cost_sweep(
    spec: Any, fixed: dict[str, Any], folder: str | None, outputs: tuple[str, ...], fmt: str
) -> None:
    """Run the vectorised cost stage into a folder and print the ranges of its outputs."""
    from pathlib import Path

    import duckdb

    from clustersim.cli.study_common import bar
    from clustersim.errors import InputError
    from clustersim.pipeline import run_chain
    from clustersim.schema.inputs import load_inputs
    from clustersim.study.stages import run_stage
    from clustersim.study.store import StudyStore
    from clustersim.study.table import input_units

    if folder is None:
        raise InputError("--stage cost needs a folder for its points; give one with -o")
    store = StudyStore(Path(folder))
    base = run_chain(load_inputs(spec.scenario, fixed), replications=0)
    chosen = outputs or ("cny_per_card_hour", f"cny_per_{base.own.main.main.name}", "tco_cny")
    store.begin(spec, {"stage": "cost", "outputs": list(chosen), "units": input_units(spec)})
    with bar("cost stage", spec.total) as tell:
        run_stage(base, spec.axes, store, chosen, tell)
    connection: Any = duckdb.connect()
    path = str(store.results_path).replace("'", "''")
    rows = []
    for name in chosen:
        low, middle, high = connection.execute(
            f"select min({name}), median({name}), max({name}) from read_parquet('{path}')"
        ).fetchone()
        rows.append({"output": name, "points": spec.total, "min": low, "median": middle, "max": high})
    emit_rows(rows, fmt)


def _parallel(folder: str, result: Any, output: str) -> None:
    """Draw the points that ran over their numeric inputs, coloured by the last output."""
    import numpy as np

    from clustersim.report.study_figures import parallel_coordinates
    from clustersim.study.table import as_number, input_kinds

    names = [key for key, numeric in input_kinds(result.spec).items() if numeric]
    rows = [row for row in result.rows if not row["error"]]
    if len(names) < 2 or len(rows) < 2:
        return
    values = np.array([[(as_number(row[k]) or (0.0, ""))[0] for k in names] for row in rows])
    colour = np.array([float(row[output]) for row in rows])
    keep_figure(
        folder,
        f"parallel_{output}.png",
        lambda: parallel_coordinates(f"{result.spec.scenario}: {output}", names, values, colour, output),
    )

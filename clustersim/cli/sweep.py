"""``clustersim sweep``: a full grid over any inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from clustersim.cli.options import emit_rows, format_option, set_option
from clustersim.cli.study_common import (
    draw,
    one_line,
    parse_sets,
    refuse_failed,
    run,
    verbose_reuse,
    workers_option,
)

if TYPE_CHECKING:
    from clustersim.study.driver import StudyResult

#: Points of a kept study that are printed one by one; of more, the ranges of their outputs.
MOST_SHOWN = 100_000

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

#: Outputs beside the usual ones that are shown where only they move.
MOST_MOVING = 4


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
    verbose: bool,
    fmt: str,
) -> None:
    """Run every combination of the varied inputs of SCENARIO (a scenario, or a study file of kind sweep)."""
    from clustersim.study.driver import known_outputs
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
    known = known_outputs(spec)
    chosen = wanted or tuple(o for o in DEFAULT_OUTPUTS if o in known)
    drawn = {"outputs": list(chosen)}
    result = run(spec, folder, workers, scheduler, {"study": scenario, "draw": drawn})
    if not wanted:
        chosen = _moving(result, chosen)
    if folder is not None and spec.total > MOST_SHOWN:
        emit_rows(_ranges(result, [name for name in chosen if name in result.outputs]), fmt)
    else:
        emit_rows(_points(result, chosen), fmt)
    draw(folder, result, drawn)
    verbose_reuse(verbose)
    refuse_failed(result)


def _moving(result: StudyResult, outputs: Sequence[str]) -> tuple[str, ...]:
    """The outputs, and where none of them moves, those at the end of the chain that do."""
    import numpy as np

    def moves(name: str) -> bool:
        values = result.column(name)
        values = values[np.isfinite(values)]
        return bool(values.size and np.ptp(values) > 1e-12 * np.max(np.abs(values)))

    if any(moves(name) for name in outputs):
        return tuple(outputs)
    return (
        *outputs,
        *[name for name in result.outputs if name not in outputs and moves(name)][-MOST_MOVING:],
    )


def _points(result: StudyResult, outputs: Sequence[str]) -> list[dict[str, Any]]:
    varied = result.spec.varied
    return [
        {**{k: row[k] for k in varied}, **{o: row.get(o) for o in outputs}, "error": one_line(row["error"])}
        for row in result.rows
    ]


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


def _ranges(result: StudyResult, outputs: Sequence[str]) -> list[dict[str, Any]]:
    """What the outputs of many points range over; the points themselves are in the folder."""
    import numpy as np

    rows = []
    for name in outputs:
        values = result.column(name)
        good = values[np.isfinite(values)]
        low, middle, high = np.percentile(good, [0, 50, 100]) if good.size else (None, None, None)
        rows.append({"output": name, "points": int(good.size), "min": low, "median": middle, "max": high})
    return rows

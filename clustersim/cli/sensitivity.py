"""``clustersim sensitivity``: which input moves the output."""

from __future__ import annotations

from typing import Any

import click

from clustersim.cli.options import emit_rows, format_option, set_option
from clustersim.cli.study_common import draw, main_cost, parse_sets, refuse_failed, run, workers_option


@click.command()
@click.argument("study")
@set_option
@click.option(
    "--method", type=click.Choice(["sobol", "morris", "tornado"]), help="Replace the study's method."
)
@click.option("--points", type=click.IntRange(min=8), help="Base points (Sobol) or trajectories (Morris).")
@click.option("-o", "--folder", type=click.Path(), help="Keep the study here; it can be resumed and queried.")
@workers_option
@format_option()
def command(
    study: str,
    sets: tuple[str, ...],
    method: str | None,
    points: int | None,
    folder: str | None,
    workers: int | None,
    scheduler: str | None,
    fmt: str,
) -> None:
    """Rank the inputs of STUDY (a study file) by what they do to its first output."""
    from clustersim.study.spec import input_distributions, read_study, sampled_spec

    file = read_study(study)
    fixed = parse_sets(sets, file.set)
    chosen = method or file.method or "sobol"
    output = file.outputs[0] if file.outputs else main_cost(file.scenario, file.set)
    distributions = input_distributions(file.scenario, fixed, file.inputs)
    if chosen == "tornado":
        spec = _tornado_spec(file.scenario, distributions, fixed, file.seed)
    else:
        size = points or file.points
        spec = sampled_spec(chosen, file.scenario, distributions, sets=fixed, seed=file.seed, points=size)
    drawn = {"outputs": [output], "title": file.name}
    result = run(spec, folder, workers, scheduler, {"study": study, "method": chosen, "draw": drawn})
    rows = {"sobol": _sobol, "morris": _morris, "tornado": _tornado}[chosen](result, output)
    emit_rows([{"rank": rank, **row} for rank, row in enumerate(rows, start=1)], fmt)
    draw(folder, result, drawn)
    refuse_failed(result)


def _sobol(result: Any, output: str) -> list[dict[str, Any]]:
    from clustersim.study.sensitivity import sobol_indices

    indices = sobol_indices(result.spec.keys, result.column(output), result.spec.seed)
    return [
        {
            "input": i.key, "total": i.total, "total_half_width": i.total_half_width, "first": i.first,
            "first_half_width": i.first_half_width,
        }
        for i in indices
    ]  # fmt: skip


def _morris(result: Any, output: str) -> list[dict[str, Any]]:
    import numpy as np

    from clustersim.study.designs import morris_design
    from clustersim.study.sensitivity import morris_effects

    columns = len(result.spec.keys)
    design = morris_design(result.spec.total // (columns + 1), columns, result.spec.seed)
    effects = morris_effects(result.spec.keys, np.asarray(design), result.column(output))
    return [{"input": e.key, "mu_star": e.mu_star, "mu": e.mu, "sigma": e.sigma} for e in effects]


def _tornado_spec(scenario: str, distributions: Any, sets: Any, seed: int) -> Any:
    """One row at every median, then each input at its 10 % and 90 % point."""
    import numpy as np

    from clustersim.study.spec import make_spec

    middle = np.array([float(d(np.array([0.5]))[0]) for d in distributions])
    rows = [middle]
    for column, d in enumerate(distributions):
        for share in (0.1, 0.9):
            row = middle.copy()
            row[column] = float(d(np.array([share]))[0])
            rows.append(row)
    keys, units = [d.key for d in distributions], [d.unit for d in distributions]
    return make_spec(
        "tornado", scenario, sets=sets, seed=seed, keys=keys, units=units, samples=np.array(rows)
    )


def _tornado(result: Any, output: str) -> list[dict[str, Any]]:
    from clustersim.study.sensitivity import tornado

    values = result.column(output)
    bars = tornado(result.spec.keys, float(values[0]), values[1::2].tolist(), values[2::2].tolist())
    return [{"input": b.key, "low": b.low, "base": b.base, "high": b.high, "swing": b.swing} for b in bars]

"""``clustersim mc``: uncertain inputs carried through the chain."""

from __future__ import annotations

from typing import Any

import click
import numpy as np

from clustersim.cli.options import emit_rows, format_option, set_option
from clustersim.cli.study_common import draw, main_cost, parse_sets, refuse_failed, run, workers_option


def percentile_error(values: Any, share: float, *, resamples: int = 200, seed: int = 0) -> float:
    """Return the half-width of the 95 % bootstrap interval of a percentile."""
    rng = np.random.default_rng(seed)
    draws = [
        np.percentile(values[rng.integers(0, values.size, values.size)], share) for _ in range(resamples)
    ]
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(high - low) / 2


def statistics_row(name: str, values: Any) -> dict[str, Any]:
    """Return mean, spread and percentiles of an output over the points that ran."""
    good = values[np.isfinite(values)]
    if good.size == 0:
        return {"output": name, "points": 0}
    return {
        "output": name,
        "points": int(good.size),
        "mean": float(good.mean()),
        "sd": float(good.std(ddof=1)) if good.size > 1 else 0.0,
        "p10": float(np.percentile(good, 10)),
        "p50": float(np.percentile(good, 50)),
        "p90": float(np.percentile(good, 90)),
        "p50_half_width": percentile_error(good, 50),
    }


@click.command()
@click.argument("study")
@set_option
@click.option("--points", type=click.IntRange(min=2), help="Replace the study's number of points.")
@click.option(
    "--precision", type=click.FloatRange(min=0, min_open=True, max=1),
    help="Stop as soon as the P50 of the first output is known to this share of itself; points is then the limit.",
)  # fmt: skip
@click.option("-o", "--folder", type=click.Path(), help="Keep the study here; it can be resumed and queried.")
@workers_option
@format_option()
def command(
    study: str,
    sets: tuple[str, ...],
    points: int | None,
    precision: float | None,
    folder: str | None,
    workers: int | None,
    scheduler: str | None,
    fmt: str,
) -> None:
    """Sample the uncertain inputs of STUDY (a study file) and print P10, P50 and P90 of its outputs."""
    from clustersim.study.spec import input_distributions, read_study, sampled_spec

    file = read_study(study)
    fixed = parse_sets(sets, file.set)
    distributions = input_distributions(file.scenario, fixed, file.inputs)
    limit = points or file.points
    size = min(limit, 64) if precision is not None else limit
    wanted = tuple(file.outputs) or (main_cost(file.scenario, fixed),)
    about: dict[str, Any] = {"study": study, "draw": {"outputs": list(wanted)}}
    while True:
        spec = sampled_spec(
            "mc", file.scenario, distributions, sets=fixed, seed=file.seed, points=size, sampling=file.sampling,
            correlation=file.correlation,
        )  # fmt: skip
        # A larger Sobol sample begins with the smaller one, so that stopping early changes no point.
        keep = folder if size == limit or precision is None else None
        result = run(spec, keep, workers, scheduler, about)
        rows = [statistics_row(name, result.column(name)) for name in wanted]
        reached = rows[0]["points"] and rows[0]["p50_half_width"] <= (precision or 0.0) * abs(rows[0]["p50"])
        if precision is None or size >= limit or reached:
            break
        size = min(limit, 2 * size)
    if (
        folder is not None and keep is None
    ):  # precise enough before the limit: the points that it took are kept
        result = run(spec, folder, workers, scheduler, about)
    emit_rows(rows, fmt)
    draw(folder, result, about["draw"])
    refuse_failed(result)

"""``clustersim optimise``: the best of a design space under constraints, with its Pareto front."""

from __future__ import annotations

import click

from clustersim.cli.options import emit_rows, format_option, set_option
from clustersim.cli.study_common import draw, parse_sets, run, workers_option
from clustersim.errors import InfeasibleError, InputError


@click.command()
@click.argument("scenario")
@click.option("--vary", multiple=True, required=True, metavar="KEY=…", help="As in sweep. Repeatable.")
@click.option("--minimise", multiple=True, metavar="OUTPUT", help="Output to make small. Repeatable.")
@click.option("--maximise", multiple=True, metavar="OUTPUT", help="Output to make large. Repeatable.")
@click.option(
    "--subject-to", multiple=True, metavar="'OUTPUT<=N'", help="Constraint on an output. Repeatable."
)
@set_option
@click.option("-o", "--folder", type=click.Path(), help="Keep the study here; it can be resumed and queried.")
@workers_option
@format_option()
def command(
    scenario: str,
    vary: tuple[str, ...],
    minimise: tuple[str, ...],
    maximise: tuple[str, ...],
    subject_to: tuple[str, ...],
    sets: tuple[str, ...],
    folder: str | None,
    workers: int | None,
    scheduler: str | None,
    fmt: str,
) -> None:
    """Find the points of SCENARIO's design space that no other beats; the first goal's best stands first."""
    import re

    import numpy as np

    from clustersim.study.search import feasible, pareto_front, parse_constraint
    from clustersim.study.space import parse_axis
    from clustersim.study.spec import make_spec

    goals = [(name, 1.0) for name in minimise] + [(name, -1.0) for name in maximise]
    if not goals:
        raise InputError("optimise needs a goal: give --minimise or --maximise an output")
    limits = []
    for text in subject_to:
        name, rest = re.match(r"\s*([A-Za-z0-9_]*)\s*(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
        limits.append(parse_constraint(name, rest))
    spec = make_spec("optimise", scenario, sets=parse_sets(sets), axes=[parse_axis(text) for text in vary])
    named = dict.fromkeys([name for name, _ in goals] + [name for name, *_ in limits])
    drawn = {"outputs": list(named), "goals": goals, "limits": limits}
    result = run(spec, folder, workers, scheduler, {"draw": drawn})
    rows = feasible(result.rows, limits)
    if not rows:
        ran = spec.total - len(result.errors)
        raise InfeasibleError(f"no point satisfies every constraint ({ran} of {spec.total} points ran)")
    values = np.array([[sign * float(row[name]) for name, sign in goals] for row in rows])
    front = pareto_front(values)
    best = sorted(
        (row for row, keep in zip(rows, front, strict=True) if keep),
        key=lambda r: goals[0][1] * r[goals[0][0]],
    )
    shown = [name for name, _ in goals] + [name for name, *_ in limits if name not in dict(goals)]
    emit_rows([{**{k: r[k] for k in spec.varied}, **{o: r[o] for o in shown}} for r in best], fmt)
    draw(folder, result, drawn)

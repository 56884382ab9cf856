"""What a sweep shows of its points: the outputs that move, refusals in one line, and which points ran one by one."""

from __future__ import annotations

import numpy as np
import pytest

from clustersim.report.pages.studies import MANY_ALONE, _moving, _points, one_line, told_alone
from clustersim.study.driver import Alone, StudyResult
from clustersim.study.points import Found, joined
from clustersim.study.space import parse_axis
from clustersim.study.spec import make_spec

SPEC = make_spec("sweep", "br166-1024", axes=[parse_axis("tco.pue=1.1,1.2")])


def _result(errors: dict[int, str] | None = None, **columns: list[float]) -> StudyResult:
    values = {name: np.array(column) for name, column in columns.items()}
    return StudyResult(SPEC, tuple(values), values.__getitem__, errors or {})


def test_outputs_that_move_are_shown_where_the_usual_ones_stand_still() -> None:
    result = _result(mfu=[0.4, 0.4], price=[1.0, 2.0], target=[3.0, 4.0], gone=[np.nan, np.nan])
    assert _moving(result, ("mfu",)) == ("mfu", "price", "target")
    assert _moving(result, ("price",)) == ("price",)


def test_a_refusal_is_one_line_and_told_once() -> None:
    said = "a.yaml: 2 problem(s)\n  a.yaml:3: x: is wrong (do this)\n  a.yaml:4: y: is wrong"
    row = _points(_result({1: said}, mfu=[0.4, np.nan]), ("mfu",))[1]
    assert row["error"] == "a.yaml:3: x: is wrong (do this); a.yaml:4: y: is wrong"
    assert one_line("") == ""


@pytest.mark.parametrize(("points", "told"), [(MANY_ALONE, True), (MANY_ALONE - 1, False)])
def test_points_that_ran_one_by_one_are_counted_and_told(points: int, told: bool) -> None:
    alone = Alone()
    alone.add(joined([Found(0, 1, {}, {}, points - 1, ""), Found(1, 2, {}, {}, 1, "a simulation")]))
    wanted = [f"{points} of 2 points were run one by one: a simulation"] if told else []
    assert told_alone(StudyResult(SPEC, (), lambda name: np.zeros(2), {}, alone)) == wanted

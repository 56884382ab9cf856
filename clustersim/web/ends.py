"""Every number of a design at both ends of each uncertain input alone, the others as they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from clustersim.batch import Question
from clustersim.columns import Varied
from clustersim.pipeline.chain import run_chain
from clustersim.planner.uncertain_inputs import ranged_inputs
from clustersim.planner.uncertainty import Swing
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import load_inputs
from clustersim.web.answers import kept
from clustersim.web.asked import Design
from clustersim.web.replayed import named_numbers
from clustersim.workloads.work import StageCache

__all__ = ["ends_of"]


def ends_of(design: Design) -> Mapping[str, Sequence[Swing]]:
    """Return, for every number of a run, what it becomes at the low and the high end of each input with a range.

    Unlike a tornado of the design's own cost, inputs of the incumbent and those that both share move both sides.
    NaN where a point has no such number or cannot be run. Raises what the run of the design raises.
    """
    return kept(("ends", design), lambda: _ends(design))


def _ends(design: Design) -> Mapping[str, Sequence[Swing]]:
    changes, stages = dict(design.changes), StageCache()
    ranges = ranged_inputs(load_inputs(design.scenario, changes))
    count = 2 * len(ranges)
    varied = {}
    for number, (key, (span, unit)) in enumerate(ranges.items()):
        column = np.full(count, span.value)
        column[[2 * number, 2 * number + 1]] = (span.low, span.high)
        varied[key] = Varied(column, unit)

    def numbers(inputs: Inputs) -> Mapping[str, float]:
        return named_numbers(run_chain(inputs, replications=0, cache=stages))

    question = Question(lambda point: load_inputs(design.scenario, {**changes, **point}), numbers)
    columns = question.answers(varied, count).columns
    return {
        name: [Swing(key, float(of[2 * n]), float(of[2 * n + 1])) for n, key in enumerate(ranges)]
        for name, of in columns.items()
    }

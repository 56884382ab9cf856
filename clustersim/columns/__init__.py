"""Many points at once through functions that are written for one: numbers that hold one value a point.

A ``Column`` stands where a number stands. Arithmetic and NumPy's functions work on all points; where code decides
(``if``, ``min``, ``int``), it decides for all points alike or raises ``Split``, and the points are run again in groups
that agree. A point of a batch so takes exactly the branches that it takes alone, and there is no second arithmetic.
What a function cannot do on columns raises ``Unbatchable`` (never a wrong number), and the points are run one by one.

The points are the last axis. A plain array meets a column only where its own last axis has length one.
"""

from clustersim.columns.column import Column, Noted, Split, Unbatchable, bare
from clustersim.columns.deciding import (
    Batch,
    Decided,
    as_plain,
    batch,
    decide,
    decide_with,
    decisions,
    pass_over,
)
from clustersim.columns.numbers import (
    as_array,
    ceiled,
    column_of,
    finite,
    least,
    most,
    number,
    of_points,
    rows_of,
    stacked,
    values_of,
    whole,
)
from clustersim.columns.points import Varied, distinct, each_group, each_point, held, pick, places

__all__ = [
    "Batch",
    "Column",
    "Decided",
    "Noted",
    "Split",
    "Unbatchable",
    "Varied",
    "as_array",
    "as_plain",
    "bare",
    "batch",
    "ceiled",
    "column_of",
    "decide",
    "decide_with",
    "decisions",
    "distinct",
    "each_group",
    "each_point",
    "finite",
    "held",
    "least",
    "most",
    "number",
    "of_points",
    "pass_over",
    "pick",
    "places",
    "rows_of",
    "stacked",
    "values_of",
    "whole",
]  # fmt: skip

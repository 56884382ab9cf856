"""Where the points lie: Sobol and Latin-hypercube samples, Morris trajectories, Saltelli's matrices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clustersim.errors import InputError
from clustersim.study.sobol import latin_hypercube, sobol_points

__all__ = ["morris_design", "saltelli_design", "uniform_sample"]

Array = NDArray[np.float64]


def uniform_sample(method: str, points: int, columns: int, seed: int) -> Array:
    """Return ``points`` x ``columns`` numbers in (0, 1) by ``sobol``, ``lhs`` or ``random``.

    A Sobol sample is scrambled with the seed, and its first n points are the same for every larger size, so that a
    study can be continued until its precision suffices.

    >>> uniform_sample("sobol", 4, 2, 1).shape
    (4, 2)
    """
    if points < 1 or columns < 1:
        raise InputError(f"a sample needs at least one point and one input, not {points} and {columns}")
    rng = np.random.default_rng(seed)
    if method == "sobol":
        bits = max(1, int(np.ceil(np.log2(points))))
        sample = sobol_points(bits, columns, rng.spawn(1)[0])[:points]
    elif method == "lhs":
        sample = latin_hypercube(points, columns, rng.spawn(1)[0])
    elif method == "random":
        sample = rng.random((points, columns))
    else:
        raise InputError(f"unknown sampling {method!r}; known: sobol, lhs, random")
    # An inverse distribution function is infinite at 0 and 1; a scrambled Sobol point can be exactly 0.
    return np.clip(sample, 1e-12, 1 - 1e-12)


def saltelli_design(base: int, columns: int, seed: int) -> Array:
    """Return the (2 + columns) x base points of Saltelli (2010): A, B, and A with one column from B each.

    >>> saltelli_design(8, 3, 0).shape
    (40, 3)
    """
    both = uniform_sample("sobol", base, 2 * columns, seed)
    a, b = both[:, :columns], both[:, columns:]
    blocks = [a, b]
    for column in range(columns):
        mixed = a.copy()
        mixed[:, column] = b[:, column]
        blocks.append(mixed)
    return np.concatenate(blocks)


def morris_design(trajectories: int, columns: int, seed: int, levels: int = 4) -> Array:
    """Return Morris' (1991) trajectories: each changes one input at a time by delta = levels / (2 (levels - 1)).

    The result has trajectories x (columns + 1) rows; values are in [0, 1], on the grid of ``levels``.
    """
    if levels < 2 or levels % 2:
        raise InputError(f"Morris screening needs an even number of levels, not {levels}")
    rng = np.random.default_rng(seed)
    delta = levels / (2.0 * (levels - 1))
    low_levels = np.arange(levels // 2) / (levels - 1)
    rows = []
    for _ in range(trajectories):
        point = rng.choice(low_levels, size=columns)
        flip = rng.random(columns) < 0.5
        point = np.where(flip, point + delta, point)
        rows.append(point.copy())
        for column in rng.permutation(columns):
            point[column] += -delta if flip[column] else delta
            rows.append(point.copy())
    return np.array(rows)

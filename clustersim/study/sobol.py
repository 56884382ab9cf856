"""Sobol' points and Latin hypercubes, in NumPy alone: SciPy's statistics take longer to load than most studies run.

Sobol' numbers go by Joe and Kuo 2008 (their ``new-joe-kuo-6``): ``data/sobol_directions.csv`` has a row a dimension.
They are scrambled as Matousek 1998 says, by a random lower triangular matrix and a digital shift. The same generator
gives the numbers that SciPy's ``qmc`` gives; ``tests/cross/test_sobol.py`` holds them against it.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from clustersim.errors import InputError

__all__ = ["latin_hypercube", "sobol_points"]

#: Binary digits of a number, the largest sample being two to this power.
_BITS = 30


@lru_cache(maxsize=1)
def _table() -> tuple[tuple[int, ...], ...]:
    """By dimension from the second on: the polynomial and the first direction numbers, as many as its degree."""
    text = (files("clustersim.data") / "sobol_directions.csv").read_text("utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return tuple(tuple(map(int, line.split(","))) for line in lines)


def _directions(columns: int) -> NDArray[np.uint32]:
    """Return the direction numbers of every dimension, (columns, digits), the largest digit first."""
    table = _table()
    if columns > len(table) + 1:
        raise InputError(
            f"a Sobol sample has at most {len(table) + 1} columns (half as many inputs of a sensitivity study), not"
            f" {columns}; sample by lhs, or vary fewer"
        )
    numbers = [[1] * _BITS]
    for polynomial, *first in table[: columns - 1]:
        degree, row = polynomial.bit_length() - 1, first[:_BITS]
        taken = [k for k in range(degree) if polynomial >> (degree - 1 - k) & 1]
        for at in range(degree, _BITS):
            new = row[at - degree]
            for k in taken:
                new ^= row[at - k - 1] << (k + 1)
            row.append(new)
        numbers.append(row)
    return np.array(numbers, dtype=np.uint32) << np.arange(_BITS - 1, -1, -1, dtype=np.uint32)


def sobol_points(bits: int, columns: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the first two to the power ``bits`` scrambled Sobol' points, (points, columns), in [0, 1).

    Each interval between multiples of two to the power minus ``bits`` holds one number of each column.

    Raises InputError for more columns than there are direction numbers.

    >>> points = sobol_points(3, 2, np.random.default_rng(1))
    >>> np.sort(np.floor(points[:, 1] * 8)).tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    """
    numbers = _directions(columns)
    weights = np.uint32(1) << np.arange(_BITS, dtype=np.uint32)
    shift = rng.integers(2, size=(columns, _BITS), dtype=np.uint32) @ weights
    lower = np.tril(rng.integers(2, size=(columns, _BITS, _BITS), dtype=np.uint32))
    lower[:, np.arange(_BITS), np.arange(_BITS)] = 1
    digits = (numbers[:, :, None] >> np.arange(_BITS - 1, -1, -1, dtype=np.uint32)) & np.uint32(1)
    scrambled = np.einsum("cpi,cki->ckp", lower, digits) & np.uint32(1)
    numbers = scrambled @ weights[::-1]
    # Gray's order: the next point differs by the direction number of the lowest digit of its count that is one.
    count = np.arange(1, 1 << bits, dtype=np.int64)
    lowest = np.log2(count & -count).astype(np.int64)
    steps = np.concatenate([shift[None, :], numbers.T[lowest]])
    found: NDArray[np.float64] = np.bitwise_xor.accumulate(steps, axis=0) / float(1 << _BITS)
    return found


def latin_hypercube(points: int, columns: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a Latin hypercube (points, columns) in (0, 1]: of as many intervals of a column each holds one number.

    >>> np.sort(np.ceil(latin_hypercube(4, 1, np.random.default_rng(0))[:, 0] * 4)).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    inside = rng.uniform(size=(points, columns))
    order = np.tile(np.arange(1, points + 1), (columns, 1))
    for row in order:
        rng.shuffle(row)
    return (order.T - inside) / points

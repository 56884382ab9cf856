"""Which input matters: one-at-a-time tornado, Morris screening, Sobol indices with confidence intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim.errors import InputError

__all__ = ["MorrisEffect", "SobolIndex", "TornadoBar", "morris_effects", "sobol_indices", "tornado"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SobolIndex:
    """First-order and total Sobol index of one input, with the half-widths of their confidence intervals."""

    key: str
    first: float
    first_half_width: float
    total: float
    total_half_width: float


@dataclass(frozen=True, slots=True)
class MorrisEffect:
    """Morris' mu* (mean absolute elementary effect), mu and sigma of one input."""

    key: str
    mu_star: float
    mu: float
    sigma: float


@dataclass(frozen=True, slots=True)
class TornadoBar:
    """The output at the low and the high end of one input, everything else at its base."""

    key: str
    low: float
    base: float
    high: float

    @property
    def swing(self) -> float:
        """The distance between the two ends."""
        return abs(self.high - self.low)


def tornado(
    keys: Sequence[str], base: float, lows: Sequence[float], highs: Sequence[float]
) -> list[TornadoBar]:
    """Return the bars of a tornado, the widest first.

    >>> tornado(["a", "b"], 0.0, [-1.0, -3.0], [1.0, 2.0])[0].key
    'b'
    """
    bars = [TornadoBar(k, lo, base, hi) for k, lo, hi in zip(keys, lows, highs, strict=True)]
    return sorted(bars, key=lambda bar: -bar.swing)


def _blocks(outputs: Array, columns: int) -> tuple[Array, Array, Array]:
    if outputs.size % (columns + 2):
        raise InputError(f"{outputs.size} outputs do not fit a design of {columns} inputs")
    table = outputs.reshape(columns + 2, -1)
    return table[0], table[1], table[2:]


def _estimate(a: Array, b: Array, mixed: Array) -> tuple[Array, Array]:
    """Saltelli et al. (2010), table 2: S_i = mean(b (m_i - a)) / V, T_i = mean((a - m_i)^2) / 2V (Jansen)."""
    both = np.concatenate([a, b], axis=-1)
    variance = both.var(axis=-1)
    centre = both.mean(axis=-1, keepdims=True)
    safe = np.where(variance > 0, variance, 1.0)
    first = ((b - centre) * (mixed - a)).mean(axis=-1) / safe
    total = ((a - mixed) ** 2).mean(axis=-1) / (2 * safe)
    return np.where(variance > 0, first, 0.0), np.where(variance > 0, total, 0.0)


def sobol_indices(
    keys: Sequence[str], outputs: Array, seed: int, *, resamples: int = 200, confidence: float = 0.95
) -> list[SobolIndex]:
    """Return first and total indices from the outputs of a Saltelli design, the largest total first.

    Outputs stand in the order of ``saltelli_design``. Points whose output is not finite are left out of all blocks.
    The half-widths are bootstrap intervals over the base points.

    Raises InputError when fewer than eight base points are left.
    """
    a, b, mixed = _blocks(np.asarray(outputs, dtype=float), len(keys))
    good = np.isfinite(a) & np.isfinite(b) & np.isfinite(mixed).all(axis=0)
    a, b, mixed = a[good], b[good], mixed[:, good]
    if a.size < 8:
        raise InputError(f"only {a.size} complete base points are left; at least 8 are needed")
    first, total = _estimate(a, b, mixed)
    rng = np.random.default_rng(seed)
    draws = [
        _estimate(a[i], b[i], mixed[:, i])
        for i in (rng.integers(0, a.size, a.size) for _ in range(resamples))
    ]
    tail = 50 * (1 - confidence)

    def half(values: list[Array]) -> Array:
        low, high = np.percentile(np.array(values), [tail, 100 - tail], axis=0)
        return np.asarray((high - low) / 2)

    first_half, total_half = half([f for f, _ in draws]), half([t for _, t in draws])
    rows = [
        SobolIndex(key, float(first[i]), float(first_half[i]), float(total[i]), float(total_half[i]))
        for i, key in enumerate(keys)
    ]
    return sorted(rows, key=lambda row: -row.total)


def morris_effects(keys: Sequence[str], design: Array, outputs: Array) -> list[MorrisEffect]:
    """Return Morris' measures from the outputs of ``morris_design``, the largest mu* first.

    An elementary effect is (change of output) / (change of input), inputs scaled to [0, 1].
    """
    columns = len(keys)
    steps = design.reshape(-1, columns + 1, columns)
    values = np.asarray(outputs, dtype=float).reshape(-1, columns + 1)
    effects: list[list[float]] = [[] for _ in keys]
    for trajectory, output in zip(steps, values, strict=True):
        moves = np.diff(trajectory, axis=0)
        for move, change in zip(moves, np.diff(output), strict=True):
            column = int(np.argmax(np.abs(move)))
            if np.isfinite(change):
                effects[column].append(float(change / move[column]))
    rows = []
    for key, found in zip(keys, effects, strict=True):
        data = np.array(found) if found else np.zeros(1)
        spread = float(data.std(ddof=1)) if data.size > 1 else 0.0
        rows.append(MorrisEffect(key, float(np.abs(data).mean()), float(data.mean()), spread))
    return sorted(rows, key=lambda row: -row.mu_star)

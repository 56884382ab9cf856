"""What the physics misses: a Gaussian process over what rows say of themselves, and the noise of each quantity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim.calibration.rows import Measured

__all__ = ["GRID", "PRIOR_GRID", "Scales", "covariance", "discrepancy_deviation", "noise_deviations"]

Array = NDArray[np.float64]
#: Quantity -> (what errs alike with it, deviation of the discrepancy, deviation of noise), of ln time. Those of steps
#: and serving were chosen, with the share of software, by the evidence of the rows of five cards taken as unknown
#: (A100, H100, H200, B200, H20), each card left out in turn: without any the choice was within its tolerance.
_QUANTITIES: dict[str, tuple[str, float, float]] = {
    "step_time": ("step", 0.12, 0.06), "tpot": ("speed", 0.24, 0.075), "throughput": ("speed", 0.30, 0.15),
    "ttft": ("first", 0.90, 0.30), "collective_time": ("exchange", 0.10, 0.05),
    "matrix_rate": ("operator", 0.04, 0.02), "memory_rate": ("operator", 0.04, 0.02),
    "attention_rate": ("operator", 0.08, 0.03),
}  # fmt: skip
#: Parts of the discrepancy's variance: of the quantity, of its software, of software and model, and by sizes alike.
_PARTS = {"quantity": 0.05, "software": 0.05, "sizes": 0.10, "model": 0.75}
#: Logarithms over which sizes are alike.
_LENGTH = 1.5
#: Scales of discrepancy and noise that are tried; the logarithm of each is normal around 0 with this deviation.
GRID = (0.4, 0.7, 1.0, 1.5, 2.2)
_SCALE_DEVIATION = 0.5
#: Scales of the prior: its usual deviations are a class's whole spread, and many cards lie near their class.
PRIOR_GRID = (0.35, 0.6, 1.0)


@dataclass(frozen=True, slots=True)
class Scales:
    """Multiples of the usual deviations of discrepancy, noise, and the factors' prior."""

    discrepancy: float = 1.0
    noise: float = 1.0
    prior: float = 1.0

    @property
    def log_prior(self) -> float:
        """ln probability of the scales, up to a constant: their logarithms are normal around 0."""
        logs = (math.log(v) for v in (self.discrepancy, self.noise, self.prior))
        return -sum(v**2 for v in logs) / (2 * _SCALE_DEVIATION**2)


def discrepancy_deviation(row: Measured) -> float:
    """Return the deviation of a row's discrepancy at a scale of 1."""
    return _QUANTITIES[row.quantity][1]


def noise_deviations(rows: Sequence[Measured], scales: Scales) -> Array:
    """Return the deviation of each row's noise."""
    return np.array([_QUANTITIES[row.quantity][2] for row in rows]) * scales.noise


def _words(rows: Sequence[Measured], *keys: str) -> NDArray[np.str_]:
    return np.array(
        ["|".join([_QUANTITIES[r.quantity][0], *(r.words.get(k, "") for k in keys)]) for r in rows], dtype=str
    )


def _distance(a: Sequence[Measured], b: Sequence[Measured]) -> Array:
    """Squared distance in the sizes that both rows of a pair state."""
    names = sorted({name for row in (*a, *b) for name in row.sizes})
    out = np.zeros((len(a), len(b)))
    for name in names:
        x, y = (np.array([row.sizes.get(name, np.nan) for row in rows]) for rows in (a, b))
        out += np.nan_to_num((x[:, None] - y[None, :]) / _LENGTH) ** 2
    return out


def covariance(a: Sequence[Measured], b: Sequence[Measured], scales: Scales) -> Array:
    """Return the covariance of the discrepancies of two lists of rows.

    Rows of other quantities are independent; of one they share what the quantity, its software, sizes alike, and
    software, model and sizes alike have in common. Throughput and time per token err alike.
    """
    if not a or not b:
        return np.zeros((len(a), len(b)))
    near = np.exp(-0.5 * _distance(a, b))

    def same(*keys: str) -> Array:
        return np.asarray(_words(a, *keys)[:, None] == _words(b, *keys)[None, :], dtype=np.float64)

    unit = _PARTS["quantity"] * same()
    unit += _PARTS["software"] * same("software")
    unit += _PARTS["sizes"] * same("software") * near
    unit += _PARTS["model"] * same("software", "model", "dtype") * near**0.25
    deviation = [
        np.array([discrepancy_deviation(row) for row in rows]) * scales.discrepancy for rows in (a, b)
    ]
    return np.asarray(unit * deviation[0][:, None] * deviation[1][None, :])

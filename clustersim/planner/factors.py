"""Draws of the factors of calibrated cards: together, as their rows found them."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from clustersim.econ.interval import Range
from clustersim.schema.calibrated import FACTORS
from clustersim.schema.inputs import Inputs
from clustersim.special import Z90

__all__ = ["factor_draws"]

Array = NDArray[np.float64]


def factor_draws(
    ranges: Mapping[str, tuple[Range, str]], sides: Sequence[Inputs], count: int, seed: int
) -> dict[str, Array]:
    """Draw the factors of calibrated cards together: lognormal, low and high at P10 and P90, correlated as found."""
    out: dict[str, Array] = {}
    cards = {side.parts.card.name: side.parts.card for side in sides}
    for name, card in cards.items():
        found, stem = card.calibrated, f"cards.{name}.calibrated."
        keys = {factor: stem + factor for factor in FACTORS if stem + factor in ranges}
        if found is None or not keys:
            continue
        matrix = np.eye(len(keys))
        for i, a in enumerate(keys):
            for j, b in enumerate(keys):
                pair = found.correlation.get(a, {}).get(b)
                if pair is not None and i != j:
                    matrix[i, j] = matrix[j, i] = pair
        # Rounded correlations may have lost their positive least eigenvalue by a little.
        values, vectors = np.linalg.eigh(matrix)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        normal = np.stack([
            np.random.default_rng([seed, zlib.crc32(key.encode())]).standard_normal(count) for key in keys.values()
        ])  # fmt: skip
        for key, z in zip(keys.values(), root @ normal, strict=True):
            span = ranges[key][0]
            out[key] = span.value * np.exp(z * np.log(span.high / span.low) / (2 * Z90))
    return out

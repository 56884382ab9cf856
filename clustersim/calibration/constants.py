"""The factors that may be free, what they are of, and how far each may lie from 1 before anything is measured.

A prior is normal in the logarithm. Its deviation is a class's: how well the constants of one measured stack, of the
same vendor's other cards, of another vendor's port, and of a first port are known beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clustersim.intervals.maturity import CLASSES, FIRST, MEASURED, OTHER_CARD, PORT
from clustersim.schema.calibrated import FACTORS, RATES

__all__ = ["FACTORS", "MOST_FREE", "WORDS", "prior_deviations", "signs"]

Array = NDArray[np.float64]
#: No more constants than this are free at once.
MOST_FREE = 10
#: Deviation of ln factor by class (assumption: of the order in which constants that were fitted apart differ over the
#: shipped engines and cards: shares of matrix rates 0.15-0.35, times of a layer 0.6, of a request 0.8).
PRIORS: dict[str, dict[str, float]] = {
    MEASURED: {
        "matrix": 0.10, "memory": 0.06, "attention": 0.15, "experts": 0.2, "scale_up": 0.08, "scale_out": 0.10,
        "latency": 0.3, "layer": 0.3, "step": 0.3, "request": 0.4, "host": 0.25, "exposed": 0.3,
    },
    OTHER_CARD: {
        "matrix": 0.25, "memory": 0.15, "attention": 0.35, "experts": 0.4, "scale_up": 0.15, "scale_out": 0.15,
        "latency": 0.5, "layer": 0.6, "step": 0.7, "request": 0.8, "host": 0.4, "exposed": 0.5,
    },
    PORT: {
        "matrix": 0.35, "memory": 0.25, "attention": 0.5, "experts": 0.5, "scale_up": 0.3, "scale_out": 0.25,
        "latency": 0.7, "layer": 0.7, "step": 0.8, "request": 0.9, "host": 0.6, "exposed": 0.6,
    },
    FIRST: {
        "matrix": 0.45, "memory": 0.30, "attention": 0.6, "experts": 0.6, "scale_up": 0.4, "scale_out": 0.35,
        "latency": 0.9, "layer": 0.9, "step": 0.9, "request": 1.0, "host": 0.8, "exposed": 0.6,
    },
}  # fmt: skip
#: What each factor is of, in the words of the report.
WORDS = {
    "matrix": "rate of matrix products", "memory": "rate of device memory", "attention": "rate of fused attention",
    "experts": "rate of experts' products", "scale_up": "rate of links inside a domain",
    "scale_out": "rate of links between domains", "latency": "time of a message inside a domain",
    "layer": "time beside the kernels of a layer (serving)", "step": "host's time of an iteration (serving)",
    "request": "time of a request outside the engine", "host": "host's time of a layer (training)",
    "exposed": "exchange that cannot hide (training)",
}  # fmt: skip


def prior_deviations(classes: Sequence[str]) -> Array:
    """Return the prior deviation of ln factor in the order of ``FACTORS``: of the least known class among the rows'.

    >>> prior_deviations(["measured stack"])[0], prior_deviations(["measured stack", "new vendor port"])[0]
    (np.float64(0.1), np.float64(0.35))
    """
    worst = max(classes or [FIRST], key=CLASSES.index)
    return np.array([PRIORS[worst][name] for name in FACTORS])


def signs() -> Array:
    """Return -1 where a larger factor shortens times (rates), +1 where it lengthens them."""
    return np.array([-1.0 if name in RATES else 1.0 for name in FACTORS])

"""Times of rows as functions of the factors: taken from exact runs at one point, checked by exact runs at others.

A time is a sum of parts, each proportional to a constant, and what a busy server lets wait. With the elasticities a_j
of ln t at a point (a_j < 0 where a slower part makes it less: a first token comes sooner because decoding is slower),

    u = sum_j |a_j| (exp(m_j) - 1),  m_j = +-(z_j - z0_j) in the direction in which part j lengthens the time,

    t(z) = t_0 (1 + u) where u > 0, t_0 (1 + u / A)^A below, A = max(1, sum_j |a_j|)

has the value and the slope of the model at the point, never a time below zero, and is exact where parts add up (A = 1).
Where A is above 1 the run is close to its capacity: beyond it the queue of a closed loop grows with the time of
service, not with its power A, which would carry a slope of ten at the edge to where it is one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.calibration.constants import FACTORS, signs
from clustersim.calibration.rows import Change, Measured, Run
from clustersim.provenance import Sourced
from clustersim.schema.calibrated import CalibratedProfile
from clustersim.schema.profiles import CardProfile

__all__ = ["STEP", "Surrogate", "exact", "put_on", "surrogate_of"]

Array = NDArray[np.float64]
#: Step of ln factor at which slopes are taken: wide enough to see past a simulation's own graininess.
STEP = 0.12


@dataclass(frozen=True)
class Surrogate:
    """ln times of rows around a point of the factors.

    Attributes:
        at: ln factors of the point, in the order of ``FACTORS``.
        log_time: ln time of each row there.
        shares: elasticity of each row's time by the time of each factor's part (rows, factors).
    """

    at: Array
    log_time: Array
    shares: Array

    @cached_property
    def _degree(self) -> Array:
        found: Array = np.maximum(1.0, np.abs(self.shares).sum(axis=1))
        return found

    def log_times(self, z: Array) -> Array:
        """Return ln times (..., rows) at ln factors (..., factors)."""
        slower, faster = np.maximum(self.shares, 0.0), np.maximum(-self.shares, 0.0)
        moved = self._moved(z)
        u = np.expm1(moved) @ slower.T + np.expm1(-moved) @ faster.T
        below = self._degree * np.log(np.maximum(1.0 + np.minimum(u, 0.0) / self._degree, 1e-12))
        return np.asarray(self.log_time + np.where(u > 0, np.log1p(np.maximum(u, 0.0)), below))

    def _moved(self, z: Array) -> Array:
        """ln factors' distance from the point, in the direction of longer times."""
        return np.asarray(np.clip((np.asarray(z) - self.at) * signs(), -30.0, 30.0))

    def slopes(self, z: Array) -> Array:
        """Return the derivatives of ln times by ln factors (rows, factors) at one point."""
        slower, faster = np.maximum(self.shares, 0.0), np.maximum(-self.shares, 0.0)
        moved = self._moved(z)
        u = slower @ np.expm1(moved) + faster @ np.expm1(-moved)
        inside = np.where(u > 0, 1.0 + u, np.maximum(1.0 + np.minimum(u, 0.0) / self._degree, 1e-12))
        grown = slower * np.exp(moved) - faster * np.exp(-moved)
        found: Array = grown * signs() / inside[:, None]
        return found

    def some(self, rows: NDArray[np.int64]) -> Surrogate:
        """Return the surrogate of some of the rows."""
        return Surrogate(self.at, self.log_time[rows], self.shares[rows])


def put_on(base: Change, z: Array) -> Change:
    """Return the change that puts factors exp(z) on a card after another change."""
    values = np.exp(np.asarray(z))

    def change(card: CardProfile) -> CardProfile:
        factors: dict[str, Any] = {
            name: Sourced(float(value), "1") for name, value in zip(FACTORS, values, strict=True)
        }
        found = CalibratedProfile.model_construct(**factors)
        return base(card).model_copy(update={"calibrated": found})

    return change


def exact(rows: Sequence[Measured], change: Change) -> Array:
    """Return ln times of rows as the model gives them; each run is made once."""
    times = {run.id: run.times(change) for run in {row.run.id: row.run for row in rows}.values()}
    return np.log([times[row.run.id][row.quantity] for row in rows])


#: Asks for the times of a run at a change by a key: a store may know them already.
Asked = Callable[[Run, str, Change], dict[str, float]]


def ask(run: Run, key: str, change: Change) -> dict[str, float]:
    """Return the times of a run, asked anew."""
    return dict(run.times(change))


def surrogate_of(rows: Sequence[Measured], base: Change, at: Array, asked: Asked = ask) -> Surrogate:
    """Return the surrogate of rows around a point, from one run there and one beside it for every factor.

    ``asked`` gives the times of one run, so that an interrupted search takes up what it has.
    """
    runs = {row.run.id: row.run for row in rows}
    middle = {name: asked(run, "0", put_on(base, at)) for name, run in runs.items()}
    log_time = np.log([middle[row.run.id][row.quantity] for row in rows])
    slopes = np.zeros((len(rows), len(FACTORS)))
    for j, name in enumerate(FACTORS):
        # A rate is lowered, a time lengthened: no share may pass 1.
        beside = at.copy()
        beside[j] += STEP * signs()[j]
        moved = {
            key: asked(run, name, put_on(base, beside)) if name in run.sees else middle[key]
            for key, run in runs.items()
        }
        there = np.log([moved[row.run.id][row.quantity] for row in rows])
        # d ln t / d ln(constant of time): times grow with it by (e^step - 1) of their share.
        slopes[:, j] = (np.exp(there - log_time) - 1.0) / np.expm1(STEP)
    shares = np.where(np.abs(slopes) > 1e-5, slopes, 0.0)
    return Surrogate(np.asarray(at, dtype=float), log_time, shares)

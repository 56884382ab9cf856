"""Times of rows as functions of the factors: taken from exact runs at one point, checked by exact runs at others.

A time is a sum of parts, each proportional to a constant. With the elasticities a_j of ln t at a point and
A = max(1, sum a_j), shares s_j = a_j / A and s_0 = 1 - sum s_j,

    ln t(z) = ln t_0 + A ln(s_0 + sum_j s_j exp(+-(z_j - z0_j)))

has the value and the slope of the model at the point, never a time below zero, and is exact where parts add up.
Elasticities of the wrong sign (a first token that comes sooner because decoding is slower) are taken as powers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
        shares: part of each row's time that follows each factor (rows, factors).
        powers: slopes of the wrong sign.
        degree: A of each row.
    """

    at: Array
    log_time: Array
    shares: Array
    powers: Array
    degree: Array

    def log_times(self, z: Array) -> Array:
        """Return ln times (..., rows) at ln factors (..., factors)."""
        moved = np.asarray(z) - self.at
        grown = np.expm1(np.clip(moved * signs(), -30.0, 30.0))
        inside = 1.0 + grown @ self.shares.T
        found: Array = self.log_time + self.degree * np.log(np.maximum(inside, 1e-12)) + moved @ self.powers.T
        return found

    def slopes(self, z: Array) -> Array:
        """Return the derivatives of ln times by ln factors (rows, factors) at one point."""
        moved = np.asarray(z) - self.at
        grown = np.exp(np.clip(moved * signs(), -30.0, 30.0))
        inside = np.maximum(1.0 + np.expm1(np.clip(moved * signs(), -30.0, 30.0)) @ self.shares.T, 1e-12)
        found: Array = (
            self.degree[:, None] * self.shares * (grown * signs())[None, :] / inside[:, None] + self.powers
        )
        return found

    def some(self, rows: NDArray[np.int64]) -> Surrogate:
        """Return the surrogate of some of the rows."""
        return Surrogate(
            self.at, self.log_time[rows], self.shares[rows], self.powers[rows], self.degree[rows]
        )


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
    shares = np.where(slopes > 1e-5, slopes, 0.0)
    degree = np.maximum(1.0, shares.sum(axis=1))
    powers = np.where(slopes < -1e-5, slopes, 0.0) * signs()[None, :]
    return Surrogate(np.asarray(at, dtype=float), log_time, shares / degree[:, None], powers, degree)

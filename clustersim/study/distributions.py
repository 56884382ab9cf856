"""Uncertain inputs: distributions by their inverse, and correlation by a Gaussian copula.

Every distribution maps a uniform number to a value, so that Sobol and Latin-hypercube points, common random numbers
and correlations work for all of them alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim import special
from clustersim.errors import InputError, suggest
from clustersim.reading.guarded import read_text
from clustersim.reading.tables import records

__all__ = ["Distribution", "correlate", "make_distribution"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Distribution:
    """An uncertain input: its key, kind, parameters (in ``unit``) and inverse distribution function."""

    key: str
    kind: str
    parameters: tuple[tuple[str, float], ...]
    unit: str
    inverse: Callable[[Array], Array]

    def __call__(self, uniform: Array) -> Array:
        """Map uniform numbers in (0, 1) to values."""
        return self.inverse(uniform)


def _need(key: str, kind: str, parameters: Mapping[str, float], names: Sequence[str]) -> list[float]:
    unknown = [name for name in parameters if name not in names]
    if unknown:
        raise InputError(f"{key}: {kind} has no parameter {unknown[0]!r}; {suggest(unknown[0], names)}")
    missing = [name for name in names if name not in parameters]
    if missing:
        raise InputError(f"{key}: {kind} needs {', '.join(missing)}")
    values = [float(parameters[name]) for name in names]
    if not all(np.isfinite(values)):
        raise InputError(f"{key}: the parameters of {kind} must be finite")
    return values


def _normal(key: str, p: Mapping[str, float]) -> Callable[[Array], Array]:
    mean, sd = _need(key, "normal", p, ("mean", "sd"))
    if sd <= 0:
        raise InputError(f"{key}: normal needs sd > 0, not {sd:g}")
    return lambda u: np.asarray(mean + sd * special.ndtri(u))


def _lognormal(key: str, p: Mapping[str, float]) -> Callable[[Array], Array]:
    median, sigma = _need(key, "lognormal", p, ("median", "sigma"))
    if median <= 0 or sigma <= 0:
        raise InputError(f"{key}: lognormal needs median > 0 and sigma > 0, not {median:g} and {sigma:g}")
    return lambda u: np.asarray(median * np.exp(sigma * special.ndtri(u)))


def _uniform(key: str, p: Mapping[str, float]) -> Callable[[Array], Array]:
    low, high = _need(key, "uniform", p, ("low", "high"))
    if not low < high:
        raise InputError(f"{key}: uniform needs low < high, not {low:g} and {high:g}")
    return lambda u: low + (high - low) * u


def _triangular(key: str, p: Mapping[str, float]) -> Callable[[Array], Array]:
    low, mode, high = _need(key, "triangular", p, ("low", "mode", "high"))
    if not (low <= mode <= high and low < high):
        raise InputError(f"{key}: triangular needs low <= mode <= high, not {low:g}, {mode:g}, {high:g}")
    shape = (mode - low) / (high - low)

    def inverse(u: Array) -> Array:
        rising, falling = np.sqrt(shape * u), 1 - np.sqrt((1 - shape) * (1 - u))
        return np.where(u < shape, rising, falling) * (high - low) + low

    return inverse


def _beta_pert(key: str, p: Mapping[str, float]) -> Callable[[Array], Array]:
    """PERT (Malcolm et al. 1959): a beta on [low, high] with mean (low + 4 mode + high) / 6."""
    low, mode, high = _need(key, "beta-PERT", p, ("low", "mode", "high"))
    if not (low <= mode <= high and low < high):
        raise InputError(f"{key}: beta-PERT needs low <= mode <= high, not {low:g}, {mode:g}, {high:g}")
    a = 1 + 4 * (mode - low) / (high - low)
    b = 1 + 4 * (high - mode) / (high - low)
    return lambda u: np.asarray(special.betaincinv(a, b, u) * (high - low) + low)


_KINDS = {
    "normal": _normal,
    "lognormal": _lognormal,
    "uniform": _uniform,
    "triangular": _triangular,
    "beta-PERT": _beta_pert,
}


def _empirical(key: str, file: str) -> Callable[[Array], Array]:
    """The stepwise inverse of a sample: each value of the first column of a CSV has the same weight."""
    try:
        source = read_text(file)
        cells = [row[0] for _, row in records(source.text, source.name) if row[0].strip()]
    except InputError as error:
        raise InputError(f"{key}: {error}") from None
    try:
        values = np.sort(np.array([float(c) for c in cells]))
    except ValueError:
        try:
            values = np.sort(np.array([float(c) for c in cells[1:]]))
        except ValueError as error:
            raise InputError(f"{key}: {file}: {error}; the first column must hold numbers") from None
    if values.size == 0 or not np.all(np.isfinite(values)):
        raise InputError(f"{key}: {file}: holds no finite numbers")
    return lambda u: values[np.minimum((u * values.size).astype(int), values.size - 1)]


def make_distribution(
    key: str, kind: str, parameters: Mapping[str, float], *, unit: str = "", file: str = ""
) -> Distribution:
    """Make a distribution of a kind.

    >>> float(make_distribution("x", "triangular", {"low": 0, "mode": 1, "high": 2})(np.array([0.5]))[0])
    1.0

    Raises InputError for an unknown kind, or missing or impossible parameters.
    """
    if kind == "empirical":
        return Distribution(key, kind, (), unit, _empirical(key, file))
    if kind not in _KINDS:
        raise InputError(f"{key}: unknown distribution {kind!r}; {suggest(kind, [*_KINDS, 'empirical'])}")
    inverse = _KINDS[kind](key, parameters)
    return Distribution(key, kind, tuple(sorted((k, float(v)) for k, v in parameters.items())), unit, inverse)


def correlate(uniform: Array, correlation: Array) -> Array:
    """Give independent uniform columns the rank dependence of a Gaussian copula.

    With z = ppf(u) and L the Cholesky factor of the correlation matrix, returns cdf(z L^T); shape is kept.

    Raises InputError when the matrix is not a positive definite correlation matrix.
    """
    matrix = np.asarray(correlation, dtype=float)
    columns = uniform.shape[1]
    if matrix.shape != (columns, columns):
        raise InputError(f"the correlation matrix is {matrix.shape[0]} wide, but {columns} inputs vary")
    if not np.allclose(matrix, matrix.T) or not np.allclose(np.diag(matrix), 1.0):
        raise InputError("the correlation matrix must be symmetric with ones on its diagonal")
    try:
        factor = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        smallest = float(np.linalg.eigvalsh(matrix)[0])
        raise InputError(
            f"the correlation matrix is not positive definite (smallest eigenvalue {smallest:.3g});"
            " make the correlations weaker"
        ) from None
    return np.asarray(special.ndtr(special.ndtri(uniform) @ factor.T))

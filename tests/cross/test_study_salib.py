"""Sensitivity indices against SALib and against theory, on Ishigami and on a linear model."""

import numpy as np
import pytest
from SALib.analyze import morris as salib_morris
from SALib.analyze import sobol as salib_sobol

from clustersim.study.designs import morris_design, saltelli_design
from clustersim.study.sensitivity import morris_effects, sobol_indices

KEYS = ["x1", "x2", "x3"]
PROBLEM = {"num_vars": 3, "names": KEYS, "bounds": [[0.0, 1.0]] * 3}


def ishigami(u):  # type: ignore[no-untyped-def]
    x = -np.pi + 2 * np.pi * u
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def linear(u):  # type: ignore[no-untyped-def]
    return u @ np.array([1.0, 2.0, 3.0])


@pytest.mark.parametrize("model", [ishigami, linear])
def test_sobol_agrees_with_salib(model) -> None:  # type: ignore[no-untyped-def]
    base = 4096
    outputs = model(saltelli_design(base, 3, 1))
    ours = {i.key: i for i in sobol_indices(KEYS, outputs, 1)}
    # SALib interleaves the blocks point by point.
    interleaved = outputs.reshape(5, base)[[0, 2, 3, 4, 1]].T.ravel()
    theirs = salib_sobol.analyze(PROBLEM, interleaved, calc_second_order=False, num_resamples=10, seed=1)
    for i, key in enumerate(KEYS):
        assert ours[key].first == pytest.approx(theirs["S1"][i], abs=2e-3)
        assert ours[key].total == pytest.approx(theirs["ST"][i], abs=2e-3)


def test_sobol_agrees_with_theory() -> None:
    found = {i.key: i for i in sobol_indices(KEYS, ishigami(saltelli_design(8192, 3, 2)), 2)}
    # Saltelli et al. (2008), "Global Sensitivity Analysis: The Primer", section 4.2.
    for key, first, total in (("x1", 0.3139, 0.5576), ("x2", 0.4424, 0.4424), ("x3", 0.0, 0.2437)):
        assert found[key].first == pytest.approx(first, abs=0.01)
        assert found[key].total == pytest.approx(total, abs=0.01)
        assert abs(found[key].total - total) <= 2 * found[key].total_half_width + 1e-3


def test_linear_shares_are_the_squares_of_the_slopes() -> None:
    found = {i.key: i.total for i in sobol_indices(KEYS, linear(saltelli_design(2048, 3, 3)), 3)}
    for key, slope in zip(KEYS, (1.0, 2.0, 3.0), strict=True):
        assert found[key] == pytest.approx(slope**2 / 14, abs=0.01)


@pytest.mark.parametrize("model", [ishigami, linear])
def test_morris_agrees_with_salib(model) -> None:  # type: ignore[no-untyped-def]
    design = morris_design(50, 3, 4)
    outputs = model(design)
    ours = {e.key: e for e in morris_effects(KEYS, design, outputs)}
    theirs = salib_morris.analyze(PROBLEM, design, outputs, num_levels=4, seed=4)
    for i, key in enumerate(KEYS):
        assert ours[key].mu_star == pytest.approx(theirs["mu_star"][i], rel=1e-9)
        assert ours[key].sigma == pytest.approx(theirs["sigma"][i], rel=1e-9, abs=1e-9)

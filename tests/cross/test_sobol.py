"""Sobol' points and Latin hypercubes against SciPy's: the same bytes of the same generator."""

import numpy as np
import pytest
from scipy.stats import qmc

from clustersim.errors import InputError
from clustersim.study.designs import uniform_sample
from clustersim.study.sobol import latin_hypercube, sobol_points


@pytest.mark.parametrize(("bits", "columns"), [(0, 1), (1, 2), (3, 5), (8, 74), (4, 1111)])
def test_sobol_points_are_those_of_scipy(bits: int, columns: int) -> None:
    theirs = qmc.Sobol(columns, scramble=True, rng=np.random.default_rng(bits + 7)).random_base2(bits)
    np.testing.assert_array_equal(
        sobol_points(bits, columns, np.random.default_rng(bits + 7).spawn(1)[0]), theirs
    )


@pytest.mark.parametrize(("points", "columns"), [(1, 1), (10, 3), (257, 40)])
def test_latin_hypercubes_are_those_of_scipy(points: int, columns: int) -> None:
    theirs = qmc.LatinHypercube(columns, rng=np.random.default_rng(5)).random(points)
    np.testing.assert_array_equal(
        latin_hypercube(points, columns, np.random.default_rng(5).spawn(1)[0]), theirs
    )


def test_more_columns_than_there_are_numbers_for() -> None:
    with pytest.raises(InputError, match="sample by lhs"):
        uniform_sample("sobol", 4, 1112, 1)

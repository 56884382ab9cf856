"""Spaces, distributions and designs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustersim.errors import InfeasibleError, InputError
from clustersim.pipeline.chain import run_chain
from clustersim.schema.load_inputs import load_inputs
from clustersim.study.designs import uniform_sample
from clustersim.study.distributions import correlate, make_distribution
from clustersim.study.search import goal_seek, pareto_front, parse_constraint
from clustersim.study.space import Axis, full_grid, grid_point, parse_axis


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a", "write KEY="),
        ("a=", "write KEY="),
        ("a=1:2", "write lo:hi:n"),
        ("a=2:1:3", "range is empty"),
        ("a=1:1:3", "range is empty"),
        ("a=1:2:0", "range is empty"),
        ("a=log:0:1:3", "begin above zero"),
        ("a=1:2:x", "write lo:hi:n"),
        ("a=1,1", "stands twice"),
        ("a=1 GB/s:2 W:3", "not of one dimension"),
    ],
)
def test_bad_axes(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_axis(text)


def test_a_key_varied_twice_is_refused() -> None:
    with pytest.raises(InputError, match="varied twice"):
        full_grid([Axis("a", (1,)), Axis("a", (2,))])


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_grid_points_are_all_different_and_complete(sizes: list[int]) -> None:
    axes = [Axis(f"k{i}", tuple(range(n))) for i, n in enumerate(sizes)]
    points = {tuple(grid_point(axes, i).items()) for i in range(full_grid(axes))}
    assert len(points) == np.prod(sizes)


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        ("normal", {"mean": 0, "sd": 0}, "sd > 0"),
        ("uniform", {"low": 1, "high": 1}, "low < high"),
        ("triangular", {"low": 0, "mode": 3, "high": 2}, "low <= mode <= high"),
        ("beta-PERT", {"low": 0, "mode": -1, "high": 2}, "low <= mode <= high"),
        ("lognormal", {"median": -1, "sigma": 1}, "median > 0"),
        ("normal", {"mean": 0}, "needs sd"),
        ("normal", {"mean": 0, "sd": 1, "sdd": 1}, "no parameter 'sdd'"),
        ("gauss", {}, "unknown distribution"),
        ("normal", {"mean": float("nan"), "sd": 1}, "must be finite"),
    ],
)
def test_impossible_distributions(kind: str, parameters: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_distribution("x", kind, parameters)


def test_distributions_have_their_moments() -> None:
    u = uniform_sample("sobol", 4096, 1, 3)[:, 0]
    pert = make_distribution("x", "beta-PERT", {"low": 0, "mode": 1, "high": 4})(u)
    assert pert.mean() == pytest.approx((0 + 4 * 1 + 4) / 6, rel=1e-3)
    lognormal = make_distribution("x", "lognormal", {"median": 2, "sigma": 0.5})(u)
    assert np.median(lognormal) == pytest.approx(2, rel=1e-3)


def test_an_empirical_distribution_gives_back_its_sample(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "d.csv").write_text("value\n3\n1\n2\n", encoding="utf-8")
    d = make_distribution("x", "empirical", {}, file=str(tmp_path / "d.csv"))
    assert d(np.array([0.1, 0.5, 0.9])).tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(InputError, match="no such file"):
        make_distribution("x", "empirical", {}, file=str(tmp_path / "none.csv"))


def test_correlation_is_reached_and_checked() -> None:
    u = uniform_sample("sobol", 4096, 2, 1)
    both = correlate(u, np.array([[1, 0.8], [0.8, 1]]))
    from scipy.stats import norm

    assert np.corrcoef(norm.ppf(both).T)[0, 1] == pytest.approx(0.8, abs=0.02)
    with pytest.raises(InputError, match="not positive definite"):
        correlate(u, np.array([[1, 1.2], [1.2, 1]]))
    with pytest.raises(InputError, match="ones on its diagonal"):
        correlate(u, np.array([[2, 0], [0, 1]]))
    with pytest.raises(InputError, match="3 wide, but 2"):
        correlate(u, np.eye(3))


def test_a_longer_sobol_sample_begins_with_the_shorter() -> None:
    assert np.array_equal(uniform_sample("sobol", 256, 3, 5)[:64], uniform_sample("sobol", 64, 3, 5))


def test_goal_seek_finds_the_tariff_and_says_when_there_is_none() -> None:
    found = goal_seek(
        "nanjing-1024", "tco.tariff", "cny_per_card_hour", 5.5, low=0.1, high=3.0, unit="CNY/kWh", sets={}
    )
    run = run_chain(load_inputs("nanjing-1024", [f"tco.tariff={found!r} CNY/kWh"]), replications=0)
    assert run.own.tco.cny_per_card_hour == pytest.approx(5.5, rel=1e-9)
    with pytest.raises(InfeasibleError, match="is not reached"):
        goal_seek(
            "nanjing-1024", "tco.tariff", "cny_per_card_hour", 2.0, low=0.1, high=3.0, unit="CNY/kWh", sets={}
        )


def test_constraints() -> None:
    assert parse_constraint("x", ">= 0.5") == ("x", ">=", 0.5)
    with pytest.raises(InputError, match="must be like"):
        parse_constraint("x", "= 5")


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=40))
def test_the_front_is_what_brute_force_says(points: list[tuple[int, int]]) -> None:
    values = np.array(points, dtype=float)
    front = pareto_front(values)
    for i, row in enumerate(values):
        beaten = any((other <= row).all() and (other < row).any() for other in values)
        if front[i]:
            assert not beaten
        elif not beaten:  # equal points: one of them stands for all
            assert any(front[j] and (values[j] == row).all() for j in range(len(values)))

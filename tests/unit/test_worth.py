"""What it is worth to know: against brute force on small models, and the order of measuring."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import norm

import clustersim as cs
from clustersim.calibration.information import (
    Outcome,
    Signals,
    correlation_of,
    fitted_outcome,
    perfect,
    scores,
    shares,
    value_of,
)
from clustersim.calibration.worth import decision_of, order
from clustersim.errors import InputError

R = np.array([[1.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]])


def polynomial(z: np.ndarray) -> np.ndarray:
    """Return three unknowns with a product and a square."""
    return 3 * z[:, 0] + z[:, 1] - 2 * z[:, 2] + 0.8 * z[:, 0] * z[:, 2] + 0.5 * z[:, 1] ** 2


def drawn(count: int, seed: int = 0) -> np.ndarray:
    """Return correlated normal draws."""
    return np.random.default_rng(seed).standard_normal((count, 3)) @ np.linalg.cholesky(R).T


def nested(known: tuple[int, ...], outer: int = 1500, inner: int = 600) -> float:
    """Return Var E[Y | some unknowns] by a simulation in a simulation."""
    rng = np.random.default_rng(5)
    rest = [i for i in range(3) if i not in known]
    means = []
    for z in drawn(outer, 7):
        s = z[list(known)]
        gain = R[np.ix_(rest, known)] @ np.linalg.inv(R[np.ix_(known, known)])
        left = R[np.ix_(rest, rest)] - gain @ R[np.ix_(known, rest)]
        full = np.empty((inner, 3))
        full[:, list(known)] = s
        full[:, rest] = gain @ s + rng.standard_normal((inner, len(rest))) @ np.linalg.cholesky(left).T
        means.append(polynomial(full).mean())
    return float(np.var(means))


def test_shares_agree_with_brute_force_and_sum_to_the_whole() -> None:
    z = drawn(4000)
    found = shares(fitted_outcome(z, polynomial(z)), R)
    assert found.shapley.sum() + found.beyond == pytest.approx(1.0, abs=1e-9)
    total = float(polynomial(drawn(200_000, 1)).var())
    assert found.variance == pytest.approx(total, rel=0.02)
    value = {(): 0.0, (0, 1, 2): total}
    for size in (1, 2):
        for known in itertools.combinations(range(3), size):
            value[known] = nested(known, 500, 200)
    for i in range(3):
        assert found.first[i] == pytest.approx(value[(i,)] / total, abs=0.05)
        by_hand = sum(
            math.factorial(len(s)) * math.factorial(2 - len(s)) / 6
            * (value[tuple(sorted((*s, i)))] - value[s])
            for size in range(3) for s in itertools.combinations([j for j in range(3) if j != i], size)
        )  # fmt: skip
        assert found.shapley[i] == pytest.approx(by_hand / total, abs=0.05)


def test_any_marginal_and_what_is_beyond_the_second_degree_sum_as_well() -> None:
    rng = np.random.default_rng(2)
    x = np.column_stack([rng.exponential(1, 3000), rng.uniform(0, 1, 3000), rng.normal(0, 1, 3000)])
    y = np.exp(0.4 * x[:, 0]) + np.sign(x[:, 2]) * x[:, 1]
    z = scores(x)
    found = shares(fitted_outcome(z, y), correlation_of(z))
    assert found.shapley.sum() + found.beyond == pytest.approx(1.0, abs=1e-9)
    assert found.beyond > 0.02


def test_more_unknowns_than_are_counted_exactly_sum_as_well() -> None:
    rng = np.random.default_rng(4)
    z = rng.standard_normal((1500, 14))
    y = z @ np.linspace(2, 0.1, 14) + z[:, 0] * z[:, 1]
    found = shares(fitted_outcome(z, y), correlation_of(z))
    assert found.shapley.sum() + found.beyond == pytest.approx(1.0, abs=1e-9)
    assert np.all(np.diff(found.shapley[1:]) < 0.01)


def test_value_of_information_is_that_of_two_normal_options() -> None:
    """E max(X, c) - max(E X, c) of a normal X is known: sd (phi(k) + k Phi(k)) - max(k, 0) sd."""
    sd, mean = 2.0, 0.5
    options = {
        "a": Outcome(mean, np.array([sd, 0.0]), np.zeros((2, 2)), 0.0),
        "b": Outcome(0.0, np.zeros(2), np.zeros((2, 2)), 0.0),
    }
    k = mean / sd
    wanted = sd * (norm.pdf(k) + k * norm.cdf(k)) - mean
    assert value_of(options, np.eye(2), None, maximise=True) == pytest.approx(wanted, rel=0.01)
    assert value_of(options, np.eye(2), perfect([0], 2), maximise=True) == pytest.approx(wanted, rel=0.01)
    assert value_of(options, np.eye(2), perfect([1], 2), maximise=True) == pytest.approx(0.0, abs=1e-6)
    noisy = Signals(np.array([[1.0, 0.0]]), np.array([1.0]))  # half of the variance
    half = sd / math.sqrt(2)
    k = mean / half
    sample = half * (norm.pdf(k) + k * norm.cdf(k)) - mean
    assert value_of(options, np.eye(2), noisy, maximise=True) == pytest.approx(sample, rel=0.02)


def test_knowing_more_is_never_worth_less() -> None:
    rng = np.random.default_rng(8)
    options = {n: Outcome(0.1 * i, rng.normal(0, 1, 4), np.zeros((4, 4)), 0.0) for i, n in enumerate("abc")}
    values = [value_of(options, np.eye(4), perfect(list(range(n)), 4), maximise=False) for n in range(1, 5)]
    assert all(b >= a - 5e-3 for a, b in itertools.pairwise(values))
    assert values[-1] == pytest.approx(value_of(options, np.eye(4), None, maximise=False), rel=0.02)


def test_the_order_reaches_the_regret_of_random_orders_with_a_third() -> None:
    """Twelve unknowns of unlike weight, two options: what is left after k of ours, and after 3k by lot."""
    weights = np.array([2.0, 1.5, 1.0, *([0.12] * 9)])
    options = {
        "a": Outcome(0.2, weights, np.zeros((12, 12)), 0.0),
        "b": Outcome(0.0, np.zeros(12), np.zeros((12, 12)), 0.0),
    }
    signals = [(f"m{i}", Signals(np.eye(12)[[i]], np.array([0.2]))) for i in range(12)]

    def gain(s: Signals) -> float:
        return value_of(options, np.eye(12), s, maximise=True, draws=512)

    ours = [step.left for step in order(gain, signals)]
    rng = np.random.default_rng(0)
    by_lot = np.zeros(12)
    for _ in range(12):
        known = None
        for place, i in enumerate(rng.permutation(12)):
            known = signals[i][1] if known is None else known.together(signals[i][1])
            by_lot[place] += gain(known) / 12
    for k in (1, 2, 3):
        assert ours[k - 1] >= by_lot[3 * k - 1] * 0.99


def test_decisions_are_read_or_refused() -> None:
    assert decision_of("cluster.cards=512, 1024") == ("cluster.cards", ("512", "1024"))
    for text in ("cluster.cards=512", "x", "a=1,1"):
        with pytest.raises(InputError, match="--decide"):
            decision_of(text)


def test_a_scenario_is_asked_and_an_unknown_output_refused() -> None:
    found = cs.load("br166-1024").worth("cny_per_card_hour", draws=128).to_dict()
    assert found["shapley_sum"] == pytest.approx(1.0, abs=1e-6)
    assert found["unknowns"][0]["unknown"] in {
        "cards.BR166M.price",
        "tco.maintenance",
        "prices.parts.server-oam8",
    }
    names = [m["measurement"] for m in found["measurements"]]
    assert "price of BR166M" in names and found["order"][0]["gain_so_far"] > 0
    assert math.isfinite(float(ndtri(0.5)))
    with pytest.raises(InputError, match="--output cny_per_mile"):
        cs.load("br166-1024").worth("cny_per_mile", draws=128)

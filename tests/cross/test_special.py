"""The package's own special functions agree with SciPy's."""

import numpy as np
import pytest
from scipy import optimize, stats
from scipy import special as theirs

from clustersim import gamma, special


def shapes(seed: int, count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Shapes from 1e-6 to 1e5 with values far from them and within some deviations of them."""
    rng = np.random.default_rng(seed)
    a = 10 ** rng.uniform(-6, 5, count)
    near = np.maximum(a + rng.normal(size=count) * 3.0 * np.sqrt(a), 0.0)
    return a, np.where(rng.random(count) < 0.5, near, a * 10 ** rng.normal(0.0, 0.5, count))


@pytest.mark.parametrize("name", ["gammainc", "gammaincc"])
@pytest.mark.parametrize("seed", [1, 2])
def test_incomplete_gamma(name: str, seed: int) -> None:
    a, x = shapes(seed)
    found = getattr(gamma, name)(a, x)
    assert np.max(np.abs(found - getattr(theirs, name)(a, x))) < 2e-13
    assert np.all((found >= 0.0) & (found <= 1.0))


def test_incomplete_gamma_at_its_ends() -> None:
    assert gamma.gammainc(3.0, 0.0) == 0.0 and gamma.gammaincc(3.0, 0.0) == 1.0
    assert gamma.gammainc(0.5, np.inf) == 1.0 and gamma.gammainc(100.0, np.inf) == 1.0
    assert np.shape(gamma.gammainc([1.0, 2.0], [[1.0], [2.0], [3.0]])) == (3, 2)
    assert np.shape(gamma.gammainc(np.empty(0), 1.0)) == (0,)


@pytest.mark.parametrize("count", [1, 7, 160, 161, 5000])
def test_a_share_has_the_same_bits_in_any_array(count: int) -> None:
    a, x = shapes(3, 5000)
    whole = gamma.gammainc(a, x)
    for first in range(0, a.size, max(count, 50)):
        some = slice(first, first + count)
        assert gamma.gammainc(a[some], x[some]).tobytes() == whole[some].tobytes()
    shared = gamma.gammainc(a[:40, None], x[None, :500])
    assert shared.ravel().tobytes() == gamma.gammainc(np.repeat(a[:40], 500), np.tile(x[:500], 40)).tobytes()


def test_terms_that_are_left_out_are_nothing_in_the_digits() -> None:
    """Where the form with the fewest terms is taken, and beside it: around its shape, and far above it."""
    for a in [1e-3, 0.05, 0.3, 0.999, 1.0, 1.5, 2.0, 4.7, 11.3, 25.6, 39.99]:
        x = np.concatenate([np.geomspace(1e-9, 1.0, 200), np.linspace(0.0, 6.0 * a + 60.0, 6000)])
        assert np.max(np.abs(gamma.gammainc(a, x) - theirs.gammainc(a, x))) < 5e-14


def test_normal_distribution_to_its_far_tails() -> None:
    x = np.concatenate([np.linspace(-36.0, 8.0, 3001), [0.0]])
    assert np.max(np.abs(special.ndtr(x) / theirs.ndtr(x) - 1.0)) < 1e-11
    p = np.concatenate([10.0 ** np.linspace(-300, -1, 600), np.linspace(0.01, 0.99, 999)])
    p = p[p != 0.5]
    assert np.max(np.abs(special.ndtri(p) / theirs.ndtri(p) - 1.0)) < 1e-13
    assert special.ndtri(0.0) == -np.inf and special.ndtri(1.0) == np.inf and special.ndtri(0.5) == 0.0


def test_log_gamma() -> None:
    x = 10.0 ** np.linspace(-8, 6, 5000)
    want = theirs.gammaln(x)
    assert np.max(np.abs(gamma.gammaln(x) - want) / np.maximum(1.0, np.abs(want))) < 2e-14


@pytest.mark.parametrize("n", [0, 1, 7, 400])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95, 0.999])
def test_quantiles(n: int, share: float) -> None:
    assert 2.0 * gamma.gammaincinv(n + 1, share) == pytest.approx(stats.chi2.ppf(share, 2 * n + 2), rel=1e-10)
    for mean in (0.0, 0.3, n + 0.5, 37.2 * (n + 1)):
        assert gamma.poisson_quantile(share, mean) == stats.poisson.ppf(share, mean)


def test_rank_correlation_with_ties() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        first, second = rng.integers(0, 6, 12).astype(float), rng.integers(0, 6, 12).astype(float)
        want = stats.spearmanr(first, second).statistic
        assert special.rank_correlation(first.tolist(), second.tolist()) == pytest.approx(want, abs=1e-14)


def test_roots() -> None:
    for shift in np.linspace(-0.9, 0.9, 37):
        for f in (
            lambda x, s=shift: x**3 - s,
            lambda x, s=shift: np.tanh(40 * (x - s)),
            lambda x, s=shift: x - s,
        ):
            want = optimize.brentq(f, -1.0, 1.0, xtol=1e-14)
            assert special.root(f, -1.0, 1.0, within=1e-12) == pytest.approx(want, abs=2e-12)


@pytest.mark.parametrize("seed", range(4))
def test_quantiles_are_numpys_to_the_bit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for size in (1, 2, 3, 10, 200, 255, 256):
        shares = [0.0, 0.005, 0.1, 0.5, 0.9, 0.995, 1.0, *rng.random(20)]
        for values in (
            rng.lognormal(0.0, 3.0, size),
            rng.integers(0, 3, size) / 7.0,
            -rng.random(size) * 1e300,
        ):
            assert special.quantiles(values, shares).tobytes() == np.quantile(values, shares).tobytes()
        broken = np.where(np.arange(size) == size // 2, np.nan, 1.0)
        assert (
            np.isnan(special.quantiles(broken, shares)).all() and np.isnan(np.quantile(broken, shares)).all()
        )

"""The simulator against queueing theory: M/M/c, M/D/1 and M/G/1 waiting times within confidence intervals."""

from math import factorial

import numpy as np
import pytest
from scipy.stats import t as student

from clustersim.des.serving.arrivals import arrival_times
from clustersim.des.serving.book import Requests
from clustersim.des.serving.cluster import simulate
from clustersim.des.serving.metrics import records
from clustersim.des.serving.rules import Batching, ReplicaCost
from clustersim.des.serving.settings import Pool

RUNS, COUNT = 10, 12_000


def erlang_c_wait(rate: float, service: float, servers: int) -> float:
    """Mean wait of M/M/c (Erlang 1917)."""
    load = rate * service
    top = load**servers / factorial(servers) / (1 - load / servers)
    busy = top / (sum(load**k / factorial(k) for k in range(servers)) + top)
    return busy * service / (servers - load)


def agrees(waits: list[float], theory: float) -> bool:
    """99.9 % interval over independent runs, widened by half a percent for the tick of time."""
    mean, half = (
        np.mean(waits),
        student.ppf(0.9995, len(waits) - 1) * np.std(waits, ddof=1) / len(waits) ** 0.5,
    )
    return abs(mean - theory) <= half + 0.005 * theory


def single_server_waits(services_of, rho: float) -> list[float]:
    """Batch of one, answers of one token: an iteration is one request, and its length the prompt's."""
    waits = []
    for seed in range(RUNS):
        rng = np.random.default_rng(seed)
        lengths = services_of(rng)
        tick = 1e-4
        cost = ReplicaCost((0.0, tick), tick, 0.0, 0.0, 0.0, 10**9)
        rules = Batching(max_tokens=1, max_sequences=1, chunked=False, mixed=False)
        arrivals = arrival_times(COUNT, rate=rho, rng=rng)
        run = simulate(
            Requests(arrivals, lengths, np.ones(COUNT, dtype=int)), Pool(1, cost, rules), log=False
        )
        rows = records(run)
        waits.append(float(np.mean(rows["e2e_s"] - lengths * tick)[()]))
    return waits


@pytest.mark.parametrize("rho", [0.5, 0.8])
def test_constant_service_is_m_d_1(rho: float) -> None:
    waits = single_server_waits(lambda rng: np.full(COUNT, 10_000), rho)
    assert agrees(waits, rho / (2 * (1 - rho)))


@pytest.mark.parametrize("rho", [0.5, 0.7])
def test_lognormal_service_is_m_g_1(rho: float) -> None:
    """Pollaczek-Khinchine: W = lambda E[S^2] / (2 (1 - rho))."""
    cv = 0.6
    sigma = np.log1p(cv**2) ** 0.5

    def services(rng):
        return np.maximum(np.rint(1e4 * rng.lognormal(-(sigma**2) / 2, sigma, COUNT)), 1).astype(int)

    assert agrees(single_server_waits(services, rho), rho * (1 + cv**2) / (2 * (1 - rho)))


@pytest.mark.parametrize(("servers", "rho"), [(1, 0.6), (3, 0.8)])
def test_exponential_service_in_c_slots_is_m_m_c(servers: int, rho: float) -> None:
    """c sequences decode side by side at a pace that does not depend on their number: c servers, one queue."""
    tick, waits = 1e-3, []
    for seed in range(RUNS):
        rng = np.random.default_rng(100 + seed)
        outputs = np.maximum(np.rint(rng.exponential(1.0, COUNT) / tick), 1).astype(int)
        cost = ReplicaCost(tuple([tick] * (servers + 3)), 0.0, 0.0, 0.0, 0.0, 10**9)
        rules = Batching(max_tokens=servers + 2, max_sequences=servers)
        arrivals = arrival_times(COUNT, rate=rho * servers, rng=rng)
        run = simulate(
            Requests(arrivals, np.ones(COUNT, dtype=int), outputs), Pool(1, cost, rules), log=False
        )
        waits.append(float(np.mean(records(run)["e2e_s"] - outputs * tick)))
    # An arrival waits half a tick on average for the iteration to end.
    assert agrees([w - tick / 2 for w in waits], erlang_c_wait(rho * servers, 1.0, servers))

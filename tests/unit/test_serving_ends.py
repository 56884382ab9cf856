"""Clear ends of serving: what never fits, a closed loop's verdict, failures that meet autoscaling."""

import warnings

import numpy as np
import pytest

from clustersim.des.serving.arrivals import draw_requests
from clustersim.des.serving.book import Requests
from clustersim.des.serving.capacity import best_reachable, closed_loop_verdict, verdict
from clustersim.des.serving.cluster import simulate
from clustersim.des.serving.fit import fewest_cards, misfit
from clustersim.des.serving.metrics import summarise
from clustersim.des.serving.rules import Batching, ReplicaCost
from clustersim.des.serving.run import counts
from clustersim.des.serving.settings import Autoscale, ClosedLoop, Failures, Pool
from clustersim.errors import InfeasibleError

COST = ReplicaCost(tuple(0.012 + 7e-5 * n for n in range(2305)), 7e-5, 1.2e-7, 1e-10, 5e-6, 98_000)
POOL = Pool(1, COST, Batching(2048, 256))
LARGE = Requests(np.arange(60) * 2.0, np.full(60, 150_000), np.full(60, 500))


def test_what_never_fits_is_named_and_warns_of_nothing() -> None:
    found = misfit(LARGE, POOL)
    assert found is not None and found.all
    assert (found.prompt_tokens, found.cache_tokens, found.needed_tokens) == (150_000, 98_000, 150_501)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = simulate(LARGE, POOL)
        said = verdict(LARGE, lambda r: simulate(r, POOL), unfit=found)
        assert summarise(run).rejected == counts(run)["rejected"] == 60
        with pytest.raises(InfeasibleError, match="none of the requests can be served"):
            best_reachable(LARGE, lambda r: simulate(r, POOL))
    assert said.kind == "never_fits" and not said.overloaded
    assert "150000" in said.text and "98000" in said.text and "queue" not in said.text
    with pytest.raises(InfeasibleError, match="fewest cards of a replica that hold it: 16"):
        raise found.error(fewest_cards(found.needed_tokens, (8, 16, 32), {8: 98_000, 16: 300_000}.get))


def test_a_few_that_do_not_fit_leave_the_verdict_to_the_rest() -> None:
    some = Requests(LARGE.arrival, np.where(np.arange(60) % 20, 1000, 150_000), LARGE.output)
    found = misfit(some, POOL)
    assert found is not None and (found.requests, found.of) == (3, 60)
    said = verdict(some, lambda r: simulate(r, POOL), unfit=found)
    assert said.kind == "stable" and "3 of 60 requests are rejected" in said.text
    assert misfit(Requests(LARGE.arrival, np.full(60, 10), np.full(60, 10)), POOL) is None


def test_a_closed_loop_is_never_overloaded_but_may_be_saturated() -> None:
    few, many = (
        closed_loop_verdict(ClosedLoop(n, 0.0), served_per_s=2.0, unloaded_s=4.0, sustainable=10.0)
        for n in (8, 400)
    )
    assert not few.overloaded and "more users raise the rate" in few.text
    assert many.overloaded and "saturated" in many.text
    assert few.sustainable_per_s == many.sustainable_per_s == pytest.approx(9.8)


def test_a_failed_replica_is_stood_in_for_by_autoscaling() -> None:
    requests = draw_requests(3000, rate=20, prompt_mean=500, output_mean=200, rng=np.random.default_rng(1))
    scale = Autoscale(2, 8, 12.0, 5.0, 10.0)

    def run(failures: Failures | None, autoscale: Autoscale | None):
        return simulate(
            requests, Pool(2, COST, Batching(2048, 256)), router="least_loaded", failures=failures,
            autoscale=autoscale, rng=np.random.default_rng(2),
        )  # fmt: skip

    rule = Failures(40.0, 60.0, max_retries=10)
    alone, both, calm = run(rule, None), run(rule, scale), run(None, scale)
    assert counts(both)["in_flight"] == 0 and counts(both)["completed"] == 3000
    assert both.failures > 0
    mean = {
        name: summarise(r).e2e_s["mean"] for name, r in (("alone", alone), ("both", both), ("calm", calm))
    }
    assert mean["calm"] < mean["both"] < mean["alone"]
    assert run(rule, scale).book.finish.tobytes() == both.book.finish.tobytes()

"""The closed form against simulation over the stored grid; a sample of the grid answered anew."""

import json

import numpy as np
import pytest
import serving_grid as grid
from scipy.stats import binom

from clustersim.des.serving.closed_form import closed_form, fleet_of
from clustersim.des.serving.fluid_inputs import traffic_of
from clustersim.des.serving.fluid_verdict import LEAST_FALL
from clustersim.des.serving.metrics import Slo

STORED = json.loads(grid.ANSWERS.read_text())
POINTS = {point.index: point for point in grid.points()}
ANSWERED = [row for row in STORED["rows"] if "infeasible" not in row]


UNSEEN = json.loads(grid.UNSEEN.read_text())


@pytest.fixture(scope="module")
def compared() -> list[dict[str, float]]:
    """The relative error of the closed form at every answered point, and whether it says that it holds."""
    return [compared_at(POINTS[row["index"]], row) for row in ANSWERED]


def compared_at(point: grid.Point, row: dict) -> dict[str, float]:
    fleet = fleet_of(*grid.pools(point), router="least_loaded")
    traffic, level = traffic_of(grid.stream(point)), Slo(**row["slo"])
    best = closed_form(fleet, traffic, level)
    there = closed_form(fleet, traffic, level, rate_per_s=row["figures"]["rate"])
    figures = row["figures"]
    return {
        "index": row["index"],
        "bursty": float(point.burstiness >= 2),
        "poisson": float(point.burstiness == 1),
        "split": float(point.decode_replicas > 0),
        "cache": float(best.limited_by[0] == "cache"),
        "tight": float(point.tpot_factor < 2),
        "holds": float(best.slo_holds[0]),
        "fall": best.slo_fall[0],
        "unsure": row["share_error"] / max(best.slo_fall[0], 1e-9),
        "figures_hold": float(there.holds[0]),
        "saturated": best.saturated_per_s[0] / row["saturated"] - 1,
        "rate": best.rate_at_slo_per_s[0] / row["rate_at_slo"] - 1,
        "tpot": there.tpot_s["mean"][0] / figures["tpot_s_mean"] - 1,
        "ttft": there.ttft_s["mean"][0] / figures["ttft_s_mean"] - 1,
        "e2e": there.e2e_s["p90"][0] / figures["e2e_s_p90"] - 1,
        "input_share": there.input_share[0] - figures["input_share"],
    }


def errors(rows: list[dict[str, float]], name: str, where: str) -> np.ndarray:
    return np.abs([row[name] for row in rows if row[where]])


def test_the_stored_answers_are_the_ones_that_were_computed() -> None:
    assert grid.digest(STORED["rows"]) == STORED["digest"]
    assert len(ANSWERED) >= 300
    assert {row["index"] for row in STORED["rows"]} <= set(POINTS)


@pytest.mark.full
def test_rate_at_the_slo_and_cost_per_token_where_the_form_holds(compared) -> None:
    """The cost per token at the rate is the card-hours over the rate: the error of one is that of the other."""
    rate = errors(compared, "rate", "holds")
    assert len(rate) >= 90
    assert np.median(rate) <= 0.05
    assert np.quantile(rate, 0.95) <= 0.12
    cost = np.abs([1 / (1 + row["rate"]) - 1 for row in compared if row["holds"]])
    assert np.median(cost) <= 0.05
    assert np.quantile(cost, 0.95) <= 0.12


@pytest.mark.full
def test_points_that_nobody_looked_at_are_as_good(compared) -> None:
    """No constant and no form came from these: one in twenty may be beyond, and so by chance a few more of so few."""
    rate = np.sort([abs(r["rate"]) for r in compared if r["holds"] and r["index"] >= grid.LOOKED_AT])
    assert len(rate) >= 25
    assert np.median(rate) <= 0.05
    assert np.sum(rate > 0.12) <= binom.ppf(0.95, len(rate), 0.05)


@pytest.fixture(scope="module")
def unseen() -> list[dict[str, float]]:
    return [compared_at(grid.point(row["index"]), row) for row in UNSEEN["rows"]]


def good_enough(rate: np.ndarray) -> None:
    """The issue's bound: five per cent in the median, twelve at the 95th percentile."""
    assert np.median(rate) <= 0.05
    assert np.quantile(rate, 0.95) <= 0.12
    print(f"{len(rate)} points: median {np.median(rate):.3f}, 95th percentile {np.quantile(rate, 0.95):.3f}")


@pytest.mark.full
def test_points_drawn_after_the_form_was_fixed(unseen) -> None:
    """From `LAST_LOOKED` on no constant was chosen: the points were drawn and answered by simulation before they were
    compared. Those of Poisson streams chose no form either. The bursty ones did: some five variants of what bursts do
    were compared on all of them, so that all points together are held to the bound, and are no test of bursts."""
    assert grid.digest(UNSEEN["rows"]) == UNSEEN["digest"]
    late = [r for r in unseen if r["holds"] and r["index"] >= grid.LAST_LOOKED]
    poisson = np.abs([r["rate"] for r in late if r["poisson"]])
    assert len(poisson) >= 80
    good_enough(poisson)
    good_enough(np.abs([r["rate"] for r in late]))


@pytest.mark.full
def test_three_hundred_points_where_the_form_holds(compared, unseen) -> None:
    """All stored points together, and the cost of a token, which goes with one over the rate."""
    rate = np.array([r["rate"] for r in [*compared, *unseen] if r["holds"]])
    assert len(rate) >= 300
    good_enough(np.abs(rate))
    good_enough(np.abs(1.0 / (1.0 + rate) - 1.0))


@pytest.mark.parametrize("kind", ["bursty", "split", "cache", "tight"])
@pytest.mark.full
def test_the_form_holds_over_every_kind_of_point(compared, unseen, kind) -> None:
    """Of all stored points: each kind is there, and no more of it is beyond twelve per cent than chance makes of one in
    twenty."""
    rate = np.abs([row["rate"] for row in [*compared, *unseen] if row["holds"] and row[kind]])
    assert len(rate) >= 20
    assert np.median(rate) <= 0.05
    assert np.sum(rate > 0.12) <= binom.ppf(0.95, len(rate), 0.05)


@pytest.mark.full
def test_what_bursts_leave_to_the_simulation_is_ill_posed(compared) -> None:
    """Few bursty points are held, since bursts flatten the share over the rate: nearly all that are left hardly depend
    on it, and what simulation says of their rate (its share's error over the fall) is half as sure as elsewhere."""
    left = [row for row in compared if row["bursty"] and not row["holds"]]
    flat = [row for row in left if row["fall"] < LEAST_FALL]
    assert len(flat) >= 0.9 * len(left) >= 100
    held = np.median([row["unsure"] for row in compared if row["holds"]])
    assert np.median([row["unsure"] for row in flat]) >= 2.0 * held


@pytest.mark.full
def test_saturation_pace_and_the_split_of_cost_where_the_figures_hold(compared) -> None:
    limits = {
        "saturated": (0.02, 0.10), "tpot": (0.02, 0.10), "ttft": (0.07, 0.35), "e2e": (0.04, 0.15),
        "input_share": (0.01, 0.06),
    }  # fmt: skip
    for name, (middle, most) in limits.items():
        found = errors(compared, name, "figures_hold")
        assert np.median(found) <= middle, name
        assert np.quantile(found, 0.95) <= most, name


def _same(row: dict) -> None:
    again = grid._rounded(grid.answer(POINTS[row["index"]]))
    for name in ("saturated", "rate_at_slo", "share"):
        assert again[name] == pytest.approx(row[name], rel=1e-4), (row["index"], name)


@pytest.mark.parametrize("row", ANSWERED[3::120], ids=lambda row: str(row["index"]))
def test_a_sample_is_answered_anew(row) -> None:
    _same(row)


@pytest.mark.full
@pytest.mark.parametrize("row", ANSWERED[7::24], ids=lambda row: str(row["index"]))
def test_a_larger_sample_is_answered_anew(row) -> None:
    _same(row)

"""Calibration: what a factor does, what a surrogate is, what one wrong row may move, and what is kept of a stop."""

from __future__ import annotations

import json

import numpy as np
import pytest
import yaml

from clustersim.assemble.calibrated import (
    calibrated_card,
    calibrated_engine,
    calibrated_network,
    calibrated_stack,
)
from clustersim.assemble.parts import card_spec
from clustersim.calibration.calibrate import calibrate
from clustersim.calibration.constants import FACTORS, signs
from clustersim.calibration.overlay import profile_text, study_text
from clustersim.calibration.posterior import fit, free_factors
from clustersim.calibration.rows import domain_of, read_data
from clustersim.calibration.store import Store
from clustersim.errors import InputError
from clustersim.perf.plan import TUNED_SOFTWARE
from clustersim.perf.serving_engine import Efficiency
from clustersim.schema.calibrated import CalibratedProfile
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.profiles import load_card
from clustersim.validation.domains import read_rows, shipped_file
from tests.support.calibration import PRIOR, made, measured, shifts

ENGINE = Efficiency(0.6, 0.8, 0.4, 0.8, 1e-5, 1e-3, 1e-5, 1e-5, 0.02, 0.7, 1e-5, 1e-6)


def table(domain: str, card: str) -> list[tuple[str, str, list[dict[str, str]]]]:
    """Return the shipped rows of a domain that name a card."""
    rows = [dict(r) for r in read_rows(shipped_file(domain)).rows]
    return [(domain, domain, [r for r in rows if card in (r.get("gpu"), r.get("card"))])]


def test_absent_factors_change_nothing() -> None:
    card = card_spec(load_card("H20"))
    assert calibrated_card(card, None) is card
    assert calibrated_card(card, CalibratedProfile()) == card
    assert calibrated_engine(ENGINE, CalibratedProfile()) == ENGINE
    assert calibrated_stack(TUNED_SOFTWARE, CalibratedProfile()) == TUNED_SOFTWARE


@pytest.mark.parametrize("name", FACTORS)
def test_a_factor_moves_something_its_own_way(name: str) -> None:
    """A rate's factor raises shares, a time's lengthens times; no share passes 1."""
    for value in (0.5, 1.1, 50.0):
        found = CalibratedProfile.model_validate({name: value}, context={"require_source": False})
        before = (load_inputs("h20-1024", with_incumbent=False).parts, TUNED_SOFTWARE, ENGINE)
        card = card_spec(before[0].card)
        from clustersim.assemble.parts import network_spec

        network = network_spec(load_inputs("h20-1024", with_incumbent=False))
        after = [
            calibrated_card(card, found), calibrated_network(network, found), calibrated_engine(ENGINE, found),
            calibrated_stack(TUNED_SOFTWARE, found),
        ]  # fmt: skip
        assert after != [card, network, ENGINE, TUNED_SOFTWARE]
        assert (
            after[0].gemm_efficiency <= 1 and after[1].scale_up_efficiency <= 1 and after[3].dp_overlap <= 1
        )
        if value == 50.0:
            continue
        faster = (value > 1) == (name in FACTORS[:6])
        from clustersim.workloads.training import step_of, train_job

        inputs = load_inputs("h20-1024", {f"cards.H20.calibrated.{name}": value}, with_incumbent=False)
        plain = load_inputs("h20-1024", with_incumbent=False)
        plan = {"tp": 8, "pp": 8, "dp": 16, "micro_batch": 1}
        work = plain.scenario.demand["pretrain"]
        from clustersim.schema.training import PlanSection

        work = work.model_copy(update={"plan": PlanSection(**plan)})
        mine, theirs = (step_of(work, train_job(i, work)).step_time_s for i in (inputs, plain))
        assert mine <= theirs * (1 + 1e-12) if faster else mine >= theirs * (1 - 1e-12)


def test_a_surrogate_of_added_parts_is_exact() -> None:
    rng = np.random.default_rng(1)
    _, truth = made(rng, 6)
    z = 0.5 * rng.standard_normal(len(FACTORS))
    parts = truth.shares * np.exp(z * signs())
    exact = truth.log_time + np.log(1 - truth.shares.sum(axis=1) + parts.sum(axis=1))
    assert np.allclose(truth.log_times(z), exact)
    step = 1e-6 * np.eye(len(FACTORS))
    numeric = np.array([(truth.log_times(z + s) - truth.log_times(z - s)) / 2e-6 for s in step]).T
    assert np.allclose(truth.slopes(z), numeric, atol=1e-6)


def test_rows_that_see_a_factor_find_it() -> None:
    rng = np.random.default_rng(3)
    rows, truth = made(rng, 40)
    z = np.zeros(len(FACTORS))
    z[FACTORS.index("matrix")] = 0.3
    given = measured(rng, rows, truth, z)
    prior = np.where(free_factors(given, truth, PRIOR), PRIOR, 0.0)
    found = fit(given, truth, prior)
    at = FACTORS.index("matrix")
    assert abs(found.mean[at] - 0.3) < 2.5 * np.sqrt(found.cov[at, at])
    assert np.sqrt(found.cov[at, at]) < 0.7 * PRIOR[at]
    assert prior[FACTORS.index("scale_out")] == 0.0  # no row sees it


@pytest.mark.parametrize("factor", [10.0, 1000.0])
def test_one_wrong_row_moves_no_factor_far(factor: float) -> None:
    assert max(shifts(0, factor).values()) < 1.0


def test_domains_are_told_by_columns_and_others_refused(tmp_path) -> None:
    assert domain_of(["gpu", "collective", "busbw_GBs"]) == "collectives"
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    with pytest.raises(InputError, match="columns are those of no measured rows"):
        read_data([tmp_path / "a.csv"])


def test_operators_calibrate_a_card_and_name_what_is_wrong(tmp_path) -> None:
    """FlagPerf's products of the A100: one row is in TF32 and called FP32."""
    card = load_card("A100-40G")
    found = calibrate(card, table("operators", "A100-40G"), draws=200)
    by = {f.name: f for f in found.factors}
    assert by["matrix"].says == "identified" and abs(np.log(by["matrix"].median)) < 0.06
    assert by["scale_out"].says == "not seen" and by["request"].says == "not seen"
    wrong = {row.id: row for row, right in zip(found.used, found.fitted.right, strict=True) if right < 0.5}
    # Products in FP32 use other units than those that the efficiency was found on; no other row is put aside.
    assert "fp-op-0496" in wrong and {row.words["dtype"] for row in wrong.values()} == {"FP32"}
    text = profile_text(found, ["a.csv"])
    (tmp_path / "A100-40G.yaml").write_text(text)
    again = load_card(str(tmp_path / "A100-40G.yaml"))
    assert again.calibrated is not None and again.calibrated.matrix is not None
    assert again.efficiency.gemm is not None and again.efficiency.gemm.low is None
    study = yaml.safe_load(study_text(found))
    assert study["kind"] == "mc" and "cards.A100-40G.calibrated.matrix" in study["inputs"]


def test_a_stop_loses_nothing(tmp_path) -> None:
    """Interrupted after some runs, the same rows give the same answer and no run is made twice."""
    card, rows = load_card("A100-40G"), table("operators", "A100-40G")
    file = tmp_path / ".store.jsonl"
    done: list[int] = []

    def stop(at: int, of: int) -> None:
        done.append(at)
        if at == 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        calibrate(card, rows, store=Store(file), tell=stop)
    kept = file.read_text().splitlines()
    assert len(kept) == 30
    file.write_text("\n".join(kept[:-1]) + "\n" + kept[-1][:20])  # the last line was cut off
    resumed = calibrate(card, rows, draws=60, store=Store(file))
    fresh = calibrate(card, rows, draws=60)
    assert resumed.taken == 29 and np.array_equal(resumed.drawn.z, fresh.drawn.z)


def test_a_card_without_rows_is_told_why() -> None:
    with pytest.raises(InputError, match="no row can be predicted of BR104"):
        calibrate(load_card("BR104"), table("operators", "A100-40G"))


def test_draws_of_factors_are_correlated_as_found() -> None:
    from clustersim.planner.factors import factor_draws
    from clustersim.planner.uncertain_inputs import ranged_inputs

    card = load_card("H20").model_copy(
        update={
            "calibrated": CalibratedProfile.model_validate(
                {
                    "matrix": {"value": 1.1, "low": 1.0, "high": 1.2, "source": "x", "tier": "derived"},
                    "memory": {"value": 0.9, "low": 0.8, "high": 1.0, "source": "x", "tier": "derived"},
                    "correlation": {"matrix": {"memory": -0.8}},
                },
                context={"require_source": True},
            )
        }
    )
    from dataclasses import replace

    inputs = load_inputs("h20-1024", with_incumbent=False)
    inputs = replace(inputs, parts=replace(inputs.parts, card=card))
    drawn = factor_draws(ranged_inputs(inputs), [inputs], 4000, 1)
    a, b = (np.log(drawn[f"cards.H20.calibrated.{name}"]) for name in ("matrix", "memory"))
    assert abs(np.corrcoef(a, b)[0, 1] + 0.8) < 0.05
    assert abs(np.quantile(np.exp(b), 0.1) - 0.8) < 0.02


def test_calibrated_errors_narrow_the_band_of_their_software_alone() -> None:
    from dataclasses import replace

    from clustersim.intervals.draws import predicted_of

    inputs = load_inputs("serve-qwen3-32b", with_incumbent=False)
    work = next(iter(inputs.scenario.demand))
    plain = predicted_of(inputs, work)
    assert plain is not None
    errors = {"throughput": {"log_ratio": [0.02, -0.03, 0.01] * 6, "voices": 4, "software": [plain.software]}}
    for software, narrower in ((plain.software, True), ("another", False)):
        errors["throughput"]["software"] = [software]
        card = inputs.parts.card.model_copy(
            update={
                "calibrated": CalibratedProfile.model_validate(json.loads(json.dumps({"errors": errors})))
            }
        )
        mine = predicted_of(replace(inputs, parts=replace(inputs.parts, card=card)), work)
        assert mine is not None
        width = [np.ptp(p.unit.quantile([0.1, 0.9])) for p in (mine, plain)]
        assert bool(width[0] < 0.5 * width[1]) is narrower

"""Serving at many points at once: each is its own run, and all of them take the closed form together."""

import numpy as np
import pytest

from clustersim.batch import Question
from clustersim.columns import Varied
from clustersim.pipeline.site import run_site
from clustersim.schema.load_inputs import load_inputs


def question(name: str) -> Question:
    def run(inputs) -> dict[str, float]:
        site = run_site(inputs)
        work = site.works[0]
        return {"cost": site.cny_per_unit(site.main), **work.service, **work.rates, **work.terms}

    return Question(lambda point: load_inputs(name, point, with_incumbent=False), run)


@pytest.mark.parametrize(
    ("scenario", "card"), [("serve-qwen3-32b", "BR106M"), ("serve-deepseek-v3", "BR166M")]
)
def test_a_point_of_a_batch_is_its_own_run(scenario: str, card: str) -> None:
    rng, count = np.random.default_rng(3), 5
    varied = {
        f"cards.{card}.memory.bandwidth": Varied(rng.uniform(1.9, 2.4, count), "TB/s"),
        "tco.tariff": Varied(rng.uniform(0.3, 0.9, count), "CNY/kWh"),
        "demand.chat.slo.tpot": Varied(rng.uniform(60, 90, count), "ms"),
    }
    asked = question(scenario)
    together = asked.answers(varied, count)
    assert not together.errors
    alone = asked.alone({key: values.text(3) for key, values in varied.items()})
    for name, value in alone.items():
        assert together.columns[name][3] == pytest.approx(value, rel=1e-12), name
    assert len(set(together.columns["cost"])) == count


def test_points_of_one_plan_do_not_run_one_by_one() -> None:
    count = 4
    varied = {"cards.BR106M.memory.bandwidth": Varied(np.linspace(2.0, 2.2, count), "TB/s")}
    together = question("serve-qwen3-32b").answers(varied, count)
    assert together.alone == 0, together.why_alone
    assert np.all(np.diff(together.columns["cost"]) < 0)

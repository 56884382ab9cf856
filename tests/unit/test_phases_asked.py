"""A workload whose phases are on unlike groups is served as it is stated, and a site that trains nothing has claims."""

from pathlib import Path
from typing import Any

import pytest
import yaml

import clustersim as cs
from clustersim.errors import InputError

SERVE = Path(__file__).parents[2] / "scenarios" / "serve-llama3-70b.yaml"


@pytest.fixture(name="site")
def _site(tmp_path: Path) -> cs.Scenario:
    data: dict[str, Any] = yaml.safe_load(SERVE.read_text())
    cluster, work = data["cluster"], data["demand"]["chat"]
    for key in ("market", "company"):
        data.pop(key, None)
    for key in ("failures", "autoscale", "prefix"):
        work.pop(key, None)
    cluster.pop("card"), cluster.pop("cards")
    cluster |= {
        "groups": {
            "first": {"card": "BR166M", "cards": 64},
            "second": {"card": "H20", "cards": 64, "server": "hgx8", "nic": "ib-400g"},
        },
        "link": {"bandwidth": "50 Gb/s"},
    }
    work |= {
        "replicas": 2, "plan": {"tp": 8}, "slo": {"ttft": "2 s", "tpot": "80 ms"},
        "disaggregated": {"decode_replicas": 2, "prefill_on": "first", "decode_on": "second"},
        "traffic": {"requests": 100, "rate": "4 1/s", "prompt": {"mean": 800}, "output": {"mean": 200}},
    }  # fmt: skip
    file = tmp_path / "apart.yaml"
    file.write_text(yaml.safe_dump(data))
    return cs.load(str(file))


@pytest.mark.full
def test_serve_and_plan_serving_put_the_phases_where_the_file_says(site: cs.Scenario) -> None:
    served: Any = site.serve().data
    planned: Any = site.plan_serving().data
    for data in (served, planned):
        assert data["phases"].startswith("prompts on BR166M (first), answers on H20 (second)")
        assert "groups" not in data and "shares" not in data
    back = site.set(
        {
            "demand.chat.disaggregated.prefill_on": "second",
            "demand.chat.disaggregated.decode_on": "first",
        }
    )
    turned: Any = back.plan_serving().data
    assert turned["answers"] != planned["answers"]


def test_a_fleet_of_unlike_phases_is_not_sized_by_a_budget(site: cs.Scenario) -> None:
    with pytest.raises(InputError, match="phases are on unlike groups"):
        site.plan_serving(budget="1 GCNY")


def test_a_site_that_trains_nothing_is_told_the_lines_that_hold_whatever_it_does(site: cs.Scenario) -> None:
    found: Any = site.claims(draws=0).data
    assert found["trains"] is False and len(found["lines"]) == 6
    assert {line["chart"] for line in found["lines"]} == {24, 26}
    with pytest.raises(InputError, match="is of kind serving"):
        site.claims(workload="chat", draws=0)

"""Prompts on one group of a site and answers on another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from clustersim.assemble.serving import ServingBuilder
from clustersim.errors import ClusterSimError, InputError
from clustersim.perf.serving_engine import Layout
from clustersim.perf.serving_ranks import EVEN, busiest_rank
from clustersim.pipeline.site import run_site
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.serving import ClosedLoopSection
from clustersim.workloads.work import Work

Written = Callable[..., Path]
SERVE = Path(__file__).parents[2] / "scenarios" / "serve-llama3-70b.yaml"
#: Equal cards in two groups; what joins them is slower than a NIC, so that they stay two.
GROUPS = {"first": {"card": "BR166M", "cards": 256}, "second": {"card": "BR166M", "cards": 256}}


@pytest.fixture(name="site")
def _site(tmp_path: Path) -> Written:
    def written(groups: dict[str, Any] | None, split: dict[str, Any], link: str = "50 Gb/s") -> Path:
        data = yaml.safe_load(SERVE.read_text())
        cluster, work = data["cluster"], data["demand"]["chat"]
        data.pop("market"), data.pop("company", None)
        work.pop("failures", None), work.pop("autoscale", None), work.pop("prefix", None)
        work["replicas"], work["plan"], work["disaggregated"] = 2, {"tp": 8}, {"decode_replicas": 2, **split}
        work["traffic"] = {
            "requests": 100, "rate": "4 1/s", "prompt": {"mean": 800}, "output": {"mean": 200},
        }  # fmt: skip
        work["slo"] = {"ttft": "2 s", "tpot": "80 ms", "share": "90 %"}
        if groups is None:
            cluster |= {"card": "BR166M", "cards": 512}
        else:
            cluster.pop("card"), cluster.pop("cards")
            cluster |= {"groups": groups, "link": {"bandwidth": link}}
        file = tmp_path / f"site{len(list(tmp_path.iterdir()))}.yaml"
        file.write_text(yaml.safe_dump(data))
        return file

    return written


def _work(file: Path) -> Work:
    (work,) = run_site(load_inputs(str(file))).works
    return work


APART = {"prefill_on": "first", "decode_on": "second"}


def test_equal_cards_in_two_groups_serve_as_one_cluster(site: Written) -> None:
    one, two = _work(site(None, {})), _work(site(GROUPS, APART))
    assert two.main.per_card_hour == pytest.approx(one.main.per_card_hour, rel=1e-9)
    assert two.layout["deployments"] == pytest.approx(16.0)


def test_what_the_scarcer_group_leaves_of_the_other_idles_and_is_paid_for(site: Written) -> None:
    even = _work(site(GROUPS, APART))
    odd = _work(site(GROUPS | {"second": {"card": "BR166M", "cards": 128}}, APART))
    assert odd.layout["deployments"] == pytest.approx(8.0)
    assert odd.main.per_card_hour == pytest.approx(even.main.per_card_hour * 8 / 16 * 512 / 384, rel=1e-9)
    assert odd.group_loads["first"].busy == pytest.approx(even.group_loads["first"].busy / 2)
    assert any("50% of first idle" in note for note in odd.notes)


def test_every_phase_is_computed_on_its_own_cards(site: Written) -> None:
    groups = GROUPS | {"second": {"card": "H20", "cards": 256, "server": "hgx8", "nic": "ib-400g"}}
    forth = _work(site(groups, APART))
    back = _work(site(groups, {"prefill_on": "second", "decode_on": "first"}))
    assert forth.rates != back.rates
    assert "H20" in forth.layout["decode"] and "H20" in back.layout["prefill"]
    # H20 streams as fast as it multiplies slowly: the phases' use of its units says so.
    assert back.group_loads["second"].u_tensor > forth.group_loads["second"].u_tensor


@pytest.mark.parametrize(
    ("groups", "split", "said"),
    [
        (GROUPS, {"prefill_on": "first"}, "give both groups, or neither"),
        (GROUPS, {"prefill_on": "first", "decode_on": "first"}, "decode_on"),
        (GROUPS, {"prefill_on": "frist", "decode_on": "second"}, "first"),
        (None, APART, "the cluster has none"),
    ],
)
def test_groups_that_are_not_there_are_refused(
    site: Written, groups: dict[str, Any] | None, split: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError) as error:
        load_inputs(str(site(groups, split)))
    assert said in str(error.value)


def test_a_cache_that_the_other_card_cannot_read_is_refused(site: Written) -> None:
    groups = GROUPS | {"second": {"card": "H20", "cards": 256, "server": "hgx8", "nic": "ib-400g"}}
    file = site(groups, APART)
    data = yaml.safe_load(file.read_text())
    data["demand"]["chat"]["precision"]["cache"] = "8bit"
    file.write_text(yaml.safe_dump(data))
    with pytest.raises(ClusterSimError, match=r"state one format in precision\.cache"):
        _work(file)


@pytest.mark.parametrize("users", [64, 2048])
def test_a_decoding_pool_holds_no_prompts(users: int) -> None:
    """The users of the prefill pool were taken for it, and most of its sequences counted as prompts on one rank."""
    inputs = load_inputs(str(SERVE.parent / "serve-deepseek-v3.yaml"), with_incumbent=False)
    work = inputs.scenario.demand["chat"]
    loop = ClosedLoopSection(users=users)
    many = work.model_copy(
        update={"replicas": 10, "traffic": work.traffic.model_copy(update={"closed_loop": loop})}
    )
    builder, lay, counts = ServingBuilder(inputs, many), Layout(tp=1, dp=32, ep=32), np.array([float(users)])
    pool, _ = builder.pool(1, lay, prefill_only=False, decodes=True)
    even = builder.terms(counts, lay, pool.batching, EVEN)
    assert pool.cost.fixed_s[users] == pytest.approx(even.fixed_s[0], rel=1e-9)


@pytest.mark.parametrize("limit", [512, 65536])
def test_ranks_are_filled_to_their_limit_and_a_longer_prompt_stays_on_one(limit: int) -> None:
    inputs = load_inputs(str(SERVE.parent / "serve-deepseek-v3.yaml"), with_incumbent=False)
    work = inputs.scenario.demand["chat"]
    few = work.model_copy(update={"batching": work.batching.model_copy(update={"max_tokens": limit})})
    builder, lay = ServingBuilder(inputs, few), Layout(tp=1, dp=8, ep=8)
    rules = builder.rules(lay, prefill_only=True)
    assert rules.max_tokens == 8 * limit
    load = builder.ranks(rules)
    assert load.most == max(limit, builder.prompt)
    one = float(busiest_rank(np.array([builder.prompt]), 8, load)[0])
    assert one == pytest.approx(builder.prompt)


def test_a_rank_sees_to_its_own_sequences() -> None:
    inputs = load_inputs(str(SERVE.parent / "serve-deepseek-v3.yaml"), with_incumbent=False)
    builder = ServingBuilder(inputs, inputs.scenario.demand["chat"])
    counts = np.array([64.0])
    rules = builder.rules(Layout(tp=8), prefill_only=False)
    one = builder.terms(counts, Layout(tp=8), rules, EVEN).sequence_s
    many = builder.terms(counts, Layout(tp=1, dp=8, ep=8), rules, EVEN).sequence_s
    assert many == pytest.approx(one / 8)

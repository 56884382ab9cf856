"""Unlike cards as a site: equal groups are one cluster, bills add up, and nobody slows the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import clustersim as cs
from clustersim.des.training.fidelity import run_fidelity
from clustersim.errors import InputError
from clustersim.perf.together import Cluster, few_together
from clustersim.pipeline import SiteRun, purchase, run_site
from clustersim.schema.inputs import Inputs, load_inputs
from clustersim.workloads.mixture import MixtureDetail
from tests.laws.test_perf_hetero import part

FOUR = "jiangsu-four-vendors"
SMALL = {"demand.pretrain.model": "llama3-8b", "training.global_batch": 512, "reliability.replications": 20}


def _site(groups: dict[str, Any], **sets: Any) -> Inputs:
    return load_inputs(FOUR, {**SMALL, "cluster.groups": groups, **sets}, with_incumbent=False)


def _equal(one: SiteRun, other: SiteRun) -> None:
    for name in ("step_time_s", "tokens_per_s", "mfu", "training_goodput_tokens_per_s"):
        assert one.main.rates[name] == pytest.approx(other.main.rates[name], rel=1e-9), name
    assert one.bill.total_cny == pytest.approx(other.bill.total_cny, rel=1e-9)
    assert one.power.facility_power_w == pytest.approx(other.power.facility_power_w, rel=1e-9)
    assert one.power.provisioned_it_w == pytest.approx(other.power.provisioned_it_w, rel=1e-9)
    assert one.racks.total == other.racks.total
    assert one.cny_per_mtoken == pytest.approx(other.cny_per_mtoken, rel=1e-9)
    assert one.training.expected.ettr == pytest.approx(other.training.expected.ettr, rel=1e-9)


def test_equal_groups_are_one_cluster_of_their_cards() -> None:
    halves = _site({"a": {"card": "BR106M", "cards": 512}, "b": {"card": "BR106M", "cards": 512}})
    quarters = _site({n: {"card": "BR106M", "cards": 256} for n in "abcd"})
    whole = load_inputs(
        FOUR,
        {**SMALL, "cluster.groups": {"a": {"card": "BR106M", "cards": 1024}}},
        with_incumbent=False,
    )
    plain = load_inputs("nanjing-1024", {**SMALL, "demand.chat": None, "demand.pretrain.share": None,
                                         "cluster.nics_per_card": 1}, with_incumbent=False)  # fmt: skip
    assert not halves.groups and not quarters.groups
    runs = [run_site(inputs) for inputs in (halves, quarters, whole, plain)]
    for other in runs[1:]:
        _equal(runs[0], other)


def test_a_slow_link_keeps_equal_groups_apart_and_costs_time() -> None:
    groups = {"a": {"card": "BR106M", "cards": 512}, "b": {"card": "BR106M", "cards": 512}}
    apart = _site(groups, **{"cluster.link.bandwidth": "10 Gb/s"})
    assert [group.group for group in apart.groups] == ["a", "b"]
    slow, fast = run_site(apart), run_site(_site(groups))
    assert slow.main.rates["tokens_per_s"] < fast.main.rates["tokens_per_s"]
    assert slow.cny_per_mtoken > fast.cny_per_mtoken


UNLIKE = {"fast": {"card": "BR166M", "cards": 128}, "slow": {"card": "MetaX-C550", "cards": 64},
          "old": {"card": "BR106M", "cards": 64, "owned": True}}  # fmt: skip


@pytest.fixture(scope="module")
def unlike() -> tuple[Inputs, SiteRun]:
    inputs = _site(UNLIKE)
    return inputs, run_site(inputs)


def test_the_bill_is_the_groups_and_the_link_between(unlike: tuple[Inputs, SiteRun]) -> None:
    inputs, run = unlike
    own = [purchase(group) for group in inputs.groups]
    rest = [line for line in run.bill.lines if line.group in {"link", "storage"}]
    assert sum(line.total_cny for line in rest if line.group == "link") > 0
    total = sum(one.bill.hardware_cny for one in own) + sum(line.total_cny for line in rest)
    assert run.bill.hardware_cny == pytest.approx(total, rel=1e-12)
    old = next(one for one, group in zip(own, inputs.groups, strict=True) if group.owned)
    assert sum(x.total_cny for x in old.bill.lines if x.group != "spares") == 0 < old.provisioned_it_w
    dearer = run_site(_site({**UNLIKE, "old": {"card": "BR106M", "cards": 64}}))
    assert dearer.tco.capex_cny > run.tco.capex_cny
    assert dearer.power.facility_power_w == run.power.facility_power_w


def test_no_group_makes_the_best_mixture_slower_than_leaving_it_out(unlike: tuple[Inputs, SiteRun]) -> None:
    _, run = unlike
    detail = run.training
    assert isinstance(detail, MixtureDetail)
    for left_out in UNLIKE:
        rest = {name: group for name, group in UNLIKE.items() if name != left_out}
        fewer = run_site(_site(rest))
        assert run.main.rates["tokens_per_s"] >= fewer.main.rates["tokens_per_s"] * (1 - 1e-12), left_out


@pytest.mark.parametrize("speed", [0.02, 0.3, 1.0])
def test_a_mixture_is_never_slower_than_its_fastest_part(speed: float) -> None:
    from clustersim.perf.step import estimate_step

    parts = [part("fast"), part("slow", speed)]
    clusters = [Cluster(p, False, estimate_step(p.job).tokens_per_s) for p in parts]
    best = few_together(clusters, link_bandwidth=2.5e10)[0]
    assert best.tokens_per_s >= max(c.alone_tokens_per_s for c in clusters)
    if speed < 0.1:
        assert [p.name for p in best.parts] == ["fast"]


def test_the_month_has_every_groups_failures(unlike: tuple[Inputs, SiteRun]) -> None:
    inputs, run = unlike
    detail = run.training
    assert detail.run.nodes == sum(
        group.servers
        for group in inputs.groups
        if group.group in {p.name for p in detail.found.parts}  # type: ignore[attr-defined]
    )
    worse = run_site(_site({**UNLIKE, "fast": {"card": "BR166M", "cards": 128, "mttf_scale": 0.2}}))
    assert worse.training.run.rate_per_s > detail.run.rate_per_s
    assert worse.training.expected.ettr < detail.expected.ettr
    assert worse.cny_per_mtoken > run.cny_per_mtoken
    closed = run_fidelity(detail.run, 1, fidelity="vector", replications=200)
    events = run_fidelity(detail.run, 1, fidelity="des", replications=200)
    assert closed.ettr.mean == pytest.approx(events.ettr.mean, abs=0.004)
    assert closed.ettr.mean == pytest.approx(detail.expected.ettr, abs=0.004)


@pytest.mark.full
def test_questions_of_equal_cards_are_refused_and_the_others_answered(tmp_path: Any) -> None:
    site = cs.load(FOUR).set({**SMALL, "cluster.groups": UNLIKE})
    assert site.plan_training().data["ways"][0]["tokens_per_s"] > 0
    claims = site.claims().data["linear_scaling"]
    assert claims["kind"] == "together over each alone" and len(claims["by_network_and_batch_rule"]) == 4
    with pytest.raises(InputError, match="has groups of unlike cards"):
        site.plan_cluster()
    with pytest.raises(InputError, match=r"belongs to one of the groups"):
        cs.load(FOUR).set({"cluster.card": "BR106M"}).check()
    with pytest.raises(InputError, match=r"cluster\.link"):
        cs.load(FOUR).set({"cluster.link": None}).check()
    hosts = cs.load(FOUR).set({**SMALL, "cluster.groups": UNLIKE, "cluster.link.through_hosts": True})
    with pytest.raises(InputError, match=r"host_link is not in the profile"):
        hosts.set({"cards.MetaX-C550.host_link": None}).train()


def test_what_is_served_on_groups_is_added_up() -> None:
    sets = {
        "demand": {
            "chat": {
                "kind": "serving", "model": "qwen3-8b", "plan": {"tp": 1},
                "traffic": {"requests": 300, "rate": "20 1/s", "prompt": {"mean": 400}, "output": {"mean": 100}},
            }
        }
    }  # fmt: skip
    both = load_inputs(FOUR, {**sets, "cluster.groups": {k: UNLIKE[k] for k in ("fast", "old")}})
    run = run_site(both)
    alone = [
        run_site(replace(load_inputs(FOUR, {**sets, "cluster.groups": {k: UNLIKE[k]}})))
        for k in ("fast", "old")
    ]
    made = sum(one.main.main.per_card_hour * one.cards for one in alone)
    assert run.main.main.per_card_hour * run.cards == pytest.approx(made, rel=1e-9)

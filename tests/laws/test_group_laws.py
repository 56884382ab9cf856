"""Unlike cards as a site: equal groups are one cluster, bills add up, and nobody slows the rest."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

import clustersim as cs
from clustersim.assemble.purchase import purchase
from clustersim.des.training.fidelity import run_fidelity
from clustersim.errors import InfeasibleError, InputError
from clustersim.perf.together import Cluster, few_together
from clustersim.pipeline.chain import run_chain
from clustersim.pipeline.site import SiteRun, run_site
from clustersim.planner.pools import Pool, filled, parted
from clustersim.planner.subsets import site_of
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.serving import ClosedLoopSection
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
def test_questions_of_a_site_are_answered_of_groups_and_wrong_ones_refused() -> None:
    site = cs.load(FOUR).set({**SMALL, "cluster.groups": UNLIKE})
    assert site.plan_training().data["ways"][0]["tokens_per_s"] > 0
    claims = site.claims().data["linear_scaling"]
    assert claims["kind"] == "together over each alone" and len(claims["by_network_and_batch_rule"]) == 4
    fabric = site.fabric().data
    assert set(fabric["groups"]) == set(UNLIKE) and fabric["link"][0]["modules"] > 0
    timed = site.collectives(sizes=["1 GiB"]).data["groups"]
    assert {timed[g]["collectives"][0]["cards"] for g in UNLIKE} == {128, 64}
    with pytest.raises(InputError, match=r"--batch: the groups of a site are what is chosen from"):
        site.plan_cluster(batch="auto")
    with pytest.raises(InputError, match=r"write the clusters of h20-1024 into it"):
        site.plan_cluster("h20-1024")
    with pytest.raises(InputError, match=r"belongs to one of the groups"):
        cs.load(FOUR).set({"cluster.card": "BR106M"}).check()
    with pytest.raises(InputError, match=r"cluster\.link"):
        cs.load(FOUR).set({"cluster.link": None}).check()
    hosts = cs.load(FOUR).set({**SMALL, "cluster.groups": UNLIKE, "cluster.link.through_hosts": True})
    with pytest.raises(InputError, match=r"host_link is not in the profile"):
        hosts.set({"cards.MetaX-C550.host_link": None}).train()


def test_every_subset_of_groups_is_bought_as_the_site_of_its_groups() -> None:
    """Spares that no group states are the site's, whoever stays; what is paid for stays so where it is alone."""
    for groups in (UNLIKE, {**UNLIKE, "slow": {**UNLIKE["slow"], "spares": 2}}):
        whole = _site(groups)
        for count in (1, 2, 3):
            for some in itertools.combinations(groups, count):
                bought = purchase(site_of(whole, some)).bill.total_cny
                alone = purchase(_site({name: groups[name] for name in some})).bill.total_cny
                assert bought == pytest.approx(alone, rel=1e-12), some


@pytest.mark.full
def test_which_groups_to_have_is_what_running_them_says() -> None:
    """Every subset is the site of its groups; the best is best of them; limits hold; each adds a difference."""
    site = cs.load(FOUR).set({**SMALL, "cluster.groups": UNLIKE})
    found = site.plan_cluster(top=9).data
    assert found["candidates"] == 7
    for row in found["best"]:
        names = row["groups"].split("+")
        if len(names) > 1:
            run = run_site(_site({name: UNLIKE[name] for name in names}))
            assert row["budget_cny"] == pytest.approx(run.bill.total_cny, rel=1e-12)
            assert row["cny_per_mtoken"] == pytest.approx(run.cny_per_mtoken, rel=1e-12)
    rates = [row["training_goodput_tokens_per_s"] for row in found["best"]]
    assert rates == sorted(rates, reverse=True)
    assert all(one["goodput_tokens_per_s"] >= -1e-9 * rates[0] for one in found["added"])
    cheap = site.plan_cluster(budget="30 MCNY", objective="cny_per_mtoken").data["best"]
    assert cheap and all(row["budget_cny"] <= 30e6 for row in cheap)
    with pytest.raises(InfeasibleError, match="the nearest is old"):
        site.plan_cluster(budget="1 kCNY")


@pytest.mark.full
def test_at_its_value_the_first_groups_card_makes_the_site_as_dear_as_asked() -> None:
    """At the price that is found a unit costs the incumbent's less the discount, all other groups as they are."""
    market = {
        "incumbent": "h20-1024",
        "switching_discount": 0.1,
        "value_share": 0.5,
        "price_sensitivity": 2.0,
    }
    sets = {**SMALL, "cluster.groups": UNLIKE, "market": market}
    run = run_chain(load_inputs(FOUR, sets), replications=0)
    assert run.value is not None and run.incumbent is not None
    at = run_site(load_inputs(FOUR, {**sets, "cards.BR166M.price": f"{run.value.price_cny!r} CNY"}))
    assert at.cny_per_mtoken == pytest.approx(0.9 * run.incumbent.cny_per_mtoken, rel=1e-9)
    with pytest.raises(InputError, match="put the group that is bought first"):
        load_inputs(FOUR, {**sets, "cluster.groups": {"old": UNLIKE["old"], "fast": UNLIKE["fast"]}})


@pytest.mark.full
def test_one_queue_of_jobs_stands_on_all_groups() -> None:
    jobs = [{"name": "a", "cards": 64, "work": "2 d", "card_types": ["MetaX-C550"]},
            {"name": "b", "cards": 128, "work": "3 d"}, {"name": "c", "cards": 64, "work": "1 d"}]  # fmt: skip
    site = cs.load(FOUR).set({"cluster.groups": UNLIKE, "demand": {"queue": {"kind": "jobs", "jobs": jobs}}})
    rows = {row["name"]: row for row in site.jobs().data["jobs"]}
    assert all(row["status"] == "finished" and row["waited_s"] == 0 for row in rows.values())
    jobs[2]["card_types"] = ["MetaX-C550"]
    queued = site.set({"demand.queue.jobs": jobs})
    waited = {row["name"]: row["waited_s"] for row in queued.jobs().data["jobs"]}
    assert waited["b"] == 0 and max(waited["a"], waited["c"]) >= 86_400
    jobs[2]["card_types"] = ["H20"]
    with pytest.raises(InfeasibleError, match="may run on H20; the site has"):
        site.set({"demand.queue.jobs": jobs}).jobs()


CHAT = {
    "chat": {
        "kind": "serving", "model": "qwen3-8b", "plan": {"tp": 1}, "slo": {"ttft": "2 s", "tpot": "50 ms"},
        "traffic": {"requests": 300, "rate": "20 1/s", "prompt": {"mean": 400}, "output": {"mean": 100}},
    }
}  # fmt: skip


@pytest.mark.full
def test_traffic_is_shared_out_by_what_groups_carry_and_a_demand_fills_the_cheapest() -> None:
    site = cs.load(FOUR).set({"cluster.groups": UNLIKE, "demand": CHAT})
    served = site.serve().data
    shares = {row["group"]: row["share_of_traffic"] for row in served["shares"]}
    carries = {row["group"]: row["carries_requests_per_s"] for row in served["shares"]}
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["fast"] / shares["slow"] == pytest.approx(carries["fast"] / carries["slow"])
    rate = site.plan_serving().data["groups"]["fast"]["answers"][0]["requests_per_s"]
    assert rate == pytest.approx(carries["fast"])
    most = 128 * carries["fast"]
    filled = site.plan_serving(demand=str(most + 50)).data["filled"]
    assert filled[0]["group"] == "fast" and filled[0]["takes_requests_per_s"] == pytest.approx(most)
    assert sum(row["takes_requests_per_s"] for row in filled) == pytest.approx(most + 50)
    with pytest.raises(InfeasibleError, match="all groups together carry"):
        site.plan_serving(demand="1000000")


@pytest.mark.parametrize("share", [0.1, 0.25, 1.0])
def test_a_part_of_a_traffic_is_that_part_of_its_rate(share: float) -> None:
    """Rates, requests and users go by the share; lengths stay; nobody is left without a user in silence."""
    traffic = load_inputs(FOUR, {"demand": CHAT}, with_incumbent=False).scenario.demand["chat"].traffic
    mine = parted(traffic, share)
    assert mine.rate is not None and mine.rate.value == pytest.approx(20 * share)
    assert (
        mine.requests == round(300 * share)
        and mine.prompt == traffic.prompt
        and mine.output == traffic.output
    )
    users = traffic.model_copy(update={"closed_loop": ClosedLoopSection(users=8)})
    if share == 0.1:
        assert parted(users, share).closed_loop.users == 1
        with pytest.raises(InputError, match="without a user"):
            parted(users, 0.01)


def test_a_demand_fills_the_cheapest_group_to_its_last_card() -> None:
    groups = load_inputs(FOUR, SMALL, with_incumbent=False).groups
    pools = [Pool(g, "chat", 8, 1.0, cost) for g, cost in zip(groups, (3.0, 1.0, 2.0, 9.0), strict=True)]
    takes = {pool.group: pool.takes_per_s for pool in filled(pools, 70.0)}
    assert takes == {groups[1].group: 32.0, groups[2].group: 32.0, groups[0].group: 6.0}
    with pytest.raises(InfeasibleError, match="all groups together carry 128"):
        filled(pools, 129.0)


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

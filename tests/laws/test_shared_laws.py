"""What holds for every queue of jobs: cards are conserved, nobody holds more than there is, the seed decides."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from clustersim.des.jobs.engine import simulate_shared
from clustersim.des.jobs.model import Breaks, Job, Policy, ServerGroup, Service, Site

SITE = Site(groups=(ServerGroup(count=4, cards=8), ServerGroup(count=3, cards=2)), servers_per_leaf=2)
CARDS = st.sampled_from([0.25, 0.5, 1.0, 2.0, 3.0, 8.0, 12.0, 16.0, 32.0])
DURATION = 5000.0


@st.composite
def jobs(draw: st.DrawFn) -> list[Job]:
    count = draw(st.integers(1, 25))
    return [
        Job(
            name=str(i),
            cards=(cards := draw(CARDS)),
            work_s=draw(st.floats(1.0, 2000.0)),
            arrives_s=draw(st.floats(0.0, 3000.0)),
            tenant=draw(st.sampled_from("ab")),
            priority=draw(st.integers(0, 2)),
            checkpoint_s=draw(st.sampled_from([0.0, 50.0, float("inf")])),
            restart_s=draw(st.sampled_from([0.0, 30.0])),
            min_cards=draw(st.sampled_from([None, 8.0])) if cards > 8 else None,
            outcome=draw(st.sampled_from(["finished", "failed"])),
            patience_s=draw(st.sampled_from([None, 500.0])),
        )
        for i in range(count)
    ]


policies = st.builds(
    Policy,
    order=st.sampled_from(["arrival", "fair_share", "shortest"]),
    backfill=st.sampled_from(["reserve", "ahead", "none"]),
    preempt=st.booleans(),
    quotas=st.sampled_from([{}, {"a": 32.0}]),
)
breaks = st.builds(
    Breaks,
    server_per_s=st.sampled_from([0.0, 1 / 3000.0]),
    process_per_s=st.sampled_from([0.0, 1 / 2000.0]),
    repair_s=st.sampled_from([0.0, 400.0]),
    spares=st.integers(0, 2),
    swap_s=st.sampled_from([0.0, 20.0]),
    technicians=st.integers(0, 1),
    maintenance_every_s=st.sampled_from([0.0, 1500.0]),
    maintenance_s=st.just(100.0),
    rolling=st.booleans(),
)


def simulate(asked, policy, broken, services=()):  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(5)
    return simulate_shared(
        asked, site=SITE, duration_s=DURATION, rng=rng, policy=policy, breaks=broken, services=services
    )


@settings(max_examples=60, deadline=None)
@given(jobs(), policies, breaks, st.booleans())
def test_every_card_second_is_booked_once(asked, policy, broken, serves) -> None:  # type: ignore[no-untyped-def]
    services = [Service(name="s", servers_by_hour=(1, 2), priority=5)] if serves else []
    done = simulate(asked, policy, broken, services)
    held = sum(s.cards * (s.end_s - s.begin_s) for s in done.spans if s.job >= 0)
    down = sum(s.cards * (s.end_s - s.begin_s) for s in done.spans if s.job < 0)
    total = done.cards * DURATION
    assert abs(held / total - done.utilisation) < 1e-9 and abs(down / total - done.down_share) < 1e-9
    assert -1e-9 <= done.fragmented_share <= done.idle_share + 1e-9
    times = np.unique([t for s in done.spans for t in (s.begin_s, s.end_s)])
    if len(times):
        assert (done.in_use(times) + done.in_use(times, down=True) <= done.cards + 1e-6).all()
    for record, one in zip(done.records, asked, strict=True):
        if record.status in ("finished", "failed"):
            assert record.useful_card_s >= one.cards * one.work_s * (1 - 1e-9)
        assert record.waited_s >= 0 and record.lost_card_s >= 0
        if policy.quotas.get(one.tenant):
            own = [s for s in done.spans if 0 <= s.job < len(asked) and asked[s.job].tenant == one.tenant]
            assert _most(own) <= policy.quotas[one.tenant] + 1e-6


def _most(spans) -> float:  # type: ignore[no-untyped-def]
    edges = sorted([(s.begin_s, 1, s.cards) for s in spans] + [(s.end_s, 0, -s.cards) for s in spans])
    held = most = 0.0
    for _, _, cards in edges:
        held += cards
        most = max(most, held)
    return most


@settings(max_examples=25, deadline=None)
@given(jobs(), policies)
def test_the_seed_decides_and_failures_only_cost(asked, policy) -> None:  # type: ignore[no-untyped-def]
    broken = Breaks(server_per_s=1 / 3000.0, repair_s=400.0)
    assert simulate(asked, policy, broken) == simulate(asked, policy, broken)
    calm = simulate(asked, policy, Breaks())
    assert calm.down_share == 0
    assert all(r.failures == 0 for r in calm.records)


@settings(max_examples=25, deadline=None)
@given(jobs())
def test_without_backfill_equal_priorities_start_in_order(asked) -> None:  # type: ignore[no-untyped-def]
    plain = [replace(job, priority=0, patience_s=None, min_cards=None) for job in asked]
    done = simulate(plain, Policy(backfill="none", preempt=False), Breaks())
    started = sorted(
        (r.arrived_s, r.first_started_s) for r in done.records if r.first_started_s == r.first_started_s
    )
    starts = [start for _, start in started]
    assert starts == sorted(starts)

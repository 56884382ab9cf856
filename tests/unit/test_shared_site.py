"""A shared site: what the first version miscounted, a schedule worked by hand, and the M/M/c queue."""

import heapq
import math

import numpy as np
import pytest

from clustersim.des.jobs.engine import simulate_shared
from clustersim.des.jobs.generate import JobClass, JobMix, draw_jobs
from clustersim.des.jobs.model import Breaks, Job, Policy, ServerGroup, Service, Site
from clustersim.des.jobs.summary import by_tenant
from clustersim.errors import InfeasibleError, InputError

HOUR = 3600.0
DAY = 24 * HOUR


def site(servers: int, cards: int = 8, **more: int) -> Site:
    return Site(groups=(ServerGroup(count=servers, cards=cards),), **more)


def run(jobs, servers, duration_s, *, cards=8, **options):  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(options.pop("seed", 1))
    return simulate_shared(jobs, site=site(servers, cards), duration_s=duration_s, rng=rng, **options)


def job(name: str, cards: float, work_s: float, arrives_s: float = 0.0, **more) -> Job:  # type: ignore[no-untyped-def]
    return Job(name=name, cards=cards, work_s=work_s, arrives_s=arrives_s, **more)


def test_a_failed_server_is_gone_until_it_is_repaired() -> None:
    """One failure a day on two servers, three days of repair: a job of both servers cannot run beside it."""
    breaks = Breaks(server_per_s=0.5 / DAY, repair_s=3 * DAY)
    done = run([job("pair", 16, 400 * DAY, checkpoint_s=0.0)], 2, 300 * DAY, breaks=breaks)
    # Up for a mean of a day (both must be up), then a repair of three: both servers fail now and then together.
    assert 0.35 < done.down_share < 0.65
    assert done.useful_share < 0.35
    (pair,) = done.records
    assert pair.failures > 40 and pair.waited_s > 100 * DAY


def test_a_spare_takes_the_place_of_a_failed_server() -> None:
    breaks = Breaks(server_per_s=0.5 / DAY, repair_s=DAY / 4, spares=8, swap_s=60.0)
    done = run([job("pair", 16, 400 * DAY, checkpoint_s=0.0)], 2, 100 * DAY, breaks=breaks)
    assert done.down_share < 0.002 and done.useful_share > 0.99


def test_technicians_repair_one_after_another() -> None:
    one, many = (
        run([], 10, 200 * DAY, breaks=Breaks(server_per_s=1 / (20 * DAY), repair_s=2 * DAY, technicians=t))
        for t in (1, 0)
    )
    assert one.down_share > 2 * many.down_share


def test_an_unfinished_restart_is_lost_not_useful() -> None:
    """Hit early, the job restarts for longer than the run lasts: what it holds meanwhile is lost."""
    breaks = Breaks(process_per_s=1 / (2 * HOUR))
    done = run([job("stuck", 8, 90 * HOUR, restart_s=1000 * HOUR)], 1, 100 * HOUR, breaks=breaks)
    assert done.records[0].status == "running" and done.records[0].failures > 5
    assert done.useful_share < 0.1 and done.lost_share == pytest.approx(1 - done.useful_share)


def test_a_queued_job_says_how_long_it_waited() -> None:
    done = run([job("first", 8, 50 * HOUR), job("second", 8, HOUR, 10 * HOUR)], 1, 30 * HOUR)
    assert done.records[1].status == "queued" and done.records[1].waited_s == 20 * HOUR


def test_small_jobs_do_not_starve_a_large_one() -> None:
    """A stream of one-card jobs on two servers: with a reservation the gang of both starts when its turn comes."""
    small = [job(f"s{i}", 1, 4 * HOUR, i * HOUR / 4) for i in range(400)]
    gang = job("gang", 16, HOUR, 2 * HOUR)
    waits = {
        fill: next(
            r.waited_s
            for r in run([*small, gang], 2, 110 * HOUR, policy=Policy(backfill=fill)).records
            if r.name == "gang"
        )
        for fill in ("reserve", "ahead")
    }
    assert waits["reserve"] <= 4 * HOUR  # all that ran when it came are done by then
    assert waits["ahead"] > 90 * HOUR


def test_who_goes_ahead_does_not_delay_the_first() -> None:
    jobs = [job("half", 8, 10 * HOUR), job("gang", 16, HOUR, HOUR), job("short", 8, 8 * HOUR, 2 * HOUR),
            job("long", 8, 20 * HOUR, 2 * HOUR)]  # fmt: skip
    starts = {r.name: r.first_started_s / HOUR for r in run(jobs, 2, 100 * HOUR).records}
    assert starts == {"half": 0, "short": 2, "gang": 10, "long": 11}


def test_a_preempted_job_loses_its_last_interval_and_pays_a_restart() -> None:
    low = job("low", 8, 10 * HOUR, checkpoint_s=HOUR, restart_s=HOUR / 2)
    high = job("high", 8, HOUR, 2.5 * HOUR, priority=1)
    done = run([low, high], 1, 100 * HOUR)
    records = {r.name: r for r in done.records}
    # Two hours are safe, half an hour is lost, an hour waited, half an hour of restart, eight hours of work.
    assert records["low"].ended_s == pytest.approx((2.5 + 1 + 0.5 + 8) * HOUR)
    assert records["low"].lost_card_s == pytest.approx(8 * HOUR)
    assert records["high"].waited_s == 0 and records["low"].preemptions == 1


def test_ten_jobs_by_hand() -> None:
    """Two servers of four cards. Worked out on paper; hours."""
    jobs = [
        job("a", 4, 4), job("b", 4, 2), job("c", 8, 3, 0.5), job("d", 1, 2, 0.5), job("e", 0.5, 1, 1),
        job("f", 0.5, 1, 1), job("g", 2, 9, 1), job("h", 4, 1, 2), job("i", 1, 1, 3), job("k", 8, 1, 3),
    ]  # fmt: skip
    hours = [
        Job(name=j.name, cards=j.cards, work_s=j.work_s * HOUR, arrives_s=j.arrives_s * HOUR) for j in jobs
    ]
    done = run(hours, 2, 100 * HOUR, cards=4)
    starts = {r.name: round(r.first_started_s / HOUR, 6) for r in done.records}
    # At 2, b's four cards are free until c's turn at 4, when a is done: d (2 h), e and f (1 h, one shared card) end
    # by then; g (9 h) would not; h needs four whole cards and finds none; i takes one card at 3 and ends at 4. c runs
    # from 4 to 7. g takes the first server from 7 on, h the second; k needs both whole, when g is done at 16.
    assert starts == {"a": 0, "b": 0, "c": 4, "d": 2, "e": 2, "f": 2, "g": 7, "h": 7, "i": 3, "k": 16}


def test_mmc_waits() -> None:
    """Erlang C: 4 cards at load 0.8 wait a mean of C / (c mu - lambda), C = 0.5964, within its own batch error."""
    rng = np.random.default_rng(7)
    count, load, servers = 15_000, 0.8, 4
    arrives = np.cumsum(rng.exponential(1 / (load * servers), count))
    work = rng.exponential(1.0, count)
    jobs = [job(str(i), 1, float(work[i]), float(arrives[i])) for i in range(count)]
    done = run(jobs, 1, float(arrives[-1]), cards=servers)
    waits = np.array([r.waited_s for r in done.records])
    free = [0.0] * servers  # an independent first-come queue: the first card to be free takes the next job
    for index in range(count - 50):
        begin = max(float(arrives[index]), heapq.heappop(free))
        assert waits[index] == pytest.approx(begin - arrives[index], abs=1e-6)
        heapq.heappush(free, begin + float(work[index]))
    batches = waits.reshape(30, -1).mean(axis=1)
    error = batches.std(ddof=1) / math.sqrt(30)
    assert abs(waits.mean() - 0.5964 / (servers * (1 - load))) < 3 * error < 0.4
    assert (waits > 0).mean() == pytest.approx(0.5964, rel=0.05)


def test_gangs_stand_below_few_leaves() -> None:
    jobs = [job(f"one{i}", 8, HOUR) for i in range(3)] + [job("gang", 32, HOUR)]
    done = simulate_shared(
        jobs, site=site(16, servers_per_leaf=4), duration_s=DAY, rng=np.random.default_rng(1)
    )
    assert {r.name: r.leaves for r in done.records}["gang"] == 1


def test_services_take_servers_by_hour_and_give_them_back() -> None:
    service = Service(name="chat", servers_by_hour=(1,) * 8 + (3,) * 12 + (1,) * 4, priority=10)
    night = job("train", 8 * 3, 200 * HOUR, min_cards=8, checkpoint_s=HOUR, restart_s=60.0)
    done = run([night], 4, 5 * DAY, services=[service])
    assert done.service_met_share == pytest.approx(1.0)
    (train,) = done.records
    assert train.preemptions == 5 and train.useful_card_s > 24 * HOUR * 12 * 4


def test_quotas_fair_shares_and_patience() -> None:
    jobs = [job(f"a{i}", 8, HOUR, tenant="a") for i in range(6)] + [job("b", 8, HOUR, 0.5 * HOUR, tenant="b")]
    fair = run(jobs, 1, DAY, policy=Policy(order="fair_share"))
    starts = {r.name: r.first_started_s for r in fair.records}
    assert starts["b"] == HOUR  # a used an hour, b nothing
    bound = run(jobs, 4, DAY, policy=Policy(quotas={"a": 8.0}))
    assert max(r.first_started_s for r in bound.records if r.tenant == "a") == 5 * HOUR
    left = run([job("x", 8, DAY), job("y", 8, HOUR, patience_s=HOUR)], 1, 2 * DAY)
    assert left.records[1].status == "withdrawn" and left.records[1].waited_s == HOUR


def test_an_elastic_job_goes_on_with_fewer_servers() -> None:
    breaks = Breaks(server_per_s=1 / (40 * DAY), repair_s=5 * DAY)
    rigid, elastic = (
        run([job("j", 64, 200 * DAY, min_cards=least, checkpoint_s=HOUR)], 8, 60 * DAY, breaks=breaks)
        for least in (None, 8.0)
    )
    assert elastic.useful_share > rigid.useful_share + 0.05


def test_maintenance_is_announced_and_loses_no_work() -> None:
    breaks = Breaks(maintenance_every_s=10 * DAY, maintenance_s=12 * HOUR)
    done = run([job("j", 8, 200 * DAY, checkpoint_s=math.inf, restart_s=0.0)], 1, 30.5 * DAY, breaks=breaks)
    assert done.lost_share == 0 and done.down_share == pytest.approx(1.5 / 30.5)


def test_work_of_failed_jobs_is_not_useful() -> None:
    done = run([job("a", 8, HOUR, outcome="failed"), job("b", 8, HOUR)], 1, 4 * HOUR)
    assert (done.unsuccessful_share, done.useful_share) == (0.25, 0.25)


def test_drawn_jobs_meet_their_margins() -> None:
    one = JobClass(cards=4, weight=3, median_s=HOUR, p90_s=4 * HOUR, failed_share=0.25)
    two = JobClass(cards=64, weight=1, median_s=8 * HOUR, p90_s=30 * HOUR)
    mix = JobMix(classes=[one, two], jobs=20_000, swing=0.8)
    drawn = draw_jobs(mix, span_s=10 * DAY, rng=np.random.default_rng(3), checkpoint_s=60.0, restart_s=1.0)
    large = np.array([j.work_s for j in drawn if j.cards == 64])
    assert len(large) == pytest.approx(5000, rel=0.05)
    assert np.median(large) == pytest.approx(8 * HOUR, rel=0.05)
    assert np.quantile(large, 0.9) == pytest.approx(30 * HOUR, rel=0.06)
    asked = np.mean([j.cards * j.work_s for j in drawn])
    assert asked == pytest.approx(0.75 * one.mean_card_s + 0.25 * two.mean_card_s, rel=0.05)


def test_what_cannot_be_queued_is_refused() -> None:
    with pytest.raises(InfeasibleError, match="needs 72 cards at once"):
        run([job("big", 72, HOUR)], 8, DAY)
    with pytest.raises(InputError, match="same name"):
        run([job("a", 1, HOUR), job("a", 1, HOUR)], 8, DAY)
    with pytest.raises(InputError, match=r"a share is of one card"):
        run([job("a", 1.5, HOUR)], 8, DAY)
    with pytest.raises(InfeasibleError, match="a may hold 4"):
        run([job("j", 8, HOUR, tenant="a")], 8, DAY, policy=Policy(quotas={"a": 4.0}))
    with pytest.raises(InputError, match="reserve"):
        run([job("a", 1, HOUR)], 1, DAY, policy=Policy(backfill="reserv"))


def test_services_are_a_row_of_the_owners_and_the_rows_bear_all_cost() -> None:
    chat = Service(name="chat", servers_by_hour=(1,), tenant="s", priority=10)
    done = run([job("train", 8, 4 * HOUR, tenant="a")], 2, 8 * HOUR, services=(chat,))
    rows = by_tenant(done, 6.0)
    assert rows[-1]["tenant"] == "services" and rows[-1]["useful_card_h"] == 64.0
    borne = sum(row["useful_card_h"] * row["cny_per_useful_card_hour"] for row in rows)
    assert borne == pytest.approx(6.0 * done.useful_share * done.cards * 8.0, rel=1e-12)
    assert done.service_met_share == 1.0
    assert run([job("train", 8, HOUR)], 2, 2 * HOUR).service_met_share is None

"""The door against the event simulation, key by key: disagreement beyond two half-widths fails the suite."""

import math

import pytest

from clustersim.des.training.fidelity import run_fidelity
from tests.laws.test_reliability_door import C, R, X, expected, run_of

CASES = {
    "as shipped": (),
    "no spares": (R + "spares.hot=0",),
    "repair of a month": (R + "repair_time=720 h",),
    "repair of a week": (R + "repair_time=168 h", R + "mttf_scale=0.5"),
    "counted by steps": (C + "counted_by=steps", R + "mttf_scale=0.05", R + "repair_time=1 h"),
    "infants": (X + "infant_factor=20",),
    "ages below one": (R + "weibull_shape.card=0.7", R + "weibull_shape.hbm=0.7"),
    "ages above one": (R + "weibull_shape.card=2",),
    "lemons": (X + "lemon_share=15 %", X + "lemon_factor=5", R + "mttf_scale=0.2"),
    "hangs": (X + "hang_share=50 %", X + "hang_timeout=6 h"),
    "drains": (X + "drain_share=50 %", R + "mttf_scale=0.3"),
    "corruption found late": (X + "sdc_delay=2 h", X + "retained=9",
                              R + "failures_per_year.silent_corruption=0.1 1/year"),
    "torn copies": (C + "corrupt_share=30 %", R + "mttf_scale=0.3"),
    "stragglers": (X + "straggler_rate=2 1/d", X + "straggler_time=6 h", X + "straggler_slowdown=2"),
    "slow links and cards beside stragglers": (
        R + "degradations.link.per_year=0.5 1/year", R + "degradations.link.found_after=6 h",
        R + "degradations.link.bandwidth_left=25 %", R + "degradations.heat.per_year=1 1/year",
        R + "degradations.heat.found_after=12 h", R + "degradations.heat.clock_left=60 %",
        X + "straggler_rate=1 1/d", X + "straggler_slowdown=2"),
    "one technician": (X + "technicians=1", R + "mttf_scale=0.3"),
    "two technicians, repairs that fail": (X + "technicians=2", X + "repair_fails=30 %", R + "mttf_scale=0.3"),
    "repairs that fail": (X + "repair_fails=50 %", R + "spares.hot=1"),
    "warm and cold spares": (X + "warm_spares=2", X + "warm_time=2 h", X + "cold_spares=1", X + "cold_time=12 h",
                             R + "spares.hot=1", R + "mttf_scale=0.5"),
    "shrinking": (R + "spares.hot=1", X + "on_shortage=shrink", R + "mttf_scale=0.1"),
    "contention": (R + "contention.other_writes=0.001 1/s", R + "contention.other_size=20 TB", R + "mttf_scale=0.2"),
    "restarts that fail": (R + "recovery.restart_fails=30 %", R + "mttf_scale=0.1", R + "repair_time=2 h"),
    "maintenance": (R + "maintenance.interval=3 d", R + "maintenance.time=4 h"),
    "rolling upgrades": (R + "maintenance.interval=20 d", R + "maintenance.time=2 h", R + "maintenance.rolling=true"),
    "link flaps": (R + "link_flaps.rate=5 1/h", R + "link_flaps.time=20 s"),
    "elastic": (R + "elastic.stall=3 min", R + "mttf_scale=0.05", R + "repair_time=2 h"),
    "elastic, spares short": (R + "elastic.stall=3 min", R + "mttf_scale=0.2"),
    "four servers behind a switch": (R + "shared.servers=4", R + "shared.repair_time=4 h", R + "mttf_scale=0.3"),
    "partners in another rack": (R + "shared.servers=4", C + "placement=other_rack", R + "mttf_scale=0.3"),
    "racks": (R + "domains.rack.servers=4", R + "domains.rack.failures_per_year=5 1/year"),
    "repair by part": (R + "repair_times.network=2 h", R + "repair_times.card=72 h", R + "spares.hot=1"),
    "copies that block": (C + "asynchronous=false", R + "mttf_scale=0.3"),
    "copies in the way": (C + "interference=20 %", R + "mttf_scale=0.3"),
    "everything common at once": (X + "hang_share=20 %", X + "drain_share=20 %", R + "recovery.restart_fails=10 %",
                                  X + "technicians=2", R + "maintenance.interval=7 d", R + "maintenance.time=2 h",
                                  C + "corrupt_share=5 %", R + "mttf_scale=0.5"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_door_agrees_with_events(case: str) -> None:
    door = expected(CASES[case])
    assert door.fidelity in {"closed", "vector"}
    events = run_fidelity(run_of(CASES[case]), 41, fidelity="des", replications=100)
    assert abs(door.ettr - events.ettr.mean) <= 2 * math.hypot(events.ettr.half_width, door.half_width)
    assert door.failures == pytest.approx(events.failures.mean, rel=0.1, abs=10.5)
    assert door.recovery == pytest.approx(events.shares["recovery"], abs=2 * events.ettr.half_width + 1e-3)

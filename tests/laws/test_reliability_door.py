"""The door to fidelity: every key of the reliability and checkpoint sections has a sign that ETTR follows.

Through the same way that money takes: a scenario with overrides, the long run, ``expected_goodput``. A key that this
file does not know fails the first test, so that no new rate, time or share comes without its sign.
"""

from __future__ import annotations

import itertools
import types
import typing
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from clustersim.assemble.parts import model_spec
from clustersim.assemble.reliability import Trained, training_run
from clustersim.des.training.fidelity import Expected, expected_goodput, run_fidelity
from clustersim.des.training.run import TrainingRun
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.reliability import CheckpointSection, ReliabilitySection

R, C = "reliability.", "checkpoint."
X = R + "extras."
D = R + "degradations.part."

#: Key → values from good to bad, and what else must be set for the key to matter.
WORSE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    R + "mttf_scale": (("10", "2", "1", "0.3", "0.1", "0.03", "0.01"), ()),
    R + "card_hours_per_failure": (("1000000 h", "50000 h", "10000 h", "3000 h"), ()),
    R + "failures_per_year.*": (("0 1/year", "0.05 1/year", "0.5 1/year", "3 1/year"), ()),
    R + "recovery.detect": (("0 s", "60 s", "600 s", "2 h"), ()),
    R + "recovery.localise": (("0 s", "60 s", "600 s", "2 h"), ()),
    R + "recovery.reschedule": (("60 s", "454 s", "3 h"), ()),
    R + "recovery.reschedule_process": (("0 s", "60 s", "1 h"), ()),
    R + "recovery.reschedule_multi": (("60 s", "600 s", "6 h"), ()),
    R + "recovery.initialise": (("0 s", "30 s", "361 s", "1 h"), ()),
    R + "recovery.restart_fails": (("0 %", "20 %", "80 %"), ()),
    R + "recovery.growth": (("0", "0.3", "1", "2"), (R + "recovery.measured_at=128",)),
    R + "recovery.measured_at": (("1024", "256", "8"), (R + "recovery.growth=0.5",)),
    R + "spares.hot": (("64", "8", "4", "2", "1", "0"), ()),
    R + "spares.swap_time": (("0 s", "60 s", "1 h"), ()),
    R + "repair_time": (("1 min", "2 h", "24 h", "72 h", "240 h", "720 h"), ()),
    R + "repair_times.*": (("1 h", "24 h", "240 h"), (R + "spares.hot=1",)),
    R + "shared.servers": (("1", "4", "16"), ()),
    R + "shared.repair_time": (("1 h", "24 h", "240 h"), (R + "shared.servers=4",)),
    R + "domains.*.failures_per_year": (("0 1/year", "0.1 1/year", "2 1/year"), (R + "domains.rack.servers=4",)),
    R + "domains.*.repair_time": (
        ("1 h", "24 h", "240 h"), (R + "domains.rack.servers=4", R + "domains.rack.failures_per_year=1 1/year"),
    ),
    R + "elastic.stall": (("0 s", "3 min", "30 min"), (R + "mttf_scale=0.1",)),
    R + "maintenance.interval": (("20 d", "7 d", "1 d"), (R + "maintenance.time=1 h",)),
    R + "maintenance.time": (("0 s", "1 h", "10 h"), (R + "maintenance.interval=7 d",)),
    R + "link_flaps.rate": (("0 1/s", "1 1/h", "100 1/h"), (R + "link_flaps.time=5 s",)),
    R + "link_flaps.time": (("0 s", "5 s", "1 min"), (R + "link_flaps.rate=2 1/h",)),
    R + "degradations.*.per_year": (
        ("0 1/year", "0.1 1/year", "2 1/year"), (D + "found_after=6 h", D + "slowdown=1.5"),
    ),
    R + "degradations.*.found_after": (("1 min", "1 h", "1 d"), (D + "per_year=0.5 1/year", D + "slowdown=1.5")),
    R + "degradations.*.bandwidth_left": (
        ("100 %", "50 %", "10 %"), (D + "per_year=0.5 1/year", D + "found_after=6 h"),
    ),
    R + "degradations.*.clock_left": (
        ("100 %", "70 %", "20 %"), (D + "per_year=0.5 1/year", D + "found_after=6 h"),
    ),
    R + "degradations.*.slowdown": (("1", "1.2", "4"), (D + "per_year=0.5 1/year", D + "found_after=6 h")),
    R + "contention.other_writes": (("0 1/s", "1 1/h", "4 1/h"), (R + "contention.other_size=10 TB",)),
    R + "contention.other_size": (("1 GB", "1 TB", "20 TB"), (R + "contention.other_writes=3 1/h",)),
    X + "infant_factor": (("0", "2", "20"), ()),
    X + "infant_decay": (("0 s", "1 d", "30 d"), (X + "infant_factor=5",)),
    X + "hang_share": (("0 %", "20 %", "100 %"), (X + "hang_timeout=1 h",)),
    X + "hang_timeout": (("0 s", "30 min", "6 h"), (X + "hang_share=50 %",)),
    X + "drain_share": (("100 %", "50 %", "0 %"), ()),
    X + "sdc_delay": (("0 s", "1 h", "1 d"), (R + "failures_per_year.silent_corruption=0.05 1/year",)),
    X + "straggler_rate": (("0 1/s", "1 1/d", "10 1/d"), (X + "straggler_slowdown=2",)),
    X + "straggler_time": (("0 s", "1 h", "1 d"), (X + "straggler_rate=1 1/d", X + "straggler_slowdown=2")),
    X + "straggler_slowdown": (("1", "1.5", "4"), (X + "straggler_rate=1 1/d",)),
    X + "warm_spares": (("4", "1", "0"), (R + "spares.hot=0", X + "warm_time=10 min")),
    X + "warm_time": (("0 s", "10 min", "6 h"), (R + "spares.hot=1", X + "warm_spares=2")),
    X + "cold_spares": (("4", "1", "0"), (R + "spares.hot=0", X + "cold_time=2 h")),
    X + "cold_time": (("0 s", "2 h", "12 h"), (R + "spares.hot=1", X + "cold_spares=2")),
    X + "technicians": (("8", "3", "1"), (R + "spares.hot=2",)),
    X + "repair_fails": (("0 %", "30 %", "90 %"), (R + "spares.hot=2",)),
    X + "retained": (("9", "3", "1"), (X + "sdc_delay=6 h",)),
    X + "burst_share": (("0 %", "30 %", "70 %"), ()),
    C + "bytes_per_parameter": (("12", "18", "100"), ()),
    C + "corrupt_share": (("0 %", "10 %", "60 %"), ()),
    C + "interference": (("0 %", "10 %", "100 %"), ()),
    C + "host.bandwidth": (("1 TB/s", "100 GB/s", "1 GB/s"), ()),
    C + "partner.bandwidth": (("1 TB/s", "10 GB/s", "100 MB/s"), ()),
}  # fmt: skip

#: No sign of their own: an optimum inside, a count of another kind, or a share that trades one loss for another.
UNSIGNED = {
    R + "duration": "the question's length",
    R + "weibull_shape.*": "changes when failures come, not how many in a life",
    X + "lemon_share": "at the same mean rate; lemons leave, so that their share can only help",
    X + "lemon_factor": "as above",
    X + "burst_gap": "a burst is worst at about the length of a recovery and of an interval",
    C + "host.interval": "blocking against lost work", C + "partner.interval": "as above",
    C + "storage.interval": "as above", C + "storage.bandwidth": "cluster.storage is what storage copies take",
    C + "partners": "more copies to send, fewer lost",
    R + "observed.duration": "longer without failures is better, with as many it depends on their number",
    R + "observed.cards": "as above",
    R + "domains.*.servers": "fewer domains, each of more servers",
}  # fmt: skip

CONTEXTS = ((), (R + "mttf_scale=0.1",), (R + "mttf_scale=0.1", R + "spares.hot=0"), (C + "counted_by=steps",),
            (R + "duration=5 d", R + "spares.hot=1"))  # fmt: skip


@lru_cache(maxsize=2048)
def run_of(sets: tuple[str, ...]) -> TrainingRun:
    inputs = load_inputs("nanjing-1024", sets, with_incumbent=False)
    parameters = model_spec(inputs.model(inputs.scenario.demand["pretrain"])).parameters
    return training_run(inputs, Trained(parameters, 20.0, 8, {"network": 0.1, "compute": 0.6}))


@lru_cache(maxsize=2048)
def expected(sets: tuple[str, ...]) -> Expected:
    return expected_goodput(run_of(sets))


def concrete(key: str) -> str:
    """A key of a map, with one of its names."""
    names = {"failures_per_year": "card", "domains": "rack", "repair_times": "card", "degradations": "part"}
    for section, name in names.items():
        key = key.replace(f"{section}.*", f"{section}.{name}")
    return key


def leaves(model: type[BaseModel], at: str) -> list[str]:
    """Every key below a section that holds a quantity."""
    found: list[str] = []
    for name, info in model.model_fields.items():
        found += _below(info.annotation, at + name)
    return found


def _below(annotation: typing.Any, key: str) -> list[str]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return leaves(annotation, key + ".")
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is dict:
        return _below(args[1], key + ".*")
    if origin in (typing.Union, types.UnionType):
        return [k for a in args if a is not type(None) for k in _below(a, key)]
    if origin is typing.Annotated:
        return _below(args[0], key)
    return [key] if getattr(annotation, "__name__", "") == "Sourced" else []


def test_every_quantity_has_a_sign_or_says_why_not() -> None:
    keys = {*leaves(ReliabilitySection, R), *leaves(CheckpointSection, C)}
    assert keys - set(WORSE) - set(UNSIGNED) == set()
    assert set(WORSE) - keys == set()


def never_better(better: Expected, worse: Expected) -> None:
    """Formulas follow their sign to the last digit; a replay or simulation to within its own error."""
    noise = 0.0 if better.fidelity == worse.fidelity == "closed" else better.half_width + worse.half_width
    assert worse.ettr <= better.ettr + 1e-9 + noise


@pytest.mark.parametrize("key", sorted(WORSE))
def test_worse_never_raises_ettr(key: str) -> None:
    values, needs = WORSE[key]
    ladder = [expected((*needs, f"{concrete(key)}={value}")) for value in values]
    for better, worse in itertools.pairwise(ladder):
        never_better(better, worse)
    assert ladder[-1].ettr < ladder[0].ettr - 1e-7  # the key is not ignored


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(set(WORSE) - {X + "burst_share"})), st.sampled_from(CONTEXTS), st.data())
def test_worse_never_raises_ettr_in_any_context(
    key: str, context: tuple[str, ...], data: st.DataObject
) -> None:
    values, needs = WORSE[key]
    given_already = {text.partition("=")[0] for text in (*needs, concrete(key))}
    context = tuple(text for text in context if text.partition("=")[0] not in given_already)
    low = data.draw(st.integers(0, len(values) - 2))
    high = data.draw(st.integers(low + 1, len(values) - 1))
    better, worse = (expected((*context, *needs, f"{concrete(key)}={values[i]}")) for i in (low, high))
    never_better(better, worse)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.02, 5), st.floats(1.0, 3.0), st.integers(0, 12), st.floats(0.5, 1000))
def test_spares_repairs_and_rates_are_monotone(
    scale: float, factor: float, spares: int, repair_h: float
) -> None:
    from dataclasses import replace

    base = run_of(())
    run = replace(
        base,
        failures=tuple(replace(c, rate_per_s=c.rate_per_s / scale) for c in base.failures),
        spare_nodes=spares,
        repair_s=repair_h * 3600,
    )
    here = expected_goodput(run)
    more = replace(run, failures=tuple(replace(c, rate_per_s=c.rate_per_s * factor) for c in run.failures))
    never_better(here, expected_goodput(more))
    never_better(here, expected_goodput(replace(run, repair_s=run.repair_s * factor)))
    never_better(expected_goodput(replace(run, spare_nodes=spares + 1)), here)


@pytest.mark.parametrize(
    ("level", "least", "most"), [("host", 60, 1800), ("partner", 600, 7200), ("storage", 1800, 50_000)]
)
@pytest.mark.parametrize("counted_by", ["time", "steps"])
def test_intervals_have_one_optimum(level: str, least: float, most: float, counted_by: str) -> None:
    """Between its neighbours; beyond them a level is only in the way, and the rarer the better."""
    sets = (
        C + "counted_by=" + counted_by,
        R + "mttf_scale=0.05",
        R + "spares.hot=64",
        C + "host.bandwidth=1 GB/s",
    )
    seconds = [least * (most / least) ** (n / 15) for n in range(16)]
    ettr = [expected((*sets, f"{C}{level}.interval={s} s")).ettr for s in seconds]
    best = ettr.index(max(ettr))
    assert all(a <= b + 1e-9 for a, b in itertools.pairwise(ettr[: best + 1]))
    assert all(a >= b - 1e-9 for a, b in itertools.pairwise(ettr[best:]))


#: Issue 22: what the money said, and what is right (simulated).
WRONG_TODAY = {
    "no spares": ((R + "spares.hot=0",), 0.717),
    "a month of repair": ((R + "repair_time=720 h",), 0.427),
    "infants": ((X + "infant_factor=20",), 0.613),
    "stragglers": ((X + "straggler_rate=2 1/d", X + "straggler_time=6 h", X + "straggler_slowdown=2"), 0.76),
    "hangs": ((X + "hang_share=50 %", X + "hang_timeout=6 h"), 0.936),
    "a hundredth of the MTTF": ((R + "mttf_scale=0.01",), 0.017),
}


@pytest.mark.parametrize("case", WRONG_TODAY)
def test_the_money_knows_the_failures(case: str) -> None:
    """The door, the simulation of the shipped seed, and the recorded value of one such simulation agree."""
    sets, recorded = WRONG_TODAY[case]
    door, run = expected(sets), run_of(sets)
    simulated = run_fidelity(run, 20_260_603, fidelity="des", replications=200).ettr
    assert abs(door.ettr - simulated.mean) <= 2 * max(simulated.half_width, door.half_width)
    assert abs(door.ettr - recorded) <= 2 * max(simulated.half_width, door.half_width) + 5e-4


def test_the_base_case_stays() -> None:
    base = expected(())
    assert base.fidelity == "closed"
    assert base.ettr == pytest.approx(0.9925, abs=2e-4)
    shares = (base.productive, base.checkpoint, base.rework, base.slow, base.recovery)
    assert sum(shares) == pytest.approx(1.0, abs=1e-12)


#: Found by random edits: shares above one, overflow, division by nothing.
ODD = (
    (R + "elastic.stall=0 s", X + "drain_share=100 %"),
    (C + "corrupt_share=99.9 %", X + "drain_share=100 %", C + "host.interval=1 s"),
    (
        X + "straggler_rate=100 1/s",
        X + "straggler_slowdown=1e9",
        R + "shared.servers=128",
        C + "counted_by=steps",
    ),
    (R + "elastic.stall=1 h", R + "failures_per_year.card=1e5 1/year", X + "cold_spares=3"),
    (R + "failures_per_year.network=1e4 1/year",),
)


@pytest.mark.parametrize("sets", ODD)
def test_odd_edits_leave_shares_of_the_time(sets: tuple[str, ...]) -> None:
    found = expected(sets)
    shares = (found.productive, found.checkpoint, found.rework, found.slow, found.recovery)
    assert sum(shares) == pytest.approx(1.0, abs=1e-9)
    assert min(shares) >= 0.0 and found.waiting >= 0.0


def test_what_is_foreseen_stalls_an_elastic_job_no_less() -> None:
    sets = (R + "elastic.stall=3 min", R + "mttf_scale=0.1", R + "repair_time=2 h")
    plain, drained = expected(sets), expected((*sets, X + "drain_share=100 %"))
    months = run_fidelity(run_of((*sets, X + "drain_share=100 %")), 3, fidelity="des", replications=60).ettr
    assert drained.ettr == pytest.approx(plain.ettr, rel=1e-9)
    assert abs(drained.ettr - months.mean) <= 2 * months.half_width

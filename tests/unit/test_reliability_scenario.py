"""From the reliability and checkpoint sections of a file to the long run."""

import re
from pathlib import Path

import pytest

from clustersim.assemble.reliability import Trained, training_run
from clustersim.des.training.run import TrainingRun
from clustersim.errors import InputError
from clustersim.schema.load_inputs import load_inputs
from tests.laws.test_reliability_door import C, R, X, run_of

SHIPPED = Path(__file__).resolve().parents[2] / "scenarios" / "nanjing-1024.yaml"


def edited(tmp_path: Path, change: tuple[str, str], step_time_s: float | None = 20.0) -> TrainingRun:
    text = SHIPPED.read_text(encoding="utf-8").replace("name: nanjing-1024", "name: edited", 1)
    changed = re.sub(*change, text)
    assert changed != text
    path = tmp_path / "edited.yaml"
    path.write_text(changed, encoding="utf-8")
    return training_run(load_inputs(str(path), with_incumbent=False), Trained(1e11, step_time_s, 8))


def test_a_level_in_steps_is_counted_by_steps(tmp_path: Path) -> None:
    run = edited(tmp_path, (r"host: \{interval: 10 min\}", "host: {steps: 30}"))
    assert run.counted_by == "steps"
    assert run.levels[0].interval_s == 600.0
    assert run_of(()).counted_by == "time" and run_of((C + "counted_by=steps",)).counted_by == "steps"


@pytest.mark.parametrize("level", ["{interval: 10 min, steps: 30}", "{bandwidth: 1 GB/s}"])
def test_a_level_has_an_interval_or_steps(tmp_path: Path, level: str) -> None:
    with pytest.raises(InputError, match=r"checkpoint\.host: give its interval or its steps"):
        edited(tmp_path, (r"host: \{interval: 10 min\}", f"host: {level}"))


def test_recovery_grows_with_cards_and_takes_at_least_a_swap() -> None:
    grown = run_of((R + "recovery.measured_at=128", R + "recovery.growth=0.25"))
    assert grown.recovery.initialise_s == pytest.approx(30 * (1024 / 128) ** 0.25)
    assert grown.recovery.detect_s == 60  # explicit errors are seen as soon on any number of cards
    slow = run_of((R + "spares.swap_time=200 s",))
    assert slow.recovery.reschedule_s == (60.0, 200.0, 200.0)
    with pytest.raises(InputError, match="growth and measured_at belong together"):
        run_of((R + "recovery.growth=0.25",))


def test_what_several_servers_take_with_them() -> None:
    alone, four, ring, apart = (
        run_of(sets)
        for sets in (
            (),
            (R + "shared.servers=4",),
            (R + "shared.servers=4", C + "placement=ring"),
            (R + "shared.servers=4", C + "placement=other_rack"),
        )
    )
    shares = [run.levels[1].multi_share for run in (alone, ring, four, apart)]
    assert shares[0] == 0.0 and shares[1] < shares[2] < shares[3] == 1.0
    assert next(c for c in four.failures if c.name == "network").servers == 4
    racks = run_of((R + "domains.rack.servers=4", R + "domains.rack.failures_per_year=0.1 1/year"))
    rack = racks.failures[-1]
    assert (rack.name, rack.servers) == ("rack", 4)
    assert rack.rate_per_s == pytest.approx(32 * 0.1 / 8760 / 3600)


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        (
            (R + "domains.rack.servers=400", R + "domains.rack.failures_per_year=1 1/year"),
            "has only 128 servers",
        ),
        ((R + "repair_times.cards=1 h",), r"repair_times\.cards: unknown component; did you mean 'card'"),
        (("cluster.storage.capacity=3 TB",), "3 checkpoints of .* TB and the one being written need"),
        ((C + "corrupt_share=100 %",), "less than 1"),
        ((R + "recovery.restart_fails=100 %",), "less than 1"),
        ((X + "repair_fails=100 %",), "less than 1"),
    ],
)
def test_what_cannot_be_is_refused(sets: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        run_of(sets)


def test_copies_that_block_and_copies_in_the_way() -> None:
    plain, blocking, slowed = (
        run_of(sets) for sets in ((), (C + "asynchronous=false",), (C + "interference=10 %",))
    )
    assert plain.levels[2].blocking_s < 0.1 < blocking.levels[2].blocking_s == blocking.levels[2].lag_s
    travelling = sum((v.lag_s - v.blocking_s) / v.interval_s for v in plain.levels[1:])
    assert slowed.extra_overhead == pytest.approx(0.1 * travelling)


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        (
            ("per_year=1 1/year", "found_after=1 h"),
            "give one of bandwidth_left, clock_left and slowdown; it has 0",
        ),
        (("per_year=1 1/year", "found_after=1 h", "slowdown=2", "clock_left=50 %"), "it has 2"),
        (("per_year=1 1/year", "found_after=1 h", "bandwidth_left=0 %"), "bandwidth_left"),
        (("per_year=1 1/year", "slowdown=2"), "found_after"),
    ],
)
def test_a_degraded_part_says_its_effect_once(sets: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        run_of(tuple(f"reliability.degradations.link.{text}" for text in sets))


def test_a_slow_link_slows_what_the_step_spends_on_the_network() -> None:
    sets = ("per_year=0.5 1/year", "found_after=6 h", "bandwidth_left=25 %")
    run = run_of(tuple(f"reliability.degradations.link.{text}" for text in sets))
    (slow,) = run.extras.slowed
    assert slow.slowdown == pytest.approx(1 + 0.1 * 3)  # a tenth of the step is the network's
    assert slow.per_s == pytest.approx(1024 * 0.5 / (8760 * 3600))
    with pytest.raises(InputError, match="nothing here is trained by steps"):
        training_run(
            load_inputs("nanjing-1024", tuple(f"reliability.degradations.link.{t}" for t in sets)),
            Trained(1e11),
        )

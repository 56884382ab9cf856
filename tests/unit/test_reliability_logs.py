"""Failure logs as people have them: every line is replayed, mapped and said, or refused with its line."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clustersim.des.training.fidelity import expected_goodput
from clustersim.des.training.log import FailureLog, read_failure_log
from clustersim.des.training.simulate import simulate_run
from clustersim.errors import InputError
from tests.laws.test_reliability_door import expected
from tests.laws.test_reliability_laws import make_run


@pytest.fixture
def log(tmp_path: Path):  # type: ignore[no-untyped-def]
    def read(text: str, start: str | None = None) -> FailureLog:
        path = tmp_path / "log.csv"
        path.write_text(text, encoding="utf-8")
        return read_failure_log(path, start)

    return read


def replayed(found: FailureLog):  # type: ignore[no-untyped-def]
    run = replace(make_run(), log=found.events)
    return simulate_run(run, np.random.default_rng(1))


def test_every_bad_line_is_named_at_once(log) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError) as caught:
        log(
            "time_h,component,end_h\n1,card,3\nx,card,\nnan,card,\n-1,card,\n4,netwrk,\n5,card,2\n6,,\n7,card,x\n"
        )
    text = str(caught.value)
    for words in (
        "log.csv:3: time_h: 'x' is not a number of hours", "log.csv:4: time_h: 'nan' is not a number",
        "log.csv:5: time_h: '-1' is before the start", "log.csv:6: component: 'netwrk' is no component that is known"
        " (did you mean 'network'?)", "log.csv:7: end_h: comes before the failure itself",
        "log.csv:8: component: is missing", "log.csv:9: end_h: 'x' is not a number",
    ):  # fmt: skip
        assert words in text
    with pytest.raises(InputError, match=r"lacks the column\(s\) of time .* it has: when, what"):
        log("when,what\n1,card\n")
    with pytest.raises(InputError, match="holds no events"):
        log("time_h,component\n")


def test_overlapping_repairs_are_two_failures(log) -> None:  # type: ignore[no-untyped-def]
    found = log("time_h,component,domain,end_h\n10,gpu,node,34\n20,gpu,node,21\n")
    assert [(e.time_s, e.component, e.repair_s) for e in found.events] == [
        (36_000.0, "card", 86_400.0),
        (72_000.0, "card", 3_600.0),
    ]
    assert "log: 2 x 'gpu' is read as card" in found.notes
    assert [i.failed_at_s for i in replayed(found).incidents] == [36_000.0, 72_000.0]


def test_lines_out_of_order_are_sorted_and_said(log) -> None:  # type: ignore[no-untyped-def]
    found = log("hours,cause\n5,hbm\n1,software\n")
    assert [e.domain for e in found.events] == ["process", "node"]
    assert any("sorted" in note for note in found.notes)
    assert "log: column 'hours' is read as time" in found.notes


def test_two_events_at_one_time_both_count(log) -> None:  # type: ignore[no-untyped-def]
    month = replayed(log("time_h,component\n10,card\n10,hbm\n10.001,nic\n"))
    assert month.failures == 3


def test_an_event_while_the_job_waits_is_not_lost(log) -> None:  # type: ignore[no-untyped-def]
    found = log("time_h,component\n10,card\n12,card\n")
    month = simulate_run(replace(make_run(spares=0), log=found.events), np.random.default_rng(1))
    assert month.failures == 2
    # Each server is away for a day, and the second failure strikes when the first is over.
    assert month.recovery_s > 2 * 86_400.0 - 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2026-03-01T06:00:00+08:00", "2026-03-01T12:00:00+08:00"),
        ("2026-03-01 06:00", "2026-03-01 12:00"),
        ("2026/03/01 06:00:00", "2026/03/01 12:00:00"),
        ("1772344800", "1772366400"),
    ],
)
def test_time_stamps_count_from_a_start_that_is_said(log, first: str, second: str) -> None:  # type: ignore[no-untyped-def]
    found = log(f"timestamp,xid\n{first},79\n{second},13\n")
    assert [e.time_s for e in found.events] == [21_600.0, 43_200.0]
    assert [(e.component, e.domain) for e in found.events] == [("card", "node"), ("software", "process")]
    assert any("no start of the run is given" in note for note in found.notes)


def test_zones_are_honoured_and_a_start_can_be_given(log) -> None:  # type: ignore[no-untyped-def]
    text = "start_time,DCGM_FI_DEV_XID_ERRORS\n2026-03-01T08:00:00+08:00,63\n2026-03-01T01:00:00Z,74\n"
    found = log(text, "2026-03-01T00:00:00Z")
    assert [e.time_s for e in found.events] == [0.0, 3_600.0]
    with pytest.raises(InputError, match="has no zone, and others have one"):
        log("time,component\n2026-03-01T08:00:00+08:00,card\n2026-03-01T09:00:00,card\n")
    with pytest.raises(InputError, match="is before the start of the run"):
        log(text, "2026-03-02T00:00:00Z")
    with pytest.raises(InputError, match="log_start: 'monday' is no time stamp"):
        log(text, "monday")


def test_events_after_the_run_are_counted_and_said(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("time_h,component\n10,card\n900,card\n", encoding="utf-8")
    found = expected((f"reliability.log={path}",))
    assert found.fidelity == "des" and found.failures == 1
    assert any("1 of 2 events come after the end of the run (720.0 h)" in note for note in found.notes)
    with pytest.raises(InputError, match="all 2 events come after the end"):
        expected((f"reliability.log={path}", "reliability.duration=9 h", "checkpoint.storage.interval=1 h"))


def test_a_replay_has_no_luck_in_it(log) -> None:  # type: ignore[no-untyped-def]
    found = log("time_h,component\n10,card\n300,network\n")
    door = expected_goodput(replace(make_run(), log=found.events))
    assert door.half_width == 0.0
    assert door.ettr == pytest.approx(replayed(found).ettr, rel=1e-12)

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


KERNEL = """\
{0} NVRM: loading
{1} NVRM: Xid (PCI:0000:3b:00): 79, pid=1, GPU has fallen off the bus.
{1} NVRM: Xid (PCI:0000:3b:00): 79, pid=1, GPU has fallen off the bus.
{1} NVRM: Xid (PCI:0000:5d:00): 48, pid=1, DBE
{2} NVRM: Xid (PCI:0000:3b:00): 79, pid=1, GPU has fallen off the bus.
"""


@pytest.mark.parametrize(
    ("times", "start", "hours"),
    [
        (("[Mon Mar  2 01:00:00 2026]", "[Mon Mar  2 02:00:00 2026]", "[Mon Mar  2 12:00:00 2026]"), None, [2, 2, 12]),
        (("2026-03-02T01:00:00+08:00 n1 kernel:", "2026-03-02T02:00:00+08:00 n1 kernel:",
          "2026-03-02T12:00:00+08:00 n1 kernel:"), "2026-03-02T00:00:00+08:00", [2, 2, 12]),
        (("Mar  2 01:00:00 n1 kernel:", "Mar  2 02:00:00 n1 kernel:", "Mar  2 12:00:00 n1 kernel:"),
         "2026-03-02T00:00:00", [2, 2, 12]),
        (("[  100.0]", "[ 7200.0]", "[43200.5]"), None, [2, 2, 12]),
    ],
)  # fmt: skip
def test_the_kernels_lines_are_read_and_storms_are_one(log, times, start, hours) -> None:  # type: ignore[no-untyped-def]
    found = log(KERNEL.format(*times), start)
    assert [round(e.time_s / 3600) for e in found.events] == hours
    assert sorted(e.component for e in found.events) == ["card", "card", "hbm"]
    assert "log: read as the kernel's; 1 lines without an Xid are left out" in found.notes
    assert any("1 lines repeat an error of the same card" in note for note in found.notes)


def test_kernel_lines_without_a_year_or_a_time_are_refused(log) -> None:  # type: ignore[no-untyped-def]
    line = "NVRM: Xid (PCI:0000:3b:00): 79, pid=1"
    with pytest.raises(InputError, match="has no year: give reliability"):
        log(f"Mar  2 01:00:00 n1 kernel: {line}\n")
    with pytest.raises(InputError, match="2: time: has no time that is known"):
        log(f"[ 1.0] {line}\n{line}\n")
    with pytest.raises(InputError, match="some lines have dates and others seconds"):
        log(f"[ 1.0] {line}\n[Mon Mar  2 01:00:00 2026] {line}\n")


def test_a_gauge_of_errors_is_read_by_its_changes(log) -> None:  # type: ignore[no-untyped-def]
    head = "timestamp,hostname,gpu,DCGM_FI_DEV_XID_ERRORS\n"
    samples = [
        ("n1", 0, 0),
        ("n1", 0, 79),
        ("n2", 0, 79),
        ("n1", 0, "79.0"),
        ("n1", 0, ""),
        ("n1", 0, 79),
        ("n1", 0, 48),
    ]
    rows = "".join(f"2026-03-02T{i:02d}:00:00Z,{h},{g},{v}\n" for i, (h, g, v) in enumerate(samples))
    found = log(head + rows)
    assert [(round(e.time_s / 3600), e.component) for e in found.events] == [
        (1, "card"), (2, "card"), (5, "card"), (6, "hbm"),
    ]  # fmt: skip
    assert "log: 2 samples show no error and are left out" in found.notes
    assert "log: 1 samples still show the last error of their card and are left out" in found.notes


@pytest.mark.parametrize(
    ("text", "events"),
    [
        # Lengths of repair beside ends; units in the column or the cell; what is not over yet.
        ("start,component,downtime\n2026-03-02 03:00,gpu,5 h\n2026-03-02 04:00,hbm,1:30\n",
         [(3.0, "card", 5.0), (4.0, "hbm", 1.5)]),
        ("time_min,part,repair_min\n60,gpu,30\n", [(1.0, "card", 0.5)]),
        ("time_h,component,end_h\n10,gpu,ongoing\n12,gpu,-\n13,gpu,14\n",
         [(10.0, "card", None), (12.0, "card", None), (13.0, "card", 1.0)]),
        # Days before months, C's own, Chinese headers, comments, units with the number.
        ("date,reason\n02.03.2026 03:00,gpu\n03.03.2026 04:00,hbm\n", [(3.0, "card", None), (28.0, "hbm", None)]),
        ("日期,故障类型\n2026-03-02 03:00,显卡掉卡\n20260303,光模块\n", [(3.0, "card", None), (24.0, "network", None)]),
        ("# export\ntime_h,component\n\n1 d,gpu\n# end\n", [(24.0, "card", None)]),
        ("timestamp,message\n2026-03-02 03:00 UTC,\"NVRM: Xid (PCI:0): 94, x\"\n", [(3.0, "hbm", None)]),
    ],
)  # fmt: skip
def test_logs_as_people_have_them(log, text: str, events) -> None:  # type: ignore[no-untyped-def]
    found = log(text)
    read = [
        (e.time_s / 3600, e.component, None if e.repair_s is None else e.repair_s / 3600)
        for e in found.events
    ]
    assert read == events


def test_what_is_not_read_is_said(log) -> None:  # type: ignore[no-untyped-def]
    found = log("time,component,severity,node\n10,card,info,n1\n10,card,info,n1\n")
    assert "log: not read: severity, node" in found.notes
    assert "log: bare numbers of 'time' are read as hours since the start of the run" in found.notes
    assert "log: 1 lines are the same as another; each counts" in found.notes


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time_h,component,repair\n1,gpu,5\n", "'5' has no unit: write 5 h, or name the column repair_h"),
        ("time_h,component,repair_h\n1,gpu,-5\n", "'-5' is no length of time"),
        ("time_h,component,repair_h\n1,gpu,soon\n", "'soon' is no length of time"),
        ("date,reason\n03/02/2026 03:00,gpu\n", "which is the month? write 2026-03-01 12:00"),
        ("time_h,component\n1 fortnight,gpu\n", "is not a number of hours"),
        ("time_h,component\n1,Xid 999\n", "'Xid 999' is no component that is known"),
        ("time_h,xid\n1,0\n", "holds no events"),
    ],
)
def test_what_cannot_be_read_is_named(log, text: str, words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError) as caught:
        log(text)
    assert words in str(caught.value)

"""Job traces as people have them: five layouts, what is left out, and what is refused."""

import numpy as np
import pytest

from clustersim.des.jobs.engine import simulate_shared
from clustersim.des.jobs.model import Policy, Site
from clustersim.des.jobs.traces import read_jobs, read_servers, table_of
from clustersim.errors import InputError
from clustersim.report.csvtext import rows_text

PAI = """name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time
p0,12000,16384,1,1000,,LS,Running,100,500,110
p1,6000,12288,1,460,,LS,Succeeded,120,300,120
p2,6000,12288,1,540,V100M16|T4,BE,Failed,125,400,130
p3,1000,2048,0,0,,BE,Running,130,200,131
p4,96000,99999,8,1000,G2,LS,Running,140,900,141
p5,1000,2048,1,1000,,LS,Pending,150,160,
"""
NODES = """sn,cpu_milli,memory_mib,gpu,model
n0,64000,262144,2,T4
n1,64000,262144,2,T4
n2,96000,393216,8,G2
"""
SACCT = """JobID|User|Account|State|Submit|Start|End|Timelimit|AllocTRES
1001|ann|nlp|COMPLETED|2026-03-01T08:00:00|2026-03-01T08:00:30|2026-03-01T10:00:30|1-00:00:00|billing=96,cpu=96,gres/gpu=8,node=1
1001.batch||nlp|COMPLETED|2026-03-01T08:00:00|2026-03-01T08:00:30|2026-03-01T10:00:30||cpu=96
1002|bob|vision|CANCELLED by 1003|2026-03-01T08:05:00|2026-03-01T09:00:00|2026-03-01T09:30:00|04:00:00|gres/gpu=16
1003|bob|vision|RUNNING|2026-03-01T08:06:00|2026-03-01T09:00:00|Unknown|04:00:00|gres/gpu=4
1004|bob|vision|PENDING|2026-03-01T08:07:00|Unknown|Unknown|04:00:00|
"""
PHILLY = """[{"status": "Pass", "vc": "6214e9", "jobid": "application_1", "submitted_time": "2017-10-09 07:00:00",
 "attempts": [{"start_time": "2017-10-09 07:02:00", "end_time": "2017-10-09 08:02:00",
  "detail": [{"ip": "m1", "gpus": ["gpu0", "gpu1"]}, {"ip": "m2", "gpus": ["gpu0"]}]}], "user": "u"},
 {"status": "Killed", "vc": "6214e9", "jobid": "application_2", "submitted_time": "2017-10-09 07:00:00",
  "attempts": []}]
"""
HELIOS = """job_id,user,vc,gpu_num,cpu_num,node_num,state,submit_time,start_time,end_time,duration,queue
7,u1,vcA,8,32,1,COMPLETED,2020-04-01 00:00:00,2020-04-01 00:00:10,2020-04-01 01:00:10,3600,10
8,u2,vcB,1,4,1,NODE_FAIL,2020-04-01 00:01:00,2020-04-01 00:02:00,2020-04-01 00:03:00,60,60
"""
ACME = """job_id,user,node_num,gpu_num,cpu_num,type,state,submit_time,start_time,end_time,duration,queue,gpu_time
d1,u,4,32,512,Pretrain,FAILED,2023-03-01 09:00:00+08:00,2023-03-01 09:00:05+08:00,2023-03-01 12:00:05+08:00,10800,5,1
"""


def read(tmp_path, text: str, name: str = "trace.csv", **options):  # type: ignore[no-untyped-def]
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_jobs(path, **options)


def test_pai_at_its_recorded_times_uses_the_cards_as_recorded(tmp_path) -> None:  # type: ignore[no-untyped-def]
    trace = read(tmp_path, PAI)
    (tmp_path / "nodes.csv").write_text(NODES)
    groups = read_servers(tmp_path / "nodes.csv")
    assert [(g.count, g.cards, g.card) for g in groups] == [(2, 2, "T4"), (1, 8, "G2")]
    assert trace.layout == "pai" and trace.left_out == {"never started": 1} and len(trace.jobs) == 5
    assert trace.jobs[2].card_types == ("V100M16", "T4") and trace.jobs[1].cards == 0.46
    done = simulate_shared(
        trace.jobs, site=Site(groups=groups), duration_s=1000.0, rng=np.random.default_rng(1),
        policy=Policy(order="recorded"),
    )  # fmt: skip
    # Times count from the first submission, at 100.
    times = np.array([0.0, 10, 20, 30, 41, 200, 300, 400, 800])
    assert done.in_use(times).tolist() == [0, 1, 1.46, 2.0, 10.0, 9.54, 9.0, 8.0, 0.0]
    assert [r.waited_s for r in done.records] == [10, 0, 5, 1, 1]
    assert done.records[2].status == "failed" and done.unsuccessful_share > 0


def test_sacct(tmp_path) -> None:  # type: ignore[no-untyped-def]
    trace = read(tmp_path, SACCT, "jobs.txt")
    assert trace.layout == "sacct"
    assert trace.left_out == {"steps of a job": 1, "still ran at the end of the trace": 1, "never started": 1}
    first, second = trace.jobs
    assert (first.cards, first.work_s, first.starts_s, first.limit_s, first.tenant) == (
        8,
        7200,
        30,
        86400,
        "nlp",
    )
    assert (second.arrives_s, second.starts_s, second.outcome, second.cards) == (300, 3600, "cancelled", 16)


def test_philly_helios_and_acme(tmp_path) -> None:  # type: ignore[no-untyped-def]
    philly = read(tmp_path, PHILLY, "cluster_job_log.json")
    assert philly.layout == "philly" and philly.left_out == {"never started": 1}
    assert (philly.jobs[0].cards, philly.jobs[0].work_s, philly.jobs[0].starts_s) == (3, 3600, 120)
    helios = read(tmp_path, HELIOS)
    assert [(j.cards, j.outcome, j.tenant) for j in helios.jobs] == [
        (8, "finished", "vcA"),
        (1, "failed", "vcB"),
    ]
    acme = read(tmp_path, ACME)
    assert (acme.layout, acme.jobs[0].cards, acme.jobs[0].work_s) == ("acme", 32, 10800)


def test_the_plain_table_reads_back_what_was_written(tmp_path) -> None:  # type: ignore[no-untyped-def]
    trace = read(tmp_path, PAI)
    again = read(tmp_path, rows_text(table_of(trace)), "plain.csv")
    assert again.layout == "plain"
    assert [(j.cards, j.work_s, j.starts_s, j.card_types) for j in again.jobs] == [
        (j.cards, j.work_s, j.starts_s, j.card_types) for j in trace.jobs
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            PAI.replace("p1,6000,12288,1,460", "p1,6000,12288,one,460"),
            "trace.csv:3: num_gpu: 'one' is no number",
        ),
        (PAI.replace("120,300,120", "120,110,120"), "trace.csv:3: p1: submitted 120, started 120, ended 110"),
        (PAI.replace("Succeeded", "Sleeping"), "state 'Sleeping' is unknown"),
        (HELIOS.replace("2020-04-01 00:01:00", "1st of April"), "neither seconds nor a date"),
        ("a,b\n1,2\n", "these columns are of no known job trace; known are pai"),
        ("\n".join(PAI.splitlines()[:1] + PAI.splitlines()[-1:]), "no job of this trace has a known length"),
        ("[1, 2]", "a Philly log is a list of jobs"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path, text: str, words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=words.replace("(", r"\(")):
        read(tmp_path, text)


def test_cards_of_slurm_by_type_or_by_node(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Typed cards were read as none: the job took no card of the site, in silence."""
    times = "2024-01-01T00:00:00|2024-01-01T01:00:00|2024-01-01T02:00:00"
    rows = {"gres/gpu:a100=16": 16, "billing=8,gres/gpu=8,gres/gpu:h100=8": 8, "cpu=4": 0, "": 0}
    text = "JobID|State|Submit|Start|End|AllocTRES|AllocGRES|NNodes\n"
    text += "".join(f"{i}|COMPLETED|{times}|{tres}||1\n" for i, tres in enumerate(rows))
    text += f"9|COMPLETED|{times}||gpu:a100:8|2\n"
    (tmp_path / "a.txt").write_text(text)
    assert [job.cards for job in read_jobs(tmp_path / "a.txt").jobs] == [*rows.values(), 16]
    (tmp_path / "b.txt").write_text(f"JobID|State|Submit|Start|End\n1|COMPLETED|{times}\n")
    with pytest.raises(InputError, match="no column says how many cards"):
        read_jobs(tmp_path / "b.txt")


def test_a_plain_table_of_servers(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "s.csv").write_text("count,cards,card\n4,8,A\n2,16,B\n")
    assert [(g.count, g.cards, g.card) for g in read_servers(tmp_path / "s.csv")] == [
        (4, 8, "A"),
        (2, 16, "B"),
    ]
    (tmp_path / "s.csv").write_text("count,cards\n0,8\n2,1.5\n")
    with pytest.raises(InputError, match=r"s.csv:2(.|\n)*s.csv:3"):
        read_servers(tmp_path / "s.csv")
    (tmp_path / "s.csv").write_text("name,gpus\na,8\n")
    with pytest.raises(InputError, match="count, cards"):
        read_servers(tmp_path / "s.csv")

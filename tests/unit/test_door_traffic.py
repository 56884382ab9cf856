"""Logs of requests, jobs and failures come in by the same door, in layouts that are read back.

Layouts are those of the tools; every figure is invented. At least five samples of each door, three of them broken.
"""

# ruff: noqa: E501 -- lines of logs are as long as they are

from __future__ import annotations

import gzip

import pytest
from doors import Put, put, read, refused

__all__ = ["put"]  # a fixture


AZURE = "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,374,44\n2023-11-16 18:17:04.0319600,396,109\n"
MOONCAKE = '{"timestamp": 0, "input_length": 600, "output_length": 5, "hash_ids": [1, 2]}\n{"timestamp": 3000, "input_length": 700, "output_length": 9, "hash_ids": [1, 3]}\n'
BURST = "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,Conversation log\n45,GPT-4,1087,0,1087,API log\n"


def test_requests_of_every_layout_are_read_back(put: Put) -> None:
    for text, name, prompts in ((AZURE, "a.csv", [374, 396]), (BURST, "b.csv", [472, 1087]), (MOONCAKE, "m.jsonl", [600, 700]),
                                (MOONCAKE, "m.json", [600, 700]),
                                (f"[{MOONCAKE.strip().replace(chr(10), ',')}]", "list.json", [600, 700])):  # fmt: skip
        made = read(put(text, name))
        again = read(put(made.text, f"again.{made.ending}"))
        assert made.kind == again.kind == "requests"
        assert list(made.content.prompt) == list(again.content.prompt) == prompts
        assert list(made.content.arrival) == pytest.approx(list(again.content.arrival))
    assert again.content.blocks == ((1, 2), (1, 3))


def test_any_csv_with_columns_gzip_and_skipped_lines(put: Put) -> None:
    text = "t,in,out\n0,10,5\n1,x,5\n2,30,5\n"
    path = put(gzip.compress(text.encode()), "log.csv.gz")
    made = read(path, columns=("t", "in", "out"), skip=1)
    assert list(made.content.prompt) == [10, 30] and any("skipped" in s and ":3:" in s for s in made.said)
    refused(path, "1 bad line(s), 0 may be skipped", columns=("t", "in", "out"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (AZURE.replace(",374,", ',"374,5",'), ("not a number",)),
        (AZURE[:-5].replace(",396", ""), ("is missing",)),
        (MOONCAKE[:-20] + "\n", ("not valid JSON",)),
        (AZURE + AZURE.partition("\n")[2], ("earlier than the line before",)),
        (MOONCAKE.replace("700", '"many"'), ("prompt length",)),
    ],
)
def test_broken_logs_of_requests_are_refused(put: Put, text: str, words: tuple[str, ...]) -> None:
    refused(put(text), *words, kind="requests")


SACCT = """JobID|User|Account|State|Submit|Start|End|AllocTRES
1001|ann|nlp|COMPLETED|2026-03-01T08:00:00|2026-03-01T08:00:30|2026-03-01T10:00:30|gres/gpu=8
1002|bob|vision|PENDING|2026-03-01T08:07:00|Unknown|Unknown|
"""
PHILLY = '[{"status": "Pass", "vc": "v", "jobid": "a", "submitted_time": "2017-10-09 07:00:00", "attempts": [{"start_time": "2017-10-09 07:02:00", "end_time": "2017-10-09 08:02:00", "detail": [{"ip": "m", "gpus": ["g0", "g1"]}]}]}]'
HELIOS = "job_id,user,vc,gpu_num,state,submit_time,start_time,end_time\n7,u,v,8,COMPLETED,2020-04-01 00:00:00,2020-04-01 00:00:10,2020-04-01 01:00:10\n"
PAI = "name,num_gpu,gpu_milli,pod_phase,creation_time,deletion_time,scheduled_time\np0,1,500,Running,100,500,110\n"


@pytest.mark.parametrize(("text", "cards"), [(SACCT, 8), (PHILLY, 2), (HELIOS, 8), (PAI, 0.5)])
def test_job_traces_come_in_the_plain_layout(put: Put, text: str, cards: float) -> None:
    made = read(put(text))
    assert made.kind == "jobs" and made.rows[0]["cards"] == cards
    again = read(put(made.text, "again.csv"))
    assert again.content.jobs == made.content.jobs


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SACCT.replace("2026-03-01T08:00:30", "01.03.2026 08:00"), ("neither seconds nor a date",)),
        (PHILLY[:-40], ("not valid JSON",)),
        (HELIOS.replace("7,u,v,8", "7,u,v,8,COMP7,u"), ("more cells",)),
        (PAI.replace("500,110", "50,110"), ("times run backwards",)),
    ],
)
def test_broken_job_traces_are_refused(put: Put, text: str, words: tuple[str, ...]) -> None:
    refused(put(text), *words)


DMESG = "[Tue Sep  1 10:00:00 2026] NVRM: Xid (PCI:0000:3b:00): 79, pid=1, GPU has fallen off the bus.\n[Tue Sep  1 14:00:00 2026] NVRM: Xid (PCI:0000:5e:00): 48, pid=2, DBE\n"


@pytest.mark.parametrize(
    "text",
    [
        "time_h,component,domain,end_h\n10,gpu,node,34\n20,gpu,node,21\n",
        "timestamp,host,xid\n2026-09-01T10:00:00,n1,79\n2026-09-01T14:00:00,n2,48\n",
        DMESG,
        "发生时间,故障类型,维修时长\n2026-09-01 10:00:00,显卡,2 h\n2026-09-01 14:00:00,网卡,1 h\n",
    ],
)
def test_failures_become_seconds_and_components(put: Put, text: str) -> None:
    made = read(put(text))
    assert made.kind == "failures" and len(made.rows) == 2 and made.rows[1]["time_s"] > made.rows[0]["time_s"]
    again = read(put(made.text, "again.csv"))
    assert [e.component for e in again.content.events] == [e.component for e in made.content.events]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('time_h,component\n"10,5",gpu\n', ("10,5",)),
        ("time_h,component\n10,gpu\n12", ("component", "is missing")),
        ("time_h,component\n10,gpu 12,nic\nx,y\n", ("more cells", "a log of failures")),
    ],
)
def test_broken_failure_logs_are_refused(put: Put, text: str, words: tuple[str, ...]) -> None:
    refused(put(text), *words)


@pytest.mark.parametrize(("text", "kind"), [(AZURE, "requests"), (SACCT, "jobs")])
def test_traces_say_where_they_come_from(put: Put, tmp_path, text: str, kind: str) -> None:
    import hashlib
    import json

    import clustersim as cs

    path = put(text, "log.csv")
    found = cs.import_file(path)
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert found.to_dict()["provenance"]["sha256"] == digest
    found.write(tmp_path / "out")
    beside = json.loads((tmp_path / "out" / "log.source.json").read_text())
    assert beside["tier"] == "measured" and beside["kind"] == kind and beside["file"] == "log.csv"
    assert len(beside["date"]) == 10

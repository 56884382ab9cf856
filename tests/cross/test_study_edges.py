"""Studies that two run at once, that read unlike files, that lose their workers, that are resumed without figures."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from dask_cluster import Cluster

from clustersim.cli.main import cli
from clustersim.errors import InputError
from clustersim.study import cluster as study_cluster
from clustersim.study import execute, points
from clustersim.study.driver import run_study
from clustersim.study.lock import held
from clustersim.study.space import parse_axis
from clustersim.study.spec import StudySpec, make_spec
from clustersim.study.store import StudyStore

ROOT = Path(__file__).resolve().parents[2]


def command(*args: object) -> list[str]:
    return [sys.executable, "-m", "clustersim", *map(str, args)]


def in_process(*args: object) -> str:
    """Run a command here, without the start of a program; its errors come through."""
    return CliRunner().invoke(cli, [*map(str, args)], catch_exceptions=False, standalone_mode=False).stdout


def spec(points: int) -> StudySpec:
    return make_spec("sweep", "nanjing-1024", axes=[parse_axis(f"tco.tariff=0.3:0.8 CNY/kWh:{points}")])


@pytest.fixture
def cluster():  # type: ignore[no-untyped-def]
    opened = Cluster(workers=1)
    yield opened
    opened.close()


def test_two_processes_on_one_folder_leave_one_right_study(tmp_path: Path) -> None:
    words = (
        "sweep",
        "nanjing-1024",
        "--vary",
        "tco.tariff=0.3:0.8 CNY/kWh:40",
        "-o",
        tmp_path / "s",
        "-f",
        "csv",
    )
    both = [
        subprocess.Popen(
            command(*words, "--workers", "1"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT
        )
        for _ in range(2)
    ]  # fmt: skip
    said = [child.communicate(timeout=300)[1] for child in both]
    # The second is refused, or has come so late that it finds the study done.
    for child, text in zip(both, said, strict=True):
        assert child.returncode == 0 or (child.returncode == 2 and "is running this study; wait" in text), (
            said
        )
    assert 0 in {child.returncode for child in both}
    frame = pd.read_parquet(tmp_path / "s" / "results.parquet")
    assert frame["point"].tolist() == list(range(40))


def test_a_held_folder_is_refused_by_every_command_that_writes(tmp_path: Path) -> None:
    words = ("sweep", "nanjing-1024", "--vary", "tco.pue=1.1,1.2", "-o", tmp_path / "s")
    run_study(
        make_spec("sweep", "nanjing-1024", axes=[parse_axis("tco.pue=1.1,1.2")]), StudyStore(tmp_path / "s")
    )
    with held(tmp_path / "s"):
        for args in (words, ("study", "resume", tmp_path / "s")):
            with pytest.raises(InputError, match="this process is running this study; wait for it"):
                in_process(*args)
        assert '"done": 2' in in_process("study", "status", tmp_path / "s", "-f", "json")


def other_profiles(folder: Path) -> Path:
    """A copy of the shipped profiles in which one card's peak is another."""
    shutil.copytree(ROOT / "hwprofiles", folder / "hwprofiles")
    card = folder / "hwprofiles" / "cards" / "BR106M.yaml"
    text = card.read_text(encoding="utf-8")
    peak = next(line for line in text.splitlines() if "bf16:" in line and "FLOP/s" in line)
    number = peak.split("value:")[1].split("T")[0].strip()
    card.write_text(text.replace(peak, peak.replace(number, "410", 1)), encoding="utf-8")
    return folder


def test_a_worker_with_other_profiles_is_refused_at_the_start(tmp_path: Path, cluster: Cluster) -> None:
    cluster.add_worker(CLUSTERSIM_PATH=str(other_profiles(tmp_path)))
    wait_for_workers(cluster, 2)
    store = StudyStore(tmp_path / "s")
    with pytest.raises(InputError, match=r"worker tcp.*profiles or scenario differ from the study's"):
        run_study(spec(8), store, scheduler=cluster.address)
    assert store.parts() == []


def test_a_worker_with_other_profiles_that_joins_later_adds_nothing(
    tmp_path: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_study(spec(30), StudyStore(tmp_path / "right"))
    cluster.add_worker(CLUSTERSIM_PATH=str(other_profiles(tmp_path)))
    wait_for_workers(cluster, 2)
    # The check at the start is left out: this is what a worker meets that joins after it.
    monkeypatch.setattr(study_cluster, "_check_workers", lambda client, address, spec: 2)
    store = StudyStore(tmp_path / "s")
    try:
        run_study(spec(30), store, scheduler=cluster.address)
    except InputError as error:
        assert "profiles or scenario differ from the study's" in str(error)
        monkeypatch.undo()
        run_study(spec(30), store)
    right = (tmp_path / "right" / "results.parquet").read_bytes()
    assert (tmp_path / "s" / "results.parquet").read_bytes() == right


def wait_for_workers(cluster: Cluster, count: int) -> None:
    from distributed import Client

    with Client(cluster.address, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=60)


def test_workers_that_are_all_gone_are_said_and_the_study_resumes(
    tmp_path: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert study_cluster.ALONE_S + execute.LOOK_S < 30
    monkeypatch.setattr(study_cluster, "ALONE_S", 1.0)
    monkeypatch.setattr(execute, "LOOK_S", 0.2)
    monkeypatch.setattr(points, "SMALL_BLOCK", 4)
    monkeypatch.setattr(points, "BLOCK", 4)  # a hundred tasks, so that some are left when the worker is gone
    store = StudyStore(tmp_path / "s")

    def kill(done: int, of: int) -> None:
        cluster.workers[0].send_signal(signal.SIGKILL)

    with pytest.raises(InputError, match="all workers are gone; what is finished is kept: start a worker"):
        run_study(spec(400), store, scheduler=cluster.address, tell=kill)
    assert store.parts()
    run_study(spec(400), store)
    assert pd.read_parquet(store.results_path)["point"].tolist() == list(range(400))


def silent() -> socket.socket:
    """Something that listens and says nothing: the system takes its connections."""
    opened = socket.socket()
    opened.bind(("127.0.0.1", 0))
    opened.listen()
    return opened


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "is not an address"), ("junk", "is not an address"), ("http://a:80", "is not an address"),
        ("tcp://127.0.0.1", "is not an address"), ("tls://127.0.0.1:8786", "is not an address"),
        ("tcp://127.0.0.1:9", "no answer from it"), ("tcp://no-such-host.invalid:8786", "no answer from it"),
    ],
)  # fmt: skip
def test_an_address_where_no_scheduler_answers_is_refused(
    address: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study_cluster, "CONNECT_S", 0.2)
    with pytest.raises(InputError, match=said), execute.open_executor(1, address):
        pass


def test_what_listens_but_is_no_scheduler_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study_cluster, "ANSWER_S", 0.3)
    with silent() as opened:
        address = f"tcp://127.0.0.1:{opened.getsockname()[1]}"
        with pytest.raises(InputError, match="says nothing within"), execute.open_executor(1, address):
            pass
    with silent() as opened:
        address = f"tcp://127.0.0.1:{opened.getsockname()[1]}"

        def answer() -> None:
            with opened.accept()[0] as link:
                link.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                link.recv(1)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(InputError, match="no Dask scheduler"), execute.open_executor(1, address):
            pass
        thread.join()


def test_a_killed_local_worker_is_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "_task", _die)
    monkeypatch.setattr(execute, "blocks", lambda *_, **__: 10)  # a single block would be run in this process
    with pytest.raises(InputError, match="a worker process ended unexpectedly"):
        run_study(spec(40), StudyStore(tmp_path / "s"), workers=2)


def _die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_files_that_change_while_a_study_runs_are_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLUSTERSIM_PATH", str(tmp_path))
    shutil.copytree(ROOT / "hwprofiles", tmp_path / "hwprofiles")
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    study = spec(8)
    shutil.rmtree(tmp_path / "hwprofiles")
    other_profiles(tmp_path)
    with pytest.raises(InputError, match="profiles or scenario differ from the study's"):
        run_study(study, StudyStore(tmp_path / "s"))


@pytest.mark.parametrize(
    ("words", "gone"),
    [
        (("sweep", "nanjing-1024", "--vary", "tco.pue=1.1,1.2", "--vary", "tco.wacc=0.05,0.06"), "heat_map_mfu.png"),
        (("optimise", "nanjing-1024", "--vary", "cluster.cards=512,1024", "--maximise", "mfu", "--minimise",
          "cny_per_mtoken"), "pareto.png"),
        (("mc", "target-price-mc", "--points", "8"), "fan_revenue.png"),
        (("sensitivity", "target-price", "--method", "tornado"), "tornado.png"),
    ],
)  # fmt: skip
def test_resume_draws_what_is_missing(tmp_path: Path, words: tuple[str, ...], gone: str) -> None:
    folder = tmp_path / "s"
    in_process(*words, "-o", folder, "--workers", 1)
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert gone in before
    (folder / gone).unlink()
    in_process("study", "resume", folder)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("sweep", "nanjing-1024", "--vary", "tco.pue=1.1,1.2", "--show", "mfo"), "did you mean 'mfu'?"),
        (("sweep", "nanjing-1024", "--vary", "tco.puu=1.1,1.2"), "unknown key"),
        (("optimise", "nanjing-1024", "--vary", "tco.pue=1.1,1.2", "--minimise", "cost"), "unknown"),
        (("mc", "target-price-mc", "--set", "tco.pue=x"), "tco.pue"),
    ],
)
def test_inputs_are_checked_before_a_folder_is_begun(
    tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        in_process(*words, "-o", tmp_path / "s")
    assert not (tmp_path / "s").exists()


def test_a_precise_enough_sample_is_kept_too(tmp_path: Path) -> None:
    words = ("mc", "target-price-mc", "--precision", "0.5", "--points", "128", "--workers", "1")
    in_process(*words, "-o", tmp_path / "s")
    assert len(pd.read_parquet(tmp_path / "s" / "results.parquet")) == 64


def test_a_query_reads_the_study_and_nothing_else(tmp_path: Path) -> None:
    run_study(
        make_spec("sweep", "nanjing-1024", axes=[parse_axis("tco.pue=1.1,1.2")]), StudyStore(tmp_path / "q")
    )
    out = tmp_path / "evil.csv"
    for sql, words in (
        (f"copy study to '{out}'", "one SELECT"),
        (f"select * from read_csv('{ROOT / 'README.md'}')", "cannot be run"),
        (f"select * from '{tmp_path / 'q' / 'results.parquet'}'", "cannot be run"),
        ("select * from glob('/etc/*')", "cannot be run"),
        ("set enable_external_access = true", "one SELECT"),
        ("select 1; select 2", "one SELECT"),
        ("create table x (a int)", "one SELECT"),
        (f"attach '{tmp_path / 'x.db'}'", "one SELECT"),
        ("install httpfs", "one SELECT"),
        ("", "one SELECT"),
        ("select", "cannot be run"),
        ("select * from folder", "cannot be run"),
        ("select 1 as a, 2 as a", "two columns"),
    ):
        with pytest.raises(InputError, match=words):
            in_process("study", "query", tmp_path / "q", sql)
    sql = "select date '2026-01-01' as d, 1.5::decimal(9, 2) as x, [1, 2] as l, null as n, 'a'::blob as b, now() as t"
    out = in_process("study", "query", tmp_path / "q", sql, "-f", "json")
    assert '"d": "2026-01-01"' in out and '"x": 1.5' in out
    assert sorted(p.name for p in tmp_path.iterdir()) == ["q"]

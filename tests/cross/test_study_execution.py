"""Studies give the same bytes however they are run, and lose nothing however they are stopped."""

import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from dask_cluster import Cluster

from clustersim import __version__
from clustersim.errors import InputError
from clustersim.study.driver import run_study
from clustersim.study.space import parse_axis
from clustersim.study.spec import make_spec
from clustersim.study.store import StudyStore

ROOT = Path(__file__).resolve().parents[2]
VARY = ("tco.tariff=0.3:0.8 CNY/kWh:5", "cards.BR106M.efficiency.gemm=0.5:0.85:4", "tco.pue=1.1,1.2")


def spec():  # type: ignore[no-untyped-def]
    return make_spec("sweep", "nanjing-1024", axes=[parse_axis(v) for v in VARY])


def command(*args: object) -> list[str]:
    return [sys.executable, "-m", "clustersim", *map(str, args)]


def sweep(folder: Path, *more: object) -> list[str]:
    vary = [part for text in VARY for part in ("--vary", text)]
    return command("sweep", "nanjing-1024", *vary, "-o", folder, "-f", "csv", *more)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> bytes:  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("serial") / "study"
    run_study(spec(), StudyStore(folder), workers=1)
    frame = pd.read_parquet(folder / "results.parquet")
    assert frame["point"].tolist() == list(range(40))
    assert (frame["error"] == "").all()
    return (folder / "results.parquet").read_bytes()


def test_processes_give_the_bytes_of_serial(tmp_path: Path, undisturbed: bytes) -> None:
    run_study(spec(), StudyStore(tmp_path / "p"), workers=2)
    assert (tmp_path / "p" / "results.parquet").read_bytes() == undisturbed
    assert sorted(p.name for p in (tmp_path / "p").iterdir()) == [
        "design.json",
        "manifest.json",
        "results.parquet",
    ]


@pytest.fixture
def cluster():  # type: ignore[no-untyped-def]
    opened = Cluster()
    yield opened
    opened.close()


def wait_for_parts(folder: Path, count: int, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        if len(list((folder / "parts").glob("points-*"))) >= count:
            return
        time.sleep(0.005)


def test_dask_gives_the_bytes_of_serial_even_when_a_worker_is_killed(
    tmp_path: Path, undisturbed: bytes, cluster: Cluster
) -> None:
    done = subprocess.run(
        sweep(tmp_path / "d", "--scheduler", cluster.address), capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "d" / "results.parquet").read_bytes() == undisturbed
    running = subprocess.Popen(
        sweep(tmp_path / "k", "--scheduler", cluster.address),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    wait_for_parts(tmp_path / "k", 1, running)
    cluster.workers[0].send_signal(signal.SIGKILL)
    _, errors = running.communicate(timeout=120)
    assert running.returncode == 0, errors
    assert (tmp_path / "k" / "results.parquet").read_bytes() == undisturbed


@pytest.mark.full
def test_a_lost_scheduler_leaves_a_study_that_resumes(
    tmp_path: Path, undisturbed: bytes, cluster: Cluster
) -> None:
    folder = tmp_path / "s"
    running = subprocess.Popen(
        sweep(folder, "--scheduler", cluster.address),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    wait_for_parts(folder, 1, running)
    cluster.scheduler.send_signal(signal.SIGKILL)
    _, errors = running.communicate(timeout=120)
    if running.returncode != 0:
        assert "Traceback" not in errors
        resumed = subprocess.run(command("study", "resume", folder), capture_output=True, text=True, cwd=ROOT)
        assert resumed.returncode == 0, resumed.stderr
    assert (folder / "results.parquet").read_bytes() == undisturbed


def test_another_study_or_a_changed_input_is_refused_with_the_difference(tmp_path: Path) -> None:
    run_study(
        make_spec("sweep", "nanjing-1024", axes=[parse_axis("tco.pue=1.1,1.2")]), StudyStore(tmp_path / "x")
    )
    with pytest.raises(InputError, match=r"varied: .*tco.pue.* here, .*tco.tariff.* now"):
        other = make_spec("sweep", "nanjing-1024", axes=[parse_axis("tco.tariff=0.3 CNY/kWh,0.4 CNY/kWh")])
        run_study(other, StudyStore(tmp_path / "x"))
    with pytest.raises(InputError, match="inputs_sha256"):
        changed = make_spec(
            "sweep", "nanjing-1024", sets={"tco.wacc": 0.07}, axes=[parse_axis("tco.pue=1.1,1.2")]
        )
        run_study(changed, StudyStore(tmp_path / "x"))


def test_a_folder_that_is_no_study_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="holds no study"):
        StudyStore(tmp_path).begin(spec(), {})
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.full
def test_a_full_disk_is_said_and_the_study_stays_resumable(tmp_path: Path, undisturbed: bytes) -> None:
    folder = tmp_path / "full"

    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (9000, resource.RLIM_INFINITY))

    done = subprocess.run(
        sweep(folder, "--workers", 1), capture_output=True, text=True, cwd=ROOT, preexec_fn=small_files
    )
    assert done.returncode == 2, done.stderr
    assert "cannot be written" in done.stderr and "study resume" in done.stderr
    assert "Traceback" not in done.stderr
    resumed = subprocess.run(command("study", "resume", folder), capture_output=True, text=True, cwd=ROOT)
    assert resumed.returncode == 0, resumed.stderr
    assert (folder / "results.parquet").read_bytes() == undisturbed


def test_an_unreachable_scheduler_is_refused(tmp_path: Path) -> None:
    asked = sweep(tmp_path / "u", "--scheduler", "tcp://127.0.0.1:9")
    # The refusal takes eight seconds; the rest is start-up on a busy machine.
    done = subprocess.run(asked, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 2
    assert "tcp://127.0.0.1:9: no answer" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_worker_of_another_version_is_refused(tmp_path: Path, cluster: Cluster, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    from clustersim.study import cluster as study_cluster
    from clustersim.study import execute

    monkeypatch.setattr(study_cluster, "__version__", "0.0.other")
    refused = pytest.raises(InputError, match=rf"has clustersim {__version__}, and this is 0.0.other")
    with refused, execute.open_executor(1, cluster.address):
        pass


def test_failed_points_are_kept_apart(tmp_path: Path) -> None:
    done = subprocess.run(
        command(
            "sweep", "nanjing-1024", "--vary", "cluster.cards=1024,2,1", "-o", tmp_path / "f", "-f", "json"
        ),
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 4
    assert "2 of 3 points failed" in done.stderr
    frame = pd.read_parquet(tmp_path / "f" / "results.parquet")
    assert (frame["error"] != "").sum() == 2
    assert frame.loc[frame["error"] != "", "tokens_per_s"].isna().all()


def test_query_status_and_export(tmp_path: Path) -> None:
    run_study(
        make_spec("sweep", "nanjing-1024", axes=[parse_axis("tco.pue=1.1,1.2,1.3")]),
        StudyStore(tmp_path / "q"),
    )
    sql = 'select max(cny_per_mtoken) as worst from study where "tco.pue" > 1.15'
    done = subprocess.run(
        command("study", "query", tmp_path / "q", sql, "-f", "json"), capture_output=True, text=True, cwd=ROOT
    )
    frame = pd.read_parquet(tmp_path / "q" / "results.parquet")
    assert f"{float(frame['cny_per_mtoken'].max())!r}"[:8] in done.stdout
    for suffix in ("csv", "parquet", "xlsx"):
        words = command("study", "export", tmp_path / "q", "--as", suffix, "-o", tmp_path / "out")
        done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 0 and (tmp_path / "out" / f"q.{suffix}").exists(), done.stderr
    bad = subprocess.run(
        command("study", "query", tmp_path / "q", "select nothing"), capture_output=True, text=True, cwd=ROOT
    )
    assert bad.returncode == 2 and "cannot be run" in bad.stderr
    status = subprocess.run(
        command("study", "status", tmp_path / "q", "-f", "json"), capture_output=True, text=True, cwd=ROOT
    )
    assert '"done": 3' in status.stdout

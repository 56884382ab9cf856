"""Output that cannot be written is a message; what is written holds no formula and moves no cursor."""

import csv
import io
import json
import os
import re
import resource
import runpy
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from clustersim.cli.main import cli
from clustersim.errors import InputError
from clustersim.report.answer import listed
from clustersim.report.csvtext import csv_text, defused, rows_text
from clustersim.report.spoken_errors import chinese_error
from clustersim.report.text import render_table, to_json
from clustersim.study.driver import run_study
from clustersim.study.space import parse_axis
from clustersim.study.spec import make_spec
from clustersim.study.store import StudyStore
from clustersim.writing import scratch, write_beside, write_bytes

ROOT = Path(__file__).resolve().parents[2]


def shell(words: str, **more: object) -> subprocess.CompletedProcess[str]:
    text = words.replace("clustersim", f"{sys.executable} -m clustersim", 1)
    return subprocess.run(["bash", "-c", text], capture_output=True, text=True, cwd=ROOT, check=False, **more)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("clustersim profiles list > /dev/full", 2, "the standard output cannot be used (No space left on device)"),
        ("clustersim profiles list -f csv >&-", 2, "the standard output is closed"),
        ("clustersim profiles list -f json 2>&- | tail -1", 0, ""),
        ("clustersim profiles list 2>/dev/full | tail -1", 0, ""),
        ("set -o pipefail; clustersim profiles show H100 | true", None, ""),
    ],
)  # fmt: skip
def test_a_full_or_closed_stream_is_no_traceback(words: str, code: int | None, message: str) -> None:
    done = shell(words)
    assert code is None or done.returncode == code, done.stderr
    assert done.returncode in ({0, 141} if code is None else {code})
    assert message in done.stderr
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr


def test_a_file_opened_after_a_closed_stream_gets_no_messages(tmp_path: Path) -> None:
    done = shell(f"clustersim tco nanjing-1024 --draws 0 -f json -o {tmp_path} 2>&- >/dev/null")
    assert done.returncode == 0
    json.loads((tmp_path / "tco.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "words",
    [
        "run nanjing-1024 -o ''", "tco nanjing-1024 -o '  '", "sweep nanjing-1024 --vary tco.pue=1.1 -o ''",
        "forecast show biren -o ''",
    ],
)  # fmt: skip
def test_an_empty_name_of_a_folder_is_refused(words: str, tmp_path: Path) -> None:
    done = shell(f"cd {tmp_path}; clustersim {words}", env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 2 and "names no folder" in done.stderr, done.stderr
    assert list(tmp_path.iterdir()) == []


OLD = ("study.csv", "study.parquet", "study.xlsx", "metax.xlsx", "income.csv")


def small_files(limit: int):  # type: ignore[no-untyped-def]
    def apply() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    return apply


@pytest.mark.parametrize(
    "words",
    [
        "study export {study} -o {out}", "study export {study} --as parquet -o {out}",
        "study export {study} --as xlsx -o {out}", "export xlsx metax -o {out}",
        "forecast show br166-1024 -o {out}",
    ],
)  # fmt: skip
def test_a_full_disk_keeps_the_old_file_and_is_said(words: str, tmp_path: Path) -> None:
    study, out = tmp_path / "study", tmp_path / "out"
    run_study(make_spec("sweep", "nanjing-1024", axes=[parse_axis("tco.pue=1.1,1.2,1.3")]), StudyStore(study))
    out.mkdir()
    for name in OLD:
        (out / name).write_text("old", encoding="utf-8")
    done = shell(f"clustersim {words.format(study=study, out=out)}", preexec_fn=small_files(500))
    assert done.returncode == 2, done.stderr
    assert "cannot be written" in done.stderr and "Traceback" not in done.stderr
    assert all((out / name).read_text(encoding="utf-8") == "old" for name in OLD if name != "income.csv")
    assert not [p for p in out.iterdir() if p.name.startswith(".")]


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    for path in (tmp_path / "none" / "a.json", tmp_path, tmp_path / ("x" * 300), Path("/proc/nothing/a")):
        with pytest.raises(InputError, match="cannot be written"):
            write_bytes(path, b"x")
    with pytest.raises(InputError, match="is no name of a file"), write_beside(Path("/")):
        pass
    with pytest.raises(ZeroDivisionError), write_beside(tmp_path / "a") as temporary:
        temporary.write_bytes(b"half")
        _ = 1 / 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), FileNotFoundError(2, "no folder")])
def test_a_temporary_file_that_cannot_be_written_is_said(error: OSError) -> None:
    with pytest.raises(InputError, match="temporary files cannot be written"), scratch():
        raise error
    with pytest.raises(OSError, match=r"x\.csv"), scratch():  # of a file of the user's the place is known
        raise OSError(28, "No space left on device", "/data/x.csv")


HOSTILE = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "＝1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("x")',
)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_that_we_write_is_a_formula(text: str) -> None:
    for written in (csv_text([text], [[text]]), rows_text([{text: text}])):
        for row in csv.reader(io.StringIO(written)):
            assert row[0].startswith("'" if text != "\r=1" else "\\r")


@pytest.mark.parametrize("text", ["-1.5", "+2e-3", "1", "-", "名称", "a-b", "", "-inf"])
def test_numbers_and_plain_text_stay(text: str) -> None:
    kept = text in {"-1.5", "+2e-3", "1", "名称", "a-b", ""}
    assert (defused(text) == text) is kept
    assert defused(-1.5) == -1.5


def test_formulas_in_names_reach_no_csv_of_a_command() -> None:
    text = listed("x", [{"name": "=1+1", "value": -2.0, "none": None}]).text("csv")
    assert text == "name,value,none\n'=1+1,-2.0,"


def test_names_move_no_cursor() -> None:
    evil = "a\x1b[2J\x9b31m\x07\r\u202eb\udcff\nc|d"
    rows = [{"name": evil, evil: 1}]
    for fmt in ("table", "md", "csv", "json"):
        out = listed("x", rows).text(fmt)
        assert not set(out) & set("\x1b\x9b\x07\r\u202e\udcff"), fmt
    assert json.loads(to_json(rows))[0]["name"] == evil
    assert render_table(rows, "table").count("\n") == 2
    assert "c\\|d" in render_table(rows, "md")


def test_names_in_messages_move_no_cursor() -> None:
    for name in ("\x1b[2Jx", "x\x1b]0;title\x07", "x\u202ey"):
        done = subprocess.run(
            [sys.executable, "-m", "clustersim", "run", name], capture_output=True, text=True, cwd=ROOT, check=False
        )  # fmt: skip
        assert done.returncode == 2
        assert not set(done.stderr) & set("\x1b\x07\u202e"), done.stderr


def test_bytes_that_are_no_text_in_an_argument_are_a_message() -> None:
    for words in (["run", b"\xff\xfe"], ["run", "nanjing-1024", "--set", b"tco.pue=\xff"]):
        done = subprocess.run(
            [os.fsencode(sys.executable), b"-m", b"clustersim", *(os.fsencode(w) for w in words)],
            capture_output=True, cwd=ROOT, check=False,
        )  # fmt: skip
        assert done.returncode == 2 and b"Traceback" not in done.stderr, done.stderr


def test_a_chinese_name_is_known_where_the_locale_has_no_letters_for_it() -> None:
    plain = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    words = [sys.executable, "-m", "clustersim", "profiles", "show", "昇腾910B", "-f", "csv"]
    done = subprocess.run(words, capture_output=True, cwd=ROOT, check=False, env=plain)
    assert done.returncode == 0 and b"Ascend-910B" in done.stdout, done.stderr


def test_ctrl_c_while_the_program_is_loaded_shows_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        @staticmethod
        def find_spec(name: str, path: object = None, target: object = None) -> None:
            if name == "clustersim.cli.main":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "clustersim.cli.main", raising=False)
    monkeypatch.delattr("clustersim.cli.main", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupted, *sys.meta_path])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("clustersim", run_name="__main__")
    assert ended.value.code == 130


def test_a_folder_is_called_as_it_was_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by the Chinese of a word that it happens to be."""
    monkeypatch.chdir(tmp_path)
    for folder in ("full", "total {0} cost"):
        said = CliRunner().invoke(cli, ["--lang", "zh", "profiles", "list", "nics", "-o", folder]).stderr
        assert f"{folder} 中有" in said, said


def test_what_the_system_says_of_a_file_is_chinese() -> None:
    english = "x/y: cannot write there (No such file or directory); give another folder with -o"
    assert not re.search("[a-z]{3}", chinese_error(english)), chinese_error(english)

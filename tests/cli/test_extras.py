"""Without the extras the corridor runs, and a command that needs one says which: no traceback."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import clustersim
from clustersim import extras

EXTRAS = (
    "scipy",
    "pyarrow",
    "duckdb",
    "rich",
    "matplotlib",
    "xlsxwriter",
    "docx",
    "pptx",
    "weasyprint",
    "starlette",
    "uvicorn",
)
CORE = f"""
import sys
for name in {EXTRAS!r}:
    sys.modules[name] = None
from clustersim.cli.main import main
sys.argv[0] = "clustersim"
main()
"""


def core(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command as in an installation of the core alone."""
    return subprocess.run([sys.executable, "-c", CORE, *words], capture_output=True, text=True, cwd=folder)


@pytest.mark.parametrize(
    "words",
    [
        ("run", "nanjing-1024", "-f", "table"),
        ("collectives", "br166-1024", "-f", "csv"),
        ("forecast", "value", "nanjing-1024"),
    ],
    ids=lambda w: w[0],
)
def test_the_core_answers(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = core(tmp_path, *words)
    assert done.returncode == 0 and done.stdout.strip(), done.stderr


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        (("tco", "nanjing-1024", "-o", "out"), "report"),
        (("export", "xlsx", "nanjing-1024", "-o", "out"), "report"),
        (("sweep", "nanjing-1024", "--vary", "tco.pue=1.1,1.3"), "study"),
        (("web",), "web"),
    ],
    ids=lambda w: w[0] if isinstance(w, tuple) else w,
)
def test_a_missing_extra_is_named(tmp_path: Path, words: tuple[str, ...], extra: str) -> None:
    done = core(tmp_path, *words)
    assert done.returncode == 2, done.stderr
    said = done.stderr.replace("\n", " ")
    assert f"install the extra {extra}: pip install '" in said and "Traceback" not in said
    # No index has clustersim: what is to be typed names packages that have one.
    assert "clustersim[" not in said


def test_the_packages_of_an_extra_are_those_of_the_project():
    text = (Path(clustersim.__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    stated = tomllib.loads(text)["project"]["optional-dependencies"]
    for extra, held in extras._HOLDS.items():
        assert sorted(held.values()) == sorted(r for r in stated[extra] if not r.startswith("clustersim["))
    assert {*extras._HOLDS} == {*stated} - {"all", "docs", "dev"}

"""The program itself: lazy imports, exit codes, one message and no traceback."""

import importlib.util
import subprocess
import sys

import pytest

from clustersim.cli.main import COMMANDS


def program(*args: str, cwd: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "clustersim", *args]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


def test_help_loads_neither_numpy_nor_pandas() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from clustersim.cli.main import cli;"
        "r = CliRunner().invoke(cli, ['--help']); assert r.exit_code == 0, r.output;"
        "heavy = {'numpy', 'pandas', 'pydantic', 'matplotlib', 'yaml', 'scipy'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_exists_and_has_help(name: str) -> None:
    assert importlib.util.find_spec(COMMANDS[name][0].partition(":")[0]) is not None
    done = program(name, "--help")
    assert done.returncode == 0
    assert "Usage:" in done.stdout


def test_an_unknown_command_suggests_the_nearest() -> None:
    done = program("rnu")
    assert done.returncode == 2
    assert "did you mean 'run'?" in done.stderr
    assert done.stdout == ""


def test_version() -> None:
    assert program("--version").stdout.startswith("clustersim, version ")

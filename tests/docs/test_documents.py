"""The documents run: every quoted output is what the command prints now."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("refresh", ROOT / "docs" / "refresh.py")
assert spec is not None and spec.loader is not None
refresh = importlib.util.module_from_spec(spec)
spec.loader.exec_module(refresh)


@pytest.mark.parametrize("path", refresh.documents(), ids=lambda p: p.name)
def test_quoted_output_is_current(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert refresh.refreshed(text) == text, "stale; run `make refresh`"


def test_the_readme_leads_with_the_two_commands() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert lines[3].startswith("make run") and lines[4].startswith("make test")


def test_documented_commands_exist() -> None:
    from clustersim.cli.main import COMMANDS

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in ("run", "explain", "check", "profiles", "validate"):
        assert name in COMMANDS
        assert f"clustersim {name}" in text

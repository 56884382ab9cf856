"""The refresher of quoted outputs fills a fence whether or not it holds anything."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("refresh_alone", ROOT / "docs" / "refresh.py")
assert spec is not None and spec.loader is not None
refresh = importlib.util.module_from_spec(spec)
spec.loader.exec_module(refresh)


@pytest.mark.parametrize("inside", ["", "old\n", "old\n\nolder\n"])
def test_an_empty_fence_is_healed(inside: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh, "output_of", lambda command: f"<{command}>")
    before = f"a\n\n<!-- output of: clustersim claims x -->\n```\n{inside}```\n\nb\n```\nother\n```\n"
    after = refresh.refreshed(before)
    assert after == before.replace(f"```\n{inside}```\n\nb", "```\n<clustersim claims x>\n```\n\nb")
    assert refresh.refreshed(after) == after

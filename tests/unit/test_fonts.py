"""Names in any writing stand in figures: in a font that draws them, or as escapes; never as boxes, never a crash."""

from __future__ import annotations

from pathlib import Path

import pytest

from clustersim.errors import InputError
from clustersim.report import fonts
from clustersim.report.style import new_figure, save
from clustersim.schema.quantity import _tell

NAMES = ("昇腾 910B", "沐曦", "price $a_{b$ and $", "x\x1b[31m", "한국", "ไทย", "b\n万元")


@pytest.fixture(autouse=True)
def _anew() -> None:
    fonts.drawable.cache_clear()
    _tell.cache_clear()


def _drawn(path: Path) -> tuple[bytes, list[str]]:
    figure, axes = new_figure()
    axes.barh(list(NAMES), range(1, len(NAMES) + 1))
    axes.set_title(" ".join(NAMES))
    axes.set_xscale("log")
    save(figure, path)  # a warning is an error in the suite
    return path.read_bytes(), [label.get_text() for label in axes.get_yticklabels()]


@pytest.mark.parametrize("asked", ["", "DejaVu Sans Mono"])
def test_any_name_is_drawn_or_escaped(
    asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(fonts.FONT_VARIABLE, asked)
    _, labels = _drawn(tmp_path / "a.png")
    assert labels[2:4] == ["price $a_{b$ and $", r"x\x1b[31m"]
    if asked:  # a font without Chinese: the names are legible, and that is said once
        assert labels[:2] == [r"\u6607\u817e 910B", r"\u6c90\u66e6"]
        assert [r.getMessage() for r in caplog.records if "no font here" in r.getMessage()] == [
            caplog.messages[0]
        ]


def test_a_chinese_font_of_the_system_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(fonts.FONT_VARIABLE, raising=False)
    families, left = fonts.drawable("昇腾")
    if left:
        pytest.skip("no font with Chinese on this machine")
    assert families[0] == fonts.HOUSE
    assert len(families) == 2
    found, labels = _drawn(tmp_path / "a.png")
    assert labels[0] == NAMES[0]
    assert found == _drawn(tmp_path / "b.png")[0]


def test_a_font_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    none = tmp_path / "x.ttf"
    none.write_text("no font")
    for asked, words in ((str(none), "no font that can be drawn"), ("Nonesuch", "no installed family")):
        monkeypatch.setenv(fonts.FONT_VARIABLE, asked)
        fonts.drawable.cache_clear()
        with pytest.raises(InputError, match=words):
            fonts.drawable("昇")

"""Every error that the sources can raise has its Chinese; what one types is never put into other words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from texts import english_in, raised_in

import clustersim as cs
from clustersim.cli.main import cli
from clustersim.report.labels.errors import TEXTS, asked, brought, files, machines, money, runs
from clustersim.report.spoken_errors import chinese_error

ROOT = Path(cs.__file__).parent
SOURCES = [
    path for path in sorted(ROOT.rglob("*.py")) if "labels" not in path.parts and "kit" not in path.parts
]
#: Errors of programmers, and words that stand in a message as they do in a log.
NOT_SAID = ("{}: is no training log", "; the rows name other cards (columns", "needs {value, source, tier}")
PROSE = re.compile(
    r"(?<![\w.-])(is|the|are|of|to|not|must|and|it|has|have|with|in|give|write|add|by|from|this|that|be)(?![\w-])"
)


def test_every_error_of_the_sources_has_chinese() -> None:
    missing = [
        f"{path.relative_to(ROOT)}:{line}: {text!r}"
        for path in SOURCES
        for line, text in raised_in(path)
        if not text.startswith(NOT_SAID) and _english(chinese_error(_filled(text)))
    ]
    assert not missing, "no Chinese in report/labels/errors:\n" + "\n".join(missing)


def _english(said: str) -> bool:
    """Whether English is left in a message; what stands in quotation marks is typed so."""
    return bool(english_in(said) or PROSE.search(re.sub(r"'[^']*'|`[^`]*`", "", said)))


def _filled(text: str) -> str:
    """A text with 7 in its places; one that goes on by another ends in a space, one behind it begins with a joint."""
    return (
        f"{text}7".replace("{}", "7").lstrip(" ,;\n")
        if text.endswith(" ")
        else text.replace("{}", "7").strip(" ,;\n")
    )


def test_no_chinese_has_lost_its_error() -> None:
    """Of sentences that are raised; what is put together on the way is known by the samples below."""
    raised = {text for path in SOURCES for _, text in raised_in(path)}
    rooms = (asked, brought, files, machines, money, runs)
    gone = sorted(text for room in rooms for text in room.TEXTS if text not in raised)
    assert not gone, "no error says this any more:\n" + "\n".join(gone)


def test_both_languages_have_the_same_places() -> None:
    for english, ours in TEXTS.items():
        places = len(re.findall(r"\{n?\}", english))
        numbered = {int(n) for n in re.findall(r"\{(\d+)\}", ours)}
        assert re.search("[一-鿿{]", ours), english
        if numbered:
            assert numbered == set(range(places)) and "{}" not in ours, english
        else:
            assert len(re.findall(r"\{\}", ours)) == places, english


@pytest.mark.parametrize(
    "words",
    [
        "run nanjing-1025", "tco nanjing-1024 --set tco.pue=0.5", "tco nanjing-1024 --set tco.tariff=0.5",
        "tco nanjing-1024 --set tco.tariff=3kW", "tco nanjing-1024 --set tco.pue=nan",
        "tco nanjing-1024 --set a=1 --set a=2",
        "train nanjing-1024 --set demand.pretrain.plan.tp=7", "tco nanjing-1024 --set cards.BR106M.price=-1",
        "tco nanjing-1024 --set cluster.cards=1.5", "tco nanjing-1024 --set cluster.cards=1001",
        "compare nanjing-1024 h20-1024", "compare nanjing-1024", "plan cluster br166-1024 --tokens 15T --days 0.1",
        "plan cluster br166-1024 --cards 64 --tokens 1 --days soon", "sweep nanjing-1024 --vary tco.pue=2:1:3",
        "sweep nanjing-1024 --vary tco.pue=1,200", "forecast show nanjing-1024 --set company.drivers.tax_rate=2",
        "forecast show nanjing-1024 --set company.products.BR166.units.2031E=-5", "profiles show cards/BR16",
        "study status nowhere", "validate nothing", "import nowhere.csv", "explain br166-1024", "audit nowhere",
        "seek nanjing-1024 --vary tco.pue=1.1:1.2 --output cny_per_mtoken --to 1", "keys zzzz", "verify nowhere",
        "export note nanjing-1024 -o x --language fr", "collectives br166-1024 --kind all_hands",
    ],
)  # fmt: skip
def test_what_a_mistake_is_told_is_chinese(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, ["--lang", "zh", *words.split()])
    assert done.exit_code != 0, done.stdout
    said = getattr(done.exception, "told", "") or done.stderr
    names_left_out = re.sub(r"'[^']*'|`[^`]*`|\S*[/_=]\S*|(已有|known):.*", "", said)
    assert not PROSE.search(names_left_out), said


def test_names_that_one_types_are_not_put_into_other_words() -> None:
    said = chinese_error("unknown key 'price'; known: price, power, step time")
    assert "price, power" in said and "'price'" in said
    assert chinese_error("tco.pue") == "tco.pue" and chinese_error("price") == "price"

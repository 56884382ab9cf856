"""Help, tables and figures in Chinese: nothing without words, nothing said twice, keys of files as they are."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from texts import english_in, said_in

import clustersim as cs
from clustersim.cli.main import COMMANDS, cli
from clustersim.report.labels import all_words, help_commands, help_options
from clustersim.report.labels.lines import LINES
from clustersim.report.labels.rooms import joined
from clustersim.report.spoken import chinese, spoken_heading

ROOT = Path(cs.__file__).parent
PAGES = [
    *sorted((ROOT / "report" / "pages").glob("*.py")), *sorted((ROOT / "report").glob("*.py")),
    *sorted((ROOT / "planner").glob("claim*.py")),
]  # fmt: skip
#: Modules whose words are not of tables and figures: they have a language of their own, or say what is wrong.
OTHERS = {"fonts.py", "csvtext.py", "answer.py", "term_sources.py", "term_units.py", "text.py", "style.py", "spoken.py",
          "language.py", "calibrated.py"}  # fmt: skip
#: Columns of files of others, by which they are known, and what the sources say to their readers.
NOT_SAID = {"Output token throughput (tok/s)", "global batch", "iteration time (ms)", "halves, actuals"}


def _helps(command: click.Command) -> Iterator[str]:
    """Every paragraph that the help of a command and of all below it is made of."""
    yield from inspect.cleandoc(command.help or "").split("\n\n")
    context = click.Context(command, help_option_names=["-h", "--help"])
    for param in command.get_params(context):
        if isinstance(param, click.Option):
            yield param.help or f"(no help: {command.name} {param.opts[0]})"
            if isinstance(param.show_default, str):
                yield param.show_default
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _helps(below)


def test_every_paragraph_of_help_has_chinese_and_no_chinese_has_lost_its_paragraph():
    said = {" ".join(text.split()) for text in [*_helps(cli), *(line for _, line in COMMANDS.values())]} - {
        ""
    }
    words = help_commands.TEXTS | help_options.TEXTS
    assert not set(help_commands.TEXTS) & set(help_options.TEXTS)
    missing, gone = sorted(said - set(words)), sorted(set(words) - said)
    assert not missing, "no Chinese in report/labels/help_commands.py or help_options.py:\n" + "\n".join(
        missing
    )
    assert not gone, "no command says this any more:\n" + "\n".join(gone)


def test_every_line_of_pages_and_every_word_of_figures_has_chinese():
    missing = [
        f"{path.relative_to(ROOT)}:{number}: {text!r}"
        for path in PAGES
        if path.name not in OTHERS
        for number, text in said_in(path)
        if text not in NOT_SAID
        if english_in(chinese(text.replace("{}", "7").strip()))
    ]
    assert not missing, "no Chinese in clustersim/report/labels/lines:\n" + "\n".join(missing)


@pytest.mark.parametrize(
    "table", [LINES, help_commands.TEXTS, help_options.TEXTS], ids=["lines", "commands", "options"]
)
def test_both_languages_have_the_same_places(table: dict[str, str]):
    for english, ours in table.items():
        assert ours.strip(), english
        places = len(re.findall(r"\{n?\}", english))
        numbered = {int(n) for n in re.findall(r"\{(\d)\}", ours)}
        if table is LINES:
            assert len(re.findall(r"\{\}", ours)) == (0 if numbered else places), english
            assert not numbered or numbered == set(range(places)), english


def test_labels_have_the_same_places_in_both_languages():
    for key, (english, ours) in all_words().items():
        assert re.findall(r"\{\w*\}", english).sort() == re.findall(r"\{\w*\}", ours).sort(), key


COMMANDS_OF_FIGURES = (
    "keys --units", "profiles list cards", "forecast value nanjing-1024", "forecast show nanjing-1024 --table dcf",
    "collectives br166-1024", "claims nanjing-1024 --draws 0", "tco br166-1024 --draws 0",
)  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS_OF_FIGURES)
def test_a_page_is_chinese_and_its_data_are_not_touched(words: str):
    asked = words.split()
    page = CliRunner().invoke(cli, ["--lang", "zh", *asked, "-f", "table"], catch_exceptions=False)
    assert page.exit_code == 0
    first = page.stdout.splitlines()[0]
    assert re.search("[\u4e00-\u9fff]", first), first
    english = [line for line in page.stdout.splitlines() if english_in(re.sub(r"  .*", "", line.strip()))]
    assert len(english) <= len(page.stdout.splitlines()) // 10, english
    data = [
        CliRunner().invoke(cli, [*asked, "-f", "csv", *chosen]).stdout for chosen in ((), ("--lang", "zh"))
    ]
    assert data[0] == data[1]


def test_the_language_is_taken_before_and_behind_the_command_and_from_the_environment():
    def first(*words: str, **env: str) -> str:
        return CliRunner().invoke(cli, [*words], env=env, catch_exceptions=False).stdout.splitlines()[0]

    assert first("run", "--help").startswith("Usage:")
    assert first("--lang", "zh", "run", "--help").startswith("用法:")
    assert first("run", "--lang", "zh", "--help").startswith("用法:")
    assert first("forecast", "--lang", "zh", "--help").startswith("用法:")
    assert first("run", "--help", CLUSTERSIM_LANG="zh").startswith("用法:")
    assert first("--lang", "en", "run", "--help", CLUSTERSIM_LANG="zh").startswith("Usage:")
    refused = CliRunner().invoke(cli, ["run", "x"], env={"CLUSTERSIM_LANG": "fr"})
    assert refused.exit_code == 2 and "'fr' is not one of 'en', 'zh'" in refused.stderr


def test_speaking_ends_with_its_block():
    with cs.speaking("zh"):
        assert spoken_heading("unit_price_cny") == "单价(元)"
    assert spoken_heading("unit_price_cny") == "unit price, CNY"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("run nanjing-1025", "错误:没有 scenarios/nanjing-1025.yaml;是否指 'nanjing-1024'?"),
        ("tco nanjing-1024 --set tco.tarif=0.5", "tco.tarif:未知的键(是否指 'tco.tariff'?)"),
        ("tco nanjing-1024 --set tco.pue=-1", "tco.pue:-1 必须至少为 1"),
        ("explain br166-1024", "错误:explain 需要一处改动"),
    ],
)
def test_the_frame_of_an_error_is_chinese_and_its_names_stay(words: str, said: str):
    with pytest.raises(cs.ClusterSimError) as error:
        CliRunner().invoke(cli, ["--lang", "zh", *words.split()], catch_exceptions=False)
    assert said in error.value.told
    with pytest.raises(cs.ClusterSimError) as error:
        CliRunner().invoke(cli, words.split(), catch_exceptions=False)
    assert error.value.told == f"error: {error.value}"


def test_a_key_of_two_rooms_is_refused_and_every_catalogue_is_joined_so():
    """Merged by ``**`` the last room would win in silence: no table of words is put together in that way."""
    with pytest.raises(ValueError, match="in two rooms of the catalogue: b"):
        joined({"a": "A", "b": "B"}, {"b": "another B"})
    spread = re.compile(r"\*\*\w+\.(WORDS|LINES|TEXTS|NOTES)\b")
    rooms = sorted((ROOT / "report" / "labels").rglob("*.py"))
    assert len(rooms) > 20 and [path.name for path in rooms if spread.search(path.read_text("utf-8"))] == []

"""Words of the command line that no answer can stand on: refused where they are given, and nothing is written."""

import json
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

import clustersim as cs
from clustersim.cli.main import _run, cli
from clustersim.errors import InputError
from clustersim.report.answer import Answer


def leaves(
    command: click.Command, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from leaves(below, (*path, name))
    else:
        yield path, command


NUMBERS = [
    (" ".join(path), option)
    for path, command in leaves(cli)
    for option in command.params
    if isinstance(option, click.Option) and isinstance(option.type, click.types.FloatParamType)
]


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e999"])
def test_no_option_takes_what_is_no_finite_number(text: str) -> None:
    assert len(NUMBERS) > 8
    for command, option in NUMBERS:
        with pytest.raises(click.BadParameter):
            option.type.convert(text, option, click.Context(cli))
        assert option.type.name != "float", f"{command} {option.opts[-1]}: its ends are not said"


def test_every_count_has_a_largest() -> None:
    counts = [
        (" ".join(path), option)
        for path, command in leaves(cli)
        for option in command.params
        if isinstance(option.type, click.types.IntParamType)
    ]
    assert len(counts) > 30
    for command, option in counts:
        with pytest.raises(click.BadParameter):
            option.type.convert("9" * 30, option, click.Context(cli))
        assert isinstance(option.type, click.IntRange), f"{command} {option.opts[-1]}: its ends are not said"


def test_what_needs_more_memory_than_there_is_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def greedy(**_: object) -> None:
        np.zeros(10**17)

    monkeypatch.setattr(cli, "main", greedy)
    assert _run() == 2
    assert "this needs more memory than there is (Unable to allocate" in capsys.readouterr().err


SITE = cs.load("nanjing-1024")
UNIFORM = {"mean": 9, "shape": "uniform", "spread": 5}


@pytest.mark.parametrize(
    "ask",
    [
        lambda: cs.load("serve-llama3-70b").serve(error=float("nan")),
        lambda: SITE.claims(coverage=float("nan")),
        lambda: SITE.claims(penalty="-1 CNY"),
        lambda: cs.load("video-analytics-5g").plan_serving(admitted=7.0),
        lambda: SITE.plan_reliability(loading=float("nan")),
        lambda: SITE.plan_reliability(per_restore="-5 CNY"),
        lambda: SITE.plan_reliability(availability=1.0),
        lambda: SITE.train_with("h20-1024", link="0 Gb/s"),
        lambda: SITE.plan_training(card_names=(",,",)),
        lambda: SITE.seek("tco.pue=1:2", "mfu=nan"),
        lambda: SITE.optimise({"tco.pue": [1.1, 1.2]}, minimise=["mfu"], maximise=["mfu"]),
        lambda: SITE.optimise({"tco.pue": [1.1, 1.2]}, minimise=["mfu"], subject_to=["mfu >= nan"]),
        lambda: cs.company("biren").value(exit_multiple=-4.0),
        lambda: cs.load("x" * 5000),
        lambda: cs.profile("../cards/H100"),
        lambda: SITE.set({"name": ""}).check(),
        lambda: cs.load("serve-qwen3-32b").set({"traffic.prompt": UNIFORM}).check(),
    ],
)  # fmt: skip
def test_a_word_that_means_nothing_is_refused(ask) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError):
        ask()


@pytest.mark.parametrize("name", ["../out", "/tmp/out", "a/../../out", "..", "", "a\0b", "é" * 150])
def test_no_answer_writes_outside_of_its_folder(name: str, tmp_path: Path) -> None:
    answer = Answer(name="x", data=[], files=lambda: {"good.txt": "x", name: "y"})
    with pytest.raises(InputError):
        answer.write(tmp_path / "a" / "b")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_an_imported_file_goes_by_no_path(tmp_path: Path) -> None:
    file = tmp_path / "requests.csv"
    file.write_text("arrival_s,prompt_tokens,output_tokens\n0,5,5\n", encoding="utf-8")
    result = CliRunner().invoke(
        cli, ["import", str(file), "--name", "../../x", "-o", str(tmp_path / "a" / "b")]
    )
    assert isinstance(result.exception, InputError)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["requests.csv"]


@pytest.mark.parametrize("low", ["1e-9 1/s", "0.00009 1/s"])
def test_a_value_below_a_wide_range_is_said(low: str, caplog: pytest.LogCaptureFixture) -> None:
    from clustersim.schema.quantity import _tell

    _tell.cache_clear()
    cs.load("serve-qwen3-32b").set({"traffic.rate": low}).check()
    assert "outside the usual range" in caplog.text


def test_days_beyond_four_years_are_said(caplog: pytest.LogCaptureFixture) -> None:
    from clustersim.schema.quantity import _tell

    _tell.cache_clear()
    cs.company("biren").set({"company.drivers.receivable_days.2027E": 15000}).forecast()
    assert "receivable_days.2027E: 15000 d is outside the usual range" in caplog.text


@pytest.mark.parametrize(
    ("mark", "word"), [(";", "semicolons"), ("\t", "tabs"), ("；", "full-width semicolons")]
)
def test_another_separator_is_named_where_no_kind_is_told(mark: str, word: str, tmp_path: Path) -> None:
    file = tmp_path / "requests.csv"
    file.write_text(f"arrival_s{mark}prompt_tokens{mark}output_tokens\n0{mark}5{mark}5\n", encoding="utf-8")
    with pytest.raises(InputError, match=f"the columns are separated by {word}"):
        cs.import_file(file)


def test_a_column_of_a_trace_that_stands_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "requests.csv"
    file.write_text("arrival_s,prompt_tokens,prompt_tokens,output_tokens\n0,5,6,5\n", encoding="utf-8")
    with pytest.raises(InputError, match="'prompt_tokens' stands twice"):
        cs.import_file(file)


def test_a_working_folder_that_was_removed_is_no_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert cs.load("nanjing-1024").check().said


def test_json_of_refusals_is_none() -> None:
    result = CliRunner().invoke(
        cli, ["seek", "nanjing-1024", "--input", "tco.pue=1:2", "--target", "mfu=inf"]
    )
    assert isinstance(result.exception, InputError)
    with pytest.raises(json.JSONDecodeError):
        json.loads(result.stdout)

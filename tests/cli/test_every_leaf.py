"""Every leaf command of the program runs once, in every format; a leaf without words here fails the test."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from chinese import left_in_chinese
from click.testing import CliRunner

from clustersim.cli import options
from clustersim.cli.main import COMMANDS, cli
from clustersim.cli.options import show
from clustersim.errors import ClusterSimError
from clustersim.report.answer import Answer
from clustersim.report.text import table_cells

CONFIG = {
    "model_type": "llama", "num_hidden_layers": 4, "hidden_size": 64, "num_attention_heads": 8,
    "num_key_value_heads": 2, "head_dim": 8, "intermediate_size": 160, "vocab_size": 1000, "hidden_act": "silu",
    "max_position_embeddings": 4096, "tie_word_embeddings": False,
}  # fmt: skip
STEP = ["h20-1024", "--set", "reliability.replications=1"]
#: Leaf -> its words; {tmp} is a folder that holds config.json, half.csv, comps.csv, street.csv and the study ``kept``.
WORDS: dict[str, list[str]] = {
    "run": ["serve-qwen3-32b", "-o", "{tmp}/run"],
    "train": [*STEP, "--fidelity", "closed"],
    "jobs": ["shared-1024"],
    "serve": ["video-analytics-5g"],
    "claims": STEP,
    "collectives": ["h100-1024", "--size", "1 GiB"],
    "explain": ["serve-qwen3-32b", "--set", "tco.pue=1.2"],
    "check": ["nanjing-1024"],
    "import": ["{tmp}/config.json"],
    "doctor": ["{tmp}/printed"],
    "keys": ["pue"],
    "schema": ["card"],
    "profiles list": ["nics"],
    "profiles show": ["H100"],
    "profiles diff": ["H100", "H200"],
    "tco": ["serve-qwen3-32b", "--draws", "0", "-o", "{tmp}/tco"],
    "compare": ["br166-1024", "h100-1024", "--draws", "0"],
    "plan training": ["h20-1024", "--top", "1"],
    "plan cluster": ["h20-1024", "--most", "1024", "--power", "2 MW", "--top", "1"],
    "plan serving": ["video-analytics-5g", "--streams", "50"],
    "plan reliability": ["h20-1024", "--set", "market=null", "--set", "company=null"],
    "plan tokens": [],
    "plan units": ["br166-1024"],
    "fabric": ["h20-1024"],
    "plan break-even": ["h20-1024", "--against", "rent", "--mark", "9 CNY"],
    "sweep": ["h20-1024", "--vary", "tco.pue=1.1,1.2", "--workers", "1"],
    "mc": ["{tmp}/mc.yaml", "--workers", "1"],
    "sensitivity": ["{tmp}/rank.yaml", "--method", "tornado", "--workers", "1"],
    "optimise": ["h20-1024", "--vary", "tco.pue=1.1,1.2", "--minimise", "cny_per_mtoken", "--workers", "1"],
    "seek": ["h20-1024", "--input", "tco.pue=1:3", "--target", "cny_per_card_hour=8.5"],
    "study status": ["{tmp}/kept"],
    "study resume": ["{tmp}/kept", "--workers", "1"],
    "study query": ["{tmp}/kept", "select count(*) as n from study"],
    "study export": ["{tmp}/kept", "-o", "{tmp}/table"],
    "forecast show": ["biren", "--table", "income"],
    "forecast recover": ["biren"],
    "forecast calibrate": ["biren"],
    "forecast value": ["biren"],
    "forecast grid": ["biren"],
    "forecast cases": ["biren"],
    "forecast mc": ["biren", "-n", "200"],
    "forecast moves": ["biren"],
    "forecast consensus": ["biren", "{tmp}/street.csv"],
    "forecast demand": ["biren"],
    "forecast compare": ["biren", "metax"],
    "forecast halves": ["biren"],
    "forecast actuals": ["biren", "{tmp}/half.csv", "--half", "2026H1"],
    "forecast roll": ["biren"],
    "forecast sotp": ["biren"],
    "forecast departures": ["biren"],
    "forecast comps": ["biren", "{tmp}/comps.csv"],
    "forecast through": ["biren"],
    "audit": ["{tmp}/printed"],
    "export xlsx": ["metax", "-o", "{tmp}/book"],
    "measure": ["-o", "{tmp}/kit"],
    "calibrate": ["A100-40G", "--data", "{tmp}/operators.csv", "--draws", "50"],
    "worth": ["h20-1024", "--output", "cny_per_card_hour", "--draws", "128"],
    "export note": ["metax", "-o", "{tmp}/note", "--as", "pdf"],
    "export slides": ["metax", "-o", "{tmp}/slides", "--language", "zh"],
    "export bundle": ["metax", "-o", "{tmp}/evidence"],
    "proposal": ["br166-1024", "--against", "h20-1024", "--as", "xlsx", "--draws", "2", "-o", "{tmp}/offer"],
    "verify": ["{tmp}/bundle"],
    "anchors": [],
    "validate": ["tco"],
}
#: Over two seconds of a processor: every anchored scenario is run, every measured price predicted.
SLOW = {"anchors", "validate", "export bundle", "worth", "calibrate", "proposal"}
FORMATS = ("table", "json", "csv", "md")


def leaves(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[str]:
    """The names of all commands that are no groups."""
    context = click.Context(group)
    for name in group.list_commands(context):
        one = group.get_command(context, name)
        assert one is not None
        if isinstance(one, click.Group):
            yield from leaves(one, (*path, name))
        else:
            yield " ".join((*path, name))


#: The page serves until it is stopped: tests/web runs it.
SERVERS = {"web"}
LEAVES = [leaf for leaf in sorted(leaves(cli)) if leaf not in SERVERS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    at = tmp_path_factory.mktemp("leaves")
    printed = at / "printed"
    printed.mkdir()
    texts = {
        "config.json": json.dumps(CONFIG),
        "operators.csv": "card,benchmark,dtype,shape_or_size,measured,unit\n"
        "A100-40G,gemm,bf16,M=8192 N=8192 K=8192,250,TFLOPS\nA100-40G,stream/copy,fp32,4294967296 B,1300,GB/s\n",
        "half.csv": "line,value (CNY mn)\nrevenue,900\ngross profit,480\n",
        "comps.csv": "company,item,period,value\nHygon,forward_price_to_sales,2027E,30\n",
        "street.csv": "Item,FY26E\nSales (CNY mn),2000\n",
        "mc.yaml": "kind: mc\nname: m\nscenario: h20-1024\npoints: 4\noutputs: [mfu]\ninputs: {tco.pue: }\n",
        "rank.yaml": "kind: sensitivity\nname: s\nscenario: h20-1024\noutputs: [mfu]\ninputs: {tco.pue: }\n",
        "printed/income_statement.csv": "CNY million,2025\nRevenue,1035\nCOGS,478\nGross profit,557\n",
    }
    for name, text in texts.items():
        (at / name).write_text(text, encoding="utf-8")
    invoke("export", "bundle", "metax", "-o", str(at / "bundle"))
    invoke("sweep", "h20-1024", "--vary", "tco.pue=1.1,1.2", "--workers", "1", "-o", str(at / "kept"))
    return at


def invoke(*words: str) -> str:
    found = CliRunner().invoke(cli, list(words), catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.stdout


def test_every_leaf_has_words_here() -> None:
    assert set(LEAVES) == set(WORDS)
    assert {leaf.split(" ")[0] for leaf in LEAVES} | SERVERS == set(COMMANDS)


@pytest.mark.parametrize(
    "leaf", [pytest.param(leaf, marks=[pytest.mark.full] if leaf in SLOW else []) for leaf in LEAVES]
)
def test_every_leaf_runs(leaf: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Answer] = []

    def seen(answer: Answer, fmt: str | None, at: Path | None) -> None:
        answers.append(answer)
        show(answer, fmt, at)

    monkeypatch.setattr(options, "show", seen)
    words = [word.format(tmp=folder) for word in WORDS[leaf]]
    assert json.loads(invoke(*leaf.split(" "), *words, "-f", "json")) is not None
    for column in answers[0].table[0] if answers[0].table else ():
        assert re.fullmatch(r"[\w.%]+(=-?[\d.]+)?", str(column)), "a column of CSV is a name with its unit"
    for block in answers[0].blocks:
        if not isinstance(block, str) and block:
            assert not [
                title for title in table_cells(block)[0] if re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", title)
            ]
    if "-o" in words:
        assert any(Path(words[words.index("-o") + 1]).iterdir())
    if leaf not in OTHER_WORDS:
        assert left_in_chinese(answers[0], NAMED.get(leaf, [])) == []


#: Its threads do not outlive a process that is split.
UNSPLIT = {"study query"}


@pytest.mark.full
def test_every_leaf_says_that_its_output_cannot_be_written(folder: Path, tmp_path: Path) -> None:
    """A full device, a reader that went away, a closed stream, in every format: a sentence or silence, never code 0."""
    asked = [
        [*leaf.split(" "), *(word.format(tmp=folder) for word in WORDS[leaf])]
        for leaf in LEAVES
        if leaf not in UNSPLIT
    ]
    driver = Path(__file__).resolve().parents[1] / "support" / "sinks.py"
    done = subprocess.run(
        [sys.executable, str(driver), str(tmp_path / "said")], input=json.dumps(asked), capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    ends = [json.loads(line) for line in done.stdout.splitlines()]
    assert {(*e["words"],): 11 for e in ends} == Counter((*e["words"],) for e in ends), done.stderr
    assert [words for words in asked if words not in [e["words"] for e in ends]] == [], done.stderr
    wrong = [
        end
        for end in ends
        if end["code"] != (141 if end["place"] == "gone" else 2)
        or "Traceback" in end["said"]
        or "Exception ignored" in end["said"]
        or ("standard output" in end["said"]) is (end["place"] == "gone")
    ]
    assert not wrong, wrong


#: What this prints is a file, whose words are its own.
OTHER_WORDS = {"schema"}
#: Columns that quote files: the values of two profiles under their names, and the notes of one.
NAMED = {"profiles diff": ["H100", "H200"], "profiles show": ["note"]}


@pytest.mark.parametrize(
    "leaf", ["check", "profiles diff", "plan break-even", "forecast value", "study status"]
)
@pytest.mark.parametrize("fmt", FORMATS)
def test_every_format_is_one_mechanism(leaf: str, fmt: str, folder: Path) -> None:
    text = invoke(*leaf.split(" "), *(word.format(tmp=folder) for word in WORDS[leaf]), "-f", fmt)
    if fmt == "json":
        json.loads(text)
    elif fmt == "csv":
        rows = list(csv.reader(io.StringIO(text)))
        assert len(rows) >= 2 and len({len(row) for row in rows}) == 1
    else:
        assert ("|---|" in text) is (fmt == "md" and leaf != "plan break-even")


def command_of(leaf: str) -> click.Command:
    command: click.Command | None = cli
    for word in leaf.split(" "):
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), word)
    assert command is not None
    return command


def test_every_leaf_takes_every_format_and_a_folder() -> None:
    for leaf in LEAVES:
        command = command_of(leaf)
        options = {option: param for param in command.params for option in param.opts}
        kind = options["--format"].type
        assert isinstance(kind, click.Choice) and tuple(kind.choices) == FORMATS, leaf
        assert options["-o"].name == "output" and "-f" in options, leaf
        assert "--folder" not in options


def test_no_two_options_of_a_command_take_the_same_word() -> None:
    """What the help shows is what is read: a second option of the same word would take its place in silence."""
    for leaf in LEAVES:
        command = command_of(leaf)
        words = [word for param in command.get_params(click.Context(command)) for word in param.opts]
        assert len(words) == len(set(words)), leaf


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["mc", "bid"], "clustersim sweep bid"),
        (["sweep", "target-price-mc"], "clustersim mc target-price-mc"),
        (["mc", "nanjing-1024"], "takes a study file"),
        (["run", "bid"], "`clustersim sweep bid` runs it"),
        (["run", "biren"], "`clustersim forecast show biren`"),
        (["tco", "H100"], "`clustersim profiles show H100`"),
        (["forecast", "show", "bid"], "`clustersim sweep bid` runs it"),
        (["compare", "nanjing-1024", "bid"], "clustersim sweep bid"),
        (["plan", "training", "nanjing-1024", "--tokens", "2"], "for example 2T"),
        (["plan", "serving", "serve-qwen3-32b", "--tokens-per-day", "20"], "20T for trillions"),
        (["plan", "serving", "serve-qwen3-32b", "--demand", "3 GB"], "--demand"),
        (["plan", "break-even", "h20-1024", "--against", "rent", "--mark", "4 kg"], "--mark"),
        (["study", "status", "nanjing-1024"], "holds no study"),
        (["run", "nanjing-1024", "--set", "tco.pue=1.1", "--set", "tco.pue=1.2"], "given twice"),
        (["sweep", "h20-1024", "--vary", "tco.pue=1.1", "--vary", "tco.pue=1.2"], "given twice"),
    ],
)
def test_a_wrong_word_names_what_takes_it(words: list[str], message: str) -> None:
    with pytest.raises(ClusterSimError) as error:
        CliRunner().invoke(cli, words, catch_exceptions=False)
    assert message in str(error.value) and error.value.exit_code == 2


def test_a_break_even_speaks_in_the_words_of_its_field() -> None:
    for unknown, words in (("price", "a card price of"), ("sold_share", "a sold share of the card-hours of")):
        asked = ("h20-1024", "--against", "rent", "--mark", "9", "--unknown", unknown)
        text = invoke("plan", "break-even", *asked, "-f", "table")
        assert words in text and "sold_share" not in text


def test_optimise_says_the_points_that_failed() -> None:
    words = [
        "optimise",
        "h20-1024",
        "--vary",
        "cluster.cards=1024,2",
        "--minimise",
        "cny_per_mtoken",
        "--workers",
        "1",
    ]
    found = CliRunner().invoke(cli, [*words, "-f", "json"])
    assert getattr(found.exception, "exit_code", None) == 4
    assert "1 of 2 points failed" in str(found.exception) and len(json.loads(found.stdout)) == 1


def test_the_shell_completes_names_and_keys() -> None:
    from click.shell_completion import BashComplete

    def completed(*args: str, incomplete: str = "") -> set[str]:
        shell = BashComplete(cli, {}, "clustersim", "_CLUSTERSIM_COMPLETE")
        return {item.value for item in shell.get_completions(list(args), incomplete)}

    assert "nanjing-1024" in completed("run", incomplete="nan")
    assert "biren" in completed("forecast", "show", incomplete="bi")
    assert {"bid", "br166-1024"} <= completed("sweep", incomplete="b")
    assert completed("profiles", "show", incomplete="H10") >= {"H100"}
    assert completed("run", "nanjing-1024", "--set", incomplete="tco.pu") == {"tco.pue="}
    assert "cards.BR106M.peak.bf16=" in completed("run", "nanjing-1024", "--set", incomplete="cards.")
    assert completed("run", "no-such", "--set", incomplete="tco.") == set()
    assert {"run", "forecast"} <= completed()
    assert completed("validate", incomplete="training") == {"training", "training_2026"}
    assert {"tco.pue", "tco.price_book"} == completed("keys", incomplete="tco.p")
    assert completed("schema", incomplete="sc") == {"scenario"}
    # What no file states can be set, too.
    row = "company.drivers.receivable_days.2028E="
    assert completed("sweep", "nanjing-1024", "--vary", incomplete=row[:-2]) == {row}


def test_bash_asks_the_program_for_its_completion() -> None:
    def asked(**variables: str) -> str:
        environment = {**os.environ, "_CLUSTERSIM_COMPLETE": "bash_complete", **variables}
        found = subprocess.run(
            [sys.executable, "-m", "clustersim"], capture_output=True, text=True, check=False, env=environment
        )
        return found.stdout

    words = asked(COMP_WORDS="clustersim run nanjing-1024 --set tco.ta", COMP_CWORD="4")
    assert words.split() == ["plain,tco.tariff="]
    # No space behind the equals sign: the value follows.
    assert "$value == *= ]] && compopt -o nospace" in asked(_CLUSTERSIM_COMPLETE="bash_source")

"""Questions beside those of every leaf whose tables have headings and cells of their own: all of them in Chinese."""

from __future__ import annotations

import shlex

import pytest
from chinese import left_in_chinese
from click.testing import CliRunner

from clustersim.cli import options
from clustersim.cli.main import cli
from clustersim.report.answer import Answer

QUESTIONS = (
    "run shared-1024 --draws 0",
    "run jiangsu-four-vendors --draws 0",
    "run video-analytics-5g --draws 0",
    "run images-br166 --draws 0",
    "train br166-1024 --fidelity vector --replications 2",
    "train br166-1024 --scaling 256:1024",
    "train br166-1024 --with h20-1024 --fidelity closed",
    "train br20x-4096 --fidelity closed",
    "train br166-mixed --fidelity closed",
    "jobs shared-1024 --what-if",
    "serve serve-qwen3-32b",
    "serve serve-deepseek-v3",
    "claims nanjing-1024 --draws 8",
    "explain br166-1024 --set tco.pue=1.2 --all",
    "check nanjing-1024 --show-origin",
    "keys",
    "keys tco --long",
    "keys tco -s nanjing-1024",
    "keys --units",
    "profiles list cards",
    "profiles list models",
    "tco nanjing-1024 --draws 16",
    "tco optical-br166-128 --draws 0",
    "compare nanjing-1024 h20-1024 --demand nanjing-1024 --draws 8",
    "compare serve-qwen3-32b serve-llama3-70b --demand serve-qwen3-32b --draws 0",
    "plan training br166-1024 --why",
    "plan training br166-1024 --front",
    "plan training br166-1024 --tokens 1T --days '200 d'",
    "plan serving serve-qwen3-32b --tokens-per-day 10G",
    "plan serving serve-qwen3-32b --demand '20 1/s'",
    "plan serving serve-qwen3-32b",
    "plan serving serve-qwen3-32b --plans",
    "plan serving serve-qwen3-32b --search",
    "plan serving serve-qwen3-32b --frontier",
    "plan serving serve-qwen3-32b --budget '100 MCNY'",
    "plan serving serve-deepseek-v3",
    "plan reliability nanjing-1024",
    "plan break-even nanjing-1024",
    "plan break-even serve-qwen3-32b --against api --mark '3 CNY'",
    "fabric optical-br166-128",
    "sweep bid --workers 1",
    "forecast show biren",
    "forecast show nanjing-1024",
    "forecast show metax",
    "forecast grid biren --kind asp-units",
    "forecast moves nanjing-1024 --set company.asp_scale=0.9",
    "forecast halves biren --quarters",
    "forecast through nanjing-1024 --set 'cards.BR106M.price=60 kCNY'",
    "validate training",
    "validate serving",
    "validate reliability",
    "sweep reliability --workers 1",
)


@pytest.mark.full
@pytest.mark.parametrize("words", QUESTIONS)
def test_every_table_is_chinese(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Answer] = []
    monkeypatch.setattr(options, "show", lambda answer, fmt, at: answers.append(answer))
    found = CliRunner().invoke(cli, ["--lang", "zh", *shlex.split(words)], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    assert left_in_chinese(answers[0]) == []

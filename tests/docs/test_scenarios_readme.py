"""The answers in scenarios/README.md are those of the files beside it, and every file has its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clustersim.pipeline.site import run_site
from clustersim.schema.load_inputs import load_inputs

FOLDER = Path(__file__).resolve().parents[2] / "scenarios"
LINE = re.compile(r"^\| `([^`]+)` \| (.*) \| `([^`]+)` \| (\S+) \| (\S+) \|$", re.M)
ROWS = {row[0]: row[1:] for row in LINE.findall((FOLDER / "README.md").read_text())}


def test_every_scenario_has_its_line() -> None:
    assert set(ROWS) == {path.stem for path in FOLDER.glob("*.yaml")}


def _holds(name: str) -> None:
    said, unit, cost, hour = ROWS[name]
    inputs = load_inputs(name, with_incumbent=False)
    run = run_site(inputs)
    assert said == inputs.scenario.description and unit == f"cny_per_{run.main.main.name}"
    assert run.cny_per_unit(run.main) == pytest.approx(float(cost), rel=6e-4)
    assert run.tco.cny_per_card_hour == pytest.approx(float(hour), rel=6e-4)


@pytest.mark.parametrize("name", ["wuzhen-512", "images-br166", "optical-br166-4096"])
def test_the_answer_of_some_is_true(name: str) -> None:
    _holds(name)


@pytest.mark.full
@pytest.mark.parametrize("name", sorted(ROWS))
def test_the_answer_of_every_one_is_true(name: str) -> None:
    _holds(name)

"""A point that is replayed is its own run: over scenarios and keys, past decisions, with files that change."""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import clustersim as cs
from clustersim.again import Again
from clustersim.columns import Column, Unbatchable, Varied
from clustersim.columns.recorded import POINTS, Tape
from clustersim.columns.replay import Recording
from clustersim.errors import ClusterSimError
from clustersim.pipeline.chain import run_chain
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import load_inputs
from clustersim.study.outputs import outputs_of
from clustersim.workloads.work import StageCache

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = sorted(p.stem for p in ROOT.glob("scenarios/*.yaml"))
FEW = ("br166-1024", "nanjing-1024")
#: Plans that were searched for once are not searched for again.
CACHE = StageCache()


def asked(name: str, fixed: Mapping[str, Any] = {}) -> Again[Inputs]:
    return Again(
        lambda point: load_inputs(name, {**fixed, **point}),
        lambda inputs: outputs_of(run_chain(inputs, replications=0, cache=CACHE)),
    )


def hold(again: Again[Inputs], point: Mapping[str, Any]) -> None:
    try:
        alone = again._plainly(point)
    except ClusterSimError as error:
        with pytest.raises(type(error)) as said:
            again.numbers(point)
        assert str(said.value) == str(error)
        return
    found = again.numbers(point)
    assert found.keys() == alone.keys()
    for name, value in alone.items():
        assert found[name] == pytest.approx(value, rel=1e-12, abs=1e-300, nan_ok=True), (name, point)


def values(sourced: Any) -> list[float]:
    value, (low, high) = sourced.value, sourced.range
    ends = [low, high] if low < high else [0.8 * value, 1.25 * value]
    return [value, 0.99 * value, 0.98 * value, 1.01 * value, *ends, 1.02 * value, 1.005 * value]


def check_keys(name: str, keys: list[str]) -> set[str]:
    """Hold replays to runs; return the keys whose points were replayed."""
    known, replayed = dict(load_inputs(name).fields()), set()
    for key in keys:
        again, number = asked(name), known[key]
        unit = "" if number.unit == "1" else number.unit
        for value in values(number):
            hold(again, {key: f"{value!r} {unit}" if unit else value})
        replayed |= {key for form in again._forms.values() if form.proven}
    return replayed


def own_keys(name: str) -> list[str]:
    return sorted(key for key, _ in load_inputs(name).fields() if not key.startswith("incumbent."))


@pytest.mark.parametrize("name", FEW)
def test_a_replayed_point_is_its_own_run(name: str) -> None:
    check_keys(name, random.Random(20261126).sample(own_keys(name), 2))


@pytest.fixture(scope="module")
def shared_out() -> dict[str, list[str]]:
    """Every key of any scenario in one that has it, by lot, and twelve more keys of each."""
    lot, where, out = random.Random(31), dict[str, list[str]](), dict[str, list[str]]()
    for name in SCENARIOS:
        for key in own_keys(name):
            where.setdefault(key, []).append(name)
        out[name] = lot.sample(own_keys(name), 12)
    for key, names in sorted(where.items()):
        out[lot.choice(names)].append(key)
    return out


@pytest.mark.full
@pytest.mark.parametrize("name", SCENARIOS)
def test_every_key_in_some_scenario_and_some_keys_in_every(
    name: str, shared_out: dict[str, list[str]]
) -> None:
    check_keys(name, sorted(set(shared_out[name])))


def test_what_moves_cost_value_and_company_is_replayed() -> None:
    keys = ["tco.tariff", "cards.BR166M.memory.bandwidth", "reliability.mttf_scale", "market.value_share"]
    assert check_keys("br166-1024", keys) == set(keys)


def test_points_past_a_decision_and_points_that_fail() -> None:
    """Memory decides which plans fit, then whether any does; a share beyond one is refused."""
    again = asked("br166-1024")
    for size in (144, 143, 142, 141, 64, 63, 8, 140):
        hold(again, {"cards.BR166M.memory.capacity": f"{size} GB"})
    again = asked("nanjing-1024")
    for share in (0.5, 0.6, 0.7, 0.8, 1.2, 0.9, 0.0, 1.0):
        hold(again, {"tco.sold_share": share})


def test_words_units_and_keys_are_forms_of_their_own() -> None:
    again = asked("nanjing-1024")
    for tariff in (0.4, 0.5, 0.6, 0.7, 0.8):
        for card in ("BR106M", "BR166M"):
            hold(again, {"cluster.card": card, "tco.tariff": f"{tariff} CNY/kWh"})
        hold(again, {"tco.tariff": f"{tariff / 1e-3} CNY/MWh", "tco.pue": 1.2})
    assert len(again._forms) == 3


def test_a_file_that_changes_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("scenarios", "hwprofiles"):
        shutil.copytree(ROOT / kind, tmp_path / kind)
    monkeypatch.setenv("CLUSTERSIM_PATH", str(tmp_path))
    again, file = asked("nanjing-1024"), tmp_path / "hwprofiles/servers/oam8-air.yaml"
    for pue in (1.1, 1.15, 1.2, 1.25, 1.3):
        before = again.numbers({"tco.pue": pue})
    assert [len(form.proven) for form in again._forms.values()] == [1]
    text = file.read_text(encoding="utf-8")
    assert text.count("{value: 1.8 kW") == 1
    file.write_text(text.replace("{value: 1.8 kW", "{value: 2.1 kW"), encoding="utf-8")
    hold(again, {"tco.pue": 1.3})
    assert again.numbers({"tco.pue": 1.3})["cny_per_mtoken"] > before["cny_per_mtoken"]


def test_the_public_call_is_the_question_of_studies() -> None:
    site = cs.load("br166-1024").set({"tco.pue": 1.2})
    for tariff in (0.4, 0.45, 0.5, 0.55, 0.6):
        found = site.numbers({"tco.tariff": f"{tariff} CNY/kWh"})
        run = outputs_of(site.set({"tco.tariff": f"{tariff} CNY/kWh"}).chain())
        assert found == pytest.approx(run, rel=1e-12)


def recorded(run: Any, **given: float) -> Recording:
    tape = Tape()
    roots = {name: tape.root(value) for name, value in given.items()}
    return Recording.of(tape, roots, run(**{n: Column(r) for n, r in roots.items()}))


def test_a_decision_is_a_guard() -> None:
    recording = recorded(lambda x: {"y": x * 2 if x > 1 else x - 7}, x=3.0)
    assert recording.one({"x": 5.0}) == {"y": 10.0}
    assert recording.one({"x": 0.5}) is None


def test_numbers_beyond_python_are_given_back() -> None:
    recording = recorded(lambda x: {"y": 1 / x, "z": np.log(x)}, x=3.0)
    assert recording.one({"x": 0.0}) is None
    assert recording.one({"x": 2.0}) == {"y": 0.5, "z": pytest.approx(np.log(2.0), rel=1e-15)}


def test_tables_go_row_by_row() -> None:
    weights = np.array([[1.0], [2.0], [-3.0]])

    def run(x: Column) -> dict[str, Any]:
        table = np.maximum(x * weights, 0.5)
        return {"sum": table.sum(axis=0), "most": np.max(table, axis=0), "second": table[1],
                "first": np.argmin(table, axis=0), "power": (table**2.5)[2], "clip": np.clip(x, 0.0, 2.0)}  # fmt: skip

    recording = recorded(run, x=3.0)
    for value in (0.1, 1.0, 7.0):
        want = run(Column(np.array([value])))
        assert recording.one({"x": value}) == {n: pytest.approx(v.values[0]) for n, v in want.items()}


def test_what_cannot_be_recorded_is_refused() -> None:
    for run in (
        lambda x: {"y": x.values + np.arange(float(POINTS))},  # constants along the points
        lambda x: {"y": x.values[0]},
        lambda x: {"y": np.sort(x.values)},
        lambda x: {"y": np.asarray(x.values)},
        lambda x: {x: 1.0},
    ):
        with pytest.raises(Unbatchable):
            recorded(run, x=2.0)
    with pytest.raises(Unbatchable):
        recorded(lambda x, y: {"y": Tape().root(1.0) + x.values}, x=1.0, y=1.0)


def test_a_price_in_another_currency_stands_as_a_column() -> None:
    """A study once ran every point of such an input by itself: fifty times as long."""
    for unit in ("USD", "CNY"):
        price = Varied(np.array([11_000.0, 12_000.0]), unit)
        loaded = load_inputs("br166-1024", {"cards.H20.price": price})
        assert loaded.incumbent is not None
        found = loaded.incumbent.parts.card.price
        assert found is not None and found.unit == unit and isinstance(found.value, Column)


def test_values_of_many_points_are_loaded_as_before() -> None:
    inputs = load_inputs("nanjing-1024", {"tco.pue": Varied(np.array([1.1, 1.2]), "")})
    assert isinstance(inputs.tco.pue.value, Column)

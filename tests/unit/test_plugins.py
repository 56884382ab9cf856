"""Topologies, engines and tax regimes of another installed package: loaded when named, held to what they promise."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from brought import write_package
from hypothesis import given, settings
from hypothesis import strategies as st

import clustersim as cs
from clustersim import plugins
from clustersim.assemble import brought as laid
from clustersim.assemble.parts import network_parts, network_spec
from clustersim.finance.tax import loss_pool
from clustersim.planner.fabric import fabric_check
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import load_inputs


def _forget() -> None:
    for cached in (plugins._points, plugins._loaded, laid._laid_out):
        cached.cache_clear()


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package is installed for the time of a test."""
    write_package(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    _forget()
    yield
    _forget()
    sys.modules.pop("acme_code", None)


def small(topology: str, **sets: object) -> cs.Scenario:
    return cs.load("br166-1024").set({"cluster.cards": 64, "cluster.fabric.topology": topology, **sets})


def test_listing_and_reading_names_runs_no_code(acme: None) -> None:
    assert "acme-star" in plugins.installed(plugins.TOPOLOGIES)
    small("acme-broken").load()
    assert "acme_code" not in sys.modules


def test_a_name_that_nobody_brings_is_refused_with_those_there_are(acme: None) -> None:
    with pytest.raises(
        cs.InputError, match="there is no 'acme-sta', ours or of an installed package"
    ) as error:
        small("acme-sta").check()
    assert "did you mean 'acme-star'" in str(error.value)


def test_a_topology_is_laid_out_counted_and_checked_as_ours(acme: None) -> None:
    def inputs(topology: str) -> Inputs:
        return load_inputs("br166-1024", {"cluster.cards": 64, "cluster.fabric.topology": topology})

    assert network_parts(inputs("acme-tree")) == network_parts(inputs("fat_tree"))
    assert network_parts(inputs("acme-star")).leaf == 1
    assert network_spec(inputs("acme-star")).oversubscription == 1.0
    checked, counted = fabric_check(inputs("acme-star"))
    assert all(abs(c.error) < 1e-9 for c in checked if c.level == "between servers")
    assert all(ours == theirs for ours, theirs in counted.values())


@pytest.mark.parametrize("slower", [2.0, 4.0])
def test_a_slower_network_never_makes_a_faster_step(acme: None, slower: float) -> None:
    plan = {"demand.pretrain.plan": {"tp": 8, "pp": 1, "dp": 8}, "model": "llama2-7b"}
    step = [
        small("acme-star", **plan, **{"cluster.fabric.oversubscription": o})
        .train(fidelity="closed")
        .data["step_time_s"]
        for o in (1.0, slower)
    ]
    assert step[1] > step[0]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("acme-broken", "acme-broken = acme_code:not_there of acme-code: cannot be loaded (AttributeError"),
        ("acme-number", "is no function, but int"),
        ("acme-pieces", "the fabric is in 8 pieces"),
    ],
)
def test_what_is_wrong_with_code_of_others_is_said_with_its_name(acme: None, name: str, said: str) -> None:
    for ask in (lambda: small(name).tco(draws=0), small(name).check):
        with pytest.raises(cs.PackageError) as error:
            ask()
        assert said in str(error.value)


@pytest.mark.parametrize("answer", ["soon", None, [1.0, 2.0, 3.0], [-1.0, 0.0], [float("nan"), 0.0]])
def test_an_engine_s_answer_that_is_no_times_is_said_with_its_name(
    monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    code = plugins._named("clustersim.engines: x = y:z of w", lambda *_, **__: answer)
    monkeypatch.setattr(plugins, "brought", lambda *_: code)
    with pytest.raises(cs.PackageError, match=r"x = y:z of w: gives .*, not a time"):
        plugins.seconds_of("x", np.asarray([1.0, 2.0]))


def test_code_that_would_end_the_program_is_said_with_its_name() -> None:
    def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(cs.PackageError, match=r"x = y:z: fails \(SystemExit: 3\)"):
        plugins._named("x = y:z", leave)()


def test_an_engine_s_code_adds_its_time_to_every_iteration(acme: None) -> None:
    tokens = np.asarray([1.0, 100.0])
    given = {"layers": 10, "moe_layers": 0, "tp": 1, "layer_s": 1e-5, "step_s": 1e-3, "expert_layer_s": 0.0}
    found = plugins.seconds_of("acme-host", tokens, **given)
    assert found.tolist() == pytest.approx([1e-3 + 1e-4 + 20e-6, 1e-3 + 1e-4 + 2e-3])
    with pytest.raises(cs.PackageError, match="not a time of 0 s or more for each of 2"):
        plugins.seconds_of("acme-wrong", tokens, **given)


@pytest.fixture
def serving(acme: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], cs.Scenario]:
    """A serving scenario by an engine whose code is of the package."""
    shipped = Path(cs.__file__).parent.parent / "hwprofiles" / "software"
    text = (shipped / "unmeasured-serving.yaml").read_text(encoding="utf-8")
    folder = tmp_path / "hwprofiles" / "software"
    folder.mkdir(parents=True)
    monkeypatch.setenv("CLUSTERSIM_PATH", str(tmp_path))

    def by(code: str) -> cs.Scenario:
        name = f"{code}-serve"
        ours = text.replace("name: unmeasured-serving", f"name: {name}")
        ours = ours.replace("\nserving:", f"\nserving:\n  beside: {code}", 1)
        (folder / f"{name}.yaml").write_text(ours, encoding="utf-8")
        return cs.load("serve-qwen3-32b").set({"demand.chat.engine": name})

    return by


def test_a_scenario_serves_by_an_engine_that_is_partly_code(serving: Callable[[str], cs.Scenario]) -> None:
    plain = cs.load("serve-qwen3-32b").set({"demand.chat.engine": "unmeasured-serving"})
    fast, slower = (
        one.plan_serving().data["answers"][0]["requests_per_s"] for one in (plain, serving("acme-host"))
    )
    assert 0 < slower < fast
    (said, _) = serving("acme-host").check().said
    assert (
        said
        == "code of another package, tried: clustersim.engines: acme-host = acme_code:slow_host of acme-code"
    )


@pytest.mark.parametrize("code", ["acme-fails", "acme-gone", "acme-wrong"])
def test_a_package_s_engine_that_fails_is_no_card_that_cannot_serve(
    serving: Callable[[str], cs.Scenario], code: str
) -> None:
    scenario = serving(code)
    asks = (
        scenario.check, scenario.plan_serving, scenario.serve, scenario.run, scenario.tco,
        lambda: scenario.compare("serve-llama3-70b", demand="serve-qwen3-32b", draws=0),
    )  # fmt: skip
    for ask in asks:
        with pytest.raises(
            cs.PackageError, match=f"{code}'?( = acme_code:\\w+ of acme-code: | to clustersim)"
        ):
            ask()


def test_an_engine_s_code_may_say_what_plan_it_cannot_run(serving: Callable[[str], cs.Scenario]) -> None:
    with pytest.raises(
        cs.InfeasibleError, match="acme-picky = acme_code:picky_host of acme-code: it has kernels"
    ):
        serving("acme-picky").set({"demand.chat.plan": {"tp": 4}}).serve()
    plans = serving("acme-picky").plan_serving().data["answers"]
    assert plans and all(plan["tp"] == 8 for plan in plans)


#: Rooms that leave out what cannot be laid out: they name the errors that say so.
SEARCHING = (
    "workloads",
    "perf",
    "planner",
    "assemble",
    "des",
    "fabric",
    "econ",
    "market",
    "finance",
    "report/pages",
)

TOO_WIDE = re.compile(r"\b(ClusterSimError|PackageError|Exception|BaseException)\b|^:")


def test_no_search_leaves_out_what_is_no_word_of_a_plan() -> None:
    """Code of others that fails is a ClusterSimError that no search may take for a plan that does not fit."""
    root = Path(cs.__file__).parent
    wide = []
    for room in SEARCHING:
        for path in sorted((root / room).rglob("*.py")):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if (caught := re.match(r"\s*except\b(.*)", line)) and TOO_WIDE.search(caught[1]):
                    wide.append(f"{path.relative_to(root)}:{number}")
    assert wide == []


def test_a_tax_regime_taxes_no_less_where_its_losses_expire(acme: None) -> None:
    key = "company.drivers.tax_regime"
    base = cs.company("nanjing-1024").set({"company.drivers.opening_tax_losses": "20 GCNY"})
    plain, expiring = (
        base.set({key: regime}).show("income").data for regime in ("loss_pool", "acme-expiring")
    )
    assert plain and expiring
    with pytest.raises(cs.PackageError, match="gives a tax above zero"):
        base.set({key: "acme-refund"}).show("income")
    with pytest.raises(cs.InputError, match="no formula for a tax regime of another package"):
        base.set({key: "acme-expiring"}).workbook().write(Path("nowhere"))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=8))
def test_losses_that_last_for_ever_relieve_at_least_as_much(profits: list[float]) -> None:
    import types

    from brought import CODE

    module = types.ModuleType("acme")
    exec(CODE, module.__dict__)
    lasting = loss_pool(profits, rate=0.25).tax
    assert np.all(np.cumsum(module.expiring(profits, rate=0.25).tax) <= np.cumsum(lasting) + 1e-9)


def test_a_bundle_that_is_verified_uses_no_code_of_others(
    acme: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert plugins.brought(plugins.TOPOLOGIES, "acme-star")
    monkeypatch.setenv("CLUSTERSIM_ONLY", "/")
    with pytest.raises(cs.PackageError, match="nothing but the given folder is used"):
        plugins.brought(plugins.TOPOLOGIES, "acme-star")

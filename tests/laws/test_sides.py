"""Keys belong to sides: what is asked is asked of every side, what belongs to a cluster stays with it."""

import itertools
import random
from pathlib import Path
from typing import Any

import pytest

from clustersim.errors import InputError
from clustersim.pipeline.chain import run_chain
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.sides import load_sides

SCENARIOS = (
    "br166-1024", "br166-mixed", "br20x-4096", "h100-1024", "h20-1024", "nanjing-1024", "serve-deepseek-v3",
    "serve-llama3-70b", "serve-qwen3-32b", "shared-1024", "video-analytics-5g",
)  # fmt: skip
PAIRS = tuple(itertools.permutations(SCENARIOS, 2))
#: Plain numbers of a workload, with another value that is allowed.
PLAIN = {
    "seq_len": 2048, "global_batch": 512, "batching.max_sequences": 128, "batching.max_tokens": 1024,
    "traffic.requests": 500, "dtype": "fp16",
}  # fmt: skip
#: What the plan of `shipped hand plans` was.
HAND = (
    "{tp: 8, pp: 8, dp: 16, interleave: 5, micro_batch: 1, schedule: interleaved, sequence_parallel: true,"
    " recompute: selective, zero: 1}"
)


def _changed(
    names: tuple[str, str], key: str, value: float, unit: str
) -> tuple[float, list[dict[str, float]]]:
    """Set a key to another value that its bounds allow; return that value and the numbers of both sides."""
    for other in (value * 0.9, value + 1, value / 2):
        text: Any = f"{other!r} {unit}" if unit not in ("", "1") else other
        try:
            sides = load_sides(names, {key: text}, demand=names[0])
        except InputError as error:
            if "must be" in str(error) or "fill 24" in str(error):
                continue
            raise
        return other, [{k: n.value for k, n in side.fields()} for side in sides]
    raise AssertionError(f"{key}: no other value is allowed")


def _keys(side: Inputs) -> dict[str, list[str]]:
    """The sourced keys of a side by what they belong to."""
    found: dict[str, list[str]] = {"shared": [], "cluster": []}
    for key, sourced in side.fields():
        root = key.partition(".")[0]
        if sourced.value == 0 or sourced.value != sourced.value or "currencies" in key:
            continue
        if root in {"demand", "tco", "prices"}:
            found["shared"].append(key)
        elif root in {"cluster", "reliability", "checkpoint"}:
            found["cluster"].append(key)
    return found


def _check_pair(names: tuple[str, str], sample: random.Random | None) -> int:
    first, second = load_sides(names, demand=names[0])
    old = dict(first.fields())
    theirs = {k: n.value for k, n in second.fields()}
    seen = 0
    for kind, wanted in _keys(first).items():
        for key in wanted if sample is None else sample.sample(wanted, min(4, len(wanted))):
            if "tariff_bands" in key:
                continue
            value, (one, two) = _changed(names, key, old[key].value, old[key].unit)
            assert one[key] == pytest.approx(value), key
            if kind == "shared":
                assert two.get(key) == one[key], f"{key} did not reach {names[1]}"
            else:
                assert two.get(key) == theirs.get(key), f"{key} reached {names[1]}"
            seen += 1
    return seen


@pytest.mark.parametrize("names", random.Random(1).sample(PAIRS, 12), ids=" ".join)
def test_a_key_reaches_the_sides_that_it_belongs_to(names: tuple[str, str]) -> None:
    assert _check_pair(names, random.Random(str(names))) >= 3


@pytest.mark.full
@pytest.mark.parametrize("names", PAIRS, ids=" ".join)
def test_every_key_reaches_the_sides_that_it_belongs_to(names: tuple[str, str]) -> None:
    assert _check_pair(names, None) >= 20


@pytest.mark.parametrize("name", SCENARIOS)
def test_plain_keys_of_the_demand_reach_the_incumbent(name: str) -> None:
    base = load_inputs(name)
    if base.incumbent is None:
        pytest.skip("values no card")
    for work, section in base.scenario.demand.items():
        for field, value in PLAIN.items():
            root, _, leaf = field.partition(".")
            held = getattr(section, root, None)
            if held is None or (leaf and getattr(held, leaf) is None):
                continue
            changed = load_inputs(name, {f"demand.{work}.{field}": value})
            mine, theirs = (side.scenario.demand[work] for side in (changed, changed.incumbent))  # type: ignore[union-attr]
            for asked in (mine, theirs):
                got = getattr(asked, root)
                assert (getattr(got, leaf) if leaf else got) == value


def test_the_cases_of_the_comparison() -> None:
    both = load_sides(
        ["br166-1024", "h20-1024"],
        ["model=llama3-70b", "tco.tariff=0.9 CNY/kWh", "cluster.nic=roce-400g", "cards.H20.price=90 kCNY"],
    )
    assert [s.scenario.demand["pretrain"].model for s in both] == ["llama3-70b", "llama3-70b"]
    assert [s.tco.tariff.value for s in both] == [0.9, 0.9]
    assert [s.parts.nic.name for s in both] == ["roce-400g", "roce-400g"]  # H20's own is the same one
    other = load_sides(["br166-1024", "nanjing-1024"], ["cluster.nic=roce-400g"], demand="br166-1024")
    assert [s.parts.nic.name for s in other] == ["roce-400g", "roce-100g"]
    assert both[1].parts.card.price is not None and both[1].parts.card.price.value == 90e3
    own = load_sides(["br166-1024", "h20-1024"], ["tco.tariff=0.9 CNY/kWh"], own_site=True)
    assert [s.tco.tariff.value for s in own] == [0.9, 0.9]
    named = load_sides(["br166-1024", "h20-1024"], ["h20-1024.cluster.nic=roce-200g"])
    assert [s.parts.nic.name for s in named] == ["roce-200g", "roce-200g"]
    with pytest.raises(InputError, match=r"does not use cards\.GB300"):
        load_sides(["br166-1024", "h20-1024"], ["cards.GB300.price=1 kCNY"])
    with pytest.raises(InputError, match="equal work"):
        load_sides(["br166-1024", "h20-1024"], ["h20-1024.model=llama3-70b"])


def test_both_sides_do_the_changed_demand_and_the_value_follows() -> None:
    """With the hand plans of the first version on both sides, and both sides changed."""
    plans = [f"training.plan={HAND}", f"incumbent.training.plan={HAND}"]

    def value(*sets: str) -> tuple[float, float]:
        run = run_chain(load_inputs("br166-1024", [*plans, *sets]), replications=0)
        assert run.value is not None and run.incumbent is not None
        return run.value.price_cny, run.incumbent.cny_per_mtoken

    base, cost = value()
    for change in ("training.global_batch=512", "training.global_batch=4096", "training.seq_len=8192"):
        assert value(change)[1] != pytest.approx(cost, rel=1e-4), change
    changed, _ = value("model=llama3-70b")
    assert changed / base == pytest.approx(435_914 / 451_993, rel=2e-2)


def test_a_plan_on_one_side_only_is_refused() -> None:
    with pytest.raises(InputError, match="stated-plans"):
        run_chain(load_inputs("br166-1024", [f"training.plan={HAND}"]), replications=0)
    allowed = [f"training.plan={HAND}", "market.stated_plans=true"]
    assert run_chain(load_inputs("br166-1024", allowed), replications=0).value is not None


@pytest.mark.parametrize(
    ("name", "sets", "words"),
    [
        ("br166-1024", ["demand.pretrain.share=1.5"], "at most 100 %"),
        ("nanjing-1024", ["demand.chat.share=60 %"], "sum to 130%"),
        ("nanjing-1024", ["demand.chat.share=null"], "demand.chat.share"),
        ("nanjing-1024", ["model=llama3-70b"], "demand.pretrain.model or demand.chat.model"),
        ("br166-1024", ["slo.ttft=2 s"], "no workload of kind serving"),
        ("br166-1024", ["training.plan.tp=4"], "has no fields"),
        ("br166-1024", ["incumbent.tco.tariff=1 CNY/kWh"], "first side's terms"),
        ("h20-1024", ["incumbent.cluster.cards=8"], "no incumbent"),
    ],
)
def test_wrong_keys_say_what_to_write(name: str, sets: list[str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        load_inputs(name, sets)


def test_a_site_without_parts_lists_them_all() -> None:
    inputs = load_inputs(
        "br166-1024", ["cluster.nic=null", "checkpoint=null", "tco=null"], with_incumbent=False
    )
    with pytest.raises(InputError) as error:
        inputs.require(money=True)
    assert len(error.value.problems) == 3


def test_an_old_file_is_told_its_new_form(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "old.yaml"
    path.write_text(
        "name: old\nkind: serving\ncluster: {card: H20, nic: roce-400g}\nmodel: qwen3-32b\nserving: {replicas: 2}\n"
        "traffic: {trace: azure-conv}\ncost: {card_hour: 4 CNY/h}\n",
        encoding="utf-8",
    )
    with pytest.raises(InputError, match="demand:") as error:
        load_inputs(str(path))
    text = str(error.value)
    assert "kind: serving" in text and "model: qwen3-32b" in text and "cost is gone" in text


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("incumbent.model=llama3-70b", "equal work"),
        ("incumbent.demand.pretrain.seq_len=8192", "equal work"),
        ("incumbent.seed=5", "belongs to the question"),
        ("incumbent.market.value_share=1", "belongs to the question"),
        ("h20-1024.demand.chat.slo.ttft=2 s", "equal work"),
        ("servers.oam8-air.price=1 MCNY", "unknown key"),
        ("demand={}", "names no workload"),
    ],
)
def test_a_key_that_could_change_nothing_is_refused(key: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        load_inputs("nanjing-1024", [key])


def test_a_side_takes_a_layout_of_a_workload_that_its_own_file_lacks() -> None:
    keys = ["demand.chat.plan={tp: 8}", "incumbent.demand.chat.plan={tp: 4}"]
    inputs = load_inputs("nanjing-1024", keys)
    assert inputs.incumbent is not None
    plans = [side.scenario.demand["chat"].plan for side in (inputs, inputs.incumbent)]
    assert [plan.tp for plan in plans] == [8, 4]
    sides = load_sides(
        ["nanjing-1024", "h20-1024"], ["h20-1024.demand.chat.plan={tp: 4}"], demand="nanjing-1024"
    )
    assert [getattr(s.scenario.demand["chat"].plan, "tp", "best") for s in sides] == ["best", 4]


def test_a_side_is_addressed_by_its_name_too() -> None:
    named = load_inputs("nanjing-1024", ["h20-1024.cluster.cards=512", "nanjing-1024.cluster.cards=256"])
    plain = load_inputs("nanjing-1024", ["incumbent.cluster.cards=512", "cluster.cards=256"])
    assert named.incumbent is not None and plain.incumbent is not None
    assert (named.cards, named.incumbent.cards) == (plain.cards, plain.incumbent.cards) == (256, 512)


def test_files_whose_names_would_take_over_a_key_are_refused(tmp_path: Path) -> None:
    text = Path("scenarios/nanjing-1024.yaml").read_text(encoding="utf-8")
    for name in ("tco", "demand", "cards"):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match="named like a key"):
            load_sides([str(tmp_path / f"{name}.yaml"), "h20-1024"], demand="h20-1024")
    (tmp_path / "nanjing-1024.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="two files go by the name"):
        load_sides([str(tmp_path / "nanjing-1024.yaml"), "nanjing-1024"])

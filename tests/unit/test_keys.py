"""Keys: every field says what it is, every key is found, and units, currencies and ranges are the field's own."""

import importlib
import json
import logging
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

import clustersim.schema
from clustersim.errors import InputError
from clustersim.schema.base import Model, field_docs
from clustersim.schema.catalogue import NAME, YEAR, all_keys, near_keys, same_key
from clustersim.schema.company_load import load_company_file
from clustersim.schema.listing import also_meant, list_keys
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.lookup import exact_name, known_names
from clustersim.schema.meaning import _ALIKE, by_meaning
from clustersim.schema.profiles import KINDS, load_profile
from clustersim.schema.quantity import _tell
from clustersim.schema.yamlfile import read_yaml
from clustersim.study.kinds import FOLDERS, schema_of

ROOT = Path(__file__).resolve().parents[2]
for module in pkgutil.walk_packages(clustersim.schema.__path__, "clustersim.schema."):
    importlib.import_module(module.name)


def classes(model: type[Model] = Model) -> Iterator[type[Model]]:
    for below in model.__subclasses__():
        yield below
        yield from classes(below)


@pytest.mark.parametrize("model", sorted(set(classes()), key=lambda m: (m.__module__, m.__name__)), ids=str)
def test_every_field_says_what_it_is(model: type[Model]) -> None:
    said = field_docs(model)
    assert not [name for name in model.model_fields if len(said.get(name, "")) < 6]


def test_every_quantity_with_a_dimension_has_a_usual_range() -> None:
    lacking = [
        k.key
        for k in all_keys()
        if k.takes == "quantity" and k.unit and not k.usual and not k.key.endswith(YEAR)
    ]
    assert not lacking


def test_every_number_of_a_shipped_scenario_has_a_key() -> None:
    patterns = [k.key for k in all_keys()]
    for name in known_names("scenarios"):
        missing = [k for k, _ in load_inputs(name).fields() if not any(same_key(p, k) for p in patterns)]
        assert not [key for key in missing if not key.startswith("incumbent.")]


def test_no_shipped_file_is_outside_the_usual_ranges(caplog: pytest.LogCaptureFixture) -> None:
    _tell.cache_clear()
    for name in known_names("scenarios"):
        load_inputs(name)
    for kind, (folder, _) in KINDS.items():
        for name in known_names(folder):
            load_profile(kind, name)
    for name in set(known_names("scenarios/company")) - {"anchors"}:
        load_company_file(name)
    assert not caplog.records


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("finance.wacc", "did you mean 'tco.wacc' or 'company.wacc'?"),
        ("tco.tarif", "did you mean 'tco.tariff'?"),
        ("cards.H100.memory.bandwith", "did you mean 'cards.NAME.memory.bandwidth'?"),
        ("power.idle", "did you mean 'cards.NAME.power.idle'?"),
        ("zzz.qqq", ""),
    ],
)
def test_a_mistyped_key_is_looked_for_among_all(asked: str, hint: str) -> None:
    assert near_keys(asked) == hint


def test_a_key_like_none_of_its_section_is_answered_by_no_other_key() -> None:
    """Sharing a section makes no two keys alike: what is not near is never suggested."""
    sections = sorted({key.key.rpartition(".")[0] for key in all_keys(described=False)})
    assert [section for section in sections[::7] if near_keys(f"{section}.colour")] == []


def refusal(**sets: object) -> str:
    with pytest.raises(InputError) as caught:
        load_inputs("nanjing-1024", {key.replace("__", "."): value for key, value in sets.items()})
    return str(caught.value)


def test_refusals_name_the_key_the_year_and_the_unit() -> None:
    assert "did you mean 'tco.wacc' or 'company.wacc'?" in refusal(finance__wacc="9 %")
    old = refusal(company__drivers__receivable_days__values__2=150)
    assert "years are keys now; write company.drivers.receivable_days.2028E" in old
    assert "write it with one, for example '0.7 CNY/kWh'" in refusal(tco__tariff=0.7)
    assert "write it with one, for example '400 GB/s'" in refusal(cards__BR106M__memory__bandwidth=400)
    assert "write the whole unit" in refusal(cards__BR106M__memory__bandwidth="400G")


def test_a_wrong_key_of_a_group_names_the_keys_of_the_group() -> None:
    for key, hint in (
        ("cluster.groups.old.colour", "known: card, cards, fabric"),
        ("cluster.groups.old.crads", "did you mean 'cluster.groups.old.cards'?"),
    ):
        with pytest.raises(InputError) as caught:
            load_inputs("old-a800-and-br166", {key: 8})
        assert hint in str(caught.value) and "NAME" not in str(caught.value)


def test_a_port_of_a_bare_prefix_is_one_of_bits() -> None:
    nic = load_inputs("nanjing-1024", {"nics.roce-100g.rate": "400G"}).parts.nic
    assert nic.rate.value == 50e9


def test_names_go_by_case_and_alias_never_by_a_part() -> None:
    assert exact_name("hwprofiles/cards", "br166m") == "BR166M"
    assert exact_name("hwprofiles/cards", "昇腾910B") == "Ascend-910B"
    assert exact_name("hwprofiles/cards", "910") is None
    card = load_inputs("nanjing-1024", {"cards.br106m.price": "3 万元", "cluster.card": "br106m"}).parts.card
    assert (card.name, card.price and card.price.value) == ("BR106M", 30_000.0)


def test_amounts_in_another_currency_are_taken_at_the_dated_rate() -> None:
    inputs = load_inputs("nanjing-1024", {"tco.staff": "3 MUSD/year", "company.net_cash": "50 MUSD"})
    rate = inputs.prices.currencies["USD"].rate.value
    assert inputs.tco.staff.value == pytest.approx(3e6 * rate)
    assert "CNY/USD of 2026-06 (cn-2026)" in inputs.tco.staff.source
    assert inputs.company is not None and inputs.company.net_cash is not None
    assert inputs.company.net_cash.value == pytest.approx(50e3 * rate)
    alone = load_company_file("biren", {"company.drivers.other_income.2028E": "50 MUSD"})
    assert alone.drivers.other_income is not None
    assert alone.drivers.other_income.by_year["2028E"] == pytest.approx(50e3 * rate)
    dearer = load_inputs("nanjing-1024", {"tco.tariff": "0.1 USD/kWh", "prices.currencies.USD": 8})
    assert dearer.tco.tariff.value == pytest.approx(0.8)
    assert "31 months old" in refusal(tco__tariff="0.1 USD/kWh", tco__as_of="2029-01")


def test_a_value_outside_the_usual_range_is_read_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    _tell.cache_clear()
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert load_inputs("nanjing-1024", {"tco.tariff": "70 CNY/kWh"}).tco.tariff.value == 70
    assert [r.getMessage() for r in caplog.records] == [
        "--set tco.tariff: 70 CNY/kWh is outside the usual range, 0.05 CNY/kWh to 5 CNY/kWh; read as it"
        " is written"
    ]


@pytest.mark.parametrize("kind", FOLDERS)
def test_shipped_files_hold_to_the_schema_of_their_kind(kind: str) -> None:
    made = json.loads(json.dumps(schema_of(kind)))
    jsonschema.Draft7Validator.check_schema(made)
    check = jsonschema.Draft7Validator(made)
    files = [f for f in sorted((ROOT / FOLDERS[kind]).glob("*.yaml")) if f.stem != "anchors"]
    assert files
    for file in files:
        data = read_yaml(file).data
        assert not [f"{file.name} {list(e.absolute_path)}: {e.message[:80]}" for e in check.iter_errors(data)]
        assert not check.is_valid(data | {"kye": 1}) and not check.is_valid(data | {"name": [1]})
        line = file.read_text(encoding="utf-8").splitlines()[0]
        named = line.partition("yaml-language-server: $schema=")[2]
        assert (file.parent / named).resolve() == ROOT / f"schemas/{kind}.schema.json"


@pytest.mark.parametrize("kind", FOLDERS)
def test_the_schemas_in_the_repository_are_those_of_the_classes(kind: str) -> None:
    """`clustersim schema -o schemas` writes them anew."""
    held = json.loads((ROOT / f"schemas/{kind}.schema.json").read_text(encoding="utf-8"))
    assert held == json.loads(json.dumps(schema_of(kind)))


@pytest.mark.parametrize("kind", FOLDERS)
def test_every_field_of_a_schema_is_described_and_no_number_is_empty(kind: str) -> None:
    def walk(node: object, path: str) -> Iterator[str]:
        if isinstance(node, dict):
            for name, field in node.get("properties", {}).items() if node.get("type") == "object" else ():
                if isinstance(field, dict) and (
                    not field.get("description") or set(field) == {"description"}
                ):
                    yield f"{path}.{name}"
            for name, below in node.items():
                yield from walk(below, f"{path}.{name}")
        elif isinstance(node, list):
            for below in node:
                yield from walk(below, path)

    made = schema_of(kind)
    assert not [p for p in walk(made, kind) if not p.endswith((".tier", ".source", ".why", ".value"))]
    if kind == "card":
        number = made["definitions"]["MemoryProfile"]["properties"]["bandwidth"]
        assert "GB/s" in number["description"] and "usually" in number["description"]


def test_patterns_know_names_with_dots() -> None:
    assert same_key(f"models.{NAME}.layers", "models.qwen2.5.layers")
    assert not same_key("tco.wacc", "tco.waccs")


def test_a_product_s_name_finds_the_keys_that_a_scenario_states_for_it() -> None:
    keys = [row["key"] for row in list_keys("BR166", "nanjing-1024")]
    assert "company.printed.products.BR166.units.2026E" in keys and all("BR166" in key for key in keys)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("days lost", "reliability.repair_time"), ("lost time", "reliability.repair_time"),
        ("customers pay later", "company.drivers.receivable_days"), ("salary", "tco.staff"),
        ("delivery delay", "prices.parts.NAME.lead_time"), ("price of optics", "optics.NAME.price_part"),
        ("exchange rate", "company.fx_per_cny"), ("gpu", "cluster.card"), ("电价", "tco.tariff"),
        ("时延", "nics.NAME.latency"), ("应收", "company.drivers.receivable_days"),
        ("liquid", "servers.NAME.cooling"), ("dilution", "company.shares_m"), ("液冷", "servers.NAME.cooling"),
        ("delivery date", "cards.NAME.lead_time"), ("股本", "company.shares_m"),
    ],
)  # fmt: skip
def test_keys_are_found_by_what_they_mean(asked: str, meant: str) -> None:
    assert meant in [row["key"] for row in list_keys(asked)]


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("毛利率", "company.drivers.gross_margin"), ("number of cards", "cluster.cards"), ("折现率", "tco.wacc"),
        ("交货", "cards.NAME.lead_time"), ("night", "tco.tariff_bands.NAME.hours"),
    ],
)  # fmt: skip
def test_the_nearest_key_stands_first(asked: str, first: str) -> None:
    assert by_meaning(asked, all_keys())[0].key == first


def test_keys_that_mean_a_word_are_named_beside_those_that_have_it() -> None:
    assert "nics.NAME.latency" in also_meant("delay", list_keys("delay"))
    assert also_meant("", list_keys("")) == []
    with pytest.raises(InputError, match="no key has 'zeppelin' in it or in what it says"):
        list_keys("zeppelin")


def test_every_word_of_the_table_of_meanings_leads_to_its_key() -> None:
    """The first word of a group stands in a key or in what it says: no group leads nowhere."""
    for first, *_ in _ALIKE:
        assert by_meaning(first, all_keys()), first


@pytest.mark.parametrize(
    ("name", "sets"),
    [
        ("nanjing-1024", ("cards.br106m.price=6 万元", "cards.BR106M.price=7 万元")),
        ("h20-1024", ("model=llama3-70b", "demand.pretrain.model=gpt-100b")),
    ],
)
def test_two_flags_that_reach_one_input_are_refused(name: str, sets: tuple[str, str]) -> None:
    with pytest.raises(InputError, match="are one input; keep one"):
        load_inputs(name, sets)


def test_a_whole_demand_that_comes_last_says_which_flag_it_would_lose() -> None:
    chat = load_inputs("serve-qwen3-32b").documents["scenario"].data["demand"]
    with pytest.raises(
        InputError, match=r"--set training\.global_batch: would be lost in --set demand, which comes"
    ):
        load_inputs("h20-1024", {"training.global_batch": 512, "demand": chat})


def test_a_flag_names_its_key_once() -> None:
    for text in (
        "tco.pue=9",
        "tco.tariff=3 kW",
        "cards.BR106M.price=1",
        "tco={pue: 1, pue: 2}",
        "tco={pue: ",
    ):
        with pytest.raises(InputError) as error:
            load_inputs("nanjing-1024", [text])
        key = text.partition("=")[0]
        assert f"--set {key}: {key}: " not in str(error.value) and "--set tco: --set" not in str(error.value)

"""What is said of the commands that read a key is what they do: a moved key moves their answers, no others; and a key
that a command does not read is said, or where it is varied, refused."""

import pytest
from click.testing import CliRunner

import clustersim as cs
from clustersim.cli.main import COMMANDS as NAMED
from clustersim.cli.main import cli
from clustersim.errors import ClusterSimError, InputError
from clustersim.provenance import Sourced
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.readers import CORRIDOR, READS, readers, unread

#: One key of every section that moves what is read there.
MOVES = {
    "nanjing-1024": (
        "cluster.cards=2048", "demand.pretrain.seq_len=2048", "demand.chat.traffic.prompt.mean=1600",
        "reliability.recovery.detect=600 s", "reliability.spares.hot=8", "checkpoint.host.interval=30 min",
        "checkpoint.bytes_per_parameter=28", "servers.oam8-air.cards=4", "cards.BR106M.scale_up.domain=4",
        "cards.BR106M.scale_up.latency=9 us", "cards.BR106M.scale_up.bandwidth=200 GB/s",
        "tco.tariff=1.2 CNY/kWh", "market.value_share=30 %", "company.wacc=12 %",
        "cards.BR106M.peak.bf16=200 TFLOP/s", "cards.BR106M.price=30 kCNY", "servers.oam8-air.host_power=5 kW",
        "nics.roce-100g.rate=50 Gb/s", "nics.roce-100g.power=60 W", "switches.eth-64x400g.latency=50 us",
        "switches.eth-64x400g.power=4 kW", "optics.module-400g.power=40 W", "models.gpt-100b.layers=40",
        "models.qwen3-32b.layers=32", "cooling.air.rack_power=8 kW", "prices.parts.switch-64x400g=900 kCNY",
    ),
    "shared-1024": (
        "cluster.cards=2048", "reliability.recovery.detect=600 s", "checkpoint.host.interval=2 h",
        "checkpoint.partner.interval=3 h",
        "checkpoint.storage.interval=5 h", "optics.module-400g.power=40 W", "cooling.air.rack_power=8 kW",
        "switches.eth-64x400g.power=4 kW", "nics.roce-100g.power=60 W", "cards.BR106M.price=30 kCNY",
        "tco.tariff=1.2 CNY/kWh", "servers.oam8-air.host_power=5 kW", "prices.parts.switch-64x400g=900 kCNY",
    ),
}  # fmt: skip
COMMANDS = (
    ("collectives", "nanjing-1024"),
    ("fabric", "nanjing-1024"),
    ("train", "nanjing-1024"),
    ("serve", "nanjing-1024"),
    ("tco", "nanjing-1024"),
    ("jobs", "shared-1024"),
)


def answer(*words: str) -> str:
    result = CliRunner().invoke(cli, [*words, "-f", "json"])
    # A value that does not go with the rest is read, too: the refusal says so.
    assert result.exit_code == 0 or isinstance(result.exception, ClusterSimError), result.exception
    return result.stdout or str(result.exception)


@pytest.mark.full
@pytest.mark.parametrize(("command", "scenario"), COMMANDS)
def test_commands_read_the_sections_that_keys_names(command: str, scenario: str) -> None:
    before = answer(command, scenario)
    assert before.startswith("{")
    read: dict[str, bool] = {}
    for move in MOVES[scenario]:
        section = move.partition(".")[0]
        read[section] = read.get(section, False) or answer(command, scenario, "--set", move) != before
    said = {section: command in readers(f"{section}.x") for section in read}
    assert read == said


def moved(inputs: Inputs, keys: dict[str, Sourced], known: dict[str, str]) -> dict[str, str]:
    """``known`` and every key that goes with it, a little off its own value; what does not go together in halves."""
    sets = dict(known)
    for key, number in keys.items():
        whole = number.unit == "1" and number.value == int(number.value) and number.value > 1
        unit = "" if number.unit == "1" else f" {number.unit}"
        sets[key] = f"{number.value * 2 if whole else number.value * 1.03:.12g}{unit}"
    try:
        load_inputs(inputs.file, sets, with_incumbent=False)
    except ClusterSimError:
        if len(keys) == 1:
            return known
        first = dict(list(keys.items())[: len(keys) // 2])
        rest = {key: n for key, n in keys.items() if key not in first}
        return moved(inputs, rest, moved(inputs, first, known))
    return sets


@pytest.mark.parametrize(
    ("command", "scenario"),
    [
        pytest.param(command, scenario, marks=[] if command == "collectives" else pytest.mark.full)
        for command, scenario in [*COMMANDS, ("claims", "nanjing-1024"), ("run", "shared-1024")]
    ],
)
def test_all_keys_that_are_said_to_be_unread_move_nothing_together(command: str, scenario: str) -> None:
    inputs = load_inputs(scenario, with_incumbent=False)
    numbers = {key: n for key, n in inputs.fields() if isinstance(n.value, float)}
    mine = {key: n for key, n in numbers.items() if unread(command, scenario, {key: "1"})}
    sets = moved(inputs, mine, {}) if mine else {}
    assert len(sets) > 20 or command in {"jobs", "claims", "run"}
    sets |= (
        {"collectives.one.kind": "all_reduce", "collectives.one.size": "1 MB"}
        if command != "collectives"
        else {}
    )
    asked = cs.load(scenario).set(sets)
    question = {
        "run": lambda s: s.run(),
        "tco": lambda s: s.tco(draws=16),
        "claims": lambda s: s.claims(draws=16),
    }
    ask = question.get(command, lambda s: getattr(s, command)())
    changed, plain = ask(asked), ask(cs.load(scenario))
    assert changed.text("json") == plain.text("json")
    assert len(changed.unread) == len(sets) and not any("--set " in said for said in changed.said)


def test_every_command_of_a_scenario_is_in_the_table() -> None:
    none = {
        "check", "keys", "schema", "import", "doctor", "measure", "calibrate", "profiles", "study", "audit", "verify",
        "anchors", "web", "validate",
    }  # fmt: skip
    assert {*CORRIDOR, *READS} == set(NAMED) - none


@pytest.mark.parametrize("command", ["sweep", "mc", "sensitivity", "optimise"])
def test_no_study_varies_what_it_does_not_read(command: str) -> None:
    site = cs.load("nanjing-1024").set({"collectives.one.kind": "all_reduce"})
    spread = {
        "collectives.one.size": {"distribution": "uniform", "parameters": {"low": "1 MB", "high": "2 MB"}}
    }
    with pytest.raises(InputError, match=r"collectives\.one\.size: no output .* collectives reads it"):
        if command == "sweep":
            site.sweep({"collectives.one.size": ["1 MB", "2 MB"]})
        elif command == "optimise":
            site.optimise({"collectives.one.size": ["1 MB", "2 MB"]}, minimise=["cny_per_mtoken"])
        elif command == "mc":
            site.mc(spread, points=4)
        else:
            site.sensitivity(spread, method="tornado")
    with pytest.raises(InputError, match="collectives reads it"):
        site.seek("collectives.one.size=1:2 MB", "mfu=0.4")


def test_keys_that_are_not_read_are_said_by_command_and_kind() -> None:
    said = unread("train", "nanjing-1024", {
        "tco.pue": 1.2, "demand.chat.traffic.rate": "3 1/s", "training.seq_len": 8192, "traffic.rate": "2 1/s",
        "incumbent.tco.pue": 1, "h20-1024.cluster.cards": 8, "name": "x",
    })  # fmt: skip
    assert [text.partition(":")[0] for text in said] == [
        "--set tco.pue", "--set demand.chat.traffic.rate", "--set traffic.rate", "--set incumbent.tco.pue",
    ]  # fmt: skip
    assert said[1].endswith("train does not read workloads of kind serving; serve and run do")


def test_an_axis_of_a_grid_that_moves_nothing_is_said() -> None:
    study = cs.load("images-br166").sweep({"tco.pue": [1.1, 1.2], "seed": [1, 2]}, workers=1)
    assert [text.partition(":")[0] for text in study.said] == ["seed"]

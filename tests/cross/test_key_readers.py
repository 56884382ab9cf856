"""What ``keys`` says of the commands that read a key is what they do: a moved key moves their answers, no others."""

import pytest
from click.testing import CliRunner

from clustersim.cli.main import cli
from clustersim.schema.listing import readers

#: One key of every section that moves what is read there.
MOVES = {
    "nanjing-1024": (
        "cluster.cards=2048", "demand.pretrain.seq_len=2048", "demand.chat.traffic.prompt.mean=1600",
        "reliability.recovery.detect=600 s", "reliability.spares.hot=8", "checkpoint.host.interval=30 min",
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
    ("train", "nanjing-1024"),
    ("serve", "nanjing-1024"),
    ("tco", "nanjing-1024"),
    ("jobs", "shared-1024"),
)


def answer(*words: str) -> str:
    result = CliRunner().invoke(cli, [*words, "-f", "json"])
    assert result.exit_code == 0, (words, result.output[:300], result.exception)
    return result.stdout


@pytest.mark.full
@pytest.mark.parametrize(("command", "scenario"), COMMANDS)
def test_commands_read_the_sections_that_keys_names(command: str, scenario: str) -> None:
    before = answer(command, scenario)
    read: dict[str, bool] = {}
    for move in MOVES[scenario]:
        section = move.partition(".")[0]
        read[section] = read.get(section, False) or answer(command, scenario, "--set", move) != before
    said = {section: command in readers(f"{section}.x") for section in read}
    assert read == said

"""Samples of power come in as one row a card, or are refused by line.

Layouts are those of the tools; every figure is invented. At least five samples of each door, three of them broken.
"""

# ruff: noqa: E501 -- lines of logs are as long as they are

from __future__ import annotations

import pytest
from doors import Put, put, read, refused

__all__ = ["put"]  # a fixture


SMI = """timestamp, index, name, power.draw [W], power.limit [W], clocks.current.sm [MHz], utilization.gpu [%], temperature.gpu
2026/06/18 00:00:00.000, 0, NVIDIA H100 80GB HBM3, 100.00 W, 700.00 W, 345 MHz, 0 %, 30
2026/06/18 00:00:05.000, 0, NVIDIA H100 80GB HBM3, 600.00 W, 700.00 W, 1755 MHz, 100 %, 60
2026/06/18 00:00:10.000, 0, NVIDIA H100 80GB HBM3, 620.00 W, 700.00 W, 1725 MHz, 100 %, 62
2026/06/18 00:00:10.000, 1, NVIDIA H100 80GB HBM3, [N/A], 700.00 W, 345 MHz, 0 %, 30
2026/06/18 00:00:15.000, 1, NVIDIA H100 80GB HBM3, 80.00 W, 700.00 W, 345 MHz, 0 %, 30
"""
PROMETHEUS = """# HELP DCGM_FI_DEV_POWER_USAGE Power draw (in W).
# TYPE DCGM_FI_DEV_POWER_USAGE gauge
DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-a",device="nvidia0",modelName="NVIDIA H200",Hostname="node-a"} 512.5 1781740800000
DCGM_FI_DEV_POWER_USAGE{gpu="1",UUID="GPU-b",device="nvidia1",modelName="NVIDIA H200",Hostname="node-a"} 98.25 1781740800000
DCGM_FI_DEV_SM_CLOCK{gpu="0",UUID="GPU-a",device="nvidia0",modelName="NVIDIA H200",Hostname="node-a"} 1980 1781740800000
"""
DMON = """#Entity   POWER   SMCLK
ID        W       MHz
GPU 0     400.1   1410
GPU 1     398.2   1410
GPU 0     402.3   1410
"""
SMI_DMON = "# gpu   pwr  gtemp  mtemp    sm   mem   enc   dec  mclk  pclk\n# Idx     W      C      C     %     %     %     %   MHz   MHz\n    0   310     60     65    99    50     0     0  1593  1410\n"


def test_nvidia_smi_gives_one_row_a_card(put: Put) -> None:
    made = read(put(SMI))
    first, second = made.rows
    assert (first["gpu"], first["samples"], first["power_busy_w"], first["power_max_w"]) == (
        "H100",
        3,
        610.0,
        620.0,
    )
    assert (first["power_mean_w"], first["power_limit_w"], first["sm_clock_busy_hz"]) == (
        440.0,
        700.0,
        1.74e9,
    )
    assert (first["duration_s"], first["utilisation_mean"], first["date"]) == (
        10.0,
        pytest.approx(2 / 3),
        "2026-06-18",
    )
    assert (second["samples"], second["power_mean_w"]) == (1, 80.0) and any(
        "1 samples without" in s for s in made.said
    )


def test_without_units_and_with_a_repeated_header(put: Put) -> None:
    bare = SMI.replace(" W,", ",").replace(" MHz", "").replace(" %,", ",")
    head, _, rest = bare.partition("\n")
    assert read(put(f"{head}\n{rest}{head}\n{rest}")).rows[0]["samples"] == 6


def test_prometheus_text_of_two_cards(put: Put) -> None:
    first, second = read(put(PROMETHEUS)).rows
    assert (first["host"], first["device"], first["gpu"], first["power_max_w"]) == (
        "node-a",
        "0",
        "H200",
        512.5,
    )
    assert (first["sm_clock_busy_hz"], second["power_max_w"], first["date"]) == (1.98e9, 98.25, "2026-06-18")


def test_dmon_of_both_makers(put: Put) -> None:
    assert [(r["device"], r["samples"]) for r in read(put(DMON)).rows] == [("0", 2), ("1", 1)]
    (row,) = read(put(SMI_DMON)).rows
    assert (row["power_max_w"], row["sm_clock_busy_hz"], row["utilisation_mean"]) == (310.0, 1.41e9, 0.99)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SMI.replace(", ", ";").replace("100.00 W", "100,00 W"), ("semicolons",)),
        (SMI.replace("600.00 W", "600,00 W"), ("nvidia-smi", ":3: more cells")),
        (SMI.replace(", ", ",").replace("600.00 W", '"600,00 W"'), ("nvidia-smi", "decimal comma")),
        (SMI[: SMI.index(" 620.00 W")], ("fewer cells",)),
        (
            SMI.replace(
                "620.00 W, 700.00 W", "620.00 W, 2026/06/18 00:00:10.000, 1, NVIDIA H100 80GB HBM3, 700.00 W"
            ),
            ("more cells",),
        ),
        (PROMETHEUS.replace('Hostname="node-a"} 98.25', 'Hostname="no'), ("Prometheus", "cut off")),
        (PROMETHEUS.replace("512.5", "512,5"), ("decimal comma",)),
        (DMON.replace("398.2   1410", "398.2"), ("cells under",)),
        (SMI.replace("620.00 W", "620000.00 W"), ("no card's power",)),
    ],
)
def test_broken_samples_are_refused(put: Put, text: str, words: tuple[str, ...]) -> None:
    refused(put(text), *words)


def test_samples_without_power_are_refused(put: Put) -> None:
    refused(put(SMI.replace("power.draw [W]", "pstate")), "lacks a column of power", kind="power")

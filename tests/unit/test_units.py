"""Units at the border, with pint as the oracle where its registry agrees with the field's conventions."""

import math

import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustersim.errors import InputError
from clustersim.units import known_units, parse_unit, si, to_float

REGISTRY = pint.UnitRegistry()
# our spelling -> pint's
ORACLE = {
    "GB/s": "gigabyte/second", "Gb/s": "gigabit/second", "GiB": "gibibyte", "kW": "kilowatt",
    "us": "microsecond", "d": "day", "h": "hour", "week": "week", "kJ": "kilojoule", "GHz": "gigahertz",
    "MWh": "megawatt_hour",
}  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs"), ORACLE.items())
def test_factor_equals_pint(ours: str, theirs: str) -> None:
    base = "byte" if "byte" in theirs or "bit" in theirs else None
    unit = REGISTRY.parse_units(theirs)
    expected = REGISTRY.Quantity(1.0, unit)
    if base and "second" in theirs:
        assert parse_unit(ours).factor == pytest.approx(expected.to("byte/second").magnitude)
    elif base:
        assert parse_unit(ours).factor == pytest.approx(expected.to("byte").magnitude)
    else:
        assert parse_unit(ours).factor == pytest.approx(expected.to_base_units().to(_base(ours)).magnitude)


def _base(unit: str) -> str:
    return {"kW": "watt", "MWh": "joule", "kJ": "joule", "GHz": "1/second"}.get(unit, "second")


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("1.98 GHz", "B/s", "is 1/second, but byte/second is needed"),
        ("400", "B/s", "has no unit"),
        ("400 Gbps", "B/s", "unknown unit 'Gbps'"),
        ("nan B/s", "B/s", "is not a number"),
        ("", "B", "is not a number"),
        ("1 GB", "B/s", "is byte, but byte/second is needed"),
        ("0.5 USD/kWh", "CNY/kWh", "CNY/joule is needed"),
    ],
)
def test_refusals_say_why(text: str, unit: str, message: str) -> None:
    with pytest.raises(InputError, match=message.replace("/", ".")):
        to_float(text, unit)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), True])
def test_not_a_number(bad: float) -> None:
    with pytest.raises(InputError):
        to_float(bad, "1")


@given(st.sampled_from(known_units()), st.floats(1e-6, 1e6))
def test_every_unit_round_trips(unit: str, value: float) -> None:
    assert to_float(f"{value!r} {unit}", unit) == pytest.approx(value, rel=1e-15)


def test_bits_are_eighths_and_binary_prefixes_are_powers_of_two() -> None:
    assert to_float("400 Gb/s", "B/s") == 50e9
    assert to_float("1 GiB", "B") == 2**30
    assert to_float("1 year", "h") == 8760
    assert math.isclose(to_float("450 CNY/kW/month", "CNY/W/s"), 450 / 1e3 / (730 * 3600))


def test_si_picks_the_prefix() -> None:
    assert si(4.1e14, "FLOP/s") == "410 TFLOP/s"

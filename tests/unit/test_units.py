"""Units at the border, with pint as the oracle where its registry agrees with the field's conventions."""

import math

import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustersim.errors import InputError
from clustersim.units import known_units, parse_unit, si, to_float, to_tokens

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
        ("400 Gbqs", "B/s", "unknown unit 'Gbqs'"),
        ("400G", "B/s", "write the whole unit, for example 'GB/s' .bytes., 'Gb/s' .bits."),
        ("3 gb/s", "B/s", "did you mean 'GB' or 'Gb'"),
        ("0.5 CNY/KWh", "CNY/kWh", "did you mean 'kWh'"),
        ("1,5", "1", "a comma sets thousands apart"),
        ("1,0000", "1", "a comma sets thousands apart"),
        ("１２ GB", "B", "has full-width signs; write '12 GB'"),
        ("nan B/s", "B/s", "is not a number"),
        ("", "B", "is not a number"),
        ("1 GB", "B/s", "is byte, but byte/second is needed"),
        ("0.5 USD/kWh", "CNY/kWh", "CNY/joule is needed"),
    ],
)
def test_refusals_say_why(text: str, unit: str, message: str) -> None:
    with pytest.raises(InputError, match=message.replace("/", ".")):
        to_float(text, unit)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("180 百万元", "CNY", 180e6), ("1.8亿元", "kCNY", 180e3), ("5 万元/年", "CNY/year", 5e4),
        ("0.7元/度", "CNY/kWh", 0.7), ("3 RMB", "CNY", 3), ("2 MRMB", "kCNY", 2000), ("10 分钟", "s", 600),
        ("1.5 小时", "min", 90), ("2 weeks", "d", 14), ("400Gbps", "B/s", 50e9), ("1 GBps", "B/s", 1e9),
        ("1,024", "1", 1024), ("1,024.5 GB", "GB", 1024.5), ("-1,000,000 W", "kW", -1000),
        ("500 TFLOPS", "TFLOP/s", 500), ("100 TOPS", "TFLOP/s", 100), ("3 亿美元", "MUSD", 300),
    ],
)  # fmt: skip
def test_units_as_people_write_them(text: str, unit: str, value: float) -> None:
    assert to_float(text, unit) == pytest.approx(value, rel=1e-12)


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


def test_counts_take_chinese_powers_of_ten() -> None:
    assert [to_float(text, "1") for text in ("1万", "3 亿", "2千")] == [1e4, 3e8, 2e3]


@pytest.mark.parametrize("text", ["1e400", "1e400T", "1e300T", "-1e400"])
def test_tokens_without_end_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="finite number"):
        to_tokens(text)

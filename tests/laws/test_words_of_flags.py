"""What a newcomer types: a change instead of a value is refused, a profile's name is led to its list."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustersim.cli.data import _KINDS
from clustersim.cli.options import changes, varied
from clustersim.errors import InputError
from clustersim.report.pages.profiles import KIND_NAMES
from clustersim.schema.listing import list_keys
from clustersim.schema.lookup import known_names
from clustersim.schema.profiles import KINDS

NUMBERS = st.floats(0.001, 1e6).map(lambda x: f"{x:.4g}")
KEYS = st.sampled_from(("tco.pue", "company.drivers.units.BR166", "cards.BR106M.price", "slo.ttft"))
UNITS = st.sampled_from(("", " %", "%", " kCNY", " CNY/kWh"))


@settings(max_examples=25, deadline=None)
@given(key=KEYS, number=NUMBERS, unit=UNITS, blank=st.sampled_from(("", " ")))
def test_a_plus_before_a_number_is_refused_wherever_it_stands(
    key: str, number: str, unit: str, blank: str
) -> None:
    more = f"+{blank}{number}{unit}"
    forms = (more, f" {more}", f"'{more}'", f'"{more}"', f"[1, {more}]", f"{{2027E: {more}}}")
    for value in forms:
        with pytest.raises(InputError, match="not that much more; write the whole value"):
            changes((f"{key}={value}",))
    for value in (more, f"1,{more}", f"1:{more}:3"):
        with pytest.raises(InputError, match="not that much more; write the whole value"):
            varied((f"{key}={value}",))
    # The same without the plus is a value, and a plus inside of one is no change.
    assert changes((f"{key}={number}",)) == {key: pytest.approx(float(number), rel=1e-3)}
    for value in ("1e+3", "2026-06-01T08:00:00+08:00", "llama+vision", "-5"):
        assert list(changes((f"{key}={value}",))) == [key]


@pytest.mark.parametrize("kind", KINDS)
def test_a_profile_s_name_that_is_in_no_key_is_led_to_its_list(kind: str) -> None:
    for name in sorted(known_names(f"hwprofiles/{kind}"))[::9]:
        try:
            assert list_keys(name)
        except InputError as error:
            led = re.search(r"clustersim profiles list (\w+)", str(error))
            assert led is not None and led[1] in _KINDS and led[1] in KIND_NAMES


def test_a_part_of_a_model_s_name_is_led_to_the_models() -> None:
    with pytest.raises(InputError, match="names of models have it: clustersim profiles list models"):
        list_keys("deepseek")


def test_every_kind_of_profile_is_listed() -> None:
    assert tuple(KINDS) == _KINDS == KIND_NAMES

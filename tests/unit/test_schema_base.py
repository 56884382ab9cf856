"""Reading input files: YAML 1.2, every problem at once, with file, line and a suggestion."""

import pytest

from clustersim.errors import InputError
from clustersim.schema.base import validate
from clustersim.schema.overridden import apply_overrides
from clustersim.schema.overrides import parse_overrides
from clustersim.schema.profiles import CardProfile
from clustersim.schema.yamlfile import parse_yaml, read_yaml

CARD = """kind: card
name: X
vendor: V
form: OAM
peak:
  bf16: {value: 400 TFLOP/s, low: 341 TFLOP/s, high: 512 TFLOP/s, source: a, tier: derived}
scale_up:
  bandwidth: {value: 128 GB/s, source: a, tier: published}
  wiring: full_mesh
  domain: {value: 8, source: a, tier: published}
"""


def card(text: str) -> CardProfile:
    return validate(CardProfile, parse_yaml(text, "x.yaml"), require_source=True)


def test_a_good_card_keeps_its_ranges() -> None:
    peak = card(CARD).peak["bf16"]
    assert (peak.value, peak.low, peak.high, peak.tier) == (4e14, 3.41e14, 5.12e14, "derived")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "128 GB/s",
            "1.98 GHz",
            "x.yaml:8: scale_up.bandwidth: '1.98 GHz' is 1/second, but byte/second is needed",
        ),
        ("value: 128 GB/s", "value: -1 GB/s", "must be greater than 0"),
        ("value: 128 GB/s", "value: 128", "has no unit"),
        ("value: 128 GB/s", "value: .nan", "is not a finite number"),
        ("tier: derived", "tier: dervied", "did you mean 'derived'"),
        ("low: 341", "low: 441", "outside its own range"),
        (
            "wiring: full_mesh",
            "wiring: mesh",
            "x.yaml:9: scale_up.wiring: must be 'full_mesh', 'switched' or 'pcie', not 'mesh'",
        ),
        ("vendor: V", "vendor: V\nvendr: W", "x.yaml:4: vendr: unknown key (did you mean 'vendor'?)"),
        ("form: OAM\n", "", "form: is needed and missing"),
        ("{value: 8, source: a, tier: published}", "8", "never states a number without its source"),
        ("source: a, tier: derived", "tier: derived", "lacks source"),
        ("domain: {value: 8,", "domain: {value: 7.5,", "must be a whole number"),
    ],
)
def test_each_mistake_has_its_message(old: str, new: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        card(CARD.replace(old, new, 1))
    assert message in str(caught.value)


def test_all_problems_come_at_once_in_the_order_of_lines() -> None:
    text = (
        CARD.replace("400 TFLOP/s", "400 GB")
        .replace("wiring: full_mesh", "wiring: x")
        .replace("vendor", "vender")
    )
    with pytest.raises(InputError) as caught:
        card(text)
    lines = [p.line for p in caught.value.problems]
    assert len(lines) == 4
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2\n", "x.yaml:2: a: the key stands twice (first on line 1)"),
        ("", "the file is empty"),
        ("# only a comment\n", "the file is empty"),
        ("- 1\n", "top level must be a mapping"),
        ("a: [1\n", "not valid YAML"),
        ("a: \t- b: {\n", "not valid YAML"),
        ("{1: 2, [a]: 3}", "a key must be plain text"),
    ],
)
def test_broken_files(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_yaml(text, "x.yaml")
    assert message in str(caught.value)


def test_yaml_1_2_scalars() -> None:
    data = parse_yaml("a: no\nb: 1e3\nc: 12:30\nd: 0o17\ne: true\nf: '1'\ng: 010\nh: ~", "x").data
    assert data == {
        "a": "no",
        "b": 1000.0,
        "c": "12:30",
        "d": "0o17",
        "e": True,
        "f": "1",
        "g": 10,
        "h": None,
    }


def test_unreadable_files(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match="no such file"):
        read_yaml(tmp_path / "none.yaml")
    with pytest.raises(InputError, match="is a folder"):
        read_yaml(tmp_path)
    (tmp_path / "b.yaml").write_bytes(b"a: \xff\xfe")
    with pytest.raises(InputError, match="not a UTF-8"):
        read_yaml(tmp_path / "b.yaml")


def test_an_override_replaces_the_value_and_says_so() -> None:
    overrides = parse_overrides(["cards.X.scale_up.bandwidth=200 GB/s"])
    changed = apply_overrides(parse_yaml(CARD, "x.yaml"), overrides)
    bandwidth = validate(CardProfile, changed, require_source=True).scale_up.bandwidth  # type: ignore[union-attr]
    assert (bandwidth.value, bandwidth.tier) == (200e9, "given")
    assert bandwidth.source == "--set cards.X.scale_up.bandwidth"


@pytest.mark.parametrize(
    ("text", "message"),
    [("a", "write KEY=VALUE"), ("=1", "write KEY=VALUE"), ("cards.X=1", "write cards.NAME.FIELD")],
)
def test_malformed_overrides(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_overrides([text])


def test_a_key_given_twice_is_refused() -> None:
    with pytest.raises(InputError, match="given twice"):
        parse_overrides(["a=1", "a=2"])

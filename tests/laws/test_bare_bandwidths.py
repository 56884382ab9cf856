"""Law: whatever bandwidth is written as a number and a prefix is read in bits, and said, or refused with both readings;
a whole unit is read the same everywhere."""

from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError
from ranged_fields import ranged

from clustersim.provenance import Sourced
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.quantity import Quantity

BANDWIDTHS = {".".join(at): quantity for at, quantity in ranged().items() if quantity.unit == "B/s"}
#: What is sold by bits a second. Memories, storage and links inside a server are quoted in bytes as often.
IN_BITS = {
    "LinkSection.bandwidth", "NicProfile.rate", "OpticsProfile.rate", "ScaleOutProfile.bandwidth",
    "SupernodeProfile.link_rate", "SwitchProfile.port_rate",
}  # fmt: skip


def read(quantity: Quantity, text: Any) -> tuple[Sourced, list[str]]:
    said: list[tuple[Sourced, str]] = []
    adapter: TypeAdapter[Sourced] = TypeAdapter(Annotated[Sourced, quantity])
    return adapter.validate_python(text, context={"said": said}), [words for _, words in said]


def test_the_fields_of_networks_are_the_ones_that_read_bits() -> None:
    assert {name for name, quantity in BANDWIDTHS.items() if quantity.short == "b/s"} == IN_BITS
    assert len(BANDWIDTHS) > len(IN_BITS) + 5


@pytest.mark.parametrize("name", sorted(BANDWIDTHS))
def test_a_bare_prefix_is_said_or_refused(name: str) -> None:
    field = BANDWIDTHS[name]
    for text, bits in (("400G", 400e9), ("400 G", 400e9), ("1.6T", 1.6e12), ("1,600G", 1.6e12)):
        for raw in (text, {"value": text, "source": "its sheet", "tier": "published"}):
            if name in IN_BITS:
                number, said = read(field, raw)
                assert number.value == pytest.approx(bits / 8)
                assert f"is read as: {text[:-1].strip()} {text[-1]}b/s" in said[-1]
            else:
                with pytest.raises(ValidationError, match=f"'{text[-1]}B/s' .bytes., '{text[-1]}b/s' .bits."):
                    read(field, raw)


@pytest.mark.parametrize("name", sorted(BANDWIDTHS))
def test_a_whole_unit_is_read_the_same_everywhere(name: str) -> None:
    for text in ("400Gbps", "400 Gb/s", "50 GB/s", "50GBps", "0.4 Tb/s"):
        number, said = read(BANDWIDTHS[name], text)
        assert number.value == pytest.approx(50e9) and not said, text


def test_what_a_bare_prefix_was_read_as_is_told_at_its_key(caplog: pytest.LogCaptureFixture) -> None:
    load_inputs("nanjing-1024", {"nics.roce-100g.rate": "401G"})
    assert "nics.roce-100g.rate: 5.0125e+10 B/s is what 401G is read as: 401 Gb/s" in caplog.text

"""Hardware profiles: what a card, server, NIC, switch, optical module or model file may say.

Every number is ``{value, source, tier, low?, high?, note?}``. What nobody has published stays absent; using an
absent field is an error that names the field and the file.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from clustersim.errors import InputError
from clustersim.provenance import Sourced
from clustersim.reading.guarded import stamp
from clustersim.schema.base import (
    Bandwidth,
    Count,
    Duration,
    Model,
    OpRate,
    Power,
    Share,
    Size,
    money,
    quantity,
    validate,
)  # fmt: skip
from clustersim.schema.fleets import FleetProfile
from clustersim.schema.lookup import find_file, known_names
from clustersim.schema.models import ModelProfile
from clustersim.schema.profile_base import Profile
from clustersim.schema.software import SoftwareProfile
from clustersim.schema.tco import Pue
from clustersim.schema.yamlfile import Document, read_yaml

__all__ = [
    "KINDS", "CardProfile", "CoolingProfile", "ModelProfile", "NicProfile", "OpticsProfile", "Profile", "ServerProfile",
    "SwitchProfile", "load_card", "load_model", "load_profile",
]  # fmt: skip

Price = Annotated[Sourced, money()]
Rent = Annotated[Sourced, money("/h")]
Height = Annotated[Sourced, quantity("U", gt=0)]


class MemoryProfile(Model):
    """Device memory."""

    capacity: Size
    """What the driver reports, before any engine or framework keeps its own reserve."""
    bandwidth: Bandwidth | None = None


class ScaleUpProfile(Model):
    """The links inside the coherent domain."""

    bandwidth: Bandwidth
    """Per card and per direction, all links together."""
    wiring: Literal["full_mesh", "switched", "pcie"]
    domain: Count
    latency: Duration | None = None


class DieProfile(Model):
    """The link between the dies of one card."""

    bandwidth: Bandwidth


class HostLinkProfile(Model):
    """The link to the host, per direction."""

    bandwidth: Bandwidth


class ScaleOutProfile(Model):
    """What systems of a card usually have between servers; a scenario names its own NIC."""

    bandwidth: Bandwidth
    """Per card and per direction, wire rate."""


class PowerProfile(Model):
    """Nameplate and idle power; neither is the power drawn under load."""

    tdp: Power
    idle: Power | None = None


class CodecProfile(Model):
    """Video channels."""

    encode_channels: Count | None = None
    decode_channels: Count | None = None


class EfficiencyProfile(Model):
    """Share of the nameplate that large, well-shaped work reaches."""

    gemm: Share | None = None
    gemm_fp8: Share | None = None
    """The same of 8-bit and narrower products; absent: as ``gemm``."""
    gemm_sustained: Share | None = None
    """Of that rate, what products reach over whole training steps, under the power limit; absent: all of it."""
    memory: Share | None = None
    scale_up: Share | None = None
    scale_up_reduction: Share | None = None
    """Share of the links that an all-reduce inside the scale-up switches reaches; absent where they cannot."""
    attention: Share | None = None


class CardProfile(Profile):
    """One accelerator card."""

    kind: Literal["card"]
    vendor: str
    series: str = ""
    """Generation of the maker's architecture; errors are shown by maker and series."""
    product: str | None = None
    """Line of the company model that this card is sold under."""
    form: str
    dies: int = Field(1, ge=1)
    compute_units: Count | None = None
    """Units that the tiles of a matrix product are shared out over, all dies together; absent: shapes are averaged."""
    status: str = ""
    peak: dict[str, OpRate] = Field(default_factory=dict)
    memory: MemoryProfile | None = None
    scale_up: ScaleUpProfile | None = None
    die_to_die: DieProfile | None = None
    scale_out: ScaleOutProfile | None = None
    host_link: HostLinkProfile | None = None
    power: PowerProfile | None = None
    codec: CodecProfile | None = None
    efficiency: EfficiencyProfile = EfficiencyProfile()
    price: Price | None = None
    rent: Rent | None = None
    lead_time: Annotated[Sourced, quantity("week", ge=0)] | None = None


class ServerProfile(Profile):
    """One server without its cards and NICs."""

    kind: Literal["server"]
    form: str
    cooling: str = "air"
    """Name of the cooling profile that its racks belong to."""
    cards: Count
    cpu: str = ""
    host_power: Power
    height: Height | None = None
    host_memory: Size | None = None
    pcie: str = ""
    price_part: str = ""
    """Name of its price in the price book (``prices.parts.NAME``)."""


class NicProfile(Profile):
    """One network interface of one port."""

    kind: Literal["nic"]
    rate: Bandwidth
    latency: Duration
    efficiency: Share
    power: Power
    price_part: str = ""
    """Name of its price in the price book (``prices.parts.NAME``)."""


class SwitchProfile(Profile):
    """One packet switch."""

    kind: Literal["switch"]
    ports: Count
    port_rate: Bandwidth
    power: Power
    height: Height | None = None
    latency: Duration
    price_part: str = ""
    """Name of its price in the price book (``prices.parts.NAME``)."""


class OpticsProfile(Profile):
    """One optical module."""

    kind: Literal["optics"]
    rate: Bandwidth
    power: Power
    price_part: str = ""
    """Name of its price in the price book (``prices.parts.NAME``)."""


class CoolingProfile(Profile):
    """How racks are cooled: what one holds, and the PUE by the site's climate."""

    kind: Literal["cooling"]
    rack_power: Annotated[Sourced, quantity("W", gt=0)]
    """IT power, provisioned, that one rack can feed and cool."""
    rack_height: Height
    """Usable height of one rack."""
    pue: dict[Literal["cold", "temperate", "hot"], Pue] = Field(min_length=1)
    price_part: str


KINDS: dict[str, tuple[str, type[Profile]]] = {
    "cards": ("hwprofiles/cards", CardProfile),
    "servers": ("hwprofiles/servers", ServerProfile),
    "nics": ("hwprofiles/nics", NicProfile),
    "switches": ("hwprofiles/switches", SwitchProfile),
    "optics": ("hwprofiles/optics", OpticsProfile),
    "models": ("hwprofiles/models", ModelProfile),
    "cooling": ("hwprofiles/cooling", CoolingProfile),
    "software": ("hwprofiles/software", SoftwareProfile),
    "fleets": ("hwprofiles/fleets", FleetProfile),
}

P = TypeVar("P", bound=Profile)


@lru_cache(maxsize=512)
def _read(path: Path, at: int) -> Document:
    return read_yaml(path)


def load_document(kind: str, name: str) -> Document:
    """Read a profile's file; the parsed text is kept until the file changes."""
    return read_document(KINDS[kind][0], name)


def read_document(folder: str, name: str) -> Document:
    """Read a file of a folder by name or path; the parsed text is kept until the file changes."""
    path = find_file(folder, name)
    return _read(path, stamp(path))


def load_profile(kind: str, name: str) -> Profile:
    """Load and check a profile of a kind (``cards``, ``servers``, …) by name or path.

    Raises InputError with every problem of the file, or with the nearest known name.
    """
    document = load_document(kind, name)
    profile = validate(KINDS[kind][1], document, require_source=True)
    if profile.name != Path(document.file).stem:
        raise InputError(f"{document.file}:{document.line_of(('name',))}: name: must equal the file's name")
    return profile


def load_card(name: str) -> CardProfile:
    """Load a card's profile by name or path."""
    profile = load_profile("cards", name)
    assert isinstance(profile, CardProfile)
    return profile


def load_model(name: str) -> ModelProfile:
    """Load a model's dimensions by name or path."""
    profile = load_profile("models", name)
    assert isinstance(profile, ModelProfile)
    return profile


def load_fleet(name: str) -> FleetProfile:
    """Load a fleet's failure profile by name or path."""
    profile = load_profile("fleets", name)
    assert isinstance(profile, FleetProfile)
    return profile


def field_fleets() -> tuple[FleetProfile, ...]:
    """Return every fleet that was counted in the field, by name."""
    every = (load_fleet(name) for name in known_names("hwprofiles/fleets"))
    return tuple(fleet for fleet in every if fleet.stands_for == "field")

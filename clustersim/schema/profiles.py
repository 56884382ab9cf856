"""Hardware profiles: what a card, server, NIC, switch, optical module or model file may say.

Every number is ``{value, source, tier, low?, high?, note?}``. What nobody has published stays absent; using an
absent field is an error that names the field and the file.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, model_validator

from clustersim.errors import InputError
from clustersim.provenance import Sourced
from clustersim.reading.guarded import stamp
from clustersim.schema.base import (
    Count,
    Model,
    OpRate,
    PartPower,
    Power,
    Share,
    WireRate,
    money,
    quantity,
    validate,
)  # fmt: skip
from clustersim.schema.calibrated import CalibratedProfile
from clustersim.schema.fleets import FleetProfile
from clustersim.schema.lookup import find_file, known_names
from clustersim.schema.models import ModelProfile
from clustersim.schema.networks import NetworkProfile
from clustersim.schema.profile_base import Profile
from clustersim.schema.silicon import SiliconProfile, TokensFile
from clustersim.schema.software import SoftwareProfile
from clustersim.schema.supernode import SupernodeProfile
from clustersim.schema.tco import Pue
from clustersim.schema.yamlfile import Document, read_yaml

__all__ = [
    "KINDS", "CardProfile", "CoolingProfile", "ModelProfile", "NicProfile", "OpticsProfile", "Profile", "ServerProfile",
    "SwitchProfile", "load_card", "load_model", "load_profile",
]  # fmt: skip

Price = Annotated[Sourced, money(usual=("100 CNY", "2 MCNY"))]
Rent = Annotated[Sourced, money("/h", usual=("0.1 CNY/h", "200 CNY/h"))]
Latency = Annotated[Sourced, quantity("s", ge=0, usual=("0 us", "1000 us"))]
PortRate = Annotated[Sourced, quantity("B/s", gt=0, usual=("1 Gb/s", "3200 Gb/s"), short="b/s")]
"""Ports are sold by bits a second: ``400G`` is one of 400 Gb/s. Memories, and links inside a server, are quoted in
bytes as often: ``400G`` of these has two meanings, eight times apart, and is refused."""
LinkRate = Annotated[Sourced, quantity("B/s", gt=0, usual=("1 GB/s", "10000 GB/s"))]
MemoryRate = Annotated[Sourced, quantity("B/s", gt=0, usual=("20 GB/s", "100000 GB/s"))]
MemorySize = Annotated[Sourced, quantity("B", gt=0, usual=("1 GB", "2000 GB"))]
CardPower = Annotated[Sourced, quantity("W", ge=0, usual=("10 W", "5000 W"))]
Height = Annotated[Sourced, quantity("U", gt=0, usual=("0.5 U", "80 U"))]


class MemoryProfile(Model):
    """Device memory."""

    capacity: MemorySize
    """What the driver reports, before any engine or framework keeps its own reserve."""
    bandwidth: MemoryRate | None = None
    """Peak rate of reading and writing."""


class ScaleUpProfile(Model):
    """The links inside the coherent domain."""

    bandwidth: LinkRate
    """Per card and per direction, all links together."""
    wiring: Literal["full_mesh", "switched", "pcie"]
    """Every card to every other, through switches, or over PCIe."""
    domain: Count
    """Cards of one coherent domain."""
    latency: Latency | None = None
    """One message between two cards."""


class DieProfile(Model):
    """The link between the dies of one card."""

    bandwidth: LinkRate
    """Per direction."""


class HostLinkProfile(Model):
    """The link to the host, per direction."""

    bandwidth: LinkRate
    """Per direction."""


class ScaleOutProfile(Model):
    """What systems of a card usually have between servers; a scenario names its own NIC."""

    bandwidth: WireRate
    """Per card and per direction, wire rate."""


class PowerProfile(Model):
    """Nameplate and idle power; neither is the power drawn under load."""

    tdp: CardPower
    """Nameplate power."""
    idle: Annotated[Sourced, quantity("W", ge=0, usual=("0 W", "1000 W"))] | None = None
    """Power of a card that does nothing."""


class CodecProfile(Model):
    """Video channels."""

    encode_channels: Count | None = None
    """Streams of 1920 x 1080 that are encoded at once."""
    decode_channels: Count | None = None
    """Channels that decode at once."""


#: What a card keeps of its best matrix rate over whole steps where nobody said: the middle and the range of A100 and
#: BI-V150 1, H100 0.92, Ascend 910B 0.85, B200 0.75 (docs/training.md).
SUSTAINED = Sourced(
    0.92, "1", "middle of five generations of cards of which it is known, 0.75 to 1", "assumption", 0.75, 1.0
)


class EfficiencyProfile(Model):
    """Share of the nameplate that large, well-shaped work reaches."""

    gemm: Share | None = None
    """Share of the peak that large matrix products reach."""
    gemm_fp8: Share | None = None
    """The same of 8-bit and narrower products; absent: as ``gemm``."""
    gemm_sustained: Share | None = None
    """Of that rate, what products reach over whole training steps, under the power limit; absent: what is the middle of
    the cards of which it is known, with their range."""
    memory: Share | None = None
    """Share of the memory bandwidth that long reads reach."""
    scale_up: Share | None = None
    """Share of the scale-up bandwidth that large collectives reach."""
    scale_up_reduction: Share | None = None
    """Share of the links that an all-reduce inside the scale-up switches reaches; absent where they cannot."""
    attention: Share | None = None
    """Share of the peak that fused attention reaches."""

    @model_validator(mode="before")
    @classmethod
    def _sustains(cls, data: Any) -> Any:
        """A card whose best rate is known sustains what its class does, where nobody said."""
        known = isinstance(data, Mapping) and data.get("gemm") is not None
        return {"gemm_sustained": SUSTAINED, **data} if known else data


class CardProfile(Profile):
    """One accelerator card."""

    kind: Literal["card"]
    """A card."""
    vendor: str
    """Its maker."""
    series: str = ""
    """Generation of the maker's architecture; errors are shown by maker and series."""
    product: str | None = None
    """Line of the company model that this card is sold under."""
    form: str
    """Module or add-in card (OAM, SXM, PCIe)."""
    dies: int = Field(1, ge=1)
    """Compute dies on the card."""
    compute_units: Count | None = None
    """Units that the tiles of a matrix product are shared out over, all dies together; absent: shapes are averaged."""
    cache: Annotated[Sourced, quantity("B", gt=0, usual=("1 MB", "2 GB"))] | None = None
    """Last cache before the device memory, all dies together; absent: networks of pictures find nothing in it."""
    status: str = ""
    """Announced, sampled, on sale or withdrawn."""
    peak: dict[str, OpRate] = Field(default_factory=dict)
    """Dense peak by number format, without sparsity."""
    memory: MemoryProfile | None = None
    """Device memory."""
    scale_up: ScaleUpProfile | None = None
    """Links inside the coherent domain."""
    die_to_die: DieProfile | None = None
    """Link between its dies."""
    scale_out: ScaleOutProfile | None = None
    """What its systems usually have between servers."""
    host_link: HostLinkProfile | None = None
    """Link to the host."""
    power: PowerProfile | None = None
    """Nameplate and idle power."""
    codec: CodecProfile | None = None
    """Video channels."""
    efficiency: EfficiencyProfile = EfficiencyProfile()
    """Share of the nameplate that is reached."""
    calibrated: CalibratedProfile | None = None
    """What measured rows changed of it: factors, their ranges, and what error is left."""
    price: Price | None = None
    """Price of one card, without VAT."""
    rent: Rent | None = None
    """Market's rent of one card for an hour."""
    lead_time: Annotated[Sourced, quantity("week", ge=0, usual=("0 week", "104 week"))] | None = None
    """From order to delivery."""


class ServerProfile(Profile):
    """One server without its cards and NICs."""

    kind: Literal["server"]
    """A server without its cards and NICs."""
    form: str
    """What cards it takes."""
    cooling: str = "air"
    """Name of the cooling profile that its racks belong to."""
    cards: Count
    """Cards that it holds."""
    domain: Count | None = None
    """Cards of the coherent domain whose switches and wiring its price, power and height hold; absent: its own."""
    cpu: str = ""
    """Its processors."""
    host_power: Power
    """Power beside cards and NICs, under load."""
    height: Height | None = None
    """Height in the rack."""
    host_memory: Annotated[Sourced, quantity("B", gt=0, usual=("16 GB", "100 TB"))] | None = None
    """Memory of the host."""
    pcie: str = ""
    """Generation and lanes of PCIe."""
    price_part: str = ""
    """Name of its price in the price book (``prices.parts.NAME``)."""


class NicProfile(Profile):
    """One network interface of one port."""

    kind: Literal["nic"]
    """A network interface."""
    rate: PortRate
    """Wire rate of its port, per direction."""
    latency: Latency
    """Of one message through it."""
    efficiency: Share
    """Share of the wire rate that payload reaches."""
    power: PartPower
    """Under load."""
    price_part: str = ""
    """Name of its price in the price book (``prices.parts.NAME``)."""


class SwitchProfile(Profile):
    """One packet switch."""

    kind: Literal["switch"]
    """A packet switch."""
    ports: Count
    """Ports at port_rate."""
    port_rate: PortRate
    """Wire rate of a port, per direction."""
    power: Power
    """Under load, without optics."""
    height: Height | None = None
    """Height in the rack."""
    latency: Latency
    """Of one message through it."""
    price_part: str = ""
    """Name of its price in the price book (``prices.parts.NAME``)."""


class OpticsProfile(Profile):
    """One optical module."""

    kind: Literal["optics"]
    """An optical module."""
    rate: PortRate
    """Wire rate, per direction."""
    power: PartPower
    """Under load."""
    price_part: str = ""
    """Name of its price in the price book (``prices.parts.NAME``)."""


class CoolingProfile(Profile):
    """How racks are cooled: what one holds, and the PUE by the site's climate."""

    kind: Literal["cooling"]
    """Cooling of racks."""
    rack_power: Annotated[Sourced, quantity("W", gt=0, usual=("3 kW", "1000 kW"))]
    """IT power, provisioned, that one rack can feed and cool."""
    rack_height: Height
    """Usable height of one rack."""
    pue: dict[Literal["cold", "temperate", "hot"], Pue] = Field(min_length=1)
    """Facility power over IT power, by climate."""
    price_part: str
    """Name of its price in the price book (``prices.parts.NAME``)."""


KINDS: dict[str, tuple[str, type[Profile]]] = {
    "cards": ("hwprofiles/cards", CardProfile),
    "servers": ("hwprofiles/servers", ServerProfile),
    "nics": ("hwprofiles/nics", NicProfile),
    "switches": ("hwprofiles/switches", SwitchProfile),
    "optics": ("hwprofiles/optics", OpticsProfile),
    "supernodes": ("hwprofiles/supernodes", SupernodeProfile),
    "models": ("hwprofiles/models", ModelProfile),
    "networks": ("hwprofiles/networks", NetworkProfile),
    "silicon": ("hwprofiles/silicon", SiliconProfile),
    "tokens": ("hwprofiles/tokens", TokensFile),
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

"""The profiles that a cluster names. What its scenario leaves out is asked for by name when a question needs it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from clustersim.errors import InputError
from clustersim.schema.profiles import (
    CardProfile,
    CoolingProfile,
    NicProfile,
    OpticsProfile,
    Profile,
    ServerProfile,
    SwitchProfile,
)
from clustersim.schema.supernode import SupernodeProfile

__all__ = ["Parts", "absent"]


def absent(file: str, key: str, why: str = "this question needs it") -> InputError:
    """Return the error of a part of the site that the scenario does not have."""
    return InputError(f"{file}: {key} is not in the scenario, and {why}; add it, or use --set {key}=…")


@dataclass(frozen=True, slots=True)
class Parts:
    """The card, and the server, NIC, switch, optics, cooling and supernode where the cluster names them."""

    file: str
    card: CardProfile
    server_or_none: ServerProfile | None = None
    nic_or_none: NicProfile | None = None
    switch_or_none: SwitchProfile | None = None
    optics_or_none: OpticsProfile | None = None
    cooling_or_none: CoolingProfile | None = None
    supernode_or_none: SupernodeProfile | None = None

    @property
    def server(self) -> ServerProfile:
        """The server; raises InputError where the cluster names none."""
        if self.server_or_none is None:
            raise absent(self.file, "cluster.server")
        return self.server_or_none

    @property
    def nic(self) -> NicProfile:
        """The NIC; raises InputError where the cluster names none."""
        if self.nic_or_none is None:
            raise absent(self.file, "cluster.nic")
        return self.nic_or_none

    @property
    def switch(self) -> SwitchProfile:
        """The switch; raises InputError where the cluster names none."""
        if self.switch_or_none is None:
            raise absent(self.file, "cluster.fabric.switch")
        return self.switch_or_none

    @property
    def optics(self) -> OpticsProfile:
        """The optical module; raises InputError where the cluster names none."""
        if self.optics_or_none is None:
            raise absent(self.file, "cluster.fabric.optics")
        return self.optics_or_none

    @property
    def cooling(self) -> CoolingProfile:
        """The cooling of the server; raises InputError where the cluster names no server."""
        if self.cooling_or_none is None:
            raise absent(self.file, "cluster.server")
        return self.cooling_or_none

    @property
    def supernode(self) -> SupernodeProfile:
        """The supernode; raises InputError where the cluster names none."""
        if self.supernode_or_none is None:
            raise absent(self.file, "cluster.supernode")
        return self.supernode_or_none

    def profiles(self) -> Iterator[tuple[str, Profile]]:
        """Yield kind and profile of all that is there."""
        yield "cards", self.card
        rest = (
            ("servers", self.server_or_none), ("nics", self.nic_or_none), ("switches", self.switch_or_none),
            ("optics", self.optics_or_none), ("cooling", self.cooling_or_none), ("supernodes", self.supernode_or_none),
        )  # fmt: skip
        for kind, profile in rest:
            if profile is not None:
                yield kind, profile

"""What every profile file has."""

from __future__ import annotations

from clustersim.schema.base import Model

__all__ = ["Profile"]


class Profile(Model):
    """What every profile file has."""

    name: str
    aliases: tuple[str, ...] = ()
    """Other exact names, compared like the name itself; unique over a kind."""
    notes: tuple[str, ...] = ()
    source: str = ""
    """Source of the plain (unsourced) fields of the file, for example a model's published configuration."""
    tier: str = "given"

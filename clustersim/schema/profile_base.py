"""What every profile file has."""

from __future__ import annotations

from clustersim.schema.base import Model

__all__ = ["Profile"]


class Profile(Model):
    """What every profile file has."""

    name: str
    """Its name, that of its file."""
    aliases: tuple[str, ...] = ()
    """Other exact names, compared like the name itself; unique over a kind."""
    notes: tuple[str, ...] = ()
    """Remarks for the reader; nothing is computed from them."""
    source: str = ""
    """Source of the plain (unsourced) fields of the file, for example a model's published configuration."""
    tier: str = "given"
    """How strong that source is."""

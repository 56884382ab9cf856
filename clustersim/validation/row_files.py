"""What the scenarios of all rows have in common: their text, and what a row's words change of its links' profiles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import yaml

from clustersim.errors import InputError, suggest
from clustersim.schema.profiles import CardProfile, NicProfile, load_profile
from clustersim.validation.sites import NIC, Links

Row = TypeVar("Row")

__all__ = ["link_values", "of_a_card", "row_of", "scenario_text"]


def row_of(rows: Mapping[str, Row], wanted: str) -> Row:
    """Return the row of an id; raises InputError with the nearest id for an unknown one."""
    if wanted not in rows:
        raise InputError(f"no row has the id {wanted!r}; {suggest(wanted, list(rows))}")
    return rows[wanted]


def of_a_card(wanted: str, card: str, figure: str) -> InputError:
    """Return the refusal of a row that is a figure of a card: it has no run, and a command that prints it."""
    return InputError(
        f"row {wanted} is of a card, and no site's run gives it: `clustersim profiles show {card}` prints it"
        f" as {figure}"
    )


def scenario_text(document: Mapping[str, Any], head: str = "") -> str:
    """Return a scenario as the text of a YAML file.

    >>> print(scenario_text({"name": "a", "cluster": {"cards": 8}}), end="")
    name: a
    cluster:
      cards: 8
    """
    lines = [f"# {line}" for line in head.splitlines()]
    text = yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True, width=118)
    return "\n".join([*lines, text])


def link_values(card: CardProfile, links: Links) -> dict[str, Any]:
    """Return what a row's words say of its links beside the profiles of its card and of the NIC."""
    up, nic = card.scale_up, load_profile("nics", NIC)
    assert up is not None and isinstance(nic, NicProfile), "asked by links_of"
    key = f"cards.{card.name}.scale_up"
    values: dict[str, Any] = {}
    if links.domain != up.domain.value:
        values[f"{key}.domain"] = links.domain
    if links.bandwidth != up.bandwidth.value:
        values[f"{key}.bandwidth"] = f"{links.bandwidth!r} B/s"
    if links.nic_rate and links.nic_rate != nic.rate.value:
        values[f"nics.{NIC}.rate"] = f"{links.nic_rate!r} B/s"
    if links.nic_latency is not None:
        values[f"nics.{NIC}.latency"] = f"{links.nic_latency!r} s"
    return values

"""Collective times beside published measurements, system by system.

A row is a scenario of one collective on a cluster: ``collective_document`` writes what its words say, and the same
schema, assembly and engine time it that time a user's file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from statistics import fmean
from typing import Any

from clustersim.assemble.parts import DEFAULT_SWITCH_LATENCY
from clustersim.errors import ClusterSimError, InputError, suggest
from clustersim.fabric.collectives import wire_rate
from clustersim.schema.collectives import EXPERT_KINDS
from clustersim.schema.imports.source import PROVENANCE
from clustersim.schema.load_one import load_one
from clustersim.schema.profiles import CardProfile
from clustersim.schema.yamlfile import Document
from clustersim.validation.collectives_rows import CollectiveRow, measured_s, read_row
from clustersim.validation.common import NO_MEASUREMENT, ValidationRow, class_of, given_rows, reason_of
from clustersim.validation.row_files import link_values, scenario_text
from clustersim.validation.sites import NIC, Links, Unpredictable, card_of, links_of
from clustersim.workloads.collectives import Exchanged, exchanged, share_evenly

__all__ = [
    "COLUMNS", "OPTIONAL", "SystemErrors", "as_scenario", "collective_document", "per_system", "predict",
    "time_on",
]  # fmt: skip

COLUMNS = (
    "source", "gpu", "n_gpus", "collective", "size_bytes", "algbw_GBs", "busbw_GBs", "fabric", "notes",
)  # fmt: skip
#: Columns that a table may have beside these.
OPTIONAL = ("id", "tuned_on", *PROVENANCE)
#: Name of the collective in a row's scenario.
NAME = "row"
#: Seconds of three switches between two servers where a cluster names none.
PATH_S = 3 * DEFAULT_SWITCH_LATENCY
MIB, GIB = 2.0**20, 2.0**30


def _algorithm(row: CollectiveRow, card: CardProfile, links: Links) -> str:
    """The algorithm that a row says it forced or was run to show; else the model chooses."""
    reduction = card.efficiency.scale_up_reduction
    if row.kind == "all_reduce" and links.in_network_reduction:
        return "in_switch" if reduction and reduction.value and links.wiring == "switched" else "in_network"
    forced = re.search(r"NVLS_ENABLE=0|picks ring|^ring\b", row.notes, re.IGNORECASE)
    return "ring" if forced and row.kind not in {"send", *EXPERT_KINDS} else "best"


def collective_document(row: CollectiveRow) -> dict[str, Any]:
    """Return the scenario that a row states, as the data of a file.

    Raises Unpredictable for what a row does not say and nobody may guess.
    """
    if row.n == 1:
        raise Unpredictable("one card exchanges nothing")
    card = card_of(row.gpu)
    links = links_of(card, row.fabric, row.gpu, row.n)
    if not row.size and row.kind not in EXPERT_KINDS:
        raise Unpredictable("the row has no message size")
    asked: dict[str, Any] = {"kind": row.kind}
    asked |= {"size": f"{row.size!r} B"} if row.size else {}
    asked |= {"cards_per_domain": links.local} if links.local != share_evenly(row.n, links.domain) else {}
    algorithm = _algorithm(row, card, links)
    asked |= {"algorithm": algorithm} if algorithm != "best" else {}
    asked |= {"copied": True} if row.copied else {}
    values = link_values(card, links)
    if links.nic_latency is not None:
        # The step between servers that a row's words stand for holds its switches, which a site adds to its NICs'.
        values[f"nics.{NIC}.latency"] = f"{links.nic_latency - PATH_S!r} s"
    cluster: dict[str, Any] = {"card": card.name, "cards": row.n, "nic": NIC}
    return {
        "name": row.id,
        "description": f"{row.system}: {row.source}",
        "cluster": cluster | ({"in_network_reduction": True} if links.in_network_reduction else {}),
        **({"profile_values": values} if values else {}),
        "collectives": {NAME: asked},
    }


def _details(row: CollectiveRow, found: Exchanged) -> dict[str, Any]:
    network, local = found.network, found.cards_per_domain
    details: dict[str, Any] = {
        "n": row.n, "local": local, "size_bytes": row.size or None, "tuned": row.tuned,
        "scale_up_GBs": network.scale_up_bandwidth / 1e9, "scale_up_efficiency": network.scale_up_efficiency,
        "scale_up_wiring": network.scale_up_wiring, "scale_up_latency_us": network.scale_up_latency * 1e6,
        "scale_up_reduction_efficiency": network.scale_up_reduction_efficiency,
    }  # fmt: skip
    if local < row.n:
        details |= {
            "nic_GBs": network.scale_out_bandwidth / 1e9,
            "scale_out_efficiency": network.scale_out_efficiency,
            "scale_out_latency_us": network.scale_out_latency * 1e6, "nic": "stated",
        }  # fmt: skip
    if found.time is None:
        return details
    details |= {"busbw_GBs": found.bus_bytes_per_s / 1e9, **found.terms()}
    if row.kind == "all_reduce" and local < row.n:
        details["wire_GBs"] = float(wire_rate(found.bus_bytes_per_s, row.n, local)) / 1e9
        details["measured_wire_GBs"] = float(wire_rate(row.busbw, row.n, local)) / 1e9
    return details


def time_on(row: Mapping[str, str], change: Callable[[CardProfile], CardProfile]) -> float:
    """Return the time of a row, or of the unit of its rate, on its card as a change leaves it.

    Raises Unpredictable as a row that is set aside.
    """
    value, _, unit, _ = _predict_row(read_row(row, 1), change)
    return 1.0 / value if unit == "GB/s" else value


def _as_it_is(card: CardProfile) -> CardProfile:
    return card


def _predict_row(
    row: CollectiveRow, change: Callable[[CardProfile], CardProfile] = _as_it_is
) -> tuple[float, float, str, dict[str, Any]]:
    """Return (predicted, measured, unit, details)."""
    if not row.measured:
        raise Unpredictable(NO_MEASUREMENT)
    inputs = load_one(Document("row", collective_document(row), {}))
    inputs = replace(inputs, parts=replace(inputs.parts, card=change(inputs.parts.card)))
    found = exchanged(inputs, inputs.scenario.collectives[NAME])
    details = _details(row, found)
    if row.kind in EXPERT_KINDS:
        return found.bytes_per_s / 1e9, row.busbw / 1e9, "GB/s", details
    assert found.seconds is not None
    return found.seconds * 1e6, measured_s(row) * 1e6, "us", details


def _band(row: CollectiveRow) -> str:
    if not row.size:
        return "no size"
    return "below 1 MiB" if row.size < MIB else "1 MiB to 1 GiB" if row.size < GIB else "from 1 GiB"


def predict(rows: Iterable[Mapping[str, str]]) -> list[ValidationRow]:
    """Return every row beside its prediction: microseconds, or GB/s for an expert exchange without a size.

    Raises InputError for missing or foreign columns, an unknown collective, or a number that is none.
    """
    given = given_rows(rows, COLUMNS, "collectives data", "collectives data")
    foreign = sorted(set(given[0]) - {*COLUMNS, *OPTIONAL})
    if foreign:
        known = ", ".join((*COLUMNS, *OPTIONAL))
        raise InputError(f"collectives data: unknown column(s) {', '.join(foreign)}; known: {known}")
    return [_validate(read_row(row, index)) for index, row in enumerate(given, start=1)]


def _validate(row: CollectiveRow) -> ValidationRow:
    where: dict[str, Any] = {
        "group": f"{row.system}: {row.kind}, {_band(row)}",
        "tuned": row.tuned,
        "domain": f"{row.n} cards",
    }
    try:
        predicted, measured, unit, details = _predict_row(row)
    except (Unpredictable, ClusterSimError) as why:
        measured = row.busbw or row.algbw
        return ValidationRow(
            row.id, row.source, None, (measured or math.nan) / 1e9, "GB/s", row.gpu, reason=str(why), **where
        )
    card = card_of(row.gpu)
    kind = "one domain" if details["local"] == row.n else "several domains"
    return ValidationRow(
        row.id, row.source, predicted, measured, unit, card.name, card_class=class_of(card), plan_kind=kind,
        details=details, **where,
    )  # fmt: skip


def as_scenario(rows: Iterable[Mapping[str, str]], wanted: str) -> str:
    """Return the row of an id as the text of a scenario file: `clustersim collectives` times it as predicted.

    Raises InputError with the nearest id for an unknown one, and for a row that holds no scenario, in the words in
    which it is set aside.
    """
    table = {row.id: row for row in map(read_row, rows, count(1))}
    row = table.get(wanted)
    if row is None:
        raise InputError(f"no row has the id {wanted!r}; {suggest(wanted, list(table))}")
    try:
        document = collective_document(row)
    except Unpredictable as error:
        raise InputError(reason_of(error)) from None
    return scenario_text(document, f"Row {row.id} of {row.source} as `validate` predicts it.")


@dataclass(frozen=True, slots=True)
class SystemErrors:
    """Mean absolute error in percent of one system's rows, from 1 MiB and from 1 GiB on."""

    system: str
    tuned: bool
    rows: int
    from_1_mib: float | None
    from_1_gib: float | None


def per_system(rows: Sequence[ValidationRow]) -> list[SystemErrors]:
    """Return the errors of every system with at least one predicted size of 1 MiB or more."""
    systems: dict[str, list[ValidationRow]] = {}
    for row in rows:
        if row.predicted is not None and (row.details.get("size_bytes") or 0.0) >= MIB:
            systems.setdefault(row.group.rpartition(":")[0], []).append(row)
    return [
        SystemErrors(
            system, bool(members[0].details["tuned"]), len(members), _mean(members, MIB), _mean(members, GIB)
        )
        for system, members in systems.items()
    ]  # fmt: skip


def _mean(rows: Sequence[ValidationRow], least: float) -> float | None:
    errors = [abs(row.error_pct or 0.0) for row in rows if row.details["size_bytes"] >= least]
    return fmean(errors) if errors else None

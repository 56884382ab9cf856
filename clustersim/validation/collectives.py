"""Collective times beside published measurements, system by system."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import fmean
from typing import Any

from clustersim.errors import ClusterSimError, InputError
from clustersim.fabric.collectives import KINDS, bus_factor, collective_time, wire_rate
from clustersim.fabric.network import Network
from clustersim.schema.imports.source import PROVENANCE
from clustersim.schema.profiles import CardProfile
from clustersim.validation.common import NO_MEASUREMENT, ValidationRow, class_of, require_columns
from clustersim.validation.sites import Unpredictable, card_of, network_of
from clustersim.validation.sources import shipped_rows

__all__ = ["COLUMNS", "OPTIONAL", "SystemErrors", "per_system", "predict", "time_on"]

COLUMNS = (
    "source", "gpu", "n_gpus", "collective", "size_bytes", "algbw_GBs", "busbw_GBs", "fabric", "notes",
)  # fmt: skip
#: Columns that a table may have beside these.
OPTIONAL = ("id", "tuned_on", *PROVENANCE)
_KIND_OF = {"p2p": "send", "sendrecv": "send", "alltoall": "all_to_all"}
#: Packets of a copy hold 256 bytes where kernels send 128; with the 32 bytes that leave kernels 0.8 of a link, copies
#: reach 8/9 of it (NVIDIA/nccl-tests issue 149; derived).
COPY_OVER_KERNEL = (256 / 288) / (128 / 160)
_EXPERT = ("moe_dispatch", "moe_combine")
MIB, GIB = 2.0**20, 2.0**30


@dataclass(frozen=True, slots=True)
class _Row:
    """One measurement, read."""

    id: str
    source: str
    gpu: str
    n: int
    kind: str
    size: float
    algbw: float
    busbw: float
    fabric: str
    notes: str
    copied: bool
    """A copy engine moved it (p2p), not a kernel of the library (sendrecv)."""
    measured: bool
    """Some cell holds a measurement, be it rounded to zero."""

    @property
    def system(self) -> str:
        return f"{self.gpu} x {self.n}, {self.fabric}"

    @property
    def tuned(self) -> bool:
        return (self.gpu, self.n, self.kind, self.size, self.busbw) in _tuned_on()


@lru_cache(maxsize=1)
def _tuned_on() -> frozenset[tuple[str, int, str, float, float]]:
    """The measurements that constants were found from: the marked rows of the shipped table, by their content."""
    marked = (
        _read(row, index) for index, row in enumerate(shipped_rows("collectives.csv"), 1) if row["tuned_on"]
    )
    return frozenset((row.gpu, row.n, row.kind, row.size, row.busbw) for row in marked)


def _number(row: Mapping[str, str], key: str, index: int, *, needed: bool, zero: bool = True) -> float:
    text = (row.get(key) or "").strip()
    if not text and not needed:
        return 0.0
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    # A rate of zero is what a benchmark prints for its smallest sizes.
    if not (math.isfinite(value) and (value > 0 or (value == 0 and zero))):
        raise InputError(f"collectives data, row {index}: {key} is {text!r}; it must be a positive number")
    return value


def _read(row: Mapping[str, str], index: int) -> _Row:
    kind = (row["collective"] or "").strip().lower()
    copied = kind == "p2p"
    kind = _KIND_OF.get(kind, kind)
    if kind not in KINDS and kind not in _EXPERT:
        known = ", ".join((*KINDS, "p2p", *_EXPERT))
        raise InputError(f"collectives data, row {index}: unknown collective {kind!r}; known: {known}")
    n = _number(row, "n_gpus", index, needed=True, zero=False)
    if n != int(n):
        raise InputError(f"collectives data, row {index}: n_gpus is {n:g}; it must be a whole number")
    algbw = _number(row, "algbw_GBs", index, needed=False) * 1e9
    busbw = _number(row, "busbw_GBs", index, needed=False) * 1e9
    given = (row.get("id") or "").strip() or f"{index}"
    size = _number(row, "size_bytes", index, needed=False)
    fabric, notes = row["fabric"] or "", row["notes"] or ""
    measured = any((row.get(key) or "").strip() for key in ("algbw_GBs", "busbw_GBs"))
    return _Row(
        given, row["source"], row["gpu"], int(n), kind, size, algbw, busbw, fabric, notes, copied, measured
    )


def _measured_s(row: _Row) -> float:
    """The printed time where the row carries one, else from the bandwidth that has more digits."""
    printed = re.search(r"time_us=(\d+(?:\.\d+)?)", row.notes)
    if printed:
        return float(printed.group(1)) * 1e-6
    factor = float(bus_factor(row.kind, row.n))
    if row.busbw and factor > 0:
        return row.size * factor / row.busbw
    if not row.algbw:
        raise Unpredictable("the measured rate is rounded to zero, and the row has no time")
    return row.size / row.algbw


def _algorithm(row: _Row, network: Network) -> str:
    """The algorithm that a row says it forced or was run to show; else the model chooses."""
    if row.kind == "all_reduce" and network.in_network_reduction:
        return "in_switch" if network.scale_up_reduction_efficiency else "in_network"
    forced = re.search(r"NVLS_ENABLE=0|picks ring|^ring\b", row.notes, re.IGNORECASE)
    return "ring" if forced and row.kind != "send" else "best"


def _expert_bandwidth(network: Network, n: int, local: int) -> float:
    """Logical bytes/s per card of an expert exchange, as DeepEP prints it.

    It counts what stays in the sender's own domain, one part in m of m domains, so the network's rate appears
    larger by m/(m - 1). Within one domain it is the links' rate.
    """
    domains = n / local
    if domains <= 1:
        return float(network.scale_up_rate(float(local)))
    return float(network.scale_out_rate) * domains / (domains - 1)


def _details(row: _Row, network: Network, local: int) -> dict[str, Any]:
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
            "scale_out_latency_us": network.scale_out_latency * 1e6,
        }
    return details


def time_on(row: Mapping[str, str], change: Callable[[CardProfile], CardProfile]) -> float:
    """Return the time of a row, or of the unit of its rate, on its card as a change leaves it.

    Raises Unpredictable as a row that is set aside.
    """
    value, _, unit, _, _ = _predict_row(_read(row, 1), change)
    return 1.0 / value if unit == "GB/s" else value


def _as_it_is(card: CardProfile) -> CardProfile:
    return card


def _predict_row(
    row: _Row, change: Callable[[CardProfile], CardProfile] = _as_it_is
) -> tuple[float, float, str, CardProfile, dict[str, Any]]:
    """Return (predicted, measured, unit, card, details)."""
    if not row.measured:
        raise Unpredictable(NO_MEASUREMENT)
    if row.n == 1:
        raise Unpredictable("one card exchanges nothing")
    card = change(card_of(row.gpu))
    network, local, said = network_of(card, row.fabric, row.gpu, row.n)
    if row.copied and network.scale_up_wiring != "pcie":
        share = min(1.0, network.scale_up_efficiency * COPY_OVER_KERNEL)
        network = replace(network, scale_up_efficiency=share)
    details = _details(row, network, local)
    if local < row.n:
        details["nic"] = said
    if row.kind in _EXPERT:
        return _expert_bandwidth(network, row.n, local) / 1e9, row.busbw / 1e9, "GB/s", card, details
    if not row.size:
        raise Unpredictable("the row has no message size")
    algorithm = _algorithm(row, network)
    time = collective_time(row.kind, row.size, row.n, local=local, network=network, algorithm=algorithm)
    seconds = float(time.total_s)
    bus = row.size * float(bus_factor(row.kind, row.n)) / seconds
    details |= {
        "algorithm": str(time.algorithm), "busbw_GBs": bus / 1e9, "latency_us": float(time.latency_s) * 1e6,
        "scale_up_transfer_us": float(time.scale_up_transfer_s) * 1e6,
        "scale_out_transfer_us": float(time.scale_out_transfer_s) * 1e6, "ramp_us": float(time.ramp_s) * 1e6,
    }  # fmt: skip
    if row.kind == "all_reduce" and local < row.n:
        details["wire_GBs"] = float(wire_rate(bus, row.n, local)) / 1e9
        details["measured_wire_GBs"] = float(wire_rate(row.busbw, row.n, local)) / 1e9
    return seconds * 1e6, _measured_s(row) * 1e6, "us", card, details


def _band(row: _Row) -> str:
    if not row.size:
        return "no size"
    return "below 1 MiB" if row.size < MIB else "1 MiB to 1 GiB" if row.size < GIB else "from 1 GiB"


def predict(rows: Iterable[Mapping[str, str]]) -> list[ValidationRow]:
    """Return every row beside its prediction: microseconds, or GB/s for an expert exchange without a size.

    Raises InputError for missing or foreign columns, an unknown collective, or a number that is none.
    """
    given = list(rows)
    if not given:
        raise InputError("collectives data: no rows")
    require_columns(given[0], COLUMNS, "collectives data")
    foreign = sorted(set(given[0]) - {*COLUMNS, *OPTIONAL})
    if foreign:
        known = ", ".join((*COLUMNS, *OPTIONAL))
        raise InputError(f"collectives data: unknown column(s) {', '.join(foreign)}; known: {known}")
    return [_validate(_read(row, index)) for index, row in enumerate(given, start=1)]


def _validate(row: _Row) -> ValidationRow:
    where: dict[str, Any] = {
        "group": f"{row.system}: {row.kind}, {_band(row)}",
        "tuned": row.tuned,
        "domain": f"{row.n} cards",
    }
    try:
        predicted, measured, unit, card, details = _predict_row(row)
    except (Unpredictable, ClusterSimError) as why:
        measured = row.busbw or row.algbw
        return ValidationRow(
            row.id, row.source, None, (measured or math.nan) / 1e9, "GB/s", row.gpu, reason=str(why), **where
        )
    kind = "one domain" if details["local"] == row.n else "several domains"
    return ValidationRow(
        row.id, row.source, predicted, measured, unit, card.name, card_class=class_of(card), plan_kind=kind,
        details=details, **where,
    )  # fmt: skip


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

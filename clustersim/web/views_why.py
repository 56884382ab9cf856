"""The tab of reasons: a fall of bars from the file as it stands to now, term by term changes, the widest inputs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from clustersim.api.result import Result
from clustersim.errors import ClusterSimError
from clustersim.planner.uncertainty import one_side, swings
from clustersim.report.term_units import unit_of
from clustersim.web.answers import base_of, kept, result_of
from clustersim.web.asked import Design
from clustersim.web.panels import bars, falls, panel
from clustersim.web.replayed import numbers_of

__all__ = ["log_mean", "room_shares", "why", "widest"]

#: Inputs of a tornado that are shown.
MOST_SWINGS = 12
#: More changes than these are told by the part of the scenario that they are in.
MOST_STEPS = 12
#: The order of the corridor: where an input comes in.
_PARTS = (
    "cards", "servers", "nics", "switches", "optics", "supernodes", "cluster", "models", "demand", "collectives",
    "reliability", "checkpoint", "cooling", "tco", "prices", "incumbent", "market", "company",
)  # fmt: skip


def why(design: Design) -> list[dict[str, Any]]:
    """What the changes did, room by room and term by term."""
    out = []
    name = _cost_term(design)
    if design.changes:
        out += [*_rooms(design, name), *_steps(design)]
        explained = kept(("explain", design), lambda: design.ask().explain())
        rows = list(explained.table)
        moved = [r for r in rows if r.get("before") and r.get("after") is not None]
        change = [100.0 * (r["after"] / r["before"] - 1.0) for r in moved]
        chart = bars([r["term"] for r in moved], {"change_pct": change}, "%", "bars_across")
        told = [{**r, "unit": unit_of(str(r["term"]))} for r in rows]
        out.append(panel("why.changed", told, chart=chart, notes=explained.said))
    return out


def widest(design: Design) -> list[dict[str, Any]]:
    """The inputs that the cost of a unit hangs on most: two runs of each input that has a range."""
    name = _cost_term(design)
    return [_tornado(design, name)] if name else []


def _tornado(design: Design, name: str) -> dict[str, Any]:
    load = one_side(design.scenario, dict(design.changes))
    ends = kept(("swings", design), lambda: swings(load, [name], top=MOST_SWINGS))
    rows = [{"key": s.key, "low": s.low, "high": s.high} for s in ends[name]]
    series = {"low": [s.low for s in ends[name]], "high": [s.high for s in ends[name]]}
    value = result_of(design).value(name)
    chart = bars([s.key for s in ends[name]], series, unit_of(name) or "", "tornado")
    ends_unit = dict.fromkeys(("low", "high"), unit_of(name))
    return panel(
        "why.tornado",
        rows,
        units=ends_unit,
        chart={**chart, "centre": value},
        notes=[("why.now", {"term": name, "value": f"{value:.6g}", "unit": unit_of(name) or ""})],
    )


def _cost_term(design: Design) -> str | None:
    rows = result_of(design).headline
    return next((str(r["term"]) for r in rows if "cny_per_" in r["term"]), None)


def _rooms(design: Design, name: str | None) -> list[dict[str, Any]]:
    """The cost of a unit from the file as it stands to now, by room."""
    base = base_of(design)
    if base is None or name is None:
        return []
    now = result_of(design)
    try:
        was, value = base.value(name), now.value(name)
    except ClusterSimError:
        return []
    shares = room_shares(base, now, name)
    if not shares:
        return []
    rows = [{"room": room, "moves": step} for room, step in shares.items()]
    chart = falls(was, list(shares.items()), unit_of(name))
    said = (
        "why.rooms_say",
        {"term": name, "value": f"{was:.6g}", "cost": f"{value:.6g}", "unit": unit_of(name)},
    )
    return [panel("why.rooms", rows, chart=chart, notes=[said], units={"moves": unit_of(name)})]


def log_mean(one: float, other: float) -> float:
    """Return the logarithmic mean of two numbers above zero: (one - other) / ln(one / other), or their common value.

    >>> round(log_mean(1.0, 2.0), 6), log_mean(3.0, 3.0)
    (1.442695, 3.0)
    """
    ratio = math.log(one / other)
    return one if abs(ratio) < 1e-12 else (one - other) / ratio


def room_shares(base: Result, now: Result, name: str) -> dict[str, float]:
    """Return what each room adds to the cost of a unit between two runs of one workload; the parts sum to the change.

    The cost of a unit is that of a card-hour over the units that an hour gives. In logarithms it is a sum, and a change
    of a sum within is shared by its parts: no rest and no order (logarithmic mean Divisia index; Ang, Energy Policy
    2004). Empty where the two are no such costs, or one of them is not above zero.
    """
    found = [_factors(run, name) for run in (base, now)]
    if None in found:
        return {}
    before, after = found[0] or {}, found[1] or {}
    weight = log_mean(after["cost"]["cost"], before["cost"]["cost"])
    out: dict[str, float] = {}
    for factor, sign in (("hour", 1.0), ("hours", -1.0), ("step", 1.0), ("kept", -1.0), ("batch", -1.0)):
        old, new = before[factor], after[factor]
        mean = log_mean(sum(new.values()), sum(old.values()))
        for part in dict.fromkeys((*old, *new)):
            moved = sign * weight * (new.get(part, 0.0) - old.get(part, 0.0)) / mean
            room = _ROOM.get(part) or ("room.network" if part.startswith("exposed_") else f"room.{factor}")
            out[room] = out.get(room, 0.0) + moved
    return {room: moved for room, moved in out.items() if abs(moved) > 1e-12 * weight}


_ROOM = {
    "capital": "room.capital", "electricity": "room.electricity", "maintenance": "room.running",
    "staff": "room.running", "colocation": "room.running", "building": "room.running",
    "network_transit": "room.running", "software": "room.running", "carbon": "room.running",
}  # fmt: skip


def _factors(run: Result, name: str) -> dict[str, dict[str, float]] | None:
    """The factors of a cost of a unit, each as the parts that it is the sum of; None where it is not made so."""
    data = run.to_dict()
    cost, hour = run.value(name), float(data["tco"]["cny_per_card_hour"] or 0.0)
    year = {str(k): float(v) for k, v in data["tco"]["terms_cny_per_year"].items() if v}
    if cost <= 0.0 or hour <= 0.0 or sum(year.values()) <= 0.0:
        return None
    found = {
        "cost": {"cost": cost}, "hour": year, "hours": {"hours": sum(year.values()) / hour},
        "step": {"step": 1.0}, "kept": {"kept": 1.0}, "batch": {"batch": hour / cost},
    }  # fmt: skip
    works = data["workloads"]
    if len(works) == 1 and works[0]["kind"] == "training" and data.get("training"):
        step = {str(k): float(v) for k, v in data["training"]["terms"].items() if v}
        kept_share = float(works[0]["service"]["ettr"])
        if kept_share <= 0.0 or sum(step.values()) <= 0.0:
            return None
        batch = hour / cost * sum(step.values()) / kept_share
        found |= {"step": step, "kept": {"kept": kept_share}, "batch": {"batch": batch}}
    return found


def _steps(design: Design) -> list[dict[str, Any]]:
    """The target price from the file as it stands to now, change by change in the order of the corridor."""
    try:
        numbers = numbers_of(Design(design.scenario))
    except ClusterSimError:
        return []
    name = next((n for n in numbers if n.startswith("target_price_")), None)
    if name is None:
        return []
    was = at = float(numbers[name])
    rows: list[dict[str, Any]] = []
    done: dict[str, Any] = {}
    waiting: list[str] = []
    for what, changes in _in_order(design):
        done |= changes
        waiting.append(what)
        try:
            found = numbers_of(Design(design.scenario, tuple(sorted(done.items())))).get(name)
        except ClusterSimError:
            found = None  # runs only with what comes after it
        if found is None:
            continue
        rows.append(
            {"change": " + ".join(waiting) if len(waiting) > 1 else waiting[0], "moves": float(found) - at}
        )
        at, waiting = float(found), []
    currency = unit_of(name)
    share = f"{currency}/share"
    chart = falls(was, [(str(r["change"]), float(r["moves"])) for r in rows], share)
    said = ("why.steps_say", {"now": f"{at:.6g}", "was": f"{was:.6g}", "currency": currency})
    return [panel("why.steps", rows, chart=chart, notes=[said], units={"moves": share})]


def _in_order(design: Design) -> Sequence[tuple[str, Mapping[str, Any]]]:
    """The changes along the corridor, each by its key, or by the part of the scenario where there are many."""

    def place(key: str) -> int:
        part = key.split(".")[0]
        return _PARTS.index(part) if part in _PARTS else _PARTS.index("demand")

    ordered = sorted(design.changes, key=lambda change: (place(change[0]), change[0]))
    if len(ordered) <= MOST_STEPS:
        return [(key, {key: value}) for key, value in ordered]
    groups: dict[str, dict[str, Any]] = {}
    for key, value in ordered:
        groups.setdefault(key.split(".")[0], {})[key] = value
    return list(groups.items())

"""The tiles of the corridor: the number of every room that is looked at first, its change, its tier, its range."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from clustersim.api.result import Result, scaling_range
from clustersim.errors import ClusterSimError
from clustersim.planner.uncertainty import bearable_draws, chain_spreads
from clustersim.web.answers import at_once, base_of, is_kept, kept, remarks_of, result_of
from clustersim.web.asked import Design
from clustersim.web.panels import plain_rows
from clustersim.web.replayed import form_of, numbers_of, replayed

__all__ = ["TILES", "band", "corridor", "moved", "ready", "whole", "with_band"]

#: Tiles in the order of the corridor: the first of the terms that the run has stands there.
TILES: tuple[tuple[str, ...], ...] = (
    ("scale_up_bytes_per_s", "scale_out_bytes_per_s"),
    ("step_time_s", "tpot_p50_s", "streams_per_card", "batch_s"),
    ("tokens_per_s", "output_tokens_per_s_per_card", "useful_share", "inputs_per_s_per_card"),
    ("ettr", "slo_share", "wait_p95_h"),
    (
        "cny_per_mtoken", "cny_per_served_mtoken", "cny_per_stream_hour", "cny_per_useful_card_hour", "cny_per_image",
        "cny_per_sample", "cny_per_video_second",
    ),
    ("value_in_use_price_cny",),
    ("units_factor",),
    ("revenue_kcny 2027E",),
    ("target_price_hkd",),
)  # fmt: skip


def relative(value: float, was: float) -> float | None:
    """Return a change relative to what was, of the sign in which the value moved; None where that was zero.

    >>> relative(-30.0, -20.0), relative(3.0, 2.0), relative(1.0, 0.0)
    (-0.5, 0.5, None)
    """
    if not was:
        return None
    change = value / was - 1.0
    return change if was > 0.0 else -change


def corridor(design: Design) -> dict[str, Any]:
    """Return the tiles of a design; points of a moving slider are replayed (``replayed``), others run whole.

    Raises what ``Scenario.run`` raises.
    """
    form = form_of(design) if design.changes else None
    if form is None:
        return whole(design)
    first, pattern = kept(("pattern", form), lambda: (design, whole(design)))
    if first == design:
        return dict(pattern)
    found = kept(("numbers", design), lambda: numbers_of(design))
    tiles = [_moved(tile, found.get(tile["term"])) for tile in pattern["tiles"]]
    if None in tiles:
        return whole(design)
    return {**pattern, "notes": [], "remarks": [], "tiles": tiles, "replayed": True}


def moved(design: Design) -> dict[str, Any] | None:
    """Return the tiles of a design where a recording has them, in a millisecond; None where they have to be run."""
    form = form_of(design) if design.changes else None
    with at_once() as held:
        found = replayed(design) if held and form is not None and is_kept(("pattern", form)) else None
        return None if found is None else corridor(design)


def ready(design: Design, key: str, values: Sequence[str | int | float]) -> int:
    """Run a slider's points before it is moved, so that its moves are replayed from the first; return how many ran.

    Each holds the engine for itself: who moves another slider meanwhile waits for one of them at most.
    """
    done = 0
    for value in values:
        with contextlib.suppress(ClusterSimError):
            corridor(design.with_changes({key: value}))
            done += 1
    return done


def band(design: Design, draws: int) -> dict[str, Any]:
    """Return P10 and P90 of a design's terms from so many draws, as ``clustersim run --draws`` has them, and the draws.

    Raises what ``Scenario.run`` raises.
    """
    return kept(("band", design, draws), lambda: _drawn(design, draws))


def _drawn(design: Design, draws: int) -> dict[str, Any]:
    inputs = design.ask().load()
    # Every draw queues a list of jobs again: how many of them are borne is known of the run alone.
    queued = any(work.kind == "jobs" for work in inputs.scenario.demand.values())
    count, _ = bearable_draws(None, draws, (result_of(design).run.own,) if queued else ())
    about = kept(("keys", design.scenario, tuple(k for k, _ in design.changes)), dict[tuple[str, str], bool])
    found = chain_spreads(design.scenario, dict(design.changes), inputs, count=count, known=about)
    ends = {name: (one.p10, one.p90) for name, one in found.items()}
    if any(work.kind == "training" for work in inputs.scenario.demand.values()) and not inputs.groups:
        scaling = scaling_range(result_of(design).run, count)
        ends |= {name: (one["p10"], one["p90"]) for name, one in scaling.items()}
    return {"draws": count, "ends": ends}


def with_band(told: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tiles of a design with what ``band`` found of it."""
    tiles = [
        {**tile, **dict(zip(("low", "high"), found["ends"].get(tile["term"], ()), strict=False))}
        for tile in told["tiles"]
    ]
    return {**told, "tiles": tiles, "draws": found["draws"]}


def _moved(tile: Mapping[str, Any], value: float | None) -> dict[str, Any] | None:
    """A tile at another point of its form; its range is that point's own, and not known yet."""
    if value is None:
        return None
    was = tile["base"]
    return {**tile, "value": value, "low": None, "high": None, "change": relative(value, was)}


def whole(design: Design) -> dict[str, Any]:
    """Return the tiles of a design, its notes and what is remarked of its inputs.

    A tile is ``term, value, unit, low, high, tier, source, base, change``.

    ``change`` is relative to the file as it stands; None where that is zero, cannot be run, or lacks the term.
    Raises what ``Scenario.run`` raises.
    """
    result, base = result_of(design), base_of(design)
    found = _terms(result)
    before = {} if base is None else kept(("terms", design.scenario), lambda: _terms(base))
    tiles = []
    for names in TILES:
        name = next((n for n in names if n in found), None) or _in_its_currency(names[0], found)
        if name is None:
            continue
        was = before.get(name, {}).get("value")
        value = found[name]["value"]
        change = relative(value, was) if was is not None else None
        # Without draws a term may have the range of its prediction alone; a tile has one range, that of the draws.
        tiles.append({**found[name], "low": None, "high": None, "base": was, "change": change})
    data = result.to_dict()
    told = {name: data[name] for name in ("scenario", "weakest_tier", "notes")}
    return {**told, "remarks": remarks_of(design), "tiles": tiles, "rates": _rates(result)}


def _rates(result: Result) -> dict[str, float]:
    """CNY of one unit of every currency that the scenario's book of prices has."""
    book = result.run.inputs.prices_or_none
    return {} if book is None else {code: float(found.rate.value) for code, found in book.currencies.items()}


def _in_its_currency(name: str, found: Mapping[str, object]) -> str | None:
    """The target price in the currency of another listing."""
    return (
        next((n for n in found if n.startswith("target_price_")), None)
        if name == "target_price_hkd"
        else None
    )


def _terms(result: Result) -> dict[str, dict[str, Any]]:
    """Every term by its name, and by the name without a workload's where none has that; empty ranges as None."""
    rows = {str(row["term"]): row for row in plain_rows(result.terms)}
    for name, row in list(rows.items()):
        # A mix of workloads prefixes its terms by their names; the first of them is shown.
        rows.setdefault(name.rsplit(".", 1)[-1], row)
    return rows

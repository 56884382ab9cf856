"""What is uncertain of sites: every input that has a range, and the error of every prediction, drawn by key.

Sides that share an input share its draws; a key that several clusters have is drawn for each from one stream.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.assemble.purchase import purchase
from clustersim.columns import Column, Varied
from clustersim.econ.interval import Range
from clustersim.intervals.draws import bands_of, common_share, levels
from clustersim.planner.contributions import SLOWER
from clustersim.planner.factors import factor_draws
from clustersim.schema.inputs import Inputs

__all__ = [
    "all_draws", "apart", "bare_key", "prediction_rows", "range_draws", "ranged_inputs", "ranges_of_sides", "slowed",
    "slower_draws",
]  # fmt: skip

Array = NDArray[np.float64]

#: What the owner decides is no uncertainty; it stays at the scenario's value.
DECISIONS = ("tco.sold_share", "tco.horizon", "tco.contract", "company", "market", "incumbent")


#: Sections of a scenario that belong to one cluster: on another side than the first their keys name it.
_OF_A_CLUSTER = ("cluster.", "reliability.", "checkpoint.")


def ranged_inputs(inputs: Inputs) -> dict[str, tuple[Range, str]]:
    """Return the range and unit of every uncertain input that a site's run may read, by key."""
    out = {}
    priced = inputs.scenario.tco is not None and inputs.prices_or_none is not None
    bought = {line.part for line in purchase(inputs).bill.lines} if priced else set()
    for key, sourced in inputs.fields():
        low, high = sourced.range
        if not low < high or key.startswith(DECISIONS):
            continue
        if key.startswith("prices.parts.") and key.removeprefix("prices.parts.") not in bought:
            continue
        rate, unit = _in_cny(inputs, sourced.unit)
        out[key] = (Range(low * rate, sourced.value * rate, high * rate), "" if unit == "1" else unit)
    return out


def _in_cny(inputs: Inputs, unit: str) -> tuple[float, str]:
    """A price in another currency at the book's rate: points of a batch are in one currency."""
    book = inputs.prices_or_none
    at = book.currencies.get(unit) if book is not None else None
    return (1.0, unit) if at is None else (float(at.rate.value), "CNY")


def ranges_of_sides(sides: Sequence[Inputs]) -> dict[str, tuple[Range, str]]:
    """The ranges of all sides, each under the key that reaches it."""
    out: dict[str, tuple[Range, str]] = {}
    for side in sides:
        for key, found in ranged_inputs(side).items():
            other = side.file != sides[0].file and key.startswith(_OF_A_CLUSTER)
            out.setdefault(f"{_owner(side)}{key}" if other else key, found)
    return out


def range_draws(
    ranges: Mapping[str, tuple[Range, str]], sides: Sequence[Inputs], count: int, seed: int
) -> dict[str, Array]:
    """Draw each input from a stream of its own; the same section of two clusters shares its draws."""
    out = factor_draws(ranges, sides, count, seed)
    for key, (span, _) in ranges.items():
        if key in out:
            continue
        stream = np.random.default_rng([seed, zlib.crc32(bare_key(key, sides).encode())])
        out[key] = span.draw(stream, count)
    return out


def _owner(side: Inputs) -> str:
    """What addresses the keys of a side's cluster: its file, of whatever variant."""
    return f"{Path(side.file).stem}."


def bare_key(key: str, sides: Sequence[Inputs]) -> str:
    """A key without the cluster that it belongs to."""
    names = [_owner(side) for side in sides]
    return next((key.removeprefix(n) for n in names if key.startswith(n)), key)


def slower_draws(sides: Sequence[Inputs], count: int, seed: int) -> dict[str, Array]:
    """Draw how much longer each workload of each side takes than predicted, by the key that ``slowed`` reads."""
    out = {}
    for side in sides:
        for work, predicted in bands_of(side).items():
            share = common_share(next(iter(predicted.bands)))
            at = levels(side, work, predicted.software, count, seed, share)
            for name, band in {"unit": predicted.unit, **predicted.bands}.items():
                if name in {"unit", "ttft", "tpot"}:
                    out[f"{SLOWER}{side.name}|{work}|{name}"] = band.factors(at)
    return out


def prediction_rows(inputs: Inputs) -> list[dict[str, Any]]:
    """Return what the error of each prediction rests on: software, class, sources, measured over predicted time."""
    sides = [inputs] if inputs.incumbent is None else [inputs, inputs.incumbent]
    rows = []
    for side in sides:
        for work, predicted in bands_of(side).items():
            for quantity, band in predicted.bands.items():
                low, middle, high = (float(v) for v in band.factors([0.1, 0.5, 0.9]))
                rows.append(
                    {
                        "side": side.name, "workload": work, "quantity": quantity, "software": predicted.software,
                        "maturity": band.maturity, "rests_on": band.words, "p10": low, "p50": middle, "p90": high,
                    }
                )  # fmt: skip
    return rows


def slowed(side: Inputs, point: Mapping[str, object]) -> Inputs:
    """A side whose workloads take as much longer than predicted as a point says."""
    slower: dict[str, dict[str, object]] = {}
    for key, value in point.items():
        name, work, quantity = key.removeprefix(SLOWER).split("|")
        if name == side.name:
            slower.setdefault(work, {})[quantity] = (
                Column(value.numbers) if isinstance(value, Varied) else value
            )
    return replace(side, slower=slower) if slower else side


def apart(point: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """The inputs of a point, and its factors."""
    slower = {k: v for k, v in point.items() if k.startswith(SLOWER)}
    return {k: v for k, v in point.items() if k not in slower}, slower


def all_draws(
    ranges: Mapping[str, tuple[Range, str]], sides: Sequence[Inputs], count: int
) -> dict[str, Varied]:
    """Draw the ranges of inputs and the errors of predictions, each under the key that reads it."""
    seed = sides[0].scenario.seed
    drawn = {**range_draws(ranges, sides, count, seed), **slower_draws(sides, count, seed)}
    return {key: Varied(v, ranges[key][1] if key in ranges else "") for key, v in drawn.items()}

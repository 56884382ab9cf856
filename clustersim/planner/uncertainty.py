"""How sure a cluster's headline is: every input that has a range, drawn and carried through the forward run."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim.econ.interval import Range, Spread, spread
from clustersim.errors import ClusterSimError, InputError
from clustersim.pipeline import ClusterRun, StageCache, run_cluster
from clustersim.schema.inputs import Inputs, load_inputs

__all__ = ["HEADLINES", "Headline", "Swing", "headlines", "ranged_inputs", "swings"]

Array = NDArray[np.float64]

#: What the owner decides is no uncertainty; it stays at the scenario's value.
DECISIONS = ("tco.sold_share", "tco.horizon", "tco.contract")

HEADLINES: dict[str, Callable[[ClusterRun], float]] = {
    "training_goodput_tokens_per_s": lambda r: r.goodput_tokens_per_s,
    "capex_cny": lambda r: r.bill.total_cny,
    "it_power_w": lambda r: r.power.it_power_w,
    "facility_power_w": lambda r: r.power.facility_power_w,
    "tco_cny": lambda r: r.tco.tco_cny,
    "cny_per_card_hour": lambda r: r.tco.cny_per_card_hour,
    "cny_per_mtoken": lambda r: r.cny_per_mtoken,
}


@dataclass(frozen=True, slots=True)
class Headline:
    """One outcome: at the inputs' values, and its spread over their ranges; a draw that cannot run is NaN."""

    name: str
    value: float
    spread: Spread
    samples: Array


@dataclass(frozen=True, slots=True)
class Swing:
    """What an outcome becomes at the two ends of one input alone."""

    key: str
    low: float
    high: float


def ranged_inputs(inputs: Inputs) -> dict[str, tuple[Range, str]]:
    """Return the range and unit of every uncertain input that a cluster's run may read, by key."""
    out = {}
    bought = set(_parts_of(inputs))
    for key, sourced in inputs.fields():
        low, high = sourced.range
        if not low < high or key.startswith((*DECISIONS, "company", "market", "incumbent")):
            continue
        if key.startswith("prices.parts.") and key.removeprefix("prices.parts.") not in bought:
            continue
        out[key] = (Range(low, sourced.value, high), "" if sourced.unit == "1" else sourced.unit)
    return out


def _parts_of(inputs: Inputs) -> list[str]:
    return [line.part for line in run_cluster(inputs, inputs.scenario.tco).bill.lines]


def _text(value: float, unit: str) -> str | float:
    return f"{value!r} {unit}" if unit else value


def _draws(ranges: Mapping[str, tuple[Range, str]], count: int, seed: int) -> dict[str, Array]:
    """Draw each input from a stream of its own, so that clusters that share an input share its draws."""
    out = {}
    for key, (span, _) in ranges.items():
        stream = np.random.default_rng([seed, zlib.crc32(key.encode())])
        out[key] = span.draw(stream, count)
    return out


def headlines(
    name: str,
    sets: Mapping[str, object],
    *,
    count: int = 256,
    site: tuple[str, Mapping[str, object]] | None = None,
    tell: Callable[[], None] = lambda: None,
) -> list[Headline]:
    """Return the headlines of a scenario with their spread.

    ``site`` is the scenario (and its overrides) whose terms price the cluster, uncertain as they are; absent: its own.

    Raises InputError when fewer than half of the draws can be run (a plan may not fit at some ends of the ranges).
    """
    base = load_inputs(name, sets, with_incumbent=False)
    terms = load_inputs(*site, with_incumbent=False) if site else base
    ranges = ranged_inputs(base)
    if site:
        ranges = {k: v for k, v in ranges.items() if not k.startswith("tco.")}
        ranges |= {k: v for k, v in ranged_inputs(terms).items() if k.startswith("tco.")}
    seed = terms.scenario.seed
    drawn = _draws(ranges, count, seed)
    cache, rows, failed = StageCache(), [], ""
    for index in range(count):
        point = {key: _text(float(values[index]), ranges[key][1]) for key, values in drawn.items()}
        own = {k: v for k, v in point.items() if not (site and k.startswith("tco."))}
        try:
            inputs = load_inputs(name, {**sets, **own}, with_incumbent=False)
            tco = inputs.scenario.tco
            if site:
                priced = {k: v for k, v in point.items() if k.startswith("tco.")}
                tco = load_inputs(site[0], {**site[1], **priced}, with_incumbent=False).scenario.tco
            run = run_cluster(inputs, tco, cache)
            rows.append([read(run) for read in HEADLINES.values()])
        except ClusterSimError as error:
            failed = str(error).splitlines()[0]
            rows.append([float("nan")] * len(HEADLINES))
        tell()
    table = np.array(rows)
    good = np.isfinite(table).all(axis=1)
    if 2 * good.sum() < count:
        raise InputError(f"only {good.sum()} of {count} draws of {name} can be run; the last said: {failed}")
    central = run_cluster(base, terms.scenario.tco)
    return [
        Headline(key, read(central), spread(table[good, i]), table[:, i])
        for i, (key, read) in enumerate(HEADLINES.items())
    ]


def swings(name: str, sets: Mapping[str, object], outcome: str, *, top: int = 10) -> Sequence[Swing]:
    """Return what one outcome becomes at the ends of each uncertain input alone, the widest first."""
    read = HEADLINES[outcome]
    ranges = ranged_inputs(load_inputs(name, sets, with_incumbent=False))
    cache, rows = StageCache(), []
    for key, (span, unit) in ranges.items():
        ends = []
        for value in (span.low, span.high):
            try:
                inputs = load_inputs(name, {**sets, key: _text(value, unit)}, with_incumbent=False)
                ends.append(read(run_cluster(inputs, inputs.scenario.tco, cache)))
            except ClusterSimError:
                ends.append(float("nan"))
        rows.append(Swing(key, *ends))
    known = [row for row in rows if abs(row.high - row.low) > 0]
    return sorted(known, key=lambda row: -abs(row.high - row.low))[:top]

"""How sure a site's headlines are: every input that has a range, drawn and carried through the forward run.

Several sides of a comparison are drawn together: what they share is drawn once, so that a difference between them is
not blurred by what moves both.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim.batch import Question
from clustersim.columns import Varied
from clustersim.econ.interval import Range, Spread, spread
from clustersim.errors import InputError
from clustersim.pipeline import SiteRun, StageCache, purchase, run_site
from clustersim.schema.inputs import Inputs, load_inputs
from clustersim.terms import site_terms, work_terms
from clustersim.workloads.jobs import JobsDetail

__all__ = [
    "MOST_DRAWS",
    "Headline",
    "LoadSides",
    "Swing",
    "bearable_draws",
    "headlines",
    "one_side",
    "ranged_inputs",
    "swings",
]

Array = NDArray[np.float64]
#: What a process has found before, plans above all: bands are drawn again and again over the same files.
_CACHE = StageCache()
#: Loads every side of a question with some more keys overridden.
LoadSides = Callable[[Mapping[str, object]], Sequence[Inputs]]

#: What the owner decides is no uncertainty; it stays at the scenario's value.
DECISIONS = ("tco.sold_share", "tco.horizon", "tco.contract", "company", "market", "incumbent")
#: Sections of a scenario that belong to one cluster: on another side than the first their keys name it.
_OF_A_CLUSTER = ("cluster.", "reliability.", "checkpoint.")


#: More draws narrow no percentile that is printed.
MOST_DRAWS = 100_000
#: Jobs that are queued, over all draws, where the number of draws is left open: some seconds.
_JOBS = 50_000
_LEAST_DRAWS = 16


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


def one_side(name: str, sets: Mapping[str, object]) -> LoadSides:
    """Return the loader of one scenario without its incumbent."""
    return lambda point: [load_inputs(name, {**sets, **point}, with_incumbent=False)]


def ranged_inputs(inputs: Inputs) -> dict[str, tuple[Range, str]]:
    """Return the range and unit of every uncertain input that a site's run may read, by key."""
    out = {}
    bought = {line.part for line in purchase(inputs).bill.lines}
    for key, sourced in inputs.fields():
        low, high = sourced.range
        if not low < high or key.startswith(DECISIONS):
            continue
        if key.startswith("prices.parts.") and key.removeprefix("prices.parts.") not in bought:
            continue
        out[key] = (Range(low, sourced.value, high), "" if sourced.unit == "1" else sourced.unit)
    return out


def _ranges(sides: Sequence[Inputs]) -> dict[str, tuple[Range, str]]:
    """The ranges of all sides, each under the key that reaches it."""
    out: dict[str, tuple[Range, str]] = {}
    for number, side in enumerate(sides):
        for key, found in ranged_inputs(side).items():
            mine = f"{side.name}.{key}" if number and key.startswith(_OF_A_CLUSTER) else key
            out.setdefault(mine, found)
    return out


def _draws(
    ranges: Mapping[str, tuple[Range, str]], sides: Sequence[Inputs], count: int, seed: int
) -> dict[str, Array]:
    """Draw each input from a stream of its own; the same section of two clusters shares its draws."""
    names = [f"{side.name}." for side in sides]
    out = {}
    for key, (span, _) in ranges.items():
        bare = next((key.removeprefix(n) for n in names if key.startswith(n)), key)
        stream = np.random.default_rng([seed, zlib.crc32(bare.encode())])
        out[key] = span.draw(stream, count)
    return out


def bearable_draws(asked: int | None, usual: int, sites: Sequence[SiteRun]) -> tuple[int, list[str]]:
    """Return how many draws are made, and what is said of it: those asked for, else ``usual``, and fewer where every
    draw queues many jobs again.

    Raises InputError for a number of draws that is none.
    """
    if asked is not None:
        if isinstance(asked, bool) or not isinstance(asked, int | np.integer) or not 0 <= asked <= MOST_DRAWS:
            raise InputError(f"draws: {asked!r} is no whole number from 0 to {MOST_DRAWS:,}")
        return int(asked), []
    details = [work.detail for site in sites for work in site.works]
    jobs = sum(len(detail.shared.jobs) for detail in details if isinstance(detail, JobsDetail))
    if usual * jobs <= _JOBS:
        return usual, []
    count = max(_LEAST_DRAWS, _JOBS // jobs)
    return count, [
        f"intervals from {count} draws, not {usual}: each queues {jobs:,} jobs again; --draws asks for more"
    ]


def outcomes(site: SiteRun) -> dict[str, float]:
    """Return the headlines of a site: its power and cost, what long runs leave, and the cost of every unit."""
    terms = work_terms(site)
    return {**terms["des"], **site_terms(site), **terms["econ"]}


def headlines(
    load: LoadSides, *, count: int = 256, tell: Callable[[], None] = lambda: None
) -> dict[str, list[Headline]]:
    """Return the headlines of every side with their spread, by the side's name.

    Raises InputError when fewer than half of the draws can be run (a plan may not fit at some ends of the ranges), and
    for a number of draws that is none.
    """
    count, _ = bearable_draws(count, count, ())
    sides = load({})
    central = {side.name: outcomes(run_site(side, _CACHE)) for side in sides}
    ranges = _ranges(sides)
    drawn = _draws(ranges, sides, count, sides[0].scenario.seed)
    found = _question(load).answers({k: Varied(v, ranges[k][1]) for k, v in drawn.items()}, count)
    for _ in range(count):
        tell()
    failed = next(reversed(found.errors.values()), "").partition("\n")[0]
    missing = np.full(count, np.nan)
    tables = {
        side: np.column_stack([found.columns.get(f"{side}: {name}", missing) for name in values])
        for side, values in central.items()
    }
    return {name: _spreads(name, central[name], table, failed) for name, table in tables.items()}


def _question(load: LoadSides) -> Question[Sequence[Inputs]]:
    """The outcomes of every side, by its name and theirs."""

    def run(sides: Sequence[Inputs]) -> dict[str, float]:
        of = {side.name: outcomes(run_site(side, _CACHE)) for side in sides}
        return {f"{side}: {name}": value for side, values in of.items() for name, value in values.items()}

    return Question(load, run)


def _spreads(side: str, central: Mapping[str, float], table: Array, failed: str) -> list[Headline]:
    good = np.isfinite(table).all(axis=1)
    if 2 * good.sum() < len(table):
        raise InputError(
            f"only {good.sum()} of {len(table)} draws of {side} can be run; the last said: {failed}"
        )
    return [
        Headline(name, value, spread(table[good, i]), table[:, i])
        for i, (name, value) in enumerate(central.items())
    ]


def swings(load: LoadSides, names: Sequence[str], *, top: int = 10) -> dict[str, list[Swing]]:
    """Return what some outcomes of the first side become at the ends of each uncertain input alone, widest first."""
    first = load({})[0]
    ranges = ranged_inputs(first)
    ends = [(key, value, unit) for key, (span, unit) in ranges.items() for value in (span.low, span.high)]
    varied = {}
    for key, (span, unit) in ranges.items():
        column = np.full(len(ends), span.value)
        column[[i for i, end in enumerate(ends) if end[0] == key]] = (span.low, span.high)
        varied[key] = Varied(column, unit)
    found = _question(lambda point: load(point)[:1]).answers(varied, len(ends))
    missing = np.full(len(ends), np.nan)
    rows: dict[str, list[Swing]] = {name: [] for name in names}
    for name in names:
        column = found.columns.get(f"{first.name}: {name}", missing)
        for number, key in enumerate(ranges):
            rows[name].append(Swing(key, float(column[2 * number]), float(column[2 * number + 1])))
    return {
        name: sorted((r for r in of if abs(r.high - r.low) > 0), key=lambda r: -abs(r.high - r.low))[:top]
        for name, of in rows.items()
    }

"""How sure a site's headlines are: every input that has a range, and the error of every prediction, drawn together and
carried through the forward run.

Several sides of a comparison are drawn together: what they share is drawn once, so that a difference between them is
not blurred by what moves both. The errors of predictions are those of the measured rows of their class (``intervals``).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.batch import Answers, Question
from clustersim.columns import Column, Varied
from clustersim.econ.interval import Range, Spread, spread
from clustersim.errors import InputError
from clustersim.intervals.draws import bands_of, common_share, levels
from clustersim.pipeline import SHARED, ChainRun, SiteRun, purchase, run_chain, run_site
from clustersim.schema.inputs import Inputs, load_inputs
from clustersim.terms import finance_terms, market_terms, site_terms, work_terms
from clustersim.workloads.jobs import JobsDetail

__all__ = [
    "MOST_DRAWS", "Headline", "LoadSides", "Swing", "bearable_draws", "chain_headlines", "headlines", "one_side",
    "prediction_rows", "ranged_inputs", "slower_draws", "swings",
]  # fmt: skip

Array = NDArray[np.float64]
#: What a process has found before, plans above all: bands are drawn again and again over the same files.
_CACHE = SHARED
#: Loads every side of a question with some more keys overridden.
LoadSides = Callable[[Mapping[str, object]], Sequence[Inputs]]

#: What the owner decides is no uncertainty; it stays at the scenario's value.
DECISIONS = ("tco.sold_share", "tco.horizon", "tco.contract", "company", "market", "incumbent")
#: Before the name of a drawn factor: measured over predicted time of a workload of a side.
_SLOWER = "slower|"
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
        rate, unit = _in_cny(inputs, sourced.unit)
        out[key] = (Range(low * rate, sourced.value * rate, high * rate), "" if unit == "1" else unit)
    return out


def _in_cny(inputs: Inputs, unit: str) -> tuple[float, str]:
    """A price in another currency at the book's rate: points of a batch are in one currency."""
    book = inputs.prices_or_none
    at = book.currencies.get(unit) if book is not None else None
    return (1.0, unit) if at is None else (float(at.rate.value), "CNY")


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


def slower_draws(sides: Sequence[Inputs], count: int, seed: int) -> dict[str, Array]:
    """Draw how much longer each workload of each side takes than predicted, by the key that ``_slowed`` reads."""
    out = {}
    for side in sides:
        for work, predicted in bands_of(side).items():
            share = common_share(next(iter(predicted.bands)))
            at = levels(side, work, predicted.software, count, seed, share)
            for name, band in {"unit": predicted.unit, **predicted.bands}.items():
                if name in {"unit", "ttft", "tpot"}:
                    out[f"{_SLOWER}{side.name}|{work}|{name}"] = band.factors(at)
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


def _slowed(side: Inputs, point: Mapping[str, object]) -> Inputs:
    """A side whose workloads take as much longer than predicted as a point says."""
    slower: dict[str, dict[str, object]] = {}
    for key, value in point.items():
        name, work, quantity = key.removeprefix(_SLOWER).split("|")
        if name == side.name:
            slower.setdefault(work, {})[quantity] = (
                Column(value.numbers) if isinstance(value, Varied) else value
            )
    return replace(side, slower=slower) if slower else side


def _apart(point: Mapping[str, object]) -> tuple[dict[str, object], dict[str, object]]:
    """The inputs of a point, and its factors."""
    slower = {k: v for k, v in point.items() if k.startswith(_SLOWER)}
    return {k: v for k, v in point.items() if k not in slower}, slower


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
    """Return the headlines of a site: its rates and times, its power and cost, what long runs leave, and the cost of
    every unit."""
    terms = work_terms(site)
    rates = {k: v for k, v in terms["perf"].items() if k.rpartition(".")[2] in _RATES}
    return {**rates, **terms["des"], **site_terms(site), **terms["econ"]}


#: Rates and times of workloads that are headlines.
_RATES = (
    "step_time_s", "tokens_per_s", "mfu", "requests_per_s_per_card", "input_tokens_per_s_per_card",
    "output_tokens_per_s_per_card",
)  # fmt: skip


def chain_outcomes(run: ChainRun) -> dict[str, float]:
    """Return the headlines of the whole corridor: the site's, the card's value, revenue, and the value of a share."""
    return {**outcomes(run.own), **market_terms(run), **finance_terms(run)}


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
    found = _answers(_question(load), sides, count)
    for _ in range(count):
        tell()
    return {name: _headlines(name, f"{name}: ", values, found, count) for name, values in central.items()}


def _answers(question: Question[Sequence[Inputs]], sides: Sequence[Inputs], count: int) -> Answers:
    """The numbers of all draws of ranges and of errors of prediction."""
    ranges, seed = _ranges(sides), sides[0].scenario.seed
    drawn = {k: Varied(v, ranges[k][1]) for k, v in _draws(ranges, sides, count, seed).items()}
    errors = {k: Varied(v, "") for k, v in slower_draws(sides, count, seed).items()}
    return question.answers({**drawn, **errors}, count)


def _headlines(
    side: str, prefix: str, central: Mapping[str, float], found: Answers, count: int
) -> list[Headline]:
    missing = np.full(count, np.nan)
    table = np.column_stack([found.columns.get(prefix + name, missing) for name in central])
    return _spreads(side, central, table, next(reversed(found.errors.values()), "").partition("\n")[0])


def chain_headlines(name: str, sets: Mapping[str, object], run: ChainRun, *, count: int) -> list[Headline]:
    """Return the headlines of a scenario's run from its cards to its target price, with their spread.

    The incumbent's predictions err as well, in what it shares with the site's own as these do. What a range leaves open
    of the present is no event of the market: other lines than this card's do not move by it.
    """

    def load(point: Mapping[str, object]) -> list[Inputs]:
        plain, slower = _apart(point)
        drawn = load_inputs(name, {**sets, **plain})
        return [_chained(replace(drawn, overrides=run.inputs.overrides), slower)]

    question = Question(load, lambda sides: chain_outcomes(run_chain(sides[0], replications=0, cache=_CACHE)))
    first = run.inputs
    both = [first] if first.incumbent is None else [first, first.incumbent]
    ranges, seed = ranged_inputs(first), first.scenario.seed
    drawn = {k: Varied(v, ranges[k][1]) for k, v in _draws(ranges, both, count, seed).items()}
    errors = {k: Varied(v, "") for k, v in slower_draws(both, count, seed).items()}
    return _headlines(
        first.name, "", chain_outcomes(run), question.answers({**drawn, **errors}, count), count
    )


def _chained(inputs: Inputs, slower: Mapping[str, object]) -> Inputs:
    """A scenario and its incumbent, slower by a point's factors."""
    rival = inputs.incumbent
    return replace(_slowed(inputs, slower), incumbent=None if rival is None else _slowed(rival, slower))


def _question(load: LoadSides) -> Question[Sequence[Inputs]]:
    """The outcomes of every side, by its name and theirs."""

    def loaded(point: Mapping[str, object]) -> Sequence[Inputs]:
        plain, slower = _apart(point)
        return [_slowed(side, slower) for side in load(plain)]

    def run(sides: Sequence[Inputs]) -> dict[str, float]:
        of = {side.name: outcomes(run_site(side, _CACHE)) for side in sides}
        return {f"{side}: {name}": value for side, values in of.items() for name, value in values.items()}

    return Question(loaded, run)


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

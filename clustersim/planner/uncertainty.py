"""How sure a site's headlines are: every input that has a range, and the error of every prediction, drawn together and
carried through the forward run.

Several sides of a comparison are drawn together: what they share is drawn once, so that a difference between them is
not blurred by what moves both. The errors of predictions are those of the measured rows of their class (``intervals``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.batch import Answers, Question
from clustersim.columns import Varied
from clustersim.econ.interval import Range, Spread, spread
from clustersim.errors import InputError
from clustersim.intervals.bands import Band, shipped_band
from clustersim.intervals.draws import common_share, levels, predicted_of
from clustersim.pipeline.chain import ChainRun, run_chain
from clustersim.pipeline.site import SiteRun, run_site
from clustersim.planner.contributions import Ends, Part, ends_of, parts_of
from clustersim.planner.uncertain_inputs import (
    all_draws,
    apart,
    bare_key,
    range_draws,
    ranged_inputs,
    ranges_of_sides,
    slowed,
)
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import load_inputs
from clustersim.terms import by_workload, finance_terms, market_terms, site_terms, work_terms

__all__ = [
    "LEADS", "MOST_DRAWS", "SMALLEST_SHARE", "Cases", "ChainDraws", "Headline", "LoadSides", "Swing", "bearable_draws",
    "chain_draws", "chain_headlines", "chain_outcomes", "chain_spreads", "drawn_outcomes", "headlines", "interval_data",
    "one_side", "scaling_band", "scaling_errors", "scaling_interval",
    "swings",
]  # fmt: skip

Array = NDArray[np.float64]
#: Loads every side of a question with some more keys overridden.
LoadSides = Callable[[Mapping[str, object]], Sequence[Inputs]]
#: Makes the sites that are run of the sides that were loaded, by name.
Cases = Callable[[Sequence[Inputs]], Mapping[str, Inputs]]

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
    sources: tuple[str, ...] = ()
    """What its width may come from, where that was asked for."""
    at_ends: Array = field(default_factory=lambda: np.empty(0))
    """The outcome at P10 and P90 of each source alone, one source after the other."""

    @property
    def parts(self) -> list[Part]:
        """What its width comes from, and how much each source adds, the largest first."""
        return parts_of(self.sources, self.at_ends, SMALLEST_SHARE)


@dataclass(frozen=True, slots=True)
class Swing:
    """What an outcome becomes at the two ends of one input alone."""

    key: str
    low: float
    high: float


def interval_data(lines: Iterable[Headline]) -> dict[str, dict[str, Any]]:
    """Return P10, P50 and P90 by name, and under ``from`` what the width comes from, where that was asked for."""
    out: dict[str, dict[str, Any]] = {}
    for line in lines:
        out[line.name] = asdict(line.spread)
        if line.sources:
            out[line.name]["from"] = [
                {"source": p.source, "at_p10": p.low, "at_p90": p.high, "share": p.share} for p in line.parts
            ]
    return out


def one_side(name: str, sets: Mapping[str, object]) -> LoadSides:
    """Return the loader of one scenario without its incumbent."""
    return lambda point: [load_inputs(name, {**sets, **point}, with_incumbent=False)]


def bearable_draws(asked: int | None, usual: int, sites: Sequence[SiteRun]) -> tuple[int, list[str]]:
    """Return how many draws are made, and what is said of it: those asked for, else ``usual``, and fewer where every
    draw queues many jobs again.

    Raises InputError for a number of draws that is none.
    """
    if asked is not None:
        if isinstance(asked, bool) or not isinstance(asked, int | np.integer) or not 0 <= asked <= MOST_DRAWS:
            raise InputError(f"draws: {asked!r} is no whole number from 0 to {MOST_DRAWS:,}")
        return int(asked), []
    queued = [work.detail for site in sites for work in site.works if work.kind == "jobs"]
    jobs = sum(len(detail.shared.jobs) for detail in queued)
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
    failures = by_workload(
        {w.name: {"failures": w.detail.expected.failures} for w in site.works if w.kind == "training"}
    )
    return {**rates, **terms["des"], **failures, **site_terms(site), **terms["econ"]}


#: Rates and times of workloads that are headlines.
_RATES = (
    "step_time_s", "tokens_per_s", "mfu", "requests_per_s_per_card", "input_tokens_per_s_per_card",
    "output_tokens_per_s_per_card",
)  # fmt: skip


def chain_outcomes(run: ChainRun) -> dict[str, float]:
    """Return the headlines of the whole corridor: the site's, the card's value, revenue, and the value of a share."""
    return {**outcomes(run.own), **market_terms(run), **finance_terms(run)}


def headlines(
    load: LoadSides, *, count: int = 256, parts: bool = False, cases: Cases | None = None,
    of: Callable[[SiteRun], dict[str, float]] = outcomes,
) -> dict[str, list[Headline]]:  # fmt: skip
    """Return the headlines of every side with their spread, by the side's name; ``parts``: and what that comes from.

    ``cases`` makes several sites of the sides, by other names: what they share is drawn once. ``of`` says what is asked
    of a site's run.

    Raises InputError when fewer than half of the draws can be run (a plan may not fit at some ends of the ranges), and
    for a number of draws that is none.
    """
    count, _ = bearable_draws(count, count, ())
    sides, made = load({}), cases or _by_name
    central = {name: of(run_site(side)) for name, side in made(sides).items()}
    found = _drawn(_question(load, made, of), ranges_of_sides(sides), sides, count, parts=parts)
    return {name: found.headlines(name, f"{name}: ", values) for name, values in central.items()}


def drawn_outcomes(load: LoadSides, of: Callable[[Inputs], dict[str, Any]], count: int) -> list[Headline]:
    """Return outcomes of the first side with their spread and what that comes from, whether it is priced or not."""
    question = Question(load, lambda sides: of(sides[0]))
    sides = load({})[:1]
    ranges = ranged_inputs(sides[0])
    if not ranges:
        return [Headline(n, v, Spread(v, v, v), np.full(count, v)) for n, v in of(sides[0]).items()]
    ends = ends_of({k: span for k, (span, _) in ranges.items()}, (), {k: k for k in ranges})
    drawn = range_draws(ranges, sides, count, sides[0].scenario.seed)
    varied = {k: Varied(np.concatenate([v, ends.columns[k]]), ranges[k][1]) for k, v in drawn.items()}
    found = _Drawn(question.answers(varied, count + ends.points), ends, count)
    return found.headlines(sides[0].name, "", of(sides[0]))


def scaling_band(inputs: Inputs, software: str) -> Band:
    """Return the band of scaling by a software on the card of a site."""
    card = inputs.parts.card
    return shipped_band("scaling_efficiency", software, card.name, card.vendor)


def scaling_errors(inputs: Inputs, work: str, count: int) -> Array:
    """Draw measured over predicted time of weak scaling by a workload's software on its card."""
    found = predicted_of(inputs, work)
    assert found is not None
    band = scaling_band(inputs, found.software)
    at = levels(inputs, work, found.software, count, inputs.scenario.seed, common_share("scaling_efficiency"))
    errors: Array = band.factors(at)
    return errors


def scaling_interval(inputs: Inputs, work: str, efficiency: float, count: int) -> dict[str, Any]:
    """Return P10, P50 and P90 of a predicted weak scaling by the error of its class; the ranges of inputs hardly move
    a ratio of two steps, and are not drawn."""
    found = spread(np.minimum(efficiency / scaling_errors(inputs, work, count), 1.0))
    source = f"error of scaling of {work} on {inputs.parts.card.name}"
    part = {"source": source, "at_p10": found.p10, "at_p90": found.p90, "share": 1.0}
    return {**asdict(found), "from": [part]}


def _by_name(sides: Sequence[Inputs]) -> dict[str, Inputs]:
    return {side.name: side for side in sides}


def chain_headlines(
    name: str, sets: Mapping[str, object], run: ChainRun, *, count: int, parts: bool = True,
    known: dict[tuple[str, str], bool] | None = None,
) -> list[Headline]:  # fmt: skip
    """Return the headlines of a scenario's run from its cards to its target price, with their spread and, for
    ``parts``, what that comes from. ``known`` keeps what was found of keys for the next question about the same ones.

    The incumbent's predictions err as well, in what it shares with the site's own as these do. What a range leaves open
    of the present is no event of the market: other lines than this card's do not move by it.
    """

    question = _chain_question(name, sets, run.inputs, known)
    first = run.inputs
    found = _drawn(question, ranged_inputs(first), _with_incumbent(first), count, parts=parts)
    return found.headlines(first.name, "", chain_outcomes(run))


def _with_incumbent(own: Inputs) -> list[Inputs]:
    """The sides whose predictions err: a scenario, and its incumbent where it has one."""
    return [own] if own.incumbent is None else [own, own.incumbent]


def chain_spreads(
    name: str, sets: Mapping[str, object], inputs: Inputs, *, count: int,
    known: dict[tuple[str, str], bool] | None = None,
) -> dict[str, Spread]:  # fmt: skip
    """Return the spreads of ``chain_headlines`` of a scenario that was not run: its own run is one more point."""
    ranges = ranged_inputs(inputs)
    varied = {
        key: replace(one, numbers=np.append(one.numbers, ranges[key][0].value if key in ranges else 1.0))
        for key, one in all_draws(ranges, _with_incumbent(inputs), count).items()
    }
    found = _chain_question(name, sets, inputs, known).answers(varied, count + 1)
    if count in found.errors:
        raise InputError(found.errors[count])
    own = {key: float(column[count]) for key, column in found.columns.items() if np.isfinite(column[count])}
    drawn = _Drawn(found, Ends((), {}), count).headlines(inputs.name, "", own)
    return {line.name: line.spread for line in drawn}


def _chain_question(
    name: str, sets: Mapping[str, object], own: Inputs, known: dict[tuple[str, str], bool] | None = None
) -> Question[list[Inputs]]:
    """The outcomes of a scenario with its incumbent."""

    def load(point: Mapping[str, object]) -> list[Inputs]:
        plain, slower = apart(point)
        drawn = load_inputs(name, {**sets, **plain})
        return [_chained(replace(drawn, overrides=own.overrides), slower)]

    return Question(load, lambda sides: chain_outcomes(run_chain(sides[0], replications=0)), known)


@dataclass(frozen=True, slots=True)
class ChainDraws:
    """What was drawn of a scenario, by key, and its outcomes: errors of prediction are keys that begin ``slower|``."""

    drawn: Mapping[str, Array]
    answers: Answers


def chain_draws(name: str, sets: Mapping[str, object], run: ChainRun, *, count: int) -> ChainDraws:
    """Return draws of all that is uncertain of a scenario, and its outcomes, as ``chain_headlines`` makes them."""
    drawn = all_draws(ranged_inputs(run.inputs), _with_incumbent(run.inputs), count)
    answers = _chain_question(name, sets, run.inputs).answers(drawn, count)
    return ChainDraws({key: one.numbers for key, one in drawn.items()}, answers)


#: Share of the draws in which one must be the best to lead: its lead then stands outside P10-P90.
LEADS = 0.9
#: Sources that add less of a width than this are not told.
SMALLEST_SHARE = 0.005


@dataclass(frozen=True, slots=True)
class _Drawn:
    """The numbers of all draws, and after them those at the two ends of every source."""

    found: Answers
    ends: Ends
    count: int

    def headlines(self, side: str, prefix: str, central: Mapping[str, float]) -> list[Headline]:
        """Return the headlines of a side; raises InputError when fewer than half of the draws can be run."""
        missing = np.full(self.found.total, np.nan)
        table = np.column_stack([self.found.columns.get(prefix + name, missing) for name in central])
        drawn, ends = table[: self.count], table[self.count :]
        good = np.isfinite(drawn).all(axis=1)
        if 2 * good.sum() < len(drawn):
            failed = next(reversed(self.found.errors.values()), "").partition("\n")[0]
            raise InputError(
                f"only {good.sum()} of {len(drawn)} draws of {side} can be run; the last said: {failed}"
            )
        return [
            Headline(name, value, spread(drawn[good, i]), drawn[:, i], self.ends.sources, ends[:, i])
            for i, (name, value) in enumerate(central.items())
        ]


def _drawn(
    question: Question[Any],
    ranges: Mapping[str, tuple[Range, str]],
    sides: Sequence[Inputs],
    count: int,
    *,
    parts: bool,
) -> _Drawn:
    """Ask a question at draws of ranges and of errors of prediction, and for ``parts`` at both ends of each source."""
    spans = {key: span for key, (span, _) in ranges.items()}
    ends = ends_of(spans, sides, {key: bare_key(key, sides) for key in ranges}) if parts else Ends((), {})
    drawn = all_draws(ranges, sides, count)
    varied = {
        key: replace(one, numbers=np.concatenate([one.numbers, ends.columns.get(key, np.empty(0))]))
        for key, one in drawn.items()
    }
    return _Drawn(question.answers(varied, count + ends.points), ends, count)


def _chained(inputs: Inputs, slower: Mapping[str, object]) -> Inputs:
    """A scenario and its incumbent, slower by a point's factors."""
    rival = inputs.incumbent
    return replace(slowed(inputs, slower), incumbent=None if rival is None else slowed(rival, slower))


def _question(
    load: LoadSides, cases: Cases = _by_name, of: Callable[[SiteRun], dict[str, float]] = outcomes
) -> Question[Sequence[Inputs]]:
    """The outcomes of every case, by its name and theirs."""

    def loaded(point: Mapping[str, object]) -> Sequence[Inputs]:
        plain, slower = apart(point)
        return [slowed(side, slower) for side in load(plain)]

    def run(sides: Sequence[Inputs]) -> dict[str, float]:
        found = {name: of(run_site(side)) for name, side in cases(sides).items()}
        return {f"{case}: {name}": value for case, values in found.items() for name, value in values.items()}

    return Question(loaded, run)


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

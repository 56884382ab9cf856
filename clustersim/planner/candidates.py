"""Clusters that could be bought: what each takes of the limits, known before it runs or only after."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from clustersim.assemble.parts import needed
from clustersim.assemble.purchase import purchase
from clustersim.econ.bom import Bill
from clustersim.errors import InfeasibleError, InputError
from clustersim.perf.shortlist import LEAN
from clustersim.pipeline.site import SiteRun, run_site
from clustersim.planner.finish import delivery_weeks, work_named
from clustersim.planner.ranking import ties_of
from clustersim.planner.training import Question, batches, best_plans, days_for, with_batch
from clustersim.workloads.work import StageCache

__all__ = ["Candidate", "Limits", "Planned", "breaks", "candidate", "least_days", "planned", "with_days"]


#: What a limit is called to a reader, and the unit that it is told in.
_WORDS = {
    "budget_cny": ("a budget", 1e6, " M CNY"), "power_w": ("power", 1e3, " kW"), "racks": ("racks", 1.0, ""),
    "weeks": ("delivery", 1.0, " weeks"), "days": ("training", 1.0, " days"),
    "finish_days": ("the last token", 1.0, " days after the order"),
}  # fmt: skip


def words_of(name: str, value: float) -> str:
    """Return a limit, or what a cluster takes of it, as a reader says it.

    >>> words_of("budget_cny", 25.44e6), words_of("racks", 3)
    ('a budget of 25.44 M CNY', 'racks of 3')
    """
    word, scale, unit = _WORDS[name]
    return f"{word} of {value / scale:,.6g}{unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a cluster may at most take; infinite where nothing is asked.

    Power is the provisioned IT power times PUE: what the site must be able to feed. ``weeks`` are from the order to the
    running cluster, ``days`` those that the tokens take, ``finish_days`` from the order to the last of them.
    """

    budget_cny: float = math.inf
    power_w: float = math.inf
    racks: float = math.inf
    weeks: float = math.inf
    days: float = math.inf
    finish_days: float = math.inf

    def __post_init__(self) -> None:
        """Refuse a limit that is not positive."""
        for field in fields(self):
            if not getattr(self, field.name) > 0:
                raise InputError(
                    f"a limit must be above zero, not {words_of(field.name, getattr(self, field.name))}"
                )

    def asked(self) -> dict[str, float]:
        """Return the limits that were given."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if math.isfinite(value)}

    @property
    def dated(self) -> bool:
        """Whether the delivery matters."""
        return math.isfinite(self.weeks) or math.isfinite(self.finish_days)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One cluster that could be bought, and what it takes of each limit."""

    asked: Question
    template: str
    bill: Bill
    takes: Mapping[str, float]

    @property
    def cards(self) -> int:
        """Working cards."""
        return self.asked.inputs.cards


@dataclass(frozen=True, slots=True)
class Planned:
    """A candidate with its batch, and its forward run by the best plan."""

    candidate: Candidate
    run: SiteRun

    @property
    def goodput_tokens_per_s(self) -> float:
        """Tokens per second that the whole cluster keeps while it trains."""
        return work_named(self.run, self.candidate.asked.name).rates["training_goodput_tokens_per_s"]

    @property
    def cny_per_mtoken(self) -> float:
        """Cost of a million trained tokens."""
        return self.run.cny_per_unit(work_named(self.run, self.candidate.asked.name))


def candidate(asked: Question, template: str, limits: Limits) -> Candidate:
    """Return a candidate with what is known of it before it runs.

    Raises InputError where a date is asked for and a part's lead time is not known.
    """
    inputs = asked.inputs
    bought = purchase(inputs)
    takes = {
        "budget_cny": bought.bill.total_cny,
        "power_w": bought.provisioned_it_w * inputs.tco.pue.value,
        "racks": float(bought.racks.total),
    }
    if limits.dated:
        takes["weeks"] = delivery_weeks(inputs, bought.bill.lead_time_weeks)
    return Candidate(asked, template, bought.bill, takes)


def with_days(of: Candidate, days: float) -> Candidate:
    """Return the candidate with the days that it takes, and those from the order where the delivery matters."""
    takes = {**of.takes, "days": days}
    if "weeks" in of.takes:
        takes["finish_days"] = of.takes["weeks"] * 7 + days
    return replace(of, takes=takes)


def least_days(asked: Question, tokens: float) -> float:
    """Return the days that tokens would take if every card worked at its peak: no plan takes less."""
    work, inputs, job = asked.work, asked.inputs, asked.job
    peak = needed(inputs.parts.card.peak.get(work.dtype), f"cards.{inputs.parts.card.name}.peak.{work.dtype}")
    rate = job.cards * peak / job.model.flops_per_token(work.seq_len)
    return float(days_for(tokens, rate, asked.card_hour_share))


def breaks(of: Candidate, limits: Limits) -> str:
    """Name the limit that a candidate breaks furthest; nothing where it meets all that is known of it."""
    over = {
        name: of.takes[name] / most
        for name, most in limits.asked().items()
        if name in of.takes and of.takes[name] > most
    }
    return max(over, key=lambda name: over[name]) if over else ""


def planned(
    of: Candidate, tokens: float | None, *, batch: str = "keep", cache: StageCache | None = None
) -> Planned | None:
    """Return a candidate's forward run by its best plan; nothing where no plan fits.

    ``auto`` tries the batches near the scenario's own and takes the fastest; of those that tie the nearest.
    """
    asked = of.asked
    if batch == "auto":
        sized = _sized(asked, of.cards)
        if sized is None:
            return None
        asked = sized
    try:
        made = Planned(replace(of, asked=asked), run_site(asked.inputs, cache))
    except InfeasibleError:
        return None
    if tokens is None:
        return made
    days = days_for(tokens, made.goodput_tokens_per_s, asked.card_hour_share)
    return replace(made, candidate=with_days(made.candidate, days))


def _sized(asked: Question, cards: int) -> Question | None:
    """The question with the batch, of those near the scenario's own, that gives most tokens per second."""
    own = asked.work.global_batch
    found: list[tuple[Question, float]] = []
    for count in batches(asked, cards):
        changed = with_batch(asked, count)
        try:
            best = best_plans(changed, top=1, space=LEAN)
        except InfeasibleError:
            continue
        found.append((changed, best.errors.corrected(best.best[0]) / count))
    if not found:
        return None
    first = min(found, key=lambda row: row[1])
    tied = [first, *ties_of(first, found, lambda row: row[1])]
    return min(tied, key=lambda row: abs(row[0].work.global_batch - own))[0]

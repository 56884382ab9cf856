"""How sure a plan is: in which share of the draws a cluster meets what is asked, and in which it is the best.

Prices, shares and the errors of predictions are drawn together for all clusters, so that what they share moves them
alike; the luck of a run's failures is each one's own. A cluster that leads in fewer than nine of ten draws is a tie.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.econ.interval import Spread, spread
from clustersim.errors import InputError
from clustersim.pipeline.site import SiteRun
from clustersim.planner.candidates import Candidate, Limits, Planned
from clustersim.planner.contributions import Part, parts_of
from clustersim.planner.finish import Finish, finish_of, work_named
from clustersim.planner.training import Question, days_for, with_batch
from clustersim.planner.uncertainty import SMALLEST_SHARE, Headline, headlines
from clustersim.special import Z90

__all__ = [
    "Chance",
    "LoadTemplates",
    "Sureness",
    "check_probability",
    "judge",
    "settles",
    "shares_of_wins",
]

Array = NDArray[np.float64]
#: The questions of a plan by template, with some more keys overridden.
LoadTemplates = Callable[[Mapping[str, object]], Mapping[str, Question]]


@dataclass(frozen=True, slots=True)
class Sureness:
    """How sure a plan must be, and over how many draws.

    Attributes:
        load: the questions, with some more keys overridden.
        draws: behind every interval and share.
        probability: with which all limits must be met; None: at the inputs' values.
    """

    load: LoadTemplates
    draws: int = 64
    probability: float | None = None

    def __post_init__(self) -> None:
        """Refuse a probability that is none."""
        check_probability(self.probability)

    def may_meet(self, takes: Mapping[str, float], limits: Limits) -> bool:
        """Whether a cluster is near enough to the limits at the inputs' values for its draws to be worth asking."""
        assert self.probability is not None
        far = FAR if self.probability >= 0.5 else VERY_FAR
        return all(takes[name] <= far * most for name, most in limits.asked().items() if name in takes)


#: How far over a limit the inputs' own values may lie where it is to be met in half of the draws, and in fewer.
FAR, VERY_FAR = 1.25, 4.0


@dataclass(frozen=True, slots=True)
class Chance:
    """A cluster under the draws: each outcome's spread, and in which share of the draws it meets the limits."""

    spreads: Mapping[str, Spread]
    parts: Mapping[str, Sequence[Part]]
    samples: Mapping[str, Array]
    headlines: Mapping[str, Headline]
    meets: Array
    """Of each draw, whether all limits are met."""

    @property
    def share_meets(self) -> float:
        """Share of the draws in which all limits are met."""
        return float(self.meets.mean())


def check_probability(probability: float | None) -> None:
    """Raise InputError for a probability that is none, or that no number of draws can show.

    >>> check_probability(0.9)
    """
    if probability is not None and not 0.0 < probability < 1.0:
        raise InputError(
            f"--probability {probability:g}: a probability lies between 0 and 1, for example 0.9"
        )


def judge(
    load: LoadTemplates, plans: Sequence[Planned], limits: Limits, tokens: float | None, count: int
) -> list[Chance]:
    """Return how every cluster fares over the same draws of all that is uncertain."""
    order = list(load({}))

    def cases(sides: Sequence[Any]) -> dict[str, Any]:
        by = {name: Question(side, workload) for name, side in zip(order, sides, strict=True)}
        return {_label(plan.candidate): _again(by, plan.candidate).inputs for plan in plans}

    workload = plans[0].candidate.asked.name
    found = headlines(
        lambda point: [asked.inputs for asked in load(point).values()], count=count, parts=True, cases=cases,
        of=lambda run: _takes(run, workload),
    )  # fmt: skip
    lucky = [_luck(plan, tokens, count) for plan in plans]
    return [
        _chance(found[_label(plan.candidate)], plan, limits, tokens, luck)
        for plan, luck in zip(plans, lucky, strict=True)
    ]


def _label(of: Candidate) -> str:
    return f"{of.cards} cards of {of.template}, batch {of.asked.work.global_batch}"


def _again(templates: Mapping[str, Question], of: Candidate) -> Question:
    """A candidate's question on templates whose inputs were changed."""
    return with_batch(templates[of.template].on(of.cards), of.asked.work.global_batch)


def _takes(run: SiteRun, workload: str) -> dict[str, float]:
    """What a cluster gives, and takes of the limits."""
    work = work_named(run, workload)
    return {
        "training_goodput_tokens_per_s": work.rates["training_goodput_tokens_per_s"],
        "cny_per_mtoken": run.cny_per_unit(work), "budget_cny": run.bill.total_cny,
        "power_w": run.power.provisioned_it_w * run.power.pue, "racks": run.racks.total,
    }  # fmt: skip


def _luck(plan: Planned, tokens: float | None, count: int) -> Array:
    """How much longer the tokens take by the failures of one run than by those of the mean run: lognormal through P10
    and P90 of simulated runs, a stream of its own for each size."""
    if tokens is None:
        return np.ones(count)
    asked = plan.candidate.asked
    done: Finish = finish_of(asked, plan.run, tokens)
    seed = zlib.crc32(f"failures {plan.candidate.template} {plan.candidate.cards}".encode())
    normal = np.random.default_rng([asked.inputs.scenario.seed, seed]).standard_normal(count)
    width = np.log(done.days_p90 / done.days_p10) / (2 * Z90)
    luck: Array = done.days_p50 / done.days * np.exp(width * normal)
    return luck


def _chance(
    lines: Sequence[Headline], plan: Planned, limits: Limits, tokens: float | None, luck: Array
) -> Chance:
    by = {line.name: line for line in lines}
    samples = {name: line.samples for name, line in by.items()}
    takes = plan.candidate.takes
    if tokens is not None:
        share = plan.candidate.asked.card_hour_share
        goodput = by["training_goodput_tokens_per_s"]
        samples["days"] = luck * days_for(tokens, goodput.samples, share)
        by["days"] = replace(
            goodput, name="days", value=days_for(tokens, goodput.value, share),
            at_ends=days_for(tokens, goodput.at_ends, share),
        )  # fmt: skip
    if "weeks" in takes:
        samples["weeks"] = np.full(luck.shape, takes["weeks"])
        if "days" in samples:
            samples["finish_days"] = takes["weeks"] * 7 + samples["days"]
    asked = limits.asked().items()
    meets = np.all(
        [samples[n] <= most for n, most in asked if n in samples] or [np.full(luck.shape, True)], axis=0
    )
    told = {name: values for name, values in samples.items() if name != "weeks"}
    return Chance(
        spreads={name: spread(values[np.isfinite(values)]) for name, values in told.items()},
        parts={name: parts_of(line.sources, line.at_ends, SMALLEST_SHARE) for name, line in by.items()},
        samples=samples, headlines=by, meets=meets,
    )  # fmt: skip


def shares_of_wins(values: Sequence[Array], meets: Sequence[Array]) -> list[float]:
    """Return in which share of the draws each has the least value of those that meet what is asked; ties count for all.

    Draws in which none does count for none.

    >>> one, other, both = np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 1.0]), np.array([True, True, True])
    >>> shares_of_wins([one, other], [both, np.array([True, True, False])])
    [1.0, 0.3333333333333333]
    """
    table = np.array([np.where(m & np.isfinite(v), v, np.inf) for v, m in zip(values, meets, strict=True)])
    least = table.min(axis=0)
    wins = (table <= least) & np.isfinite(least)
    return [float(share) for share in wins.mean(axis=1)]


def settles(first: Headline, other: Headline) -> str:
    """Say what would tell two plans apart if it were known: the source that adds most to the width of their ratio.

    Nothing where what moves one moves the other as much.
    """
    low = 1e-300
    ratio = np.log(np.maximum(first.at_ends, low) / np.maximum(other.at_ends, low))
    if (
        not np.nanmax(np.abs(ratio - np.log(max(first.value, low) / max(other.value, low))), initial=0.0)
        > 1e-3
    ):
        return ""
    found = parts_of(first.sources, ratio, SMALLEST_SHARE)
    return f"{found[0].source} ({found[0].share:.0%} of the width)" if found else ""

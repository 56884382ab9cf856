"""The technical lines of the vendor's report, one by one: what must hold, what is found, how likely, what to ask."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from clustersim.assemble.parts import network_spec
from clustersim.errors import InfeasibleError, InputError
from clustersim.perf.memory import memory_per_card
from clustersim.perf.step import estimate_step
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import load_inputs
from clustersim.workloads.mixture import MixtureDetail
from clustersim.workloads.training import TrainingDetail

__all__ = ["Line", "claimed_lines", "lines_without_training"]

#: Days of the month that the report's training is said to have run.
DAYS = 30.0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart: the claim in our words, what must hold for it, and what this scenario says."""

    chart: int
    claim: str
    must_hold: str
    found: str
    likely: float | None
    """Probability that it holds here; None where it is no matter of chance."""
    ask: str


def claimed_lines(
    inputs: Inputs, own: TrainingDetail, already: Mapping[str, Any]
) -> Sequence[dict[str, Any]]:
    """Return every technical line of charts 23, 24 and 26 against a training workload.

    ``already`` is what the claims of reliability, restoring and scaling gave.
    """
    lines = [
        *_reliability(own, already),
        *_performance(inputs, own, already),
        *_systems(inputs, own),
        *_sites(inputs),
    ]
    return [asdict(line) for line in lines]


def lines_without_training(inputs: Inputs) -> Sequence[dict[str, Any]]:
    """Return the technical lines that a site is asked about whatever it does; one that trains nothing tells no more."""
    return [asdict(line) for line in (*_formats(inputs), *_sites(inputs))]


def _reliability(own: TrainingDetail, already: Mapping[str, Any]) -> Iterator[Line]:
    mtbf = own.expected.mttf_s / 3600
    unattended = [r["probability"] for r in already["readings"] if "automatic" in r["reading"]]
    yield Line(
        23, "a month without interruption on a thousand cards, five days of it without a fault",
        "failures that need people stay away for 720 hours, all failures for 120", f"MTBF {mtbf:.1f} h here",
        unattended[-1] * already["p_longest_gap_5_d"] if unattended else None,
        "how many runs, and whether a recovery without people counts as an interruption",
    )  # fmt: skip
    blocked = sum(level.blocking_s / level.interval_s for level in own.run.levels)
    yield Line(
        23, "checkpoints on three levels that hardly cost time",
        "what a copy blocks is a small share of what lies between copies",
        f"{blocked:.2%} of the time is blocked, {own.expected.rework:.2%} is work done again", None,
        "the intervals of each level, and what blocks the step: staging, the network or the storage",
    )  # fmt: skip
    yield Line(
        23, "a model of 100 billion is restored within five minutes",
        "detection, a spare, start and load end within 300 s",
        f"{already['restore']['p_within'] or 0:.1%} of the simulated recoveries do",
        already["restore"]["p_within"], "whether the clock starts at the failure or at the load",
    )  # fmt: skip
    yield _reproducible(own)


def _reproducible(own: TrainingDetail) -> Line:
    """The loss that repeats bit by bit, and falls for a month: sums in a fixed order, and no silent corruption."""
    causes = [c for c in own.run.failures if c.name == own.run.extras.sdc_component]
    per_s = sum(c.rate_per_s for c in causes)
    clean = math.exp(-per_s * DAYS * 86400)
    job = own.job
    fixed = replace(
        job, network=replace(job.network, in_network_reduction=False, scale_up_reduction_efficiency=0.0)
    )
    slower = 0.0
    if not isinstance(own, MixtureDetail):
        slower = estimate_step(fixed).step_time_s / estimate_step(job).step_time_s - 1.0
    return Line(
        23, "repeated runs give the same loss to the last bit, and it falls for a month",
        "sums are added in a fixed order on all cards, and no card corrupts data in silence for 30 days",
        f"sums without reduction in switches cost {slower:+.2%} of a step;"
        f" {per_s * DAYS * 86400:.2f} silent corruptions are expected in 30 days",
        clean, "on how many cards, whether kernels of attention are deterministic too, and how corruption is found",
    )  # fmt: skip


def _performance(inputs: Inputs, own: TrainingDetail, already: Mapping[str, Any]) -> Iterator[Line]:
    scaling = already["linear_scaling"]
    yield Line(
        23, "95 % of linear scaling on a thousand cards",
        "tokens per card at a thousand are 95 % of those at the base count",
        f"{scaling['scaling_efficiency']:.1%} ({scaling['kind']}, from {scaling['base_cards']} cards)", None,
        "the base count, whether the batch grows, and the plan at both ends",
    )  # fmt: skip
    yield _offload(own)
    yield from _formats(inputs)


def _formats(inputs: Inputs) -> Iterator[Line]:
    formats = sorted(inputs.parts.card.peak)
    yield Line(
        24, "fifty language models and more, pictures from text, understanding of pictures, video",
        "each model has kernels in a format that the card has",
        # Not how many are described: an answer about one site rests on the files of that site alone.
        f"{inputs.parts.card.name} has {', '.join(formats)}; `clustersim profiles list models` says what is"
        " described (`plan serving`, kind vision)",
        None, "which of them run at the release of today, and at which share of the card's peak",
    )  # fmt: skip
    yield Line(
        24, "three software platforms of other makers are supported", "programs written for them run unchanged",
        "nothing here measures portability: the unmeasured stack's range covers its cost in time", None,
        "the share of operators that fall back, and a list of what was ported by hand",
    )  # fmt: skip


def _offload(own: TrainingDetail) -> Line:
    """Asynchronous offload: what it frees of a card's memory, and what it adds to the step."""
    job = own.job
    moved = replace(job, plan=replace(job.plan, offload_activations=True, offload_optimizer=True))
    words = "not told: no host link is known, or the cards are unlike"
    if job.card.host_link_bandwidth > 0 and not isinstance(own, MixtureDetail):
        before, after = float(memory_per_card(job).total), float(memory_per_card(moved).total)
        added = estimate_step(moved).step_time_s / estimate_step(job).step_time_s - 1.0
        words = f"it frees {(before - after) / 2**30:.1f} of {before / 2**30:.1f} GiB and adds {added:+.1%} to the step"
    return Line(
        23, "parallel plans are found by themselves, with asynchronous offload against the wall of memory",
        "states and activations travel over the host link while the card computes", words, None,
        "the host link's rate with all cards of a server at once, and which models need it to fit",
    )  # fmt: skip


def _systems(inputs: Inputs, own: TrainingDetail) -> Iterator[Line]:
    yield Line(
        24, "supernodes by direct optics and optical circuit switches",
        "a larger coherent domain gains more than its switches and modules cost", _supernode(inputs, own), None,
        "bandwidth of a card across the circuits, how many of them, and the price beside plain servers",
    )  # fmt: skip
    words = "ask `clustersim claims jiangsu-four-vendors`"
    if isinstance(own, MixtureDetail):
        _, reached = own.scaling
        words = f"{len(own.found.parts)} groups reach {reached:.1%} of the sum of what each does alone"
    yield Line(
        24, "one model on four makers' cards, a thousand and more together",
        "the work is shared out by speed, and the makers' libraries meet", words, None,
        "which cards, what share of the sum of their speeds, and whether traffic passes through hosts",
    )  # fmt: skip


def _supernode(inputs: Inputs, own: TrainingDetail) -> str:
    """What optical supernodes of 128 would change for this plan."""
    if isinstance(own, MixtureDetail) or inputs.scenario.cluster.supernode is not None:
        return "ask `clustersim compare optical-br166-4096 br166-1024 --demand optical-br166-4096`"
    kept = {o.key: o.value for o in inputs.overrides if not o.side and not o.stands_in}
    try:
        other = load_inputs(
            inputs.file,
            {**kept, "cluster.supernode": {"profile": "optical", "cards": 128}},
            with_incumbent=False,
        )
        job = replace(own.job, network=network_spec(other))
        gain = estimate_step(own.job).step_time_s / estimate_step(job).step_time_s - 1.0
    except (InfeasibleError, InputError) as error:
        return f"not for this cluster: {str(error).splitlines()[0]}"
    return f"the same plan runs {gain:+.1%} faster on optical supernodes of 128 (`tco` prices them)"


def _sites(inputs: Inputs) -> Iterator[Line]:
    for claim, scenario, must, ask in (
        ("Hohhot: 6.7 EFLOP/s in half precision with the maker's cards among ten thousand", "hohhot-20992",
         "cards times their half-precision peaks sum to 6.7 EFLOP/s", "how many cards of which maker, dense or sparse"),
        ("Jiangsu: four makers' cards trained one model", "jiangsu-four-vendors",
         "the mixture is faster than its fastest group alone", "cards of each, link, and share of the sum of speeds"),
        ("Wuzhen: a pool for cars, manufacturing, finance and medicine", "wuzhen-512",
         "the pool's hours are sold", "cards, and hours sold to each customer"),
        ("Hunan: interrupted runs on a thousand cards resume within five minutes on average", "hunan-1024",
         "the mean of all recoveries is below 300 s", "mean over how many failures, and from which moment"),
    ):  # fmt: skip
        here = " (this scenario)" if inputs.name == scenario else ""
        yield Line(26, claim, must, f"`clustersim run {scenario}`{here}", None, ask)

"""A workload on unlike cards: what the groups of a site do of it together, or each for itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from clustersim.assemble.groups import joint
from clustersim.assemble.reliability import Trained, training_run_of
from clustersim.assemble.training import train_job
from clustersim.columns import Column, decide, least, most, number, rows_of
from clustersim.des.training.fidelity import expected_goodput
from clustersim.errors import InfeasibleError, InputError
from clustersim.perf.hetero import MixedStep, Part, busy_job
from clustersim.perf.hetero_stages import MixedPipeline
from clustersim.perf.memory import MemoryTerms
from clustersim.perf.split import choose
from clustersim.perf.step import StepTime, estimate_step
from clustersim.perf.terms import StepTerms
from clustersim.perf.together import Cluster, Together, again, few_together
from clustersim.schema.demand import TrainingWorkload
from clustersim.schema.inputs import Inputs
from clustersim.workloads.training import (
    NO_PROGRESS,
    TrainingDetail,
    plan_words,
    planned_job,
    rate_of,
    trained,
)
from clustersim.workloads.work import IDLE, Load, StageCache, Work

__all__ = ["MixtureDetail", "together", "trained_on_groups", "ways_together"]


@dataclass(frozen=True, slots=True)
class MixtureDetail(TrainingDetail):
    """A training job on unlike cards; ``job`` is that of the first group that takes part, ``step`` that of all."""

    found: Together
    rows: tuple[Mapping[str, Any], ...]
    """Every group: its plan, its share, what it waits for and what it would do alone."""
    clusters: tuple[Cluster, ...]

    @property
    def cards(self) -> int:
        """Cards of the groups that take part: the failures of the long run are theirs."""
        return sum(part.job.cards for part in self.found.parts)

    @property
    def left_words(self) -> str:
        """Say which groups are left out; nothing where all take part."""
        names = {part.name for part in self.found.parts}
        left = [c.part.name for c in self.clusters if c.part.name not in names]
        return f"left out, for the mixture is no faster with them: {', '.join(left)}" if left else ""

    @property
    def scaling(self) -> tuple[int, float]:
        """Cards of the groups that take part, and their tokens per second over the sum of what each does alone.

        A group that cannot train alone counts nothing: the ratio may exceed one.
        """
        names = {part.name for part in self.found.parts}
        alone = sum(number(row["alone_tokens_per_s"]) for row in self.rows if row["group"] in names)
        return self.cards, self.found.tokens_per_s / alone if alone > 0 else 1.0


def together(
    inputs: Inputs, name: str, cache: StageCache, share: str = "best"
) -> tuple[Together, list[Cluster]]:
    """Return the fastest way to train on some or all groups of a site, and what each group is by itself.

    Raises InfeasibleError or InputError where no way is possible.
    """
    filed = [_cluster(replace(group, parts=group.nominal), name, cache) for group in inputs.groups]
    now = [_cluster(group, name, cache) for group in inputs.groups]
    # What is tried must not depend on the point of a study, or neighbouring points would not agree.
    link, nominal = joint(inputs).bandwidth, joint(_as_filed(inputs)).bandwidth
    ways = cache.get(
        "together", (nominal, share, filed), lambda: few_together(filed, link_bandwidth=nominal, share=share)
    )
    tried = _Tried([*ways, *_each_alone(ways, now, share)], now, link)
    best = decide(tried.fastest)
    found = tried.way(best)
    if found.share == "alone":
        # By the plan that it takes by itself, which is not asked for before.
        group = next(g for g in inputs.groups if g.group == found.parts[0].name)
        job, _ = planned_job(group, _training(group, name), cache)
        found = replace(found, parts=(replace(found.parts[0], job=job),))
    return found, now


def _each_alone(ways: Sequence[Together], now: Sequence[Cluster], share: str) -> list[Together]:
    """Alone is always possible where it fits, at the numbers of now."""
    if share != "best":
        return []
    return [Together("alone", None, (c.part,), c.alone_tokens_per_s, ways[0].refused) for c in now]


@dataclass(slots=True)
class _Tried:
    """Ways of training together at the numbers of now; what was found of one is kept."""

    ways: Sequence[Together]
    now: Sequence[Cluster]
    link: Any
    found: dict[int, Together] = field(default_factory=dict)
    reason: Exception | None = None

    def way(self, index: int) -> Together:
        """Return one of them; raises InputError or InfeasibleError where it is not possible."""
        if index not in self.found:
            self.found[index] = again(self.ways[index], self.now, link_bandwidth=self.link)
        return self.found[index]

    def fastest(self) -> Any:
        """Which of them each point takes, the first of equals."""
        rates = [self._rate(index) for index in range(len(self.ways))]
        table = rows_of(rates)
        best = np.max(table, axis=0)
        if not (best[0] > 0 if best.size == 1 else Column(best > 0)):
            raise self.reason or InfeasibleError("no way of training together is left at these numbers")
        return np.argmax(table, axis=0)

    def _rate(self, index: int) -> Any:
        try:
            return self.way(index).tokens_per_s
        except (InputError, InfeasibleError) as error:
            self.reason = self.reason or error
            return 0.0


def ways_together(inputs: Inputs, name: str, top: int = 10) -> tuple[Together, ...]:
    """Return the fastest few ways of unlike subsets or shares, the fastest first."""
    clusters = [_cluster(group, name, StageCache()) for group in inputs.groups]
    return few_together(clusters, link_bandwidth=joint(inputs).bandwidth, top=top)


def _as_filed(inputs: Inputs) -> Inputs:
    return _with_link(
        replace(inputs, groups=tuple(replace(group, parts=group.nominal) for group in inputs.groups))
    )


def _with_link(inputs: Inputs) -> Inputs:
    # A site that was joined by a question is of no file: its link stands as it was asked for.
    link = inputs.nominal_link or inputs.scenario.cluster.link
    cluster = inputs.scenario.cluster.model_copy(update={"link": link})
    return replace(inputs, scenario=inputs.scenario.model_copy(update={"cluster": cluster}))


def _training(group: Inputs, name: str) -> TrainingWorkload:
    work = group.scenario.demand[name]
    assert isinstance(work, TrainingWorkload)
    return work


def _cluster(group: Inputs, name: str, cache: StageCache) -> Cluster:
    work = _training(group, name)
    try:
        job, rate = rate_of(group, work, cache)
    except InfeasibleError:
        return Cluster(Part(name=group.group, job=train_job(group, work)), False, 0.0)
    return Cluster(Part(name=group.group, job=job), work.plan != "best", rate)


def trained_on_groups(
    inputs: Inputs, name: str, work: TrainingWorkload, cache: StageCache, share: str = "best"
) -> Work:
    """Return what a training workload makes of the card-hours of a site of unlike cards.

    The fastest mixture trains; groups that would slow it idle. The month has the failures of every group that takes
    part, and copies of one format that any of them can restore.
    """
    found, clusters = together(inputs, name, cache, share)
    step, loads = _step_of(inputs, found)
    names = {part.name for part in found.parts}
    taking = [group for group in inputs.groups if group.group in names]
    first = found.parts[0].job
    lasting = Trained(first.model.parameters, step.step_time_s, sum(p.job.plan.dp for p in found.parts))
    run = training_run_of(inputs, taking, lasting)
    expected = cache.get("long run", run, lambda: expected_goodput(run))
    if expected.ettr <= NO_PROGRESS:
        raise InfeasibleError("the long run makes no progress: failures undo all that it does")
    rows = tuple(_row(cluster, found, names) for cluster in clusters)
    detail = MixtureDetail(first, None, step, run, expected, found, rows, tuple(clusters))
    said = [
        f"trained together by {found.share}: {', '.join(p.name for p in found.parts)}",
        detail.left_words,
        f"all groups together: {found.refused}" if found.refused else "",
        "a spare of any group stands in for any server: waits for the right kind of card are not modelled",
        *expected.notes,
    ]
    layout = {
        "plan": "; ".join(f"{row['group']}: {row['plan']}" for row in rows if row["takes_part"]),
        "stated": all(c.stated for c in clusters),
    }
    busy = 1.0 - expected.recovery
    each = {g.group: replace(loads[g.group], busy=busy) if g.group in loads else IDLE for g in inputs.groups}
    return trained(inputs, name, work, detail, cards=inputs.cards, layout=layout, said=said, group_loads=each)


def _row(cluster: Cluster, found: Together, names: set[str]) -> dict[str, Any]:
    part = next((p for p in found.parts if p.name == cluster.part.name), cluster.part)
    step, name = found.step, part.name
    row: dict[str, Any] = {
        "group": name, "card": part.job.card.name, "cards": part.job.cards, "takes_part": name in names,
        "plan": plan_words(part.job.plan) if name in names or _trains(cluster) else "does not fit",
        "alone_tokens_per_s": cluster.alone_tokens_per_s,
    }  # fmt: skip
    if isinstance(step, MixedPipeline) and name in names:
        row["layers_per_stage"] = list(step.layers[name])
    elif isinstance(step, MixedStep) and name in names:
        row["micro_batches"] = step.micro_batches[name]
    row["waiting_share"] = step.waiting[name] if step is not None and name in names else 0.0
    return row


def _trains(cluster: Cluster) -> bool:
    """Whether a cluster can train alone; one of many points, for whose rows nobody asks, is taken to."""
    rate = cluster.alone_tokens_per_s
    return isinstance(rate, Column) or bool(rate)


def _step_of(inputs: Inputs, found: Together) -> tuple[StepTime, dict[str, Load]]:
    """The step of all groups as one, and how it loads the cards of each that takes part."""
    peak = sum(g.cards * _peak(g, found) for g in inputs.groups) / inputs.cards
    if found.step is None:
        step = estimate_step(found.parts[0].job)
        load = Load(step.u_tensor, step.u_memory, step.u_link, 1.0)
        return replace(step, cards=inputs.cards, peak=peak), {found.parts[0].name: load}
    if isinstance(found.step, MixedStep):
        return _by_batch(inputs, found, found.step, peak)
    return _by_layers(inputs, found, found.step, peak)


def _peak(group: Inputs, found: Together) -> float:
    """Peak of a group's cards in the job's number format; 0 where they lack it and are left out."""
    peak = group.parts.card.peak.get(found.parts[0].job.dtype)
    return peak.value if peak is not None else 0.0


def _by_batch(
    inputs: Inputs, found: Together, mixed: MixedStep, peak: float
) -> tuple[StepTime, dict[str, Load]]:
    steps = {p.name: estimate_step(busy_job(p, mixed.micro_batches[p.name])) for p in found.parts}
    total = mixed.step_time_s
    loads = {
        name: Load(
            step.u_tensor * step.step_time_s / total,
            step.u_memory * step.step_time_s / total,
            least(
                1.0, (step.u_link * step.step_time_s + mixed.exposed_dp_s - step.terms.exposed_dp_s) / total
            ),
            1.0,
        )
        for name, step in steps.items()
    }
    slowest = _slowest(
        [replace(s, u_memory=loads[n].u_memory, u_link=loads[n].u_link) for n, s in steps.items()]
    )
    room = {p.name: p.job.card.memory_bytes for p in found.parts}
    fullest = _fullest([(step.memory, room[name]) for name, step in steps.items()])
    step = replace(
        slowest, terms=replace(slowest.terms, exposed_dp_s=mixed.exposed_dp_s), memory=fullest,
        cards=inputs.cards, tokens=found.parts[0].job.tokens, peak=peak,
        model_flops=sum(s.model_flops for s in steps.values()),
        hardware_flops=sum(s.hardware_flops for s in steps.values()),
    )  # fmt: skip
    return step, loads


def _slowest(steps: Sequence[StepTime]) -> StepTime:
    """The step that sets the pace before gradients are reduced; field by field where points have another one."""
    found = steps[0]
    for other in steps[1:]:
        busy, most_so_far = (s.step_time_s - s.terms.exposed_dp_s for s in (other, found))
        later = busy > most_so_far
        if not isinstance(later, Column):
            found = other if later else found
            continue
        numbers = {n: np.where(later, getattr(other, n), getattr(found, n)) for n in _PACED}
        found = replace(found, terms=choose(later, other.terms, found.terms), **numbers)
    return found


#: What the part that sets the pace says of the step of all.
_PACED = ("u_memory", "u_link", "kernel_factor")


def _fullest(parts: Sequence[tuple[MemoryTerms, Any]]) -> MemoryTerms:
    """The memory of the part that is nearest to its card's."""
    found, room = parts[0]
    for other, own in parts[1:]:
        fuller = other.total / own > found.total / room
        found, room = choose(fuller, other, found), np.where(fuller, own, room)
    return found


def _by_layers(
    inputs: Inputs, found: Together, mixed: MixedPipeline, peak: float
) -> tuple[StepTime, dict[str, Load]]:
    """Every part works on its stages for the share of the pace that it does not wait, as it does on its own."""
    total = mixed.step_time_s
    zero = dict.fromkeys(StepTerms.__dataclass_fields__, 0.0)
    terms = StepTerms(
        **{
            **zero, "compute_s": mixed.stages_s, "bubble_s": mixed.bubble_s, "exposed_pp_s": mixed.sends_s,
            "exposed_dp_s": mixed.exposed_dp_s, "optimizer_s": mixed.optimizer_s,
        }
    )  # fmt: skip
    alone = {p.name: estimate_step(p.job) for p in found.parts}
    loads = {}
    for name, step in alone.items():
        on = step.terms
        inside = on.total - on.bubble_s - on.exposed_dp_s - on.exposed_pp_s - on.optimizer_s
        works = (1.0 - mixed.waiting[name]) * mixed.stages_s / total
        loads[name] = Load(
            least(1.0, step.u_tensor * step.step_time_s / inside * works),
            least(1.0, step.u_memory * step.step_time_s / inside * works),
            least(1.0, (mixed.sends_s + mixed.exposed_dp_s) / total),
            1.0,
        )
    parts = found.parts
    fullest = _fullest([(mixed.memory[p.name], p.job.card.memory_bytes) for p in parts])
    base = alone[parts[0].name]
    layers = [n for p in parts for n in mixed.layers[p.name]]
    step = replace(
        base, terms=terms, memory=fullest, stage_layers=tuple(map(number, layers)),
        cards=inputs.cards, tokens=mixed.tokens, peak=peak, u_memory=most(*(v.u_memory for v in loads.values())),
        u_link=most(*(v.u_link for v in loads.values())),
    )  # fmt: skip
    return step, loads

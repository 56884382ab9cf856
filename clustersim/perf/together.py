"""Which of some unlike clusters train a model together, and how: shares of the batch or of the layers, or one alone."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clustersim.errors import ClusterSimError, InfeasibleError, InputError, suggest
from clustersim.perf.hetero import MixedStep, Part, mixed_step
from clustersim.perf.hetero_stages import MixedPipeline, mixed_pipeline
from clustersim.perf.plan import Plan
from clustersim.perf.search import PlanSpace, search_plans
from clustersim.perf.shortlist import LEAN

__all__ = ["MOST_GROUPS", "SHARES", "Cluster", "Together", "again", "few_together"]

SHARES = ("best", "batch", "layers")
#: Groups of a site of which all subsets are tried.
MOST_GROUPS = 6
#: Plans of every cluster and micro-batch that are tried together: two of a pair, the best one of more.
FEW = 2
#: Ways that are kept for points at other numbers.
KEPT = 4


@dataclass(frozen=True, slots=True)
class Cluster:
    """One of the unlike clusters: its job by the plan that it runs alone, or why it cannot."""

    part: Part
    """With the plan that it states, or that is fastest alone; without one where none fits."""
    stated: bool
    alone_tokens_per_s: Any
    """0 where the model cannot be trained on it alone; a column where points differ."""


@dataclass(frozen=True, slots=True)
class Together:
    """Clusters that train together, and their step; one cluster alone has no joint step."""

    share: str
    """``batch``, ``layers``, or ``alone``."""
    step: MixedStep | MixedPipeline | None
    parts: tuple[Part, ...]
    tokens_per_s: float
    refused: str = ""
    """Why another way was not possible; empty where it was only slower, or not asked."""


def few_together(
    clusters: Sequence[Cluster], *, link_bandwidth: float, share: str = "best", top: int = KEPT
) -> tuple[Together, ...]:
    """Return the fastest few ways to train on some or all of the clusters, the fastest first.

    ``best`` tries every subset of them, alone, by shares of the batch (every cluster keeps its plan and takes replicas
    and micro-batches by its speed) and of the layers (every replica is one pipeline through all, its stages as long as
    they are fast): no cluster that is there makes the answer slower. ``batch`` and ``layers`` take all clusters, by
    that way. Of each cluster the stated plan, or the best few that are found with a micro-batch that all share, are
    tried. At other numbers the fastest of the kept ways is taken (``again``).

    Raises InputError for an unknown way or too many clusters, InfeasibleError or InputError where no way is possible.
    """
    if share not in SHARES:
        raise InputError(f"share {share!r} is unknown; {suggest(share, SHARES)}")
    if len(clusters) > MOST_GROUPS:
        raise InputError(f"{len(clusters)} groups of unlike cards; at most {MOST_GROUPS} are tried together")
    search = _Search(clusters, link_bandwidth)
    if share != "best":
        return (search.by(share, tuple(range(len(clusters)))),)
    search.all()
    ranked = sorted(search.found, key=lambda way: -way.tokens_per_s)
    # The link may be another at another point: the best of every way of sharing is kept whatever it lost by here.
    first = {way.share: rank for rank, way in reversed(list(enumerate(ranked)))}
    found = [way for rank, way in enumerate(ranked) if rank < top or first[way.share] == rank]
    return tuple(replace(way, refused=search.refused) for way in found)


def again(way: Together, clusters: Sequence[Cluster], *, link_bandwidth: float) -> Together:
    """Return a way with its plans and subset at the clusters' numbers of now.

    Raises InputError or InfeasibleError where it is not possible there.
    """
    now = {c.part.name: c for c in clusters}
    parts = tuple(replace(p, job=now[p.name].part.job.with_plan(p.job.plan)) for p in way.parts)
    if way.share == "alone":
        one = now[parts[0].name]
        return replace(way, parts=(one.part,), tokens_per_s=one.alone_tokens_per_s)
    alone = {name: c.alone_tokens_per_s for name, c in now.items()}
    step: MixedStep | MixedPipeline
    if way.share == "batch":
        step = replace(mixed_step(parts, link_bandwidth=link_bandwidth), alone_tokens_per_s=alone)
    else:
        step = mixed_pipeline(parts, link_bandwidth=link_bandwidth, alone=alone)
    return replace(way, parts=parts, step=step, tokens_per_s=step.tokens_per_s)


class _Search:
    """The ways tried so far, and the plans of each cluster by micro-batch."""

    def __init__(self, clusters: Sequence[Cluster], link: float) -> None:
        self._clusters, self._link = clusters, link
        self._plans: dict[tuple[int, int], list[Part]] = {}
        self.found: list[Together] = []
        self.refused = ""

    def all(self) -> None:
        """Try every subset and way that could still be the fastest; each that is possible is kept.

        Raises what was said of all clusters together where nothing is possible.
        """
        for one in self._clusters:
            if one.alone_tokens_per_s > 0:
                self.found.append(Together("alone", None, (one.part,), one.alone_tokens_per_s))
        reason: ClusterSimError = InfeasibleError("no cluster can train the model")
        for subset in _subsets(len(self._clusters)):
            if self.found and self._bound(subset) <= max(way.tokens_per_s for way in self.found):
                continue
            for way in ("batch", "layers"):
                try:
                    self.found.append(self.by(way, subset))
                except (InputError, InfeasibleError) as error:
                    if len(subset) == len(self._clusters) and not self.refused:
                        reason, self.refused = error, str(error).splitlines()[0]
        if not self.found:
            raise reason

    def _bound(self, subset: Sequence[int]) -> float:
        """No mixture is faster than all its products at the cards' best rate."""
        rate = 0.0
        for i in subset:
            job = self._clusters[i].part.job
            rate += job.cards * job.card.matrix_rate(job.dtype) / job.model.flops_per_token(job.seq_len)
        return rate

    def by(self, way: str, subset: Sequence[int]) -> Together:
        """The fastest line-up of a way; raises the last reason where none is possible."""
        line_ups = list(self._line_ups(subset))
        run = self._batch if way == "batch" else self._layers
        found: Together | None = None
        reason: ClusterSimError = InfeasibleError("no plans of one micro-batch fit all clusters")
        for parts in line_ups if way == "batch" else _unlike(line_ups):
            try:
                other = run(parts)
            except (InputError, InfeasibleError) as error:
                reason = error
                continue
            if found is None or other.tokens_per_s > found.tokens_per_s:
                found = other
        if found is None:
            raise reason
        return found

    def _line_ups(self, subset: Sequence[int]) -> Iterator[tuple[Part, ...]]:
        """Combinations of the clusters' stated or best few plans, of one micro-batch each."""
        few = FEW if len(subset) <= 2 else 1
        for micro in PlanSpace().micro_batch:
            yield from itertools.product(*(self._few(i, micro)[:few] for i in subset))

    def _few(self, index: int, micro: int) -> list[Part]:
        if (index, micro) not in self._plans:
            self._plans[index, micro] = _few_plans(self._clusters[index], micro)
        return self._plans[index, micro]

    def _batch(self, parts: tuple[Part, ...]) -> Together:
        step = replace(mixed_step(parts, link_bandwidth=self._link), alone_tokens_per_s=self._alone())
        return Together("batch", step, parts, step.tokens_per_s)

    def _alone(self) -> dict[str, float]:
        return {c.part.name: c.alone_tokens_per_s for c in self._clusters}

    def _layers(self, parts: tuple[Part, ...]) -> Together:
        """The fastest number of replicas that gives every part whole stages."""
        reason: ClusterSimError = InputError(
            "no number of replicas gives every cluster whole stages for a pipeline through all"
        )
        found: Together | None = None
        plans = [p.job.plan for p in parts]
        layers = parts[0].job.model.layers
        most = min(p.cards // (p.tp * p.cp) for p in plans)
        for dp in range(1, most + 1):
            if any(p.cards % (p.tp * p.cp * dp) for p in plans):
                continue
            if sum(p.cards // (p.tp * p.cp * dp) for p in plans) > layers:
                continue
            laid = tuple(_laid(p, parts[0], dp) for p in parts)
            try:
                step = mixed_pipeline(laid, link_bandwidth=self._link, alone=self._alone())
            except (InputError, InfeasibleError) as error:
                reason = error
                continue
            if found is None or step.tokens_per_s > found.tokens_per_s:
                found = Together("layers", step, laid, step.tokens_per_s)
        if found is None:
            raise reason
        return found


def _subsets(count: int) -> Iterator[tuple[int, ...]]:
    """All subsets of two and more, the largest first."""
    for size in range(count, 1, -1):
        yield from itertools.combinations(range(count), size)


def _few_plans(cluster: Cluster, micro: int) -> list[Part]:
    """A cluster by its stated plan, or by the best few of its plans with a micro-batch."""
    job = cluster.part.job
    if cluster.stated:
        return [cluster.part] if job.plan.micro_batch == micro else []
    try:
        best = search_plans(job, replace(LEAN, zero=(1, 2), micro_batch=(micro,)), top=FEW).best
    except InfeasibleError:
        return []
    return [replace(cluster.part, job=job.with_plan(found.plan)) for found in best]


#: Fields of a plan that a pipeline through all clusters sets itself.
_SET_BY_LAYERS: dict[str, Any] = {"dp": 1, "pp": 1, "interleave": 1, "schedule": "1f1b"}


def _unlike(ups: Sequence[tuple[Part, ...]]) -> list[tuple[Part, ...]]:
    """Line-ups that differ in more than what a pipeline through all clusters sets itself: replicas and stages."""
    kept: dict[tuple[Plan, ...], tuple[Part, ...]] = {}
    for parts in ups:
        kept.setdefault(tuple(replace(p.job.plan, **_SET_BY_LAYERS) for p in parts), parts)
    return list(kept.values())


def _laid(part: Part, first: Part, dp: int) -> Part:
    plan = part.job.plan
    stages = plan.cards // (plan.tp * plan.cp * dp)
    changed = replace(
        plan, dp=dp, pp=stages, interleave=1, schedule="1f1b", micro_batch=first.job.plan.micro_batch
    )
    return replace(part, job=part.job.with_plan(changed))

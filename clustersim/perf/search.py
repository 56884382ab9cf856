"""The best plans of a model on a cluster: every possible plan, evaluated as arrays.

The degrees, the micro-batch and the interleave are columns; the words (recomputation, ZeRO stage, flags) are looped
over. A plan that does not fit the memory is left out before its time is computed, which loses nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.errors import InfeasibleError
from clustersim.fabric.network import Network
from clustersim.perf.card import Card
from clustersim.perf.memory import memory_per_card
from clustersim.perf.model import Model
from clustersim.perf.plan import RECOMPUTE, TUNED_SOFTWARE, Plan, Software
from clustersim.perf.step import StepTerms, step_columns

__all__ = ["FoundPlan", "PlanSpace", "SearchResult", "search_plans"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSpace:
    """Which values the search may take."""

    tp: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)
    cp: tuple[int, ...] = (1,)
    ep: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)
    micro_batch: tuple[int, ...] = (1, 2, 4, 8, 16)
    interleave: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 8, 10, 12)
    recompute: tuple[str, ...] = RECOMPUTE
    zero: tuple[int, ...] = (0, 1, 2, 3)
    sequence_parallel: tuple[bool, ...] = (True, False)
    offload_optimizer: tuple[bool, ...] = (False,)
    software: Software = TUNED_SOFTWARE
    """The same for every plan."""


@dataclass(frozen=True, slots=True)
class FoundPlan:
    """A plan that fits, its step time and memory, and the largest of its terms besides computation."""

    plan: Plan
    step_time_s: float
    memory_bytes: float
    binds: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The best plans in order of step time, those that no other beats in time and memory, and how many were seen."""

    best: tuple[FoundPlan, ...]
    front: tuple[FoundPlan, ...]
    possible: int
    fitting: int


def _columns(model: Model, cards: int, global_batch: int, space: PlanSpace) -> dict[str, Ints]:
    """Return every combination of degrees, micro-batch and interleave that can be laid out, as columns."""
    rows = list(_layouts(model, cards, global_batch, space))
    if not rows:
        raise InfeasibleError(
            f"no plan can lay out {model.name} ({model.layers} layers, {model.heads} heads) on {cards} cards with"
            f" a batch of {global_batch}; change the number of cards or the batch"
        )
    table = np.array(rows, dtype=np.int64).T
    return dict(zip(("tp", "pp", "dp", "cp", "ep", "micro_batch", "interleave"), table, strict=True))


def _layouts(model: Model, cards: int, global_batch: int, space: PlanSpace) -> Iterator[tuple[int, ...]]:
    stages = [p for p in range(1, model.layers + 1) if model.layers % p == 0]
    experts = [e for e in space.ep if e == 1 or (model.experts and model.experts % e == 0)]
    for tp, cp, pp in itertools.product(space.tp, space.cp, stages):
        if model.heads % tp or cards % (tp * cp * pp):
            continue
        dp = cards // (tp * cp * pp)
        for micro, ep in itertools.product(space.micro_batch, experts):
            if global_batch % (dp * micro) or (tp * cp * dp) % ep:
                continue
            micro_batches = global_batch // (dp * micro)
            for v in space.interleave:
                if v == 1 or (pp > 1 and model.layers % (pp * v) == 0 and micro_batches % pp == 0):
                    yield tp, pp, dp, cp, ep, micro, v


def search_plans(
    *,
    card: Card,
    network: Network,
    model: Model,
    cards: int,
    global_batch: int,
    seq_len: int,
    dtype: str = "bf16",
    space: PlanSpace | None = None,
    top: int = 10,
) -> SearchResult:
    """Return the ``top`` fastest plans of a space, and its Pareto front of time and memory.

    Raises InfeasibleError when no plan can be laid out, or none fits.
    """
    space = space or PlanSpace()
    columns = _columns(model, cards, global_batch, space)
    size = len(columns["tp"])
    found: list[tuple[float, float, int, int, str]] = []
    words = list(
        itertools.product(space.recompute, space.zero, space.sequence_parallel, space.offload_optimizer)
    )
    fitting = 0
    for number, (recompute, zero, sequence, offload) in enumerate(words):
        flags = {
            "recompute": recompute,
            "zero": zero,
            "sequence_parallel": sequence,
            "offload_optimizer": offload,
            "software": space.software,
        }
        memory = memory_per_card(
            model=model, plan=_plan(columns, flags), seq_len=seq_len, global_batch=global_batch
        )
        total = np.broadcast_to(np.asarray(memory.total), (size,))
        fits = np.flatnonzero(total <= card.memory_bytes)
        fitting += fits.size
        if not fits.size:
            continue
        chosen = {name: column[fits] for name, column in columns.items()}
        terms, _ = step_columns(
            card=card, network=network, model=model, plan=_plan(chosen, flags), global_batch=global_batch,
            seq_len=seq_len, dtype=dtype,
        )  # fmt: skip
        time = np.broadcast_to(np.asarray(terms.total), fits.shape)
        keep = _worth_keeping(time, total[fits], top)
        binding = _binding(terms, fits.size)
        found += [(float(time[i]), float(total[fits[i]]), int(fits[i]), number, binding[i]) for i in keep]
    if not found:
        raise InfeasibleError(
            f"no plan of {model.name} fits {cards} x {card.name}: none of {size * len(words)} is below"
            f" {card.memory_bytes / 2**30:.0f} GiB; take more cards or offload the optimizer"
        )
    found.sort()
    return SearchResult(
        best=tuple(_found(item, columns, words, space.software) for item in found[:top]),
        front=tuple(_found(item, columns, words, space.software) for item in _front(found)),
        possible=size * len(words),
        fitting=fitting,
    )


def _plan(columns: dict[str, Ints], flags: dict[str, object]) -> Plan:
    """A plan whose degrees are columns; the schedule's word matters only for zero-bubble."""
    return Plan(**columns, **flags)  # type: ignore[arg-type]


def _worth_keeping(time: NDArray[np.float64], memory: NDArray[np.float64], top: int) -> list[int]:
    """The fastest ``top`` plans, and those that are the smallest seen so far in order of time."""
    order = np.argsort(time, kind="stable")
    smallest = np.minimum.accumulate(memory[order])
    leads = order[np.concatenate([[True], smallest[1:] < smallest[:-1]])]
    return sorted(set(order[:top].tolist()) | set(leads.tolist()))


def _front(found: Sequence[tuple[float, float, int, int, str]]) -> list[tuple[float, float, int, int, str]]:
    """Of plans in order of time, those smaller in memory than every faster one."""
    front, least = [], np.inf
    for item in found:
        if item[1] < least:
            front.append(item)
            least = item[1]
    return front


def _binding(terms: StepTerms, size: int) -> list[str]:
    """Name, for each plan, the largest term besides matrix products and attention."""
    names = [f.name for f in fields(terms) if f.name not in {"compute_s", "attention_s"}]
    values = np.array([np.broadcast_to(np.asarray(getattr(terms, n), dtype=float), (size,)) for n in names])
    return [names[i].removesuffix("_s") for i in np.argmax(values, axis=0)]


def _found(
    item: tuple[float, float, int, int, str],
    columns: dict[str, Ints],
    words: Sequence[tuple[str, int, bool, bool]],
    software: Software,
) -> FoundPlan:
    time, memory, index, number, binds = item
    recompute, zero, sequence, offload = words[number]
    degrees: dict[str, Any] = {name: int(column[index]) for name, column in columns.items()}
    plan = Plan(
        **degrees,
        schedule="interleaved" if degrees["interleave"] > 1 else "1f1b",
        recompute=recompute,
        zero=zero,
        sequence_parallel=sequence,
        offload_optimizer=offload,
        software=software,
    )
    return FoundPlan(plan, time, memory, binds)

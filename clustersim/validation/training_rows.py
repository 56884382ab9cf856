"""One row of published training runs as the step model takes it: its scenario, loaded and assembled like a user's file.

What a row leaves out is chosen by a rule that its authors would follow, never by its measurement: recomputation and
micro-batch, and a pipeline's chunks, are the fastest that fit the card's memory.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from clustersim.assemble.training import plan_section, train_job
from clustersim.errors import InputError
from clustersim.perf.job import TrainJob, check_plan
from clustersim.perf.memory import memory_per_card
from clustersim.perf.plan import Plan
from clustersim.perf.step import estimate_step
from clustersim.schema.demand import TrainingWorkload
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_one import load_one
from clustersim.schema.profiles import CardProfile
from clustersim.schema.yamlfile import Document
from clustersim.validation.training_record import TrainingRecord, number, record
from clustersim.validation.training_scenario import WORK, stated_scenario

__all__ = ["KnownRow", "known_row"]

#: Nine of ten memory predictions are within 8 %, nineteen of twenty within 11 %: of plans that by our count do not fit,
#: those within this of the leanest are taken for as lean.
MEMORY_MARGIN = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRow:
    """A row as a checked scenario and as the step model takes it, and what was chosen for it."""

    inputs: Inputs
    train: TrainJob
    record: TrainingRecord
    nic: str
    chosen: str

    @property
    def memory_bytes(self) -> float:
        """Device memory that the job needs on its fullest card."""
        return float(memory_per_card(self.train).total)

    @property
    def work(self) -> TrainingWorkload:
        """The workload that the row states."""
        work = self.inputs.scenario.demand[WORK]
        assert isinstance(work, TrainingWorkload)
        return work

    def on_card(self, card: CardProfile) -> TrainJob:
        """Return the row's job, by the plan that was chosen for it, with another card in its place."""
        inputs = replace(self.inputs, parts=replace(self.inputs.parts, card=card))
        plan = plan_section(self.train.plan)
        return train_job(inputs, self.work.model_copy(update={"plan": plan}))

    @property
    def document(self) -> dict[str, Any]:
        """The scenario of the row with the plan that was chosen, in the form of a file."""
        data = self.inputs.documents["scenario"].data
        plan = plan_section(self.train.plan).model_dump(exclude_defaults=True)
        degrees = {key: getattr(self.train.plan, key) for key in ("tp", "pp", "dp")}
        return {**data, "demand": {WORK: {**data["demand"][WORK], "plan": {**degrees, **plan}}}}


def known_row(row: Mapping[str, str]) -> KnownRow:
    """Return a row as the step model takes it: its scenario is checked and assembled as a file's is.

    Raises Unpredictable, or the loader's and the engine's own errors, where that cannot be.
    """
    known = record(row)
    full = known.row
    stated = stated_scenario(known)
    inputs = load_one(Document(f"row {full.get('id') or ''}".strip(), stated.document, {}))
    work = inputs.scenario.demand[WORK]
    assert isinstance(work, TrainingWorkload)
    plan, words = _chosen(full, train_job(inputs, work), _recipe(known))
    train = train_job(inputs, work.model_copy(update={"plan": plan_section(plan)}))
    return KnownRow(
        inputs=inputs,
        train=train,
        record=known,
        nic=stated.nic_said,
        chosen="; ".join([*known.noted, *stated.said, *words]),
    )


def _recipe(known: TrainingRecord) -> str:
    """What the published recipe of a row's stack, card and model makes again; empty where none says so."""
    training = known.software.profile.training
    return training.recompute(known.card.name, *known.format.names, model=known.model) if training else ""


def _chosen(row: Mapping[str, str], stated: TrainJob, recipe: str) -> tuple[Plan, list[str]]:
    """Return the plan of the fastest job that fits, over what the row leaves open; where none does, of the leanest.

    ``recipe``: what the stack makes again for this model on this card, where it is published.
    """
    per_replica = max(1, stated.global_batch // stated.plan.dp)
    open_micro = number(row, "micro_batch") is None
    micros = _micro_batches(stated, per_replica) if open_micro else [
        min(stated.plan.micro_batch, per_replica)
    ]  # fmt: skip
    open_recompute = not (row.get("recompute") or "").strip()
    open_words = (recipe,) if recipe else ("none", "selective", "full")
    words = open_words if open_recompute else (stated.plan.recompute,)
    open_chunks = not (row.get("vpp_interleave") or "").strip() and stated.plan.software.flash_attention
    most = stated.model.layers / stated.plan.pp if open_chunks and stated.plan.pp > 1 else 1
    chunks = [v for v in (1, 2, 4, 8, 16) if v <= max(1.0, most)] if open_chunks else [stated.plan.interleave]
    even, odd = divmod(stated.model.layers + 2, stated.plan.pp)
    if open_chunks and stated.plan.pp > 1 and not odd:
        # One layer a chunk, embedding and head as slots of their own (arXiv:2407.21783, section 3.3.2).
        chunks = sorted({*chunks, even})
    jobs = [
        stated.with_plan(
            _with(stated, micro, word, v, etp, ends=_counts_ends(stated, v, stated_chunks=not open_chunks))
        )
        for micro, word, v, etp in itertools.product(micros, words, chunks, _expert_splits(stated.plan))
    ]
    if len(jobs) == 1:
        return jobs[0].plan, []
    jobs = [job for job in jobs if _laid_out(job)] or jobs[:1]
    needs = [float(memory_per_card(j).total) for j in jobs]
    # The run is known to have fitted: where none does, our count is too high, and for all of them alike.
    capacity, leanest = stated.card.memory_bytes, min(needs)
    room = capacity if leanest <= capacity else MEMORY_MARGIN * leanest
    best = min((j for j, need in zip(jobs, needs, strict=True) if need <= room), key=_seconds)
    said = [f"micro_batch={best.plan.micro_batch}"] if open_micro else []
    said += [f"recompute={best.plan.recompute}"] if open_recompute else []
    said += [f"etp={best.plan.etp}"] if best.plan.etp > 1 else []
    return best.plan, said + ([f"interleave={best.plan.interleave}"] if len(chunks) > 1 else [])


def _micro_batches(stated: TrainJob, per_replica: int) -> list[int]:
    """Micro-batches that a row may have meant: its software's rule where there is one, else all that divide."""
    stages = stated.plan.pp
    if stated.plan.software.batch_in_stages and stages > 1 and per_replica % stages == 0:
        return [per_replica // stages]
    return [b for b in (1, 2, 4, 8, 16, 32) if per_replica % b == 0]


def _laid_out(job: TrainJob) -> bool:
    """Whether the plan of a candidate can be laid out; a row's own that cannot is refused by the step itself."""
    try:
        check_plan(job)
    except InputError:
        return False
    return True


def _expert_splits(plan: Plan) -> tuple[int, ...]:
    """Cards that may split an expert: none, or, where there are enough, the tensor group as by Megatron's default."""
    enough = plan.ep > 1 < plan.tp and plan.dp * plan.cp % plan.ep == 0
    return (1, plan.tp) if enough else (1,)


def _with(stated: TrainJob, micro: int, recompute: str, chunks: int, etp: int, *, ends: bool) -> Plan:
    plan = stated.plan
    schedule = "interleaved" if chunks > 1 else "1f1b" if plan.schedule == "interleaved" else plan.schedule
    return replace(
        plan,
        micro_batch=micro,
        recompute=recompute,
        interleave=chunks,
        schedule=schedule,
        etp=etp,
        embedding_slot=plan.embedding_slot or (ends and not stated.model.prediction_layers),
        loss_slot=plan.loss_slot or ends,
    )


def _counts_ends(stated: TrainJob, chunks: int, *, stated_chunks: bool) -> bool:
    """Whether embedding and head, or the head with its predictions, count as layers: where only so chunks are alike.

    Megatron-Core refuses chunks of unlike length without a layout, and PyTorch's stages weigh both ends as layers.
    DualPipe's cards serve both ends, which evens them out. Where the chunks are open, only one layer a chunk is tried.
    """
    plan, layers, every = stated.plan, stated.model.layers, stated.plan.pp * chunks
    ends = 1 + 2 * stated.model.prediction_layers if stated.model.prediction_layers else 2
    if plan.pp == 1 or plan.schedule == "dualpipe" or layers % every == 0:
        return False
    return (layers + ends) % every == 0 if stated_chunks else layers + ends == every


def _seconds(candidate: TrainJob) -> float:
    return estimate_step(candidate).step_time_s

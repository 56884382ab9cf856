"""A published serving run as a scenario in the form of a file, and what running it gives.

Every layout of rows ends here: a ``ServingRecord`` says what ran, a ``Load`` what was asked of it. The scenario of both
is checked, assembled and served like a user's file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from clustersim.assemble.parts import card_spec
from clustersim.assemble.software import batching_of
from clustersim.des.serving.stream import Lengths
from clustersim.errors import ClusterSimError, InputError, suggest
from clustersim.perf.serving_engine import Layout, Precision
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.load_one import load_one
from clustersim.schema.profiles import load_card
from clustersim.schema.serving import ServingPlan
from clustersim.schema.yamlfile import Document
from clustersim.validation.common import NO_MEASUREMENT, reason_of
from clustersim.validation.row_files import link_values, scenario_text
from clustersim.validation.serving_rows import ServingRecord, precision_of
from clustersim.validation.sites import NIC, Unpredictable, links_of
from clustersim.workloads.served import served

__all__ = ["WORK", "Load", "Outcome", "ServingRow", "outcome_of", "serving_document", "serving_text"]

#: Name of the workload.
WORK = "serving"


@dataclass(frozen=True, slots=True)
class Load:
    """What clients ask: ``requests`` in all, of ``users`` who each send the next one when they have an answer.

    As many users as requests are requests that all come at once.
    """

    requests: int
    users: int
    prompt: Lengths
    output: Lengths
    replicas: int = 1
    decode_replicas: int = 0
    """Replicas that decode, where others take the prompts."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run gives: seconds to the first and per further token (mean and median), output tokens/s of all."""

    ttft_s: float
    tpot_s: float
    output_tokens_per_s: float
    ttft_p50_s: float
    tpot_p50_s: float
    calibrated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingRow:
    """A row of measurements as it is asked: its run and load, or the reason why it is set aside."""

    id: str
    source: str
    run: ServingRecord | None = None
    load: Load | None = None
    reason: str = ""
    repeated: bool = False
    """Whether an earlier row holds the same measurement: predicted, and left out of the errors."""

    def outcome(self) -> tuple[Outcome | None, str]:
        """Return what the row's scenario gives, or nothing and the reason."""
        if self.reason or self.run is None or self.load is None:
            return None, self.reason
        try:
            return outcome_of(self.run, self.load), ""
        except (Unpredictable, ClusterSimError) as error:
            return None, reason_of(error)


def _plan(layout: Layout) -> dict[str, int]:
    return {"tp": layout.tp, "pp": layout.pp, "dp": layout.dp, "ep": layout.ep}


def _lengths(lengths: Lengths) -> dict[str, Any]:
    spread = {} if lengths.shape == "constant" else {"spread": lengths.spread}
    return {"mean": lengths.mean, "shape": lengths.shape, **spread}


def _precision(found: Precision) -> dict[str, str]:
    names = ("weights", "linear", "attention", "cache", "attention_weights")
    return {name: value for name in names if (value := getattr(found, name))}


def _batching(run: ServingRecord) -> dict[str, Any]:
    """The scheduler: the row's settings, else the software's documented defaults on the card."""
    settings, drafted = run.settings, (run.settings.draft_tokens or 0) + 1
    rules = batching_of(
        run.profile,
        run.card,
        max_batched_tokens=settings.max_batched_tokens,
        max_sequences=settings.max_sequences,
    )
    # An engine's default is that of each attention rank; what a row states is the whole replica's.
    ranks = 1 if settings.max_sequences else run.layout.dp
    most = rules.max_sequences * ranks
    if rules.mixed:
        most = min(most, max(1, (rules.max_tokens * ranks - 1) // drafted))
    return {
        "max_tokens": rules.max_tokens, "max_sequences": most, "chunked": rules.chunked, "mixed": rules.mixed,
        **({} if rules.split_over_stages else {"split_over_stages": False}),
        "wait_iterations": settings.batch_wait_iters or 0,
    }  # fmt: skip


def _decode_batching(run: ServingRecord, decode: Layout) -> dict[str, Any]:
    """The scheduler of the replicas that decode: as many sequences as the row states, or the engine's on every rank."""
    rules, own = _batching(run), batching_of(run.profile, run.card)
    most = run.settings.decode_max_sequences or run.settings.max_sequences or own.max_sequences * decode.dp
    room = (most + 1) * ((run.settings.draft_tokens or 0) + 1)
    sizes = {"max_sequences": most, "max_tokens": max(rules["max_tokens"], room)}
    sizes["wait_iterations"] = run.settings.decode_wait_iters or 0
    return {"decode_batching": rules | sizes}


def _speculative(run: ServingRecord) -> dict[str, Any]:
    settings = run.settings
    if not settings.draft_tokens:
        return {}
    given = {"acceptance": settings.acceptance} if settings.acceptance is not None else {}
    return {"speculative": {"draft_tokens": settings.draft_tokens, **given}}


def _stated(run: ServingRecord) -> dict[str, Any]:
    """Optional keys that the row states."""
    settings = run.settings
    shares = {"memory_share": settings.memory_share, "site_speed": run.site_speed}
    out: dict[str, Any] = {key: value for key, value in shares.items() if value is not None}
    if settings.graphs == "eager":
        out["graphs"] = False
    if settings.prefix_hit_share:
        out["prefix"] = {"hit_share": settings.prefix_hit_share}
    return out | _speculative(run)


def serving_document(run: ServingRecord, load: Load, *, name: str, description: str) -> dict[str, Any]:
    """Return the scenario that a row states, as the data of a file.

    Raises Unpredictable for what a row does not say and nobody may guess.
    """
    known, layout = load_card(run.card), run.layout
    split: dict[str, Any] = {}
    if run.decode is not None:
        split["disaggregated"] = {
            "decode_replicas": load.decode_replicas, "decode_plan": _plan(run.decode), "first_token": "decode",
            "decode_router": "round_robin",
            **_decode_batching(run, run.decode),
        }  # fmt: skip
    largest = max(layout.cards, run.decode.cards if run.decode is not None else 0)
    links = links_of(known, "", "", largest, usual_nic=True)
    formats = precision_of(run.weights, card_spec(known), run.model, run.settings.kv_cache_dtype)
    values = link_values(known, links)
    work = {
        "kind": "serving", "model": run.model, "engine": run.software, "replicas": load.replicas,
        "plan": _plan(layout),
        "precision": _precision(formats), "batching": _batching(run), **_stated(run), **split,
        "traffic": {
            "requests": load.requests, "closed_loop": {"users": load.users}, "prompt": _lengths(load.prompt),
            "output": _lengths(load.output), "whole": True,
        },
    }  # fmt: skip
    return {
        "name": name,
        "description": description,
        "seed": 0,
        "cluster": {"card": run.card, "nic": NIC},
        **({"profile_values": values} if values else {}),
        "demand": {WORK: work},
    }


@lru_cache(maxsize=8192)
def outcome_of(run: ServingRecord, load: Load) -> Outcome:
    """Return what the scenario of a run and its load gives.

    Raises Unpredictable, or the loader's and the engine's own errors, where that cannot be.
    """
    document = serving_document(run, load, name="row", description="")
    inputs = load_one(Document("row", document, {}))
    inputs.require(money=False)
    work = inputs.scenario.demand[WORK]
    assert isinstance(work, ServingWorkload) and isinstance(work.plan, ServingPlan)
    found = served(inputs, work, work.plan)
    figures = found.summary
    return Outcome(
        ttft_s=figures.ttft_s["mean"],
        tpot_s=figures.tpot_s["mean"],
        output_tokens_per_s=figures.output_tokens_per_s,
        ttft_p50_s=figures.ttft_s["p50"],
        tpot_p50_s=figures.tpot_s["p50"],
        calibrated=found.deployment.calibrated,
    )


def serving_text(rows: Iterable[ServingRow], wanted: str, quantities: Sequence[str] = ()) -> str:
    """Return the row of an id as the text of a scenario file: serving it gives the row's prediction.

    ``quantities`` are words that a prediction's id has behind its row's. Raises InputError with the nearest id for an
    unknown one, and for a row that holds no scenario, in the words in which it is set aside.
    """
    table = {row.id: row for row in rows}
    bare = next((wanted.removesuffix(f" {q}") for q in quantities if wanted.endswith(f" {q}")), wanted)
    row = table.get(wanted) or table.get(bare)
    if row is None:
        raise InputError(f"no row has the id {wanted!r}; {suggest(wanted, list(table))}")
    if row.run is None or row.load is None or row.reason not in {"", NO_MEASUREMENT}:
        raise InputError(row.reason)
    try:
        document = serving_document(row.run, row.load, name=row.id, description=row.source)
    except Unpredictable as error:
        raise InputError(reason_of(error)) from None
    said = [f"Row {row.id} of {row.source} as `validate` predicts it.", row.run.said]
    return scenario_text(document, "\n".join(line for line in said if line))

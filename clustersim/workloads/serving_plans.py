"""Plans of a replica: which are considered, what each yields at the service level, the best of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clustersim.assemble.fluid import FluidDeployment, fluid_deployment
from clustersim.assemble.groups import phases_of
from clustersim.assemble.parts import model_spec
from clustersim.assemble.serving import ServingBuilder, cache_of_plan
from clustersim.assemble.serving_parts import layout_spec
from clustersim.assemble.supernode import domain_cards
from clustersim.assemble.traffic import slo_of, stream_spec
from clustersim.des.serving.closed_form import ClosedForm, SloColumns, closed_form
from clustersim.des.serving.fit import Misfit, fewest_cards
from clustersim.des.serving.fluid_inputs import traffic_of
from clustersim.errors import ClusterSimError, InfeasibleError, InputError
from clustersim.perf.serving_checks import layout_problems
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.inputs import Inputs
from clustersim.schema.serving import ServingPlan
from clustersim.workloads.serving_points import DRAWN, stacked, unfit_in

__all__ = ["Ranked", "best_plan", "candidates", "fewest_for", "ranked", "refusal", "words_of"]

#: Cards of a replica at most, where the best plan is searched for.
_MOST_CARDS = 64


def candidates(inputs: Inputs, work: ServingWorkload) -> list[ServingPlan]:
    """Return the plans of a replica that ``best`` considers: tensors inside a coherent domain, and for experts whole
    domains whose cards each hold some of them."""
    inputs, _ = phases_of(inputs, work)
    model, tensors = model_spec(inputs.model(work)), _tensors(inputs)

    def whole(plan: ServingPlan) -> bool:
        return not layout_problems(model, layout_spec(plan))

    plans = [plan for plan in map(_tensor_plan, tensors) if whole(plan)]
    plans += [plan for pp in (2, 4) if whole(plan := ServingPlan(tp=plans[-1].tp, pp=pp))]
    if model.experts:
        sizes = [(tp, dp) for tp in tensors for dp in (1, 2, 4, 8, 16, 32) if 1 < tp * dp <= _MOST_CARDS]
        plans += [plan for tp, dp in sizes if whole(plan := ServingPlan(tp=tp, dp=dp, ep=tp * dp))]
    return plans


def _tensor_plan(tp: int) -> ServingPlan:
    return ServingPlan(tp=tp)


def _tensors(inputs: Inputs) -> list[int]:
    """Tensor degrees inside a coherent domain."""
    domain = domain_cards(inputs) if inputs.parts.card.scale_up is not None else 8
    return [tp for tp in (1, 2, 4, 8, 16, 32, 64) if tp <= domain]


def fewest_for(inputs: Inputs, work: ServingWorkload, tokens: float) -> int | None:
    """Return the fewest cards of a replica whose cache holds ``tokens``: tensors inside a domain, stages beside it.

    None where no replica of up to 64 cards does.
    """
    model = model_spec(inputs.model(work))
    plans: dict[int, list[ServingPlan]] = {}
    for tp in _tensors(inputs):
        for pp in (1, 2, 4, 8):
            plan = ServingPlan(tp=tp, pp=pp)
            if tp * pp <= _MOST_CARDS and not layout_problems(model, layout_spec(plan)):
                plans.setdefault(tp * pp, []).append(plan)

    def room(size: int) -> float | None:
        rooms = [cache_of_plan(inputs, work, plan) for plan in plans[size]]
        return max((r for r in rooms if r is not None), default=None)

    return fewest_cards(tokens, plans, room)


@dataclass(frozen=True, slots=True)
class Ranked:
    """One plan with its closed form; what it yields is zero, and ``reason`` says why, where it cannot serve."""

    plan: ServingPlan
    fluid: FluidDeployment | None
    form: ClosedForm | None
    index: int
    reason: str = ""
    error: ClusterSimError | None = None
    """Why the plan cannot be laid out at all."""
    unfit: Misfit | None = None
    """Requests larger than an empty cache, where they are more than the level lets go."""

    @property
    def per_card_s(self) -> float:
        """Requests per second and card at the service level."""
        if self.form is None or self.fluid is None or self.unfit is not None:
            return 0.0
        return float(self.form.rate_at_slo_per_s[self.index]) / self.fluid.cards


def ranked(inputs: Inputs, work: ServingWorkload, plans: Sequence[ServingPlan]) -> list[Ranked]:
    """Return the plans with what they yield per card at the service level, best first; all in one closed form."""
    built: list[tuple[ServingPlan, FluidDeployment]] = []
    refused: list[Ranked] = []
    try:
        builder = ServingBuilder(inputs, work)
    except (InfeasibleError, InputError) as error:
        return [Ranked(plan, None, None, 0, str(error).splitlines()[0], error) for plan in plans]
    for plan in plans:
        try:
            built.append((plan, fluid_deployment(inputs, work, plan, builder)))
        except (InfeasibleError, InputError) as error:
            refused.append(Ranked(plan, None, None, 0, str(error).splitlines()[0], error))
    if not built:
        return refused
    seed, first = inputs.scenario.seed, built[0][1]
    stream = stream_spec(work, seed)
    drawn = stream.draw(DRAWN, np.random.default_rng(seed))
    traffic = traffic_of(stream, cached_share=first.cached_share)
    levels = [slo_of(work, one.request_s) for _, one in built]
    level = SloColumns(*(np.array([getattr(s, n) for s in levels]) for n in SloColumns.__slots__))
    form = closed_form(stacked([one.fleet for _, one in built]), traffic, level)
    rows = []
    for i, (plan, one) in enumerate(built):
        unfit = unfit_in(one.fleet, drawn, work.slo.share.value)
        reason = unfit.text() if unfit is not None else _reason(form, i, one, stream.burstiness)
        rows.append(Ranked(plan, one, form, i, reason, unfit=unfit))
    return sorted(rows, key=lambda r: (-r.per_card_s, r.fluid.cards if r.fluid else 0)) + refused


def _reason(form: ClosedForm, i: int, one: FluidDeployment, burstiness: float) -> str:
    if form.rate_at_slo_per_s[i] > 0:
        return ""
    ttft, tpot = form.ttft_s["p50"][i] + one.request_s, form.tpot_s["p50"][i]
    if burstiness > 1.0:
        return (
            f"no load meets the SLO: at the smallest that is looked at, in bursts of variation {burstiness:g}, TTFT is"
            f" {ttft:.4g} s and TPOT {tpot * 1e3:.4g} ms in the median"
        )
    return (
        f"the SLO is below the unloaded latency (best reachable: TTFT {ttft:.4g} s, TPOT {tpot * 1e3:.4g} ms in the"
        " median)"
    )


def best_plan(inputs: Inputs, work: ServingWorkload) -> tuple[Ranked, list[Ranked]]:
    """Return the stated plan, or the one that gives most requests per card at the service level, and all looked at.

    Raises InfeasibleError where none serves: with the fewest cards where requests are larger than every cache, else
    with the reason of every plan.
    """
    plans = [work.plan] if not isinstance(work.plan, str) else candidates(inputs, work)
    rows = ranked(inputs, work, plans)
    best = rows[0]
    if error := refusal(inputs, work, rows):
        raise error
    if best.per_card_s <= 0 or best.fluid is None or best.form is None:
        reasons = dict.fromkeys(f"{words_of(row.plan)}: {row.reason}" for row in rows)
        raise InfeasibleError(
            f"{inputs.card_words} cannot serve {work.model} at the service level: {'; '.join(reasons)}. Relax"
            " the level, change the plan, or use another card"
        )
    return best, rows


def refusal(inputs: Inputs, work: ServingWorkload, rows: Sequence[Ranked]) -> ClusterSimError | None:
    """Return why none of the plans serves at any level, or None where one may: the stated plan cannot be laid out, no
    plan agrees with the model, or requests are larger than every cache (with the fewest cards that hold them)."""
    errors = [row.error for row in rows if row.error is not None]
    stated = not isinstance(work.plan, str)
    if len(errors) == len(rows) and (stated or all(isinstance(error, InputError) for error in errors)):
        return errors[0]
    built = [row.unfit for row in rows if row.fluid is not None]
    unfit = [found for found in built if found is not None]
    if not unfit or len(unfit) < len(built):
        return None
    found = max(unfit, key=lambda u: u.cache_tokens)
    return found.error(fewest_for(inputs, work, found.needed_tokens))


def words_of(plan: ServingPlan) -> str:
    return ", ".join(
        f"{n} {getattr(plan, n)}" for n in ("tp", "pp", "dp", "ep") if n == "tp" or getattr(plan, n) > 1
    )

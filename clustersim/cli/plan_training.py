"""``clustersim plan training``: the best plans of a model on some cards, and why they win."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from clustersim.cli.options import emit_rows, format_option, set_option

__all__ = ["command"]

_SHOWN = ("tp", "pp", "dp", "cp", "ep", "interleave", "micro_batch", "recompute", "zero", "sequence_parallel")
_OFFLOAD = ("offload_optimizer", "offload_activations")


@click.command(name="training")
@click.argument("scenario")
@set_option
@click.option(
    "--top", type=click.IntRange(min=1), default=10, show_default=True, help="How many plans to show."
)
@click.option(
    "--cards", help="Numbers of cards to consider, for example 512,1024; the scenario's by default."
)
@click.option(
    "--front", is_flag=True, help="Show the plans that none beats in time, memory and cost at once."
)
@click.option("--why", is_flag=True, help="Show what each choice of the best plan is worth, and why.")
@click.option(
    "--offload", is_flag=True, help="Consider keeping optimizer or activations in host memory, too."
)
@click.option(
    "--tokens", type=float, help="With --days: the smallest cluster that trains so many tokens in time."
)
@click.option("--days", type=float, help="The deadline.")
@format_option()
def command(
    scenario: str,
    sets: tuple[str, ...],
    top: int,
    cards: str | None,
    front: bool,
    why: bool,
    offload: bool,
    tokens: float | None,
    days: float | None,
    fmt: str,
) -> None:
    """Find the fastest plans for SCENARIO's model on its cards, or the smallest cluster for a deadline."""
    from clustersim.errors import InputError
    from clustersim.planner.training import best_plans, cards_for_deadline, priced_front
    from clustersim.schema.inputs import load_inputs

    inputs = load_inputs(scenario, sets, with_incumbent=False)
    if (tokens is None) != (days is None):
        raise InputError("a deadline needs both --tokens and --days")
    if tokens is not None and days is not None:
        answer = cards_for_deadline(inputs, tokens=tokens, seconds=days * 86400)
        row = {
            "cards": answer.cards, "days": answer.days, "goodput_tokens_per_s": answer.goodput_tokens_per_s,
            "smaller_cards": answer.smaller_cards, "smaller_days": answer.smaller_days,
            **_row(answer.plan, inputs, _SHOWN),
        }  # fmt: skip
        emit_rows([row], fmt)
        return
    counts = _counts(cards)
    shown = _SHOWN + (_OFFLOAD if offload else ())
    results = [best_plans(inputs, cards=n, top=top, offload=offload) for n in counts]
    price = _pricing(inputs)
    if why:
        rows = []
        for count, result in zip(counts, results, strict=True):
            rows += [_why(result.best[0], other) for other in result.others]
            roomy = best_plans(inputs, cards=count, top=1, offload=offload, roomy=True).best[0]
            rows.append(_capacity(result.best[0], roomy, inputs))
        emit_rows(rows, fmt)
    elif front:
        found = priced_front([plan for result in results for plan in result.front], price)
        emit_rows([_row(plan, inputs, shown, cost) for plan, cost in found], fmt)
    else:
        plans = sorted((plan for result in results for plan in result.best), key=lambda p: p.step_time_s)
        emit_rows([_row(plan, inputs, shown, price(plan)) for plan in plans[:top]], fmt)
    possible, fitting = (sum(getattr(result, name) for result in results) for name in ("possible", "fitting"))
    click.echo(f"{possible:,} possible plans, {fitting:,} fit the memory", err=True)


def _counts(text: str | None) -> list[int | None]:
    """The card counts of a list; nothing for the scenario's own.

    Raises InputError for what is no whole number above zero.
    """
    from clustersim.errors import InputError

    if text is None:
        return [None]
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdigit() and int(part) > 0 for part in parts):
        raise InputError(f"--cards {text}: write whole numbers above zero, for example 512,1024")
    return [int(part) for part in parts]


def _pricing(inputs: Any) -> Callable[[Any], float]:
    """Return what a plan costs per million tokens; not a number, said once, where the bill cannot be made."""
    from clustersim.errors import ClusterSimError
    from clustersim.planner.training import cost_per_mtoken

    said: list[str] = []

    def price(found: Any) -> float:
        try:
            return cost_per_mtoken(inputs, found)
        except ClusterSimError as error:
            reason = str(error).splitlines()[0]
            if reason not in said:
                said.append(reason)
                click.echo(f"no cost per token: {reason}", err=True)
            return float("nan")

    return price


def _row(found: Any, inputs: Any, shown: Sequence[str], cost: float | None = None) -> dict[str, Any]:
    training = inputs.scenario.training
    row: dict[str, Any] = {
        "step_time_s": found.step_time_s,
        "tokens_per_s": training.global_batch * training.seq_len / found.step_time_s,
        "memory_gib": found.memory_bytes / 2**30,
    }
    if cost is not None:
        row["cny_per_mtoken"] = None if cost != cost else cost
    row |= {"binds": found.binds, "then": found.then}
    return row | {name: getattr(found.plan, name) for name in shown}


def _why(best: Any, other: Any) -> dict[str, Any]:
    return {
        "cards": best.plan.cards,
        "choice": other.choice,
        "best": getattr(best.plan, other.choice),
        "otherwise": getattr(other.found.plan, other.choice),
        "step_time_s": other.found.step_time_s,
        "slower_pct": 100 * other.slower_s / best.step_time_s,
        "because_more": other.because,
        "memory_gib": other.found.memory_bytes / 2**30,
    }


def _capacity(best: Any, roomy: Any, inputs: Any) -> dict[str, Any]:
    """What the memory of the cards costs: the fastest plan of all, whether it fits or not."""
    return {
        "cards": best.plan.cards,
        "choice": "memory_gib",
        "best": inputs.hardware.card.memory.capacity.value / 2**30,
        "otherwise": max(inputs.hardware.card.memory.capacity.value, roomy.memory_bytes) / 2**30,
        "step_time_s": roomy.step_time_s,
        "slower_pct": 100 * (roomy.step_time_s / best.step_time_s - 1),
        "because_more": "capacity" if roomy.step_time_s < best.step_time_s * (1 - 1e-9) else "nothing",
        "memory_gib": roomy.memory_bytes / 2**30,
    }

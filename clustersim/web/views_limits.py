"""Designs within one limit: so many megawatts, so much money, so many racks, or so many tokens a day."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clustersim.errors import ClusterSimError, InputError
from clustersim.schema.designs import What, labels_of, load_designs
from clustersim.web.asked import Design
from clustersim.web.panels import bars, panel, refused

__all__ = ["LIMITS", "limits_view"]

#: What is limited, and the unit that its amount is shown in.
LIMITS: Mapping[str, str] = {"power": "MW", "budget": "CNY", "racks": "", "tokens_per_day": "tokens"}
_SECONDS_PER_DAY = 86400.0
#: More clusters than the planner looks at.
_EVERY = 100_000


def limits_view(
    design: Design, others: Sequence[Design], limit: str, amount: str, tell: Callable[[float], None]
) -> list[dict[str, Any]]:
    """The best that each cluster does of the design's demand within one limit, by the planner of ``plan``.

    Training: the most tokens kept within a limit, or the cheapest cluster that trains the tokens of a day; serving: the
    largest fleet within a limit, or the fewest cards that carry the tokens of a day at the service level.

    Raises InputError for an amount that is no quantity of the limit, and for a demand that has neither.
    """
    kinds = {work.kind for work in design.ask().load(incumbent=False).scenario.demand.values()}
    if not kinds & {"training", "serving"}:
        raise InputError(f"{design.scenario}: neither trains nor serves, and a limit is of one of them")
    sides = list(dict.fromkeys((design, *others)))
    ask = _training if "training" in kinds else _serving
    told = ask(sides, limit, amount, tell)
    rows = [
        {"design": label, "changed_inputs": ", ".join(f"{k}={v}" for k, v in side.changes), **row}
        for label, side, row in zip(_labels(sides), sides, told, strict=True)
    ]
    done = [r for r in rows if "site.cards" in r]
    shown, unit = ("site.cards", "1") if limit == "tokens_per_day" else ("tokens_per_day", "token/d")
    chart = bars([r["design"] for r in done], {shown: [r[shown] for r in done]}, unit)
    said = (f"limits.said.{limit}", {"amount": amount})
    how = "limits.training" if ask is _training else "limits.serving"
    units = {"tokens_per_day": "token/d"}
    return [panel("compare.limits", rows, chart=chart if done else None, notes=[said, how], units=units)]


def _labels(sides: Sequence[Design]) -> list[str]:
    return labels_of([_what(side) for side in sides])


def _what(design: Design) -> What:
    return What(design.scenario, dict(design.changes))


def _training(
    sides: Sequence[Design], limit: str, amount: str, tell: Callable[[float], None]
) -> list[dict[str, Any]]:
    """The best cluster of each design's parts at the first one's training demand."""
    words: dict[str, Any] = {limit: amount}
    objective = "goodput"
    if limit == "tokens_per_day":
        words, objective = {"tokens": amount, "days": "1 d"}, "capex_cny"
    first, *others = (side.ask() for side in sides)
    found = first.plan_cluster(
        *others, demand=first.name, objective=objective, draws=0, top=_EVERY,
        tell=lambda done, of: tell(done / max(of, 1)), **words,
    )  # fmt: skip
    best = {row["cluster"]: row for row in reversed(found.table)}
    return [_cluster(best.get(label)) for label in _labels(sides)]


def _cluster(row: Mapping[str, Any] | None) -> dict[str, Any]:
    if row is None:
        return {"why_not": "limits.none"}
    return {
        "card": row["card"], "site.cards": row["cards"],
        "tokens_per_day": row["training_goodput_tokens_per_s"] * _SECONDS_PER_DAY,
        "cny_per_mtoken": row["cny_per_mtoken"], "capex_cny": row["budget_cny"], "power_w": row["power_w"],
        "racks": row["racks"], "plan": row["plan"],
    }  # fmt: skip


def _serving(
    sides: Sequence[Design], limit: str, amount: str, tell: Callable[[float], None]
) -> list[dict[str, Any]]:
    """The fleet of each design's cards at the first one's serving demand."""
    rows: list[dict[str, Any]] = []
    for side in sides:
        try:
            rows.append(_fleet(sides[0], side, limit, amount))
        except ClusterSimError as error:
            if not rows:
                raise  # what is wrong with the question is no fault of a side
            rows.append({"why_not": refused(str(error))})
        tell(len(rows) / len(sides))
    return rows


def _fleet(first: Design, side: Design, limit: str, amount: str) -> dict[str, Any]:
    """The fleet of a design's cards that serves the first one's demand."""
    from clustersim.planner.asked import resource_limits, tokens_of
    from clustersim.report.pages.serving_plans import Backwards, serving_plan_answer

    designs = [_what(one) for one in dict.fromkeys((first, side))]
    inputs = load_designs(designs, {}, one_demand=True)[-1]
    if limit == "tokens_per_day":
        asked = Backwards(tokens_per_day=tokens_of(amount, limit))
    else:
        given = {**dict.fromkeys(("budget", "power", "racks")), limit: amount}
        asked = Backwards(limits=resource_limits(**given, inputs=inputs))
    row = serving_plan_answer(inputs, "", asked).table[0]
    told = {"card": row["card"], "site.cards": row["cards"], "replicas": row["replicas"]}
    if limit == "tokens_per_day":
        return {**told, "tokens_per_day": asked.tokens_per_day, "slo_share": row["slo_share"]}
    return {
        **told, "tokens_per_day": row["tokens_per_s"] * _SECONDS_PER_DAY,
        "cny_per_served_mtoken": row["cny_per_mtoken"],
        "capex_cny": row["budget_cny"], "power_w": row["power_w"], "racks": row["racks"],
        "requests_per_s": row["requests_per_s"], "binds": row["binds"],
    }  # fmt: skip

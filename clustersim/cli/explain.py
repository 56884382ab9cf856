"""``clustersim explain SCENARIO --set KEY=VALUE``: the chain of terms before and after a change."""

from __future__ import annotations

import math
from typing import Any

import click

from clustersim.cli.options import (
    emit_rows,
    format_option,
    say,
    set_option,
    stated_plans_option,
    stated_plans_set,
)
from clustersim.errors import InputError


def changed_input(before: Any, after: Any) -> float | None:
    """Return the ratio by which the one changed number changed; None when more than one did, or none."""
    old, new = dict(before.fields()), dict(after.fields())
    ratios = [
        new[key].value / old[key].value
        for key in new
        if key in old and new[key].value != old[key].value and old[key].value
    ]
    return ratios[0] if len(ratios) == 1 else None


def compare(
    before: list[tuple[str, str, float]], after: list[tuple[str, str, float]], ratio: float | None
) -> Any:
    """Return rows of the corridor's terms before, after, their change and elasticity d ln(term) / d ln(input)."""
    rows = []
    earlier, later = {(r, n): v for r, n, v in before}, {(r, n): v for r, n, v in after}
    for room, name in dict.fromkeys((*earlier, *later)):
        old, new = earlier.get((room, name)), later.get((room, name))
        if old is None or new is None:
            rows.append(_only(room, name, old, new))
            continue
        change = 100 * (new - old) / abs(old) if old else None
        elasticity = None
        if ratio is not None and ratio > 0 and ratio != 1 and old > 0 and new > 0:
            elasticity = math.log(new / old) / math.log(ratio)
        rows.append(
            {
                "room": room,
                "term": name,
                "before": old,
                "after": new,
                "change_pct": change,
                "elasticity": elasticity,
            }
        )
    return rows


def _only(room: str, name: str, old: float | None, new: float | None) -> dict[str, Any]:
    """A term that stands on one side alone: a workload or a market that the change brings or takes away."""
    return {"room": room, "term": name, "before": old, "after": new, "change_pct": None, "elasticity": None}


@click.command()
@click.argument("scenario")
@set_option
@click.option("--all", "everything", is_flag=True, help="Show terms that did not change, too.")
@stated_plans_option
@format_option()
def command(scenario: str, sets: tuple[str, ...], everything: bool, stated_plans: bool, fmt: str) -> None:
    """Show what a change of inputs does along the chain of SCENARIO, from the input to HKD per share.

    What the change makes the valuation say (that an input has no effect, and why; what binds) goes to stderr.
    """
    from clustersim.pipeline import run_chain
    from clustersim.schema.inputs import load_inputs
    from clustersim.terms import chain_terms

    if not sets:
        raise InputError("explain needs a change: give --set KEY=VALUE")
    allowed = stated_plans_set(stated_plans)
    old, new = load_inputs(scenario, allowed), load_inputs(scenario, (*sets, *allowed))
    earlier, later = (run_chain(inputs, replications=0) for inputs in (old, new))
    before, after = (_with_legs(run, chain_terms(run)) for run in (earlier, later))
    rows = compare(before, after, changed_input(old, new))
    if not everything:
        rows = [row for row in rows if row["before"] != row["after"]] or rows[-1:]
    emit_rows(rows, fmt)
    for text in dict.fromkeys([*_silent(earlier, later, new), *_new(earlier, later)]):
        say(text)


def _with_legs(run: Any, terms: list[tuple[str, str, float]]) -> list[tuple[str, str, float]]:
    """The terms, and before those of finance what each line's worth does to the target price, by leg.

    The years stand in `forecast through`.
    """
    if run.company is None:
        return terms
    from clustersim.finance.attribution import through

    unit = run.company.currency.lower()
    legs = [
        ("market", f"{part.product}.through_{leg}_{unit}", value)
        for part in through(run.company, run.links)
        for leg, value in (("multiple", part.through_multiple), ("cash_flow", part.through_cash_flow))
    ]
    at = next((i for i, (room, *_) in enumerate(terms) if room == "finance"), len(terms))
    return [*terms[:at], *legs, *terms[at:]]


def _silent(earlier: Any, later: Any, new: Any) -> list[str]:
    """Why changed inputs leave the target price where it was."""
    if later.valuation is None or float(later.valuation.target_price) != float(
        earlier.valuation.target_price
    ):
        return []
    from clustersim.report.unmoved import unmoved

    return [unmoved(later, override.key) for override in new.overrides if not override.stands_in]


def _new(earlier: Any, later: Any) -> list[str]:
    before = _said(earlier)
    return [text for text in _said(later) if text not in before]


def _said(run: Any) -> list[str]:
    """What the valuation has to say, failed checks included."""
    if run.company is None or run.forecast is None:
        return []
    from clustersim.finance.messages import messages
    from clustersim.finance.statements import make_statements

    failed = make_statements(run.company, run.forecast).failed
    checks = [f"CHECK FAILS in {c.year}: {c.check}. {c.note}".strip() for c in failed]
    return [*messages(run.company, run.forecast, run.links), *checks]

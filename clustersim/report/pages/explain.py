"""What a change of inputs does along the corridor: every term before and after, its change and its elasticity."""

from __future__ import annotations

import math
from collections.abc import Mapping

from clustersim.finance.attribution import through
from clustersim.finance.messages import messages
from clustersim.finance.statements import make_statements
from clustersim.pipeline.chain import ChainRun
from clustersim.report.answer import Answer, Row, listed
from clustersim.report.unmoved import unmoved
from clustersim.schema.inputs import Inputs
from clustersim.terms import chain_terms

__all__ = ["changed_input", "explained"]


def changed_input(before: Inputs, after: Inputs) -> float | None:
    """Return the ratio by which the one changed number changed; None when more than one did, or none."""
    old, new = dict(before.fields()), dict(after.fields())
    ratios = [
        new[key].value / old[key].value
        for key in new
        if key in old and new[key].value != old[key].value and old[key].value
    ]
    return ratios[0] if len(ratios) == 1 else None


def explained(before: ChainRun, after: ChainRun, *, everything: bool = False) -> Answer:
    """Return the terms of two runs side by side, with change in per cent and elasticity d ln(term) / d ln(input)."""
    ratio = changed_input(before.inputs, after.inputs)
    old, new = (
        {(room, name): v for room, name, v in _with_legs(run, chain_terms(run))} for run in (before, after)
    )
    rows = [_row(*key, old.get(key), new.get(key), ratio) for key in dict.fromkeys((*old, *new))]
    if not everything:
        rows = [row for row in rows if row["before"] != row["after"]] or rows[-1:]
    said = dict.fromkeys([*_silent(before, after), *_new(before, after)])
    return listed("explain", rows, said=list(said))


def _with_legs(run: ChainRun, terms: list[tuple[str, str, float]]) -> list[tuple[str, str, float]]:
    """The terms, and before those of finance what each line's worth does to the target price, by leg.

    The years stand in `forecast through`.
    """
    if run.company is None:
        return terms
    unit = run.company.currency.lower()
    legs = [
        ("market", f"{part.product}.through_{leg}_{unit}", value)
        for part in through(run.company, run.links)
        for leg, value in (("multiple", part.through_multiple), ("cash_flow", part.through_cash_flow))
    ]
    at = next((i for i, (room, *_) in enumerate(terms) if room == "finance"), len(terms))
    return [*terms[:at], *legs, *terms[at:]]


#: A change below this share of the target price is the rounding of a sum in another order.
ROUNDING = 1e-13


def _silent(before: ChainRun, after: ChainRun) -> list[str]:
    """Why changed inputs leave the target price where it was."""
    if before.valuation is None or after.valuation is None:
        return []
    was, now = float(before.valuation.target_price), float(after.valuation.target_price)
    if abs(now - was) > ROUNDING * abs(was):
        return []
    were, are = (_values(run) for run in (before, after))
    changed = [override for override in after.inputs.overrides if not override.stands_in]
    return [
        f"{one.key} changes nothing: it stood at that value"
        if _same(one.full_key, were, are)
        else unmoved(after, one.key)
        for one in changed
    ]


def _same(key: str, were: Mapping[str, object], are: Mapping[str, object]) -> bool:
    """Whether a key, which may leave out ``demand.NAME.``, is of one value that stood there before."""
    meant = [key] if key in are else [k for k in are if k.startswith("demand.") and k.endswith(f".{key}")]
    return len(meant) == 1 and meant[0] in were and were[meant[0]] == are[meant[0]]


def _values(run: ChainRun) -> dict[str, object]:
    """Every number and word that went in, by its key."""
    words: dict[str, object] = {key: value for key, value, _ in run.inputs.origins()}
    return words | {key: number.value for key, number in run.inputs.fields()}


def _new(before: ChainRun, after: ChainRun) -> list[str]:
    known = _said(before)
    return [text for text in _said(after) if text not in known]


def _said(run: ChainRun) -> list[str]:
    """What the valuation has to say, failed checks included."""
    if run.company is None or run.forecast is None:
        return []
    failed = make_statements(run.company, run.forecast).failed
    checks = [f"CHECK FAILS in {c.year}: {c.check}. {c.note}".strip() for c in failed]
    return [*messages(run.company, run.forecast, run.links), *checks]


def _row(room: str, name: str, old: float | None, new: float | None, ratio: float | None) -> Row:
    """One term; a workload or a market that the change brings or takes away stands on one side alone."""
    change = elasticity = None
    if old is not None and new is not None:
        change = 100 * (new - old) / abs(old) if old else None
        if ratio is not None and ratio > 0 and ratio != 1 and old > 0 and new > 0:
            elasticity = math.log(new / old) / math.log(ratio)
    row: Mapping[str, object] = {
        "room": room, "term": name, "before": old, "after": new, "change_pct": change, "elasticity": elasticity,
    }  # fmt: skip
    return row

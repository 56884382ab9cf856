"""``clustersim keys [WORD]``: every input by its key, with unit, range, tier, and the commands that read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from clustersim.cli.options import emit_rows, format_option
from clustersim.errors import InputError

if TYPE_CHECKING:
    from clustersim.schema.catalogue import Key

#: Commands that carry any key of a scenario through the whole chain.
EVERY = (
    "run",
    "explain",
    "check",
    "sweep",
    "mc",
    "sensitivity",
    "optimise",
    "seek",
    "compare",
    "export",
    "forecast",
)
#: First part of a key -> the commands that read it besides.
READ_BY: dict[str, tuple[str, ...]] = {
    "cluster": ("train", "serve", "jobs", "tco", "plan"),
    "demand": ("train", "serve", "jobs", "plan"),
    "reliability": ("train", "serve", "jobs", "tco", "claims", "plan"),
    "checkpoint": ("train", "jobs", "claims", "plan"),
    "tco": ("serve", "tco", "plan"),
    "prices": ("serve", "tco", "plan"),
    "cards": ("train", "serve", "jobs", "tco", "plan"),
    "servers": ("serve", "jobs", "tco", "plan"),
    "nics": ("train", "serve", "jobs", "tco", "plan"),
    "switches": ("train", "serve", "tco", "plan"),
    "optics": ("serve", "tco", "plan"),
    "cooling": ("serve", "tco", "plan"),
    "models": ("train", "serve", "jobs", "plan"),
}


def readers(key: str) -> tuple[str, ...]:
    """Return the commands that read a key.

    >>> readers("market.value_share") == EVERY, readers("optics.module-400g.power")[-1]
    (True, 'plan')
    """
    return EVERY + READ_BY.get(key.partition(".")[0], ())


@click.command()
@click.argument("word", required=False)
@click.option("-s", "--scenario", default="", help="List the numbers of one scenario, with values and tiers.")
@click.option("--long", is_flag=True, help="Add what each key is, its default and its readers to a table.")
@format_option()
def command(word: str | None, scenario: str, long: bool, fmt: str) -> None:
    """List the keys that --set, --vary and study files take; with WORD those that have it in key or description.

    Names of your own stand in capitals: cards.NAME.price. The tiers are those with which the shipped scenarios state
    the key, or (with --scenario) what that scenario states.
    """
    from clustersim.schema.catalogue import all_keys, near_keys

    wanted = (word or "").casefold()
    found = [k for k in all_keys() if wanted in k.key.casefold()] or [
        k for k in all_keys() if wanted in k.says.casefold()
    ]
    if not found:
        hint = near_keys(word or "")
        raise InputError(
            f"no key has {word!r} in it or in what it says; {hint or 'leave WORD out to list all'}"
        )
    rows = _stated(found, scenario) if scenario else _listed(found)
    if fmt == "table" and not long:
        left_out = {"default", "says", "read_by", "origin"}
        rows = [{k: v for k, v in row.items() if k not in left_out} for row in rows]
    emit_rows(rows, fmt)


def _listed(found: Sequence[Key]) -> list[dict[str, Any]]:
    from clustersim.provenance import TIERS

    tiers = _tiers(found)
    return [
        {
            "key": k.key, "takes": k.takes, "unit": k.unit, "allowed": k.allowed, "usual": k.usual,
            "tier": ", ".join(sorted(tiers.get(k.key, ()), key=TIERS.index)), "default": k.default,
            "read_by": ", ".join(readers(k.key)), "says": k.says,
        }
        for k in found
    ]  # fmt: skip


def _tiers(found: Sequence[Key]) -> dict[str, set[str]]:
    """With which tiers the shipped scenarios state each key."""
    from clustersim.schema.inputs import load_inputs
    from clustersim.schema.lookup import known_names

    patterns = _Patterns(found)
    out: dict[str, set[str]] = {}
    for name in known_names("scenarios"):
        for key, number in load_inputs(name).fields():
            pattern = patterns.of(key)
            if pattern is not None:
                out.setdefault(pattern.key, set()).add(number.tier)
    return out


def _stated(found: Sequence[Key], scenario: str) -> list[dict[str, Any]]:
    from clustersim.schema.inputs import load_inputs

    inputs = load_inputs(scenario)
    origins = {key: origin for key, _, origin in inputs.origins()}
    patterns = _Patterns(found)
    rows = []
    for key, number in inputs.fields():
        pattern = patterns.of(key)
        if pattern is not None:
            low, high = number.range
            rows.append(
                {
                    "key": key, "value": number.value, "low": low, "high": high,
                    "unit": "" if number.unit == "1" else number.unit, "allowed": pattern.allowed,
                    "usual": pattern.usual, "tier": number.tier, "origin": origins.get(key, "default"),
                    "read_by": ", ".join(readers(key)), "says": pattern.says,
                }
            )  # fmt: skip
    if not rows:
        raise InputError(
            f"{scenario} states no number for {found[0].key}; leave --scenario out to see the key"
        )
    return rows


class _Patterns:
    """Which pattern a key is of, among some: found by its last part first."""

    def __init__(self, found: Sequence[Key]) -> None:
        self._by_last: dict[str, list[Key]] = {}
        for key in found:
            self._by_last.setdefault(key.key.rpartition(".")[2], []).append(key)

    def of(self, key: str) -> Key | None:
        from clustersim.schema.catalogue import NAME, same_key

        ends = (key.rpartition(".")[2], NAME)
        return next((p for end in ends for p in self._by_last.get(end, ()) if same_key(p.key, key)), None)

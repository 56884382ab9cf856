"""What ``plan training`` and ``plan cluster`` are asked with, and the question that it makes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

import click

from clustersim.errors import InputError

if TYPE_CHECKING:
    from clustersim.planner.candidates import Limits
    from clustersim.planner.training import Question
    from clustersim.planner.written import Source
    from clustersim.schema.inputs import Inputs

__all__ = ["Words", "limit_options", "limits_of", "names_in", "number_of", "order_day", "templates_of"]

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--workload", default="", metavar="NAME", help="The training workload; by default the only one."),
    click.option("--tokens", help="Tokens to be trained, for example 2T or '300 Gtokens'."),
    click.option("--days", help="Most days that the tokens may take, for example '60 d'."),
    click.option("--budget", help="Most capex, VAT included, for example '300 MCNY'."),
    click.option("--power", help="Most provisioned facility power, for example '1 MW'."),
    click.option("--racks", help="Most racks, those of network and storage included."),
    click.option(
        "--date", "latest",
        help="Latest day, as 2026-12-01 or as weeks from the order ('20 week'): of the last token where --tokens is"
        " given, else of the running cluster.",
    ),
    click.option("--order", "ordered", help="Day of the order; by default the first of the month of the prices."),
    click.option("--card", "cards", multiple=True, metavar="NAME,…", help="Try these cards, too."),
    click.option("--nic", "nics", multiple=True, metavar="NAME,…", help="Try these NICs, too."),
    click.option(
        "--batch", type=click.Choice(["keep", "auto"]), default="keep", show_default=True,
        help="Keep the scenario's global batch, or size it within a tenth, so that more cards can share it.",
    ),
    click.option("--demand", default="", metavar="SCENARIO", help="Put this one's demand on all scenarios."),
    click.option(
        "--own-site", is_flag=True, help="Price each scenario at its own site; else all at the first one's."
    ),
    click.option(
        "--most", type=click.IntRange(min=1), default=16_384, show_default=True, help="Largest cluster, cards."
    ),
    click.option("--top", type=click.IntRange(min=1), default=5, show_default=True, help="How many to show."),
    click.option("--write", metavar="FILE", help="Write the first as a scenario that runs as it stands."),
)  # fmt: skip


def limit_options(function: F) -> F:
    """Add the options of both commands."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The options as they were written."""

    workload: str
    tokens: str | None
    days: str | None
    budget: str | None
    power: str | None
    racks: str | None
    latest: str | None
    ordered: str | None
    cards: tuple[str, ...]
    nics: tuple[str, ...]
    batch: str
    demand: str
    own_site: bool
    most: int
    top: int
    write: str | None

    @property
    def limited(self) -> bool:
        """Whether a cluster is asked for, and not only plans of the scenario's own."""
        return any((self.days, self.budget, self.power, self.racks, self.latest))

    @property
    def token_count(self) -> float | None:
        """The tokens; nothing where none are asked for."""
        from clustersim.units import to_tokens

        if self.tokens is None:
            return None
        count = to_tokens(self.tokens)
        if not count > 0:
            raise InputError(f"--tokens {self.tokens}: must be above zero")
        return count


def names_in(texts: tuple[str, ...]) -> list[str]:
    """Return the names of lists with commas, each once.

    >>> names_in(("a,b", "b, c"))
    ['a', 'b', 'c']
    """
    return list(dict.fromkeys(name.strip() for text in texts for name in text.split(",") if name.strip()))


def _day(text: str, option: str) -> date | None:
    """A date as YYYY-MM-DD; nothing where the text is none.

    Raises InputError for a day that the calendar lacks.
    """
    parts = text.strip().split("-")
    if len(parts) != 3 or not all(p.isdigit() for p in parts):
        return None
    try:
        return date(*map(int, parts))
    except ValueError as error:
        raise InputError(f"{option} {text}: {error}; write it like 2026-12-01") from None


def number_of(text: str | None, unit: str, option: str) -> float:
    """A limit in a unit; infinite where it is not asked for."""
    from clustersim.units import to_float

    if text is None:
        return math.inf
    try:
        # The option's own name says the unit of a bare number of days or racks.
        bare = unit in {"d", "1"} and text.strip().replace(".", "", 1).isdigit()
        return float(text) if bare else to_float(text, unit)
    except InputError as error:
        raise InputError(f"{option}: {error}") from None


def limits_of(words: Words, inputs: Inputs) -> Limits:
    """Return what a cluster may take at most.

    Raises InputError for a text that is no quantity of its kind, and for a date before the order.
    """
    from clustersim.planner.candidates import Limits

    days = _latest(words, inputs)
    timed = words.tokens is not None
    return Limits(
        budget_cny=number_of(words.budget, "CNY", "--budget"),
        power_w=number_of(words.power, "W", "--power"),
        racks=number_of(words.racks, "1", "--racks"),
        days=number_of(words.days, "d", "--days"),
        weeks=math.inf if timed else days / 7,
        finish_days=days if timed else math.inf,
    )


def order_day(words: Words, inputs: Inputs) -> date:
    """Return the day of the order."""
    from clustersim.planner.finish import order_date

    given = _day(words.ordered, "--order") if words.ordered else None
    if words.ordered and given is None:
        raise InputError(f"--order {words.ordered}: is no date; write it like 2026-06-01")
    return order_date(inputs, given)


def _latest(words: Words, inputs: Inputs) -> float:
    """Days from the order to the latest day; infinite where none is asked for."""
    if words.latest is None:
        return math.inf
    day = _day(words.latest, "--date")
    if day is None:
        try:
            return number_of(words.latest, "d", "--date")
        except InputError:
            raise InputError(
                f"--date {words.latest}: is neither a day (2026-12-01) nor a time from the order ('20 week')"
            ) from None
    days = (day - order_day(words, inputs)).days
    if days <= 0:
        raise InputError(f"--date {words.latest}: is not after the order of {order_day(words, inputs)}")
    return float(days)


def templates_of(
    scenarios: tuple[str, ...], sets: tuple[str, ...], words: Words
) -> tuple[dict[str, Question], Source]:
    """Return the question on every scenario with each card and NIC, by name, and where its terms and demand stand.

    Raises InputError for unequal demands, a plan that one scenario alone states for another workload, and names that
    are unknown.
    """
    from itertools import product

    from clustersim.cli.study_common import parse_sets
    from clustersim.planner.training import Question, chosen_workload
    from clustersim.planner.written import Source
    from clustersim.schema.lookup import find_file
    from clustersim.schema.sides import load_sides, refuse_stated_plans

    if words.write is not None and not words.write.endswith((".yaml", ".yml")):
        raise InputError(f"--write {words.write}: give a file that ends in .yaml")
    tried = product((None, *names_in(words.cards)), (None, *names_in(words.nics)))
    variants = [
        {key: value for key, value in (("cluster.card", card), ("cluster.nic", nic)) if value is not None}
        for card, nic in tried
    ]
    sides = load_sides(
        scenarios, parse_sets(sets), own_site=words.own_site, demand=words.demand, variants=variants
    )
    name = chosen_workload(sides[0], "training", words.workload)
    # A card or NIC that is the scenario's own is no other cluster.
    unlike = {(s.file, s.parts.card.name, s.parts.nic.name): s for s in reversed(sides)}
    kept = [side for side in sides if any(side is one for one in unlike.values())]
    asked = {side.name: Question(side, name).on(side.cards) for side in kept}
    refuse_stated_plans([one.inputs for one in asked.values()], allowed=False)
    stated = find_file("scenarios", words.demand) if words.demand else None
    asker = next((s for s in kept if stated is not None and s.name == stated.stem), sides[0])
    return asked, Source(terms=sides[0], demand=asker)

"""What a plan is asked with, in the words of a person, and the question and limits that it makes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import TypedDict

from clustersim.errors import InputError
from clustersim.planner.candidates import Limits
from clustersim.planner.chances import Sureness, check_probability
from clustersim.planner.finish import order_date
from clustersim.planner.training import Question, chosen_workload
from clustersim.planner.uncertainty import bearable_draws
from clustersim.planner.written import Source
from clustersim.schema.designs import What, load_designs
from clustersim.schema.inputs import Inputs
from clustersim.schema.lookup import find_file
from clustersim.schema.prices import cny_rate
from clustersim.schema.sides import load_sides, refuse_stated_plans
from clustersim.units import in_currency, to_float, to_tokens

__all__ = [
    "LimitWords",
    "Own",
    "Words",
    "in_bounds",
    "limits_of",
    "number_of",
    "order_day",
    "resource_limits",
    "sureness_of",
    "templates_of",
    "tokens_of",
]

#: What each scenario after the first changes for itself alone.
Own = Sequence[Mapping[str, object]]
_NONE: Mapping[str, object] = {}
#: Units that a bare number may leave out: the name of what is asked says them.
_SAID = ("d", "1", "1/s")
#: Fewer tokens are no training: the unit was left out.
FEWEST_TOKENS = 1e6


def number_of(text: str | float, unit: str, option: str, *, bare: bool | None = None) -> float:
    """Return a quantity in a unit; a bare number (``bare``) where the name of the option says its unit.

    >>> number_of("2 week", "d", "--days"), number_of("60", "d", "--days"), number_of("231", "1/s", "--demand")
    (14.0, 60.0, 231.0)

    Raises InputError, naming the option, for another dimension, a missing unit, and for what is no number.
    """
    try:
        said = unit in _SAID if bare is None else bare
        plain = not isinstance(text, str) or _is_number(text)
        return to_float(f"{text} {unit}" if said and plain and unit != "1" else text, unit)
    except InputError as error:
        raise InputError(f"{option}: {error}") from None


def in_bounds(
    value: float, option: str, least: float = -math.inf, most: float = math.inf, *, inside: bool = False
) -> float:
    """Return a number that is finite and within its ends, or strictly ``inside`` of them.

    >>> in_bounds(0.99, "--admitted", 0, 1, inside=True)
    0.99
    >>> in_bounds(float("nan"), "--error", 0.001, 0.5)
    Traceback (most recent call last):
    ...
    clustersim.errors.InputError: --error nan: must be from 0.001 to 0.5

    Raises InputError, naming the option, for any other number, and for what is none.
    """
    fits = least < value < most if inside else least <= value <= most
    if math.isfinite(value) and fits:
        return value
    words = {
        (True, True): f"between {least:g} and {most:g}" if inside else f"from {least:g} to {most:g}",
        (True, False): f"{'above' if inside else 'at least'} {least:g}",
        (False, True): f"{'below' if inside else 'at most'} {most:g}",
        (False, False): "a finite number",
    }
    raise InputError(f"{option} {value:g}: must be {words[math.isfinite(least), math.isfinite(most)]}")


def _is_number(text: str) -> bool:
    """Whether a text is a finite number without a unit."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def tokens_of(text: str, option: str) -> float:
    """Return a number of tokens, with a decimal prefix or a unit.

    >>> tokens_of("2T", "--tokens")
    2000000000000.0

    Raises InputError for fewer than a million: the unit was left out.
    """
    try:
        count = to_tokens(text)
    except InputError as error:
        raise InputError(f"{option}: {error}") from None
    if not count >= FEWEST_TOKENS:
        bare = text.strip().rstrip("kMGTP ")
        example = f"; write it with its unit, for example {bare}T for trillions, {bare}G for billions"
        raise InputError(
            f"{option} {text}: is {count:,g} tokens{example if count > 0 else ', and must be above zero'}"
        )
    return count


class LimitWords(TypedDict, total=False):
    """The words of a plan as keyword arguments; what each means stands in ``Words``."""

    workload: str
    tokens: str | None
    days: str | None
    budget: str | None
    power: str | None
    racks: str | None
    latest: str | None
    ordered: str | None
    card_names: tuple[str, ...]
    nic_names: tuple[str, ...]
    batch: str
    demand: str
    own_site: bool
    most: int
    top: int
    write: str | None
    probability: float | None
    draws: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is asked, in the words of a person: quantities as text with their units.

    Attributes:
        workload: the training workload; by default the only one.
        tokens: to be trained (``2T``); the days that they take are then told.
        days: most days that the tokens may take.
        budget: most capex, VAT included.
        power: most provisioned facility power.
        racks: most racks.
        latest: latest day, or time from the order: of the last token, without tokens of the running cluster.
        ordered: day of the order; by default the first of the month of the prices.
        card_names: cards that are tried besides.
        nic_names: NICs that are tried besides.
        batch: ``keep`` the scenario's, or ``auto``.
        demand: the scenario whose demand all do.
        own_site: each scenario at its own prices.
        most: cards of the largest cluster.
        top: how many are given.
        write: file for the first one as a scenario.
        probability: with which all limits must be met; by default they are met at the inputs' values.
        draws: of all that is uncertain, behind the intervals and shares; 0 leaves them out.
    """

    workload: str = ""
    tokens: str | None = None
    days: str | None = None
    budget: str | None = None
    power: str | None = None
    racks: str | None = None
    latest: str | None = None
    ordered: str | None = None
    card_names: tuple[str, ...] = ()
    nic_names: tuple[str, ...] = ()
    batch: str = "keep"
    demand: str = ""
    own_site: bool = False
    most: int = 16_384
    top: int = 5
    write: str | None = None
    probability: float | None = None
    draws: int | None = None

    @property
    def limited(self) -> bool:
        """Whether a cluster is asked for, and not only plans of the scenario's own."""
        return any((self.days, self.budget, self.power, self.racks, self.latest))

    @property
    def token_count(self) -> float | None:
        """The tokens; nothing where none are asked for."""
        if self.tokens is None:
            return None
        return tokens_of(self.tokens, "--tokens")


def names_in(texts: tuple[str, ...]) -> list[str]:
    """Return the names of lists with commas, each once.

    >>> names_in(("a,b", "b, c"))
    ['a', 'b', 'c']

    Raises InputError for an empty name.
    """
    named = [[name.strip() for name in text.split(",")] for text in texts]
    if not all(all(names) for names in named):
        raise InputError(f"{', '.join(map(repr, texts))}: names nothing; give names with a comma between two")
    return list(dict.fromkeys(name for names in named for name in names))


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


def _cny(text: str | None, option: str, inputs: Inputs) -> float:
    """An amount in CNY, others by the dated rate of the scenario's price book; infinite without one."""
    currency = in_currency(text, ("USD", "HKD")) if text is not None else ""
    if text is None or not currency:
        return _limit(text, "CNY", option)
    return number_of(text, currency, option) * float(cny_rate(inputs.prices, currency, option))


def _limit(text: str | None, unit: str, option: str) -> float:
    """A limit in a unit; infinite where it is not asked for."""
    return math.inf if text is None else number_of(text, unit, option)


def resource_limits(budget: str | None, power: str | None, racks: str | None, inputs: Inputs) -> Limits:
    """Return what a fleet may take at most, time apart."""
    return Limits(
        budget_cny=_cny(budget, "--budget", inputs),
        power_w=_limit(power, "W", "--power"),
        racks=_limit(racks, "1", "--racks"),
    )


def limits_of(words: Words, inputs: Inputs) -> Limits:
    """Return what a cluster may take at most.

    Raises InputError for a text that is no quantity of its kind, and for a date before the order.
    """
    days = _latest(words, inputs)
    timed = words.tokens is not None
    return Limits(
        budget_cny=_cny(words.budget, "--budget", inputs),
        power_w=_limit(words.power, "W", "--power"),
        racks=_limit(words.racks, "1", "--racks"),
        days=_limit(words.days, "d", "--days"),
        weeks=math.inf if timed else days / 7,
        finish_days=days if timed else math.inf,
    )


def order_day(words: Words, inputs: Inputs) -> date:
    """Return the day of the order."""
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


#: Draws behind the intervals of a plan where no number is asked for, and where a probability is.
DRAWS, PROBABILITY_DRAWS = 64, 256


def sureness_of(
    scenarios: Sequence[str], sets: Mapping[str, object], words: Words, own: Own = ()
) -> Sureness | None:
    """Return how sure a plan must be, and its questions at other values of their inputs; nothing without draws.

    Raises InputError for a probability that is none, that has no limits to be met, or without draws.
    """
    check_probability(words.probability)
    if words.probability is not None and not words.limited:
        raise InputError("--probability is that of meeting limits; give one, for example --days '60 d'")
    usual = DRAWS if words.probability is None else PROBABILITY_DRAWS
    count, _ = bearable_draws(words.draws, usual, ())
    if not count:
        if words.probability is not None:
            raise InputError("--probability needs draws, and --draws 0 leaves them out")
        return None
    return Sureness(
        lambda point: templates_of(scenarios, sets, words, own, point)[0], count, words.probability
    )


def _designs(
    scenarios: Sequence[str], sets: Mapping[str, object], words: Words, own: Own, point: Mapping[str, object]
) -> tuple[Inputs, ...]:
    """Scenarios with changes of their own, all at the demand of the first."""
    if words.card_names or words.nic_names:
        raise InputError(
            "designs with changes of their own name their card and NIC there: cluster.card, cluster.nic"
        )
    changes = (sets, *own)
    designs = [What(name, change) for name, change in zip(scenarios, changes, strict=True)]
    return load_designs(designs, point, own_site=words.own_site, one_demand=True)


def templates_of(
    scenarios: Sequence[str], sets: Mapping[str, object], words: Words, own: Own = (),
    point: Mapping[str, object] = _NONE,
) -> tuple[dict[str, Question], Source]:  # fmt: skip
    """Return the question on every scenario with each card and NIC, by name, and where its terms and demand stand.

    ``own``: what each scenario after the first changes for itself alone, as ``schema.designs`` has it; one scenario may
    then stand there often. ``point``: more keys, which what a scenario changes for itself stands against.

    Raises InputError for unequal demands, a plan that one scenario alone states for another workload, and names that
    are unknown.
    """
    if words.write is not None and not words.write.endswith((".yaml", ".yml")):
        raise InputError(f"--write {words.write}: give a file that ends in .yaml")
    tried = product((None, *names_in(words.card_names)), (None, *names_in(words.nic_names)))
    variants = [
        {key: value for key, value in (("cluster.card", card), ("cluster.nic", nic)) if value is not None}
        for card, nic in tried
    ]
    if own:
        sides = _designs(scenarios, sets, words, own, point)
    else:
        sides = load_sides(
            scenarios, {**sets, **point}, own_site=words.own_site, demand=words.demand, variants=variants
        )
    name = chosen_workload(sides[0], "training", words.workload)
    # A card or NIC that is the scenario's own is no other cluster.
    unlike = {(s.file, s.parts.card.name, s.parts.nic.name): s for s in reversed(sides)}
    kept = [side for side in sides if own or any(side is one for one in unlike.values())]
    asked = {side.name: Question(side, name).on(side.cards) for side in kept}
    refuse_stated_plans([one.inputs for one in asked.values()], allowed=False)
    stated = find_file("scenarios", words.demand) if words.demand else None
    asker = next((s for s in kept if stated is not None and s.name == stated.stem), sides[0])
    return asked, Source(terms=sides[0], demand=asker)

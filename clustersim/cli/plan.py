"""``clustersim plan``: questions asked backwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

import click

from clustersim.cli.helps import grouped
from clustersim.cli.names import DRAWS, SCENARIO, Finite
from clustersim.cli.options import answers
from clustersim.errors import InputError

if TYPE_CHECKING:
    from clustersim import Answer, Scenario
    from clustersim.cli.progress import Teller
    from clustersim.planner.asked import LimitWords

F = TypeVar("F", bound=Callable[..., Any])

_WORKLOAD = click.option(
    "--workload",
    default="",
    metavar="NAME",
    help="Which workload, where the scenario has several of the kind.",
)
_SHARE = Finite(0, 1, min_open=True, max_open=True)
#: What limits a cluster: the options of ``plan training`` and ``plan cluster``.
_LIMITS = (
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
    click.option("--card", "card_names", multiple=True, metavar="NAME,…", help="Try these cards, too."),
    click.option("--nic", "nic_names", multiple=True, metavar="NAME,…", help="Try these NICs, too."),
    click.option(
        "--batch", type=click.Choice(["keep", "auto"]), default="keep", show_default=True,
        help="Keep the scenario's global batch, or size it within a tenth, so that more cards can share it.",
    ),
    click.option("--demand", default="", metavar="SCENARIO", help="Put this one's demand on all scenarios."),
    click.option("--own-site", is_flag=True, help="Price each scenario at its own site; else all at the first one's."),
    click.option("--most", type=click.IntRange(1, 10**7), default=16_384, show_default=True, help="Largest, cards."),
    click.option("--top", type=click.IntRange(1, 10_000), default=5, show_default=True, help="How many to show."),
    click.option("--write", metavar="FILE", help="Write the first as a scenario that runs as it stands."),
    click.option(
        "--probability", type=Finite(0, 1, min_open=True, max_open=True),
        help="Meet the limits with this probability over all that is uncertain, for example 0.9.",
    ),
    click.option(
        "--draws", type=DRAWS,
        help="Draws behind intervals and shares (64, with --probability 256); 0 leaves them out.",
    ),
)  # fmt: skip


def _limits(function: F) -> F:
    """Add the options of a cluster's limits."""
    for option in reversed(_LIMITS):
        function = option(function)
    return function


@grouped()
def command() -> None:
    """Find plans and sizes that meet a goal."""


@answers(command)
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
@_limits
def training(
    scenario: Scenario, cards: str | None, front: bool, why: bool, offload: bool, tell: Teller,
    **limits: Unpack[LimitWords],
) -> Answer:  # fmt: skip
    """Find the fastest plans for a training workload of SCENARIO on its cards; under limits, the cluster for it.

    With --tokens the days that they take are told. With --days, --budget, --power, --racks or --date the size is asked
    for: the cheapest cluster that meets a deadline, or the fastest within the other limits. Plans are ranked by time
    corrected for the known error of their kind; differences under 0.5 % are ties, and the cheaper wins.
    """
    counts = [part.strip() for part in cards.split(",")] if cards is not None else []
    if not all(part.isdigit() and int(part) > 0 for part in counts):
        raise InputError(f"--cards {cards}: write whole numbers above zero, for example 512,1024")
    return scenario.plan_training(
        cards=[int(part) for part in counts], front=front, why=why, offload=offload, tell=tell.count, **limits
    )


@answers(command, of="scenarios")
@click.option(
    "--for", "objective", type=click.Choice(["goodput", "cny_per_mtoken", "capex_cny"]), default="goodput",
    show_default=True, help="Most training tokens per second kept, the cheapest token, or the cheapest cluster.",
)  # fmt: skip
@_limits
def cluster(
    scenario: Scenario, others: list[str], objective: str, tell: Teller, **limits: Unpack[LimitWords]
) -> Answer:
    """Find the best cluster under limits: SCENARIOS at every size, with their own cards and NIC and those of --card and
    --nic.

    Whole servers, the plan searched for each size, failures included. Differences under 0.5 % are ties, and the cheaper
    wins. Exit code 3 names the nearest cluster when none meets the limits.
    """
    return scenario.plan_cluster(*others, objective=objective, tell=tell.count, **limits)


@answers(command)
@_WORKLOAD
@click.option(
    "--demand", help="Requests to carry, for example '231 1/s' or '20e6 1/d': how many cards does that take?"
)
@click.option("--tokens-per-day", help="Tokens a day to carry (prompt and answer), for example 2T.")
@click.option("--streams", help="Video streams to carry at once on average, of the stated mix.")
@click.option(
    "--admitted", type=Finite(0, 1, min_open=True, max_open=True), default=0.99, show_default=True,
    help="Share of the streams that must find room, by its lower 95 % bound.",
)  # fmt: skip
@click.option(
    "--diurnal", type=Finite(0, 1, max_open=True),
    help="By how much of its mean a demand goes up and down in a day, for example 0.6: what is bought for the peak, and"
    " what must run in each hour.",
)  # fmt: skip
@click.option("--plans", is_flag=True, help="Compare parallel plans of a replica by cost per token.")
@click.option(
    "--search", is_flag=True, help="Search plan, batch and chunk under the service level, cheapest first."
)
@click.option(
    "--formats", is_flag=True, help="Search number formats too (--search); quality is not modelled."
)
@click.option(
    "--frontier", is_flag=True,
    help="Throughput of a card against that of a user, with cost, over all plans and loads.",
)  # fmt: skip
@click.option("--budget", help="The largest fleet within this capex, VAT included, for example '300 MCNY'.")
@click.option("--power", help="The largest fleet within this facility power, for example '1 MW'.")
@click.option(
    "--racks", help="The largest fleet within so many racks, those of network and storage included."
)
@click.option(
    "--top", type=click.IntRange(1, 10_000), default=15, show_default=True, help="How many of --search."
)
def serving(
    scenario: Scenario, workload: str, demand: str | None, tokens_per_day: str | None, streams: str | None,
    admitted: float, diurnal: float | None, plans: bool, search: bool, formats: bool, frontier: bool,
    budget: str | None, power: str | None, racks: str | None, top: int, tell: Teller,
) -> Answer:  # fmt: skip
    """Ask SCENARIO backwards: the largest rate at its service level, the cards for a demand, the cheapest plan."""
    return scenario.plan_serving(
        workload=workload, demand=demand, tokens_per_day=tokens_per_day, streams=streams, admitted=admitted,
        plans=plans, search=search, formats=formats, frontier=frontier, budget=budget, power=power, racks=racks,
        top=top, diurnal=diurnal, tell=tell.stage,
    )  # fmt: skip


@answers(command)
@_WORKLOAD
@click.option(
    "--wait-below", type=_SHARE, default=0.01, show_default=True, help="How rarely a failed server may find no spare."
)  # fmt: skip
@click.option(
    "--availability", type=_SHARE, default=0.999, show_default=True,
    help="Share of the time in which enough servers must be whole.",
)  # fmt: skip
@click.option("--restore", default="5 min", show_default=True, help="Promise: a failure is recovered within.")
@click.option("--per-restore", default="0 CNY", help="Penalty of each later restore.")
@click.option(
    "--scaling", type=_SHARE, default=0.95, show_default=True,
    help="Promise: tokens per card, failures included, over those of the smallest cluster.",
)  # fmt: skip
@click.option("--per-point", default="0 CNY", help="Penalty of each point of a hundred below it.")
@click.option("--per-interruption", default="0 CNY", help="Penalty of a run that people had to restart.")
@click.option(
    "--coverage", type=Finite(0, 1, max_open=True), default=0.993, show_default=True,
    help="Share of failures that recover without people (Llama 3: 416 of 419).",
)  # fmt: skip
@click.option(
    "--loading", type=Finite(min=0), default=0.0, show_default=True,
    help="What a premium adds to the expected penalty, as a share of it.",
)  # fmt: skip
def reliability(
    scenario: Scenario, workload: str, wait_below: float, availability: float, restore: str, per_restore: str,
    scaling: float, per_point: str, per_interruption: str, coverage: float, loading: float,
) -> Answer:  # fmt: skip
    """Ask SCENARIO's long run backwards: how many spares, which checkpoint intervals, what a promise costs, and what
    ETTR, cost and price become if its cards fail as those of other fleets do."""
    return scenario.plan_reliability(
        workload=workload, wait_below=wait_below, availability=availability, restore=restore,
        per_restore=per_restore, scaling=scaling, per_point=per_point, per_interruption=per_interruption,
        coverage=coverage, loading=loading,
    )  # fmt: skip


@answers(command, name="break-even")
@click.option(
    "--unknown", type=click.Choice(["price", "sold_share", "tariff"]), default="price", show_default=True,
    help="What to solve for: the card's price, the share of hours sold, the price of electricity.",
)  # fmt: skip
@click.option(
    "--against", type=click.Choice(["incumbent", "rent", "api"]), default="incumbent", show_default=True,
    help="An incumbent that does the same demand, the rent of a card-hour, or the price of a million served tokens.",
)  # fmt: skip
@click.option(
    "--incumbent", default="", type=SCENARIO, help="Scenario of the incumbent; absent: the scenario's own."
)
@click.option(
    "--mark", help="CNY per card-hour (rent), or per unit of the workload (incumbent, api): '4 CNY'."
)
@click.option(
    "--workload", default="", metavar="NAME", help="Whose unit counts; by default the only one, else the whole demand."
)  # fmt: skip
def break_even(
    scenario: Scenario, unknown: str, against: str, incumbent: str, mark: str | None, workload: str
) -> Answer:
    """Find the price, share of hours sold, or tariff at which SCENARIO's site matches what it is held against."""
    return scenario.break_even(unknown, against=against, mark=mark, incumbent=incumbent, workload=workload)


@answers(command, of="", name="tokens")
@click.argument("tokens", default="openrouter-2026-05")
@click.option(
    "--years", type=click.IntRange(1, 20), default=1, show_default=True, help="Years, each class growing."
)
@click.option(
    "--set",
    "overridden",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override an input of every class's scenario. Repeatable.",
)
def tokens_(tokens: str, years: int, overridden: tuple[str, ...]) -> Answer:
    """Find the cards, megawatts and capex for monthly TOKENS by class of model (a file, or a shipped name)."""
    import clustersim as cs
    from clustersim.cli.options import changes

    return cs.plan_tokens(tokens, years=years, changes=changes(overridden))


@answers(command)
def units(scenario: Scenario) -> Answer:
    """Say what the forecast units of SCENARIO's card mean: thousand-card sites, deals, power, memory stacks, wafers."""
    return scenario.plan_units()

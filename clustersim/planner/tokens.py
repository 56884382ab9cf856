"""From tokens to cards, and from a product's units to sites, megawatts, memory stacks and wafers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, cast

import numpy as np

from clustersim.assemble.company import company_spec
from clustersim.assemble.silicon import silicon_of
from clustersim.columns import as_plain
from clustersim.econ.silicon import Silicon, SiliconCost, silicon_cost
from clustersim.errors import InputError
from clustersim.finance.forecast import make_forecast
from clustersim.market.demand import cards_for_tokens as demanded
from clustersim.market.demand import shipments
from clustersim.market.link import neutral_link
from clustersim.pipeline.site import SiteRun, run_site
from clustersim.provenance import Sourced
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.lookup import known_names
from clustersim.schema.profiles import load_profile
from clustersim.schema.silicon import SiliconProfile, TokensFile

__all__ = ["cards_for_tokens", "silicon_range", "units_to_sites"]

HOURS_PER_MONTH = 730.0
#: What a deal brought on average in 2024, in CNY, as published (report, chart 30).
DEAL_CNY = 9.4e6
#: Cards of the site that units are counted in.
SITE_CARDS = 1024


@dataclass(frozen=True, slots=True)
class _Class:
    """A class of model served by one scenario: its run, and what its cards yield."""

    name: str
    run: SiteRun
    card: str
    mtoken_per_card_hour: float


def cards_for_tokens(
    name: str, *, years: int = 1, sets: Mapping[str, object] | None = None
) -> tuple[TokensFile, list[dict[str, Any]]]:
    """Return the cards, megawatts and capex that a month's tokens need, by class of model and year.

    cards = tokens / (hours of a month x tokens of a card-hour x use), where a card-hour's tokens are those of the
    class's scenario at its service level; later years grow by each class's rate. Capex is that of the cards that a
    year buys: its growth, and what has reached the end of its horizon. ``sets`` reach every scenario.

    Raises InputError for a scenario that serves nothing.
    """
    profile = load_profile("tokens", name)
    assert isinstance(profile, TokensFile)
    if years < 1:
        raise InputError(f"{years} years; ask for one at least")
    rows = []
    for label, section in profile.classes.items():
        found = _served(label, section.scenario, sets or {})
        for year in range(years):
            tokens = section.tokens_per_month.value * (1 + section.growth.value) ** year
            low, high = (
                bound * (1 + section.growth.value) ** year for bound in section.tokens_per_month.range
            )
            rows.append(_row(found, section.scenario, year, tokens, (low, high), profile.use.value))
        own = [row for row in rows if row["class"] == label]
        bought = shipments([row["cards"] for row in own], opening=0.0, life_years=round(found.run.tco.years))
        for row, new in zip(own, bought, strict=True):
            row["new_cards"] = new
            row["capex_mcny"] = new * found.run.tco.capex_cny / found.run.cards / 1e6
    return profile, rows


def _served(label: str, scenario: str, sets: Mapping[str, object]) -> _Class:
    inputs = load_inputs(scenario, sets, with_incumbent=False)
    run = run_site(inputs)
    work = run.work("serving")
    if work is None:
        raise InputError(
            f"classes.{label}: {scenario} serves no tokens; name a scenario with a serving workload"
        )
    return _Class(label, run, inputs.card_words, work.main.per_card_hour)


def _row(
    of: _Class, scenario: str, year: int, tokens: float, bounds: tuple[float, float], use: float
) -> dict[str, Any]:
    def cards(count: float) -> float:
        return demanded(
            tokens_per_day=count / HOURS_PER_MONTH * 24, peak_to_mean=1 / use,
            tokens_per_s_per_card=of.mtoken_per_card_hour * 1e6 / 3600, utilisation=1.0,
        )  # fmt: skip

    need, run = float(np.ceil(cards(tokens))), of.run
    return {
        "class": of.name, "year": year, "scenario": scenario, "card": of.card, "tokens_per_month": tokens,
        "cards": need, "cards_low": float(np.ceil(cards(bounds[0]))), "cards_high": float(np.ceil(cards(bounds[1]))),
        "facility_mw": need * run.power.facility_power_w / run.cards / 1e6,
        "cny_per_served_mtoken": run.cny_per_unit(run.work("serving") or run.main) / use,
    }  # fmt: skip


def silicon_range(name: str) -> tuple[SiliconCost, float, float]:
    """Return the cost of a card by its silicon, and the cost with every uncertain number at its better or worse end."""
    profile = load_profile("silicon", name)
    assert isinstance(profile, SiliconProfile)
    base = silicon_of(profile)
    ends = []
    for better in (True, False):
        chosen: dict[str, float] = {}
        for field in fields(Silicon):
            key = field.name.removesuffix("_cny")
            number = cast(Sourced, getattr(profile, key))
            low, high = number.range
            more_is_better = field.name in {"harvest", "package_yield"}
            chosen[field.name] = high if better == more_is_better else low
        ends.append(silicon_cost(replace(base, **chosen)).card_cny)
    return silicon_cost(base), ends[0], ends[1]


def units_to_sites(scenario: str, sets: Mapping[str, object] | None = None) -> dict[str, Any]:
    """Return what the printed units of a scenario's product mean: sites, deals, megawatts, memory stacks, wafers.

    Power and capex per card are those of the scenario's own site; silicon is that of the card, where it is described.

    Raises InputError where the scenario's card is no product of its company.
    """
    inputs = load_inputs(scenario, sets or {}, with_incumbent=False)
    product, card = inputs.parts.card.product, inputs.parts.card.name
    if inputs.company is None or product is None:
        raise InputError(
            f"{inputs.file}: names no company, or its card {card} no product line; nothing is forecast"
        )
    company = company_spec(as_plain(inputs.company))
    forecast = make_forecast(company, (neutral_link(product),))
    line = next((one for one in forecast.products if one.name == product), None)
    if line is None:
        raise InputError(f"{product} is no product of {company.name}'s forecast")
    run = run_site(inputs)
    silicon = silicon_range(card) if card in known_names("hwprofiles/silicon") else None
    rows = []
    for i, year in enumerate(forecast.years):
        units, asp = float(np.ravel(line.units[i])[0]), float(np.ravel(line.asp_kcny[i])[0]) * 1e3
        if units > 0:
            rows.append(_units_row(year, units, asp, run, silicon))
    return {
        "scenario": scenario,
        "product": product,
        "card": card,
        "years": rows,
        "silicon": _silicon(card, silicon),
    }


def _units_row(
    year: str, units: float, asp: float, run: SiteRun, silicon: tuple[SiliconCost, float, float] | None
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "year": year, "units": units, "asp_cny": asp, "sites_of_1024": units / SITE_CARDS,
        "deals_of_2024_size": units * asp / DEAL_CNY,
        "facility_mw": units * run.power.facility_power_w / run.cards / 1e6,
        "site_capex_mcny": units * run.tco.capex_cny / run.cards / 1e6,
    }  # fmt: skip
    if silicon is not None:
        cost, low, high = silicon
        row |= {
            "memory_stacks": units * cost.stacks_per_card, "wafers": units * cost.wafers_per_card,
            "silicon_cny_per_card": cost.card_cny, "margin_at_asp": cost.margin(asp),
            "margin_low": 1 - high / asp, "margin_high": 1 - low / asp,
        }  # fmt: skip
    return row


def _silicon(card: str, found: tuple[SiliconCost, float, float] | None) -> Sequence[dict[str, Any]]:
    """The cost of a card by part."""
    if found is None:
        return []
    cost, low, high = found
    parts = ("dies", "memory", "package", "package_loss", "test", "board")
    rows = [{"part": part, "cny_per_card": getattr(cost, f"{part}_cny")} for part in parts]
    return [*rows, {"part": "all", "cny_per_card": cost.card_cny, "low": low, "high": high}]

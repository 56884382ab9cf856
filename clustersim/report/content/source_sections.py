"""Sections of a proposal on where its numbers come from: inputs with tiers and sources, and terms to be filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from clustersim.provenance import TIERS, Sourced, weakest
from clustersim.report.content.cost_sections import input_name
from clustersim.report.content.model import Block, Paragraph, Table, Teller
from clustersim.report.content.offer_sections import unit_word
from clustersim.report.content.site_sections import _range, _shown
from clustersim.report.term_sources import rests_on

if TYPE_CHECKING:
    from clustersim.report.content.proposal import Offer

__all__ = ["assumptions", "fields_of", "roots_of", "sources", "terms", "weakest_of"]

_TERMS = ("fill", "price", "payment", "delivery", "acceptance", "service", "warranty", "model")
_MOST_LISTED = 24
#: Keys of answers by the room that computes what stands there; the first that fits.
_ROOMS = (
    (r"^run:workloads\.\d+\.service\.(ettr|available)|^claims:", "des"),
    (r"^run:workloads\.\d+\.(rates|service|terms)|intervals\.(mfu|step_time_s|tokens)|^run:training", "perf"),
    (r"^offer:(rests_on|nearest)", "residuals"),
    (r"^run:cluster\.(cards|servers|\w+_switches)$|\.(cards|quantity)$|share$|draws$", "given"),
)


def roots_of(key: str) -> tuple[str, ...]:
    """Return the sections of the inputs that a number of the answers is computed from.

    >>> roots_of("run:cluster.servers"), roots_of("tco:it_power_w")[:2]
    (('cluster', 'demand'), ('cluster', 'cards'))
    """
    room = next((room for pattern, room in _ROOMS if re.search(pattern, key)), "econ")
    if room == "given" and not re.search(r"intervals|gaps|beats|share_cheap", key):
        return ("cluster", "demand")
    if room == "residuals":
        return ()
    return rests_on("econ" if room == "given" else room, key.rpartition(".")[2])


def fields_of(offer: Offer, key: str) -> Sequence[tuple[str, Sourced]]:
    """Return the inputs of the side that a number is of; an alternative's are named with it."""
    place = re.match(r"compare:workloads\.(\d+)|compare:sides\.(\d+)", key)
    names = [side.name for side in offer.sides]
    at = 0
    if place and place[1]:
        at = names.index(offer.answers["compare"]["workloads"][int(place[1])]["side"])
    elif place:
        at = int(place[2])
    else:
        at = next((i for i, name in enumerate(names[1:], 1) if name in key), 0)
    fields = list(offer.sides[at].fields())
    return fields if at == 0 else [(f"{names[at]}: {k}", s) for k, s in fields]


def weakest_of(offer: Offer, key: str) -> tuple[str, tuple[str, ...], str]:
    """Return the tier of a number, the inputs that make it so, and the source of the first of them."""
    roots = tuple(f"{root}." for root in roots_of(key))
    fields = [(k, s) for k, s in fields_of(offer, key) if f"{k.rpartition(': ')[2]}.".startswith(roots)]
    tier, names = weakest(fields)
    return tier, names, dict(fields)[names[0]].source if names else ""


def assumptions(tell: Teller, offer: Offer) -> Iterator[Block]:
    """The inputs that move the cost of a unit, what they move it by, and the others of the site, with sources."""
    yield Paragraph(tell.say("tiers_said"), "remark")
    fields = dict(offer.inputs.fields())
    swings = [(i, s["key"]) for i, s in enumerate(offer.answers["tco"]["unit_swings"]) if s["key"] in fields]
    rows = tuple(
        (input_name(tell, key), key, _shown(fields[key]), _range(fields[key]),
         " – ".join(tell.number(f"tco:unit_swings.{i}.{end}") for end in ("low", "high")),
         tell.say(fields[key].tier), fields[key].source)
        for i, key in swings
    )  # fmt: skip
    columns = tuple(tell.say(k) for k in ("input", "key", "value", "span", "cost_over", "tier", "source"))
    yield Table(tell.say("moving_inputs"), columns, rows, words=True)
    known = {key for _, key in swings}
    more = [
        (key, s) for key, s in fields.items()
        if key.startswith(("tco.", "reliability.", "prices.parts.", "cards.")) and key not in known
        and s.tier not in {"given"} and _bought(offer, key)
    ]  # fmt: skip
    more.sort(key=lambda one: -TIERS.index(one[1].tier))
    columns = tuple(tell.say(k) for k in ("key", "value", "span", "tier", "source"))
    shown = tuple((key, _shown(s), _range(s), tell.say(s.tier), s.source) for key, s in more[:_MOST_LISTED])
    yield Table(tell.say("weakest_inputs"), columns, shown, words=True)


def _bought(offer: Offer, key: str) -> bool:
    """Whether a price is of something on the bill; any other input is."""
    part = key.removeprefix("prices.parts.")
    return part == key or part in {line["part"] for line in offer.answers["tco"]["lines"]}


def sources(tell: Teller, offer: Offer) -> Iterator[Block]:
    """How a number leads to its sources, shown for the main ones."""
    yield Paragraph(tell.say("sources_said"))
    rows = []
    for key, name, pattern, scale in _main(tell, offer):
        tier, names, source = weakest_of(offer, key)
        first = names[0] if names else tell.say("none_weak")
        more = tell.say("more", first=first, more=len(names) - (tell.language != "zh")) if len(names) > 1 else first
        rows.append((name, tell.number(key, pattern, scale), key, more, tell.say(tier), source))
    columns = tuple(tell.say(k) for k in ("number", "shown", "key", "weakest", "tier", "source"))
    yield Table(tell.say("sources_table"), columns, tuple(rows), words=True)


def _main(tell: Teller, offer: Offer) -> Iterator[tuple[str, str, str, float]]:
    yield "run:cluster.cards", tell.say("design_cards"), ",.0f", 1.0
    yield "tco:facility_power_w", tell.say("design_facility"), ",.1f", 1e-3
    yield "tco:capex_cny", tell.say("fact_capex"), ",.1f", 1e-6
    yield "tco:tco_cny", tell.say("tco_m"), ",.1f", 1e-6
    yield "tco:cny_per_card_hour", tell.say("fact_hour"), ",.2f", 1.0
    for i, work in enumerate(offer.works):
        unit, name = work["unit"], work["name"]
        said = tell.say("fact_unit", unit=unit_word(tell, unit))
        yield f"run:workloads.{i}.units_per_card_hour", f"{name}: {tell.say('per_hour')}", ",.3f", 1.0
        for side in (offer.inputs.name, *offer.others):
            key = f"compare:workloads.{offer.rows[name, side]}.cny_per_{unit}"
            if tell.has(key):
                yield key, f"{name}, {side}: {said}", ",.2f", 1.0
    if "claims" in offer.answers:
        yield "claims:mtbf_h", tell.say("rel_at_ours"), ",.1f", 1.0


def terms(tell: Teller, offer: Offer) -> Iterator[Block]:
    """The template of the terms of sale."""
    for name in _TERMS:
        yield Paragraph(tell.say(f"term_{name}"), "remark" if name == "fill" else "text")

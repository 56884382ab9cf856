"""Sections of a proposal on where its numbers come from: inputs with tiers and sources, and terms to be filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from clustersim.planner.proposal import measured_sources
from clustersim.provenance import TIERS, Sourced, weakest
from clustersim.report.content.model import Block, Paragraph, Table, Teller
from clustersim.report.content.offer_sections import input_name, unit_word
from clustersim.report.content.said_values import value_words
from clustersim.report.term_sources import rests_on

if TYPE_CHECKING:
    from clustersim.report.content.proposal import Offer
    from clustersim.schema.inputs import Inputs

__all__ = ["assumptions", "fields_of", "roots_of", "sources", "terms", "weakest_of"]

_TERMS = ("fill", "price", "payment", "delivery", "acceptance", "service", "warranty", "model")
_MOST_LISTED = 24
#: What an input that was set on the command line says of where it is from.
_SET = "--set"
#: Of inputs that are equally weak, the section that is named first.
_ORDER = (
    "cards.",
    "prices.",
    "tco.",
    "reliability.",
    "models.",
    "nics.",
    "servers.",
    "switches.",
    "cluster.",
)
#: Keys of answers by the sections of the inputs that they rest on, where these are few; the first that fits.
_DIRECT = (
    (r"^run:cluster\.cards$|^compare:sides\.\d+\.cards$|^claims:(linear_scaling\.)?(base_)?cards$", ("cluster.cards",)),
    (r"^run:cluster\.\w+$|\.quantity$", ("cluster", "servers", "switches", "prices.spares")),
    (r"horizon_years$|cash\.\d+\.year$", ("tco.horizon",)),
    (r"\.wacc$", ("tco.wacc",)), (r"\.residual$", ("tco.residual",)), (r"\.sold_share$", ("tco.sold_share",)),
    (r"delivery_weeks$|lead_time", ("lead_time",)), (r"storage_bytes$", ("cluster.storage.capacity",)),
    (r"storage_needed_bytes$", ("demand", "models", "checkpoint", "reliability.duration")),
    (r"racks", ("cluster", "cards", "servers", "cooling")), (r"^run:workloads\.\d+\.share$", ("demand",)),
    (r":draws$", ()), (r"^offer:(rests_on|nearest|grid|models)", ()),
    (r"^offer:service\.hot$", ("reliability.spares",)),
    (r"^offer:service\.(mtbf_h|card_hours|failures)", ("reliability.mttf_scale", "reliability.failures_per_year")),
    (r"^offer:service", ("reliability.mttf_scale", "reliability.failures_per_year", "reliability.repair_time")),
    (r"cards_per_deployment$", ("models", "cards", "demand")),
    (r"^claims:ladder|^claims:linear_scaling\.claim|mtbf_needed_h$", ()), (r"spares\.hot$", ("reliability.spares",)),
)  # fmt: skip
#: Numbers that no input of the scenario makes: their tier, and where they come from.
_OTHERWISE = (
    (r"^claims:ladder", "published", "the fleet's own row of the answer names its source"),
    (r"mtbf_needed_h$|linear_scaling\.claim", "derived", "arithmetic of the claim's own words"),
    (r":draws$|^offer:grid", "given", "how many were asked for"),
)
#: Numbers that the scenario's own file states, without a source.
_STATED = re.compile(r"[:.](base_)?cards$|storage_bytes$|horizon_years$|\.year$|\.share$|\.hot$")
#: Rooms and the first words of numbers that are known by their whole place (``planner.moving``).
_IN_PLACE = {("offer", "cash"), ("tco", "lines"), ("tco", "terms_cny_per_year"), ("tco", "racks")}
#: Numbers of the claims by the one that they are computed from and that is run again (``planner.claims.rests_on``).
_CLAIMS = (
    (r"^(?:intervals\.)?(?:mtbf_h|card_hours_per_failure|readings|p_longest_gap|coverage_needed)", "mtbf_h"),
    (r"^restore\.total_s\.(\w+)$|^intervals\.restore_s\|(\w+)", r"restore_s|\1\2"),
    (r"^spares\.(?!hot)", "mtbf_h"),
    (r"^restore\.p_within", "restore_s"),
    (r"^linear_scaling\.(?!.*cards$)|^intervals\.scaling_efficiency", "scaling_efficiency"),
)
#: Others by the room that computes what stands there; the first that fits, else money.
_ROOMS = (
    (r"^run:workloads\.\d+\.service\.(ettr|available)|^claims:|intervals\.(ettr|mttf)", "des"),
    (r"\.(rates|service)\.|per_card_hour$(?<!cny_per_card_hour)|intervals\.(\w+\.)?(mfu|step_time_s|tokens|ttft|tpot)",
     "perf"),
)  # fmt: skip


def roots_of(key: str) -> tuple[str, ...]:
    """Return the sections of the inputs that a number of the answers is computed from; none where no input makes it.

    >>> roots_of("run:cluster.cards"), roots_of("tco:it_power_w")[:2], roots_of("offer:nearest.0.rows")
    (('cluster.cards',), ('cluster', 'cards'), ())
    """
    for pattern, roots in _DIRECT:
        if re.search(pattern, key):
            return roots
    if "_swings." in key:
        return ()
    room = next((room for pattern, room in _ROOMS if re.search(pattern, key)), "econ")
    return rests_on(room, key.rpartition(".")[2])


def fields_of(offer: Offer, key: str) -> Sequence[tuple[str, Sourced]]:
    """Return the inputs of the side that a number is of; an alternative's are named with it."""
    names = [side.name for side in offer.sides]
    at = _side_of(offer, key)
    fields = list(offer.sides[at].fields())
    return fields if at == 0 else [(f"{names[at]}: {k}", s) for k, s in fields]


def _side_of(offer: Offer, key: str) -> int:
    place = re.match(r"compare:workloads\.(\d+)|compare:sides\.(\d+)", key)
    names = [side.name for side in offer.sides]
    if place and place[1]:
        return names.index(offer.answers["compare"]["workloads"][int(place[1])]["side"])
    if place:
        return int(place[2])
    return next((i for i, name in enumerate(names[1:], 1) if name in key), 0)


def _that_move(
    offer: Offer, key: str, fields: Sequence[tuple[str, Sourced]]
) -> Sequence[tuple[str, Sourced]]:
    """Of some inputs the weakest that move a number; all of them where it is none that can be run again."""
    side, number = _side_of(offer, key), _run_again(offer, key)
    if offer.moving is None or not offer.moving.has(side, number):
        return fields
    for tier in reversed(TIERS):
        of = [one for one in fields if one[1].tier == tier]
        moving = [one for one in of if offer.moving.moves(side, one[0].rpartition(": ")[2], number)]
        if moving:
            return moving
    return ()


def _run_again(offer: Offer, key: str) -> str:
    """The name of a number of the answers among those of a side (``side_numbers``)."""
    room, _, rest = key.partition(":")
    name = rest.rpartition(".")[2]
    row = re.match(r"workloads\.(\d+)\.", rest)
    if room in {"run", "compare"} and row:
        works = offer.works if room == "run" else offer.answers["compare"]["workloads"]
        work = works[int(row[1])]
        return f"{work['name'] if room == 'run' else work['workload']}:{name}"
    if room == "claims":
        return next((found.expand(name) for found, name in _of_claims(rest)), "")
    if (room, rest.partition(".")[0]) in _IN_PLACE:
        return rest
    drawn = re.match(r"(?:intervals|gaps|beats)\.(.+?)(?:\.p\d\d)?$", rest)
    if drawn and room in {"compare", "offer"}:  # of the cost of a unit, on the side that the key names
        work = next((w for w in offer.works if drawn[1].startswith(f"{w['name']}.")), None)
        return f"{work['name']}:cny_per_{work['unit']}" if work else ""
    if drawn:
        return drawn[1]
    return name if rest == name or rest.startswith(("sides.", "cluster.")) else ""


def _of_claims(rest: str) -> Iterator[tuple[re.Match[str], str]]:
    for pattern, name in _CLAIMS:
        found = re.search(pattern, rest)
        if found:
            yield found, name


def weakest_of(offer: Offer, key: str) -> tuple[str, tuple[str, ...], str]:
    """Return the tier of a number, the inputs that make it so, and the source of the first of them.

    The first is the one that moves the cost of a unit most, as ``tco`` finds it. A line of the bill says it of itself.
    """
    line = re.match(r"tco:lines\.(\d+)\.(unit_price|total|lead)", key)
    if line:
        found = offer.answers["tco"]["lines"][int(line[1])]
        if found["part"] != offer.card:  # one entry of the book states price and lead time
            return found["tier"], (f"prices.parts.{found['part']}",), found["source"]
        card = dict(offer.inputs.fields())
        mine = f"cards.{offer.card}.{'lead_time' if line[2] == 'lead' else 'price'}"
        stated = card.get(mine)
        return (stated.tier, (mine,), stated.source) if stated else (found["tier"], (), found["source"])
    swing = re.match(r"tco:((?:unit|capex)_swings)\.(\d+)", key)
    if swing:
        name = offer.answers["tco"][swing[1]][int(swing[2])]["key"]
        one = dict(offer.inputs.fields()).get(name)
        return (one.tier, (name,), one.source) if one else ("given", (name,), "")
    if measured := re.match(r"offer:(rests_on|nearest)\.(\d+)\.", key):
        return "measured", (), _measured(offer.answers["offer"][measured[1]][int(measured[2])])
    if model := re.match(r"offer:models\.(.+)\.parameters$", key):
        stated = offer.answers["offer"]["models"][model[1]]
        return stated["tier"], (), stated["source"]
    for pattern, tier, said in _OTHERWISE:
        if re.search(pattern, key):
            return tier, (), said
    roots = tuple(f"{root}." for root in roots_of(key))
    fields = [(k, s) for k, s in fields_of(offer, key) if f"{k.rpartition(': ')[2]}.".startswith(roots)]
    tier, names = weakest(_that_move(offer, key, fields))
    if not names:
        return _of_no_input(key)
    moving = [swing["key"] for swing in offer.answers["tco"]["unit_swings"]]

    def rank(name: str) -> tuple[int, int]:
        plain = name.rpartition(": ")[2]
        section = next((i for i, root in enumerate(_ORDER) if plain.startswith(root)), len(_ORDER))
        return moving.index(plain) if plain in moving else len(moving), section

    names = tuple(sorted(names, key=rank))
    return tier, names, dict(fields)[names[0]].source


def _of_no_input(key: str) -> tuple[str, tuple[str, ...], str]:
    """What is said of a number that no input with a source moves: a count or a plan that the scenario states, or what
    is computed and stays where it is, as a replica that is always busy.

    >>> _of_no_input("run:cluster.cards")[0], _of_no_input("run:workloads.0.rates.busy_share")[0]
    ('given', 'derived')
    """
    if _STATED.search(key):
        return "given", (), "the scenario states it"
    return "derived", (), "computed from what the scenario states; no input with a source moves it"


def _measured(row: Mapping[str, Any]) -> str:
    """The sources of a row of measurements, or of the class whose measurements it sums up, each with its rows."""
    if "source" in row:
        return str(row["source"])
    return "; ".join(
        f"{name} ({n})" for name, n in measured_sources(row["quantity"], row["maturity"]).items()
    )


def _changed(side: Inputs, language: str) -> dict[str, str]:
    """What a side's inputs were set to by whoever asked, by key."""
    found = {k: value_words(s, language) for k, s in side.fields() if s.source.startswith(_SET)}
    for key, value, origin in side.origins():
        if origin == _SET and key not in found:
            found[key] = str(value)
    return found


def assumptions(tell: Teller, offer: Offer) -> Iterator[Block]:
    """The inputs that move the cost of a unit, what they move it by, and the others of the site, with sources."""
    yield Paragraph(tell.say("tiers_said"), "remark")
    changed = [
        (side.name, key, text) for side in offer.sides for key, text in _changed(side, tell.language).items()
    ]
    if changed:
        columns = tuple(tell.say(k) for k in ("side", "input", "value"))
        yield Table(tell.say("changed_inputs"), columns, tuple(changed), words=True)
    fields = dict(offer.inputs.fields())
    swings = [(i, s["key"]) for i, s in enumerate(offer.answers["tco"]["unit_swings"]) if s["key"] in fields]
    rows = tuple(
        (f"{input_name(tell, key)} ({key})", value_words(fields[key], tell.language),
         " – ".join(tell.number(f"tco:unit_swings.{i}.{end}") for end in ("low", "high")),
         tell.say(fields[key].tier), fields[key].source)
        for i, key in swings
    )  # fmt: skip
    columns = tuple(tell.say(k) for k in ("input", "value", "cost_over", "tier", "source"))
    yield Table(tell.say("moving_inputs"), columns, rows, words=True)
    known = {key for _, key in swings}
    more = [
        (key, s) for key, s in fields.items()
        if key.startswith(("tco.", "reliability.", "prices.parts.", "cards.")) and key not in known
        and s.tier != "given" and _bought(offer, key)
    ]  # fmt: skip
    more.sort(key=lambda one: -TIERS.index(one[1].tier))
    columns = tuple(tell.say(k) for k in ("input", "value", "tier", "source"))
    shown = tuple(
        (f"{input_name(tell, key)} ({key})", value_words(s, tell.language), tell.say(s.tier), s.source)
        for key, s in more[:_MOST_LISTED]
    )
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
        more = (
            tell.say("more", first=first, more=len(names) - (tell.language != "zh"))
            if len(names) > 1
            else first
        )
        shown = f"{name} = {tell.number(key, pattern, scale)}"
        rows.append((shown, key, more, tell.say(tier), source if names else ""))
    columns = tuple(tell.say(k) for k in ("number", "key", "weakest", "tier", "source"))
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

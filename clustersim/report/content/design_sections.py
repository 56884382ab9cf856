"""Sections of a proposal on what is needed and what is offered for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from clustersim.report.content.model import Block, Chart, Paragraph, Table, Teller
from clustersim.report.content.offer_sections import word
from clustersim.report.content.said_values import value_words
from clustersim.report.labels.plans import plan_in

if TYPE_CHECKING:
    from clustersim.report.content.proposal import Offer
    from clustersim.schema.inputs import Inputs

__all__ = ["design", "need"]

#: Rows of the design that say nothing where they are none: a tier of switches, and what only training fills.
_MAY_BE_NONE = {"design_spines", "design_cores"}
#: Bytes below which the storage that a run fills is told in TB.
_LEAST_PB = 1e14
#: What is said of the card that is offered, by the ends of the keys of its inputs.
_OF_THE_CARD = {
    "peak.bf16": "card_peak_bf16", "peak.fp16": "card_peak_fp16", "peak.fp8": "card_peak_fp8",
    "peak.int8": "card_peak_int8", "memory.capacity": "card_memory", "memory.bandwidth": "card_bandwidth",
    "scale_up.domain": "card_domain", "scale_up.bandwidth": "card_scale_up", "power.tdp": "card_tdp",
}  # fmt: skip


def need(tell: Teller, offer: Offer) -> Iterator[Block]:
    """The demand as the scenario states it, key by key."""
    for i, work in enumerate(offer.works):
        model = offer.answers["compare"]["demand"][work["name"]]["model"]
        yield Paragraph(
            tell.say("offer_need_said", work=work["name"], kind=word(tell, f"kind.{work['kind']}", work["kind"]),
                     model=_model(tell, work["name"], model),
                     share=tell.number(f"run:workloads.{i}.share", ".0%")))  # fmt: skip
    days = offer.inputs.reliability.duration.value / 86_400
    trained = any(work["kind"] == "training" for work in offer.works)
    yield Paragraph(tell.say("offer_need_term" if trained else "offer_need_service", days=f"{days:,.3g}"))
    rows = [
        (f"{work}: {word(tell, f'need.{rest}', rest)}" if len(offer.works) > 1 else word(tell, f"need.{rest}", rest),
         _plain(tell, rest, value), where)
        for work, rest, value, where in _stated(offer)
    ]  # fmt: skip
    yield Table(tell.say("offer_need_table"), (tell.say("input"), tell.say("value"), tell.say("from")), tuple(rows),
                words=True)  # fmt: skip


def _model(tell: Teller, work: str, model: str) -> str:
    """A workload's model and how large it is; nothing where the work is of none."""
    large = f"offer:models.{work}.parameters"
    if tell.has(large):
        return tell.say("offer_need_large", model=model, billion=tell.number(large, ",.1f", 1e-9))
    return tell.say("offer_need_of", model=model) if model else ""


def _stated(offer: Offer) -> Iterator[tuple[str, str, object, str]]:
    for key, value, origin in offer.inputs.origins():
        if key.startswith("demand."):
            _, work, rest = key.split(".", 2)
            yield work, rest, value, Path(origin).name


def _plain(tell: Teller, key: str, value: object) -> str:
    if isinstance(value, bool):
        return tell.say("yes" if value else "no")
    if key in {"kind", "router"}:
        return word(tell, f"{key}.{value}", str(value))
    return tell.say("design_searched") if key == "plan" and value == "best" else str(value)


def _card(site: Inputs, language: str) -> Iterator[tuple[str, str]]:
    """What the card of a site or of a group of it has, as its profile states it."""
    fields = dict(site.fields())
    base = f"cards.{site.parts.card.name}."
    for end, phrase in _OF_THE_CARD.items():
        if base + end in fields:
            yield phrase, value_words(fields[base + end], language)


def design(tell: Teller, offer: Offer) -> Iterator[Block]:
    """Cards, servers, network, power, racks and plan."""
    cluster = offer.inputs.scenario.cluster
    fabric = cluster.fabric

    def of(key: str, pattern: str = ",.0f", scale: float = 1.0) -> str:
        return tell.number(key, pattern, scale)

    rows = [
        ("design_card", offer.card_words), ("design_cards", of("run:cluster.cards")),
        ("design_server", cluster.server), ("design_servers", of("run:cluster.servers")), ("design_nic", cluster.nic),
        ("design_topology", "–" if fabric is None else word(tell, fabric.topology)),
        ("design_switch", "–" if fabric is None else fabric.switch),
        ("design_leaves", of("run:cluster.leaf_switches")), ("design_spines", of("run:cluster.spine_switches")),
        ("design_cores", of("run:cluster.core_switches")), ("design_racks", of("tco:racks.total")),
        ("design_cooling", word(tell, str(tell.raw("tco:racks.cooling")))),
        ("design_it", of("tco:it_power_w", ",.1f", 1e-3)),
        ("design_provisioned", of("tco:provisioned_it_power_w", ",.1f", 1e-3)),
        ("design_facility", of("tco:facility_power_w", ",.1f", 1e-3)),
        ("design_storage", of("tco:storage_bytes", ",.3f", 1e-15)),
    ]  # fmt: skip
    needed = float(tell.raw("tco:storage_needed_bytes"))
    if needed:  # what only serves fills none
        few = needed < _LEAST_PB
        rows.append(("design_needed_tb" if few else "design_needed",
                     of("tco:storage_needed_bytes", ",.3g" if few else ",.3f", 1e-12 if few else 1e-15)))  # fmt: skip
    rows = [(key, text) for key, text in rows if key not in _MAY_BE_NONE or text not in {"0", "0.000"}]
    plans = [
        (tell.say("design_plan", work=w["name"]), plan_in(w["plan"], tell.language))
        for w in offer.works
        if w.get("plan")
    ]
    how = "design_stated" if any(w.get("stated") for w in offer.works) else "design_searched"
    if plans:
        yield Paragraph(tell.say("design_said", how=tell.say(how)))
    columns = (tell.say("item"), tell.say("value"))
    for site in offer.inputs.groups or (offer.inputs,):
        card = [(tell.say(key), text) for key, text in _card(site, tell.language)]
        if site.group:
            card.insert(0, (tell.say("design_cards"), f"{site.cards:,.0f}"))
        yield Table(tell.say("card_table", card=site.parts.card.name), columns, tuple(card), words=True)
    table = tuple((tell.say(key), str(text)) for key, text in rows)
    yield Table(tell.say("design_table"), columns, (*table, *plans), words=True)
    drawn = offer.answers["run"]["cluster"]["power_terms_w"]
    parts = [k for k, watts in drawn.items() if k != "provisioned_it_w" and watts]
    values = tuple(tell.value(f"run:cluster.power_terms_w.{k}", 1e-3) for k in parts)
    named = tuple(word(tell, f"w.{k}", k.removesuffix("_w")) for k in parts)
    yield Chart("clustered", tell.say("power_terms"), "", named, ((offer.inputs.name, values),))

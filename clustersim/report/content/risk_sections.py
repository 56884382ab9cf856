"""Section of a proposal on its risks: what the numbers themselves say could go wrong, and what would tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from clustersim.report.content.model import Block, Paragraph, Teller
from clustersim.report.content.offer_sections import input_name, maturity, unit_word, work_words
from clustersim.report.content.said_values import value_words

if TYPE_CHECKING:
    from clustersim.report.content.proposal import Offer

__all__ = ["risks"]

#: Inputs whose ranges are told, of those that move the cost of a unit most.
_MOST_RISKS = 4


def risks(tell: Teller, offer: Offer) -> Iterator[Block]:
    """What the numbers themselves say of their risks."""
    name = offer.inputs.name
    for i, row in enumerate(offer.answers["offer"]["rests_on"]):
        if row["side"] == name:
            said = f"{work_words(tell, offer, row['workload'])} ({tell.say('quantity.' + row['quantity'])})"
            ends = [tell.number(f"offer:rests_on.{i}.{p}") for p in ("p10", "p90")]
            known = maturity(tell, row["maturity"])
            yield Paragraph(tell.say("risk_maturity", work=said, card=row["card"], maturity=known, low=ends[0],
                                     high=ends[1]), "bullet")  # fmt: skip
    if any(row["side"] == name for row in offer.answers["offer"]["rests_on"]):
        yield Paragraph(tell.say("risk_measure"), "bullet")
    yield from _level(tell, offer)
    yield from _inputs(tell, offer)
    yield from _supply(tell, offer)
    yield Paragraph(tell.say("risk_sold", share=tell.number("offer:sites.0.sold_share", ".0%")), "bullet")
    for side in offer.others:
        yield from _competition(tell, offer, side)
    yield Paragraph(tell.say("risk_unmodelled"), "bullet")


def _inputs(tell: Teller, offer: Offer) -> Iterator[Block]:
    """The inputs whose ranges move the cost of a unit most."""
    fields = dict(offer.inputs.fields())
    for i, swing in enumerate(offer.answers["tco"]["unit_swings"][:_MOST_RISKS]):
        if swing["key"] not in fields:
            continue
        ends = [f"tco:unit_swings.{i}.{end}" for end in ("low", "high")]
        ends.sort(key=lambda key: float(tell.raw(key)))
        low, high = map(tell.number, ends)
        yield Paragraph(
            tell.say(
                "risk_input",
                input=input_name(tell, swing["key"]),
                low=low,
                high=high,
                value=value_words(fields[swing["key"]], tell.language),
            ),
            "bullet",
        )


def _supply(tell: Teller, offer: Offer) -> Iterator[Block]:
    """The part that takes longest to come."""
    fields = dict(offer.inputs.fields())
    weeks = {i: line["lead_time_weeks"] or 0.0 for i, line in enumerate(offer.answers["tco"]["lines"])}
    if any(weeks.values()):
        i = max(weeks, key=lambda k: weeks[k])
        part = offer.answers["tco"]["lines"][i]["part"]
        stated = fields.get(f"cards.{part}.lead_time")
        if stated is not None and stated.range[0] < stated.range[1]:
            whole = value_words(stated, tell.language)
            yield Paragraph(tell.say("risk_lead_range", part=part, value=whole), "bullet")
        else:
            said = tell.number(f"tco:lines.{i}.lead_time_weeks", ",.3g")
            yield Paragraph(tell.say("risk_lead", part=part, weeks=said), "bullet")


def _level(tell: Teller, offer: Offer) -> Iterator[Block]:
    """The service level, which the range of the cost does not hold."""
    for i, work in enumerate(offer.works):
        key, band = f"run:workloads.{i}.service.slo_share", offer.interval(work["name"], "slo_share")
        if tell.has(key) and band:
            low, high = (tell.number(f"{band}.{p}", ".0%") for p in ("p10", "p90"))
            said = work_words(tell, offer, work["name"])
            yield Paragraph(
                tell.say("risk_level", work=said, point=tell.number(key, ".0%"), low=low, high=high), "bullet"
            )


def _competition(tell: Teller, offer: Offer, side: str) -> Iterator[Block]:
    """The workloads that another side does for less, and the card's price at which the offer would be even."""
    for work in offer.works:
        mine, theirs = (
            f"compare:workloads.{offer.rows[work['name'], one]}.cny_per_{work['unit']}"
            for one in (offer.inputs.name, side)
        )
        if tell.has(mine) and tell.has(theirs) and float(tell.raw(theirs)) < float(tell.raw(mine)):
            yield Paragraph(
                tell.say("risk_behind", side=side, work=work_words(tell, offer, work["name"]),
                         theirs=tell.number(theirs), ours=tell.number(mine), unit=unit_word(tell, work["unit"])),
                "bullet")  # fmt: skip
    even = f"offer:own_break_even_card_price_cny.{side}"
    lines = offer.answers["tco"]["lines"]
    price = next(
        (f"tco:lines.{i}.unit_price_cny" for i, x in enumerate(lines) if x["part"] == offer.card), ""
    )
    if not tell.has(even) or not tell.has(price) or float(tell.raw(even)) >= float(tell.raw(price)):
        return
    if float(tell.raw(even)) < 0:
        yield Paragraph(tell.say("risk_even_never", side=side, price=tell.number(price, ",.0f")), "bullet")
    else:
        said = {"even": tell.number(even, ",.0f"), "price": tell.number(price, ",.0f")}
        yield Paragraph(tell.say("risk_even", side=side, **said), "bullet")

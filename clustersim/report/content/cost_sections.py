"""Sections of a proposal on money: bill, cash by year, and the cost against the alternatives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from clustersim.report.content.model import Block, Chart, Paragraph, Table, Teller
from clustersim.report.content.offer_sections import (
    reason_in,
    settles,
    side_words,
    unit_word,
    word,
    work_words,
)
from clustersim.report.labels import label
from clustersim.report.labels.units import unit_words

if TYPE_CHECKING:
    from clustersim.report.content.proposal import Offer

__all__ = ["against", "bill"]

_M = 1e-6


def bill(tell: Teller, offer: Offer) -> Iterator[Block]:
    """Line by line to the purchase, the cost of a year by term, and cash by year."""
    rows = [
        (f"{word(tell, 'group.' + line['group'], line['group'])}: {line['part']}",
         tell.number(f"tco:lines.{i}.quantity", ",.7g"), tell.number(f"tco:lines.{i}.unit_price_cny", ",.0f"),
         tell.number(f"tco:lines.{i}.total_cny", ",.3f", _M),
         tell.number(f"tco:lines.{i}.lead_time_weeks", ",.3g"), tell.say(line["tier"]))
        for i, line in enumerate(offer.answers["tco"]["lines"])
    ]  # fmt: skip
    rows += [
        (tell.say(name), "", "", tell.number(f"tco:{name}_cny", ",.3f", _M), "", "")
        for name in ("hardware", "integration", "vat", "capex")
    ]
    columns = tuple(tell.say(k) for k in ("part", "units", "unit_price", "total_m", "weeks", "tier"))
    yield Table(tell.say("bill_table"), columns, tuple(rows))
    yield Paragraph(
        tell.say("cash_said", wacc=tell.number("offer:sites.0.wacc", ".3g", 100) + "%",
                 residual=tell.number("offer:sites.0.residual", ".3g", 100) + "%",
                 years=tell.number("tco:horizon_years", ",.3g")), "remark")  # fmt: skip
    terms = [k for k, v in offer.answers["tco"]["terms_cny_per_year"].items() if v]
    keys = [f"tco:terms_cny_per_year.{k}" for k in terms]
    yield Table(
        tell.say("year_terms"),
        (tell.say("term"), tell.say("total_m"), tell.say("share_of")),
        tuple(
            (label(f"cost.{k}", tell.language), tell.number(key, ",.3f", _M), tell.share(key, keys, ".1%"))
            for k, key in zip(terms, keys, strict=True)
        ),
    )
    yield from _cash(tell, offer)


def _cash(tell: Teller, offer: Offer) -> Iterator[Block]:
    parts = ("capex_cny", "opex_cny", "residual_cny", "total_cny", "discounted_cny")
    found = offer.answers["offer"]["cash"]
    rows = [
        (tell.number(f"offer:cash.{i}.year", ",.3g"), *(tell.number(f"offer:cash.{i}.{k}", ",.2f", _M) for k in parts))
        for i in range(len(found))
    ]  # fmt: skip
    sums = ("tco:tco_cny", "tco:tco_discounted_cny")
    rows.append((tell.say("cash_sum"), "", "", "", *(tell.number(k, ",.2f", _M) for k in sums)))
    wacc = tell.number("offer:sites.0.wacc", ".3g", 100) + "%"
    columns = (tell.say("year_end"), tell.say("capex"), tell.say("cash_opex"), tell.say("cash_back"),
               tell.say("cash_total"), tell.say("cash_discounted", wacc=wacc))  # fmt: skip
    yield Table(tell.say("cash_table"), columns, tuple(rows))
    values = tuple(tell.value(f"offer:cash.{i}.total_cny", _M) for i in range(len(found)))
    yield Chart("clustered", tell.say("cash_chart"), "", tuple(row[0] for row in rows[:-1]),
                ((tell.say("cash_total"), values),))  # fmt: skip


def against(tell: Teller, offer: Offer) -> Iterator[Block]:
    """The same demand on every side: sites, units with intervals, the gap by terms, and what would turn it."""
    compared = offer.answers["compare"]
    yield Paragraph(tell.say("against_said", name=offer.inputs.name))
    yield _sites(tell, compared)
    for i, side in enumerate(compared["sides"]):
        if side["reason"]:
            yield Paragraph(tell.say("unable", side=side["side"],
                                     reason=reason_in(tell.raw(f"compare:sides.{i}.reason"), tell.language)),
                            "bullet")  # fmt: skip
    for work in offer.works:
        yield from _units(tell, offer, work)
        for j, gap in enumerate(offer.answers["offer"]["gaps"].get(work["name"], [])):
            yield from _gap(tell, offer, work, j, gap)
        said = settles(tell, offer, work["name"])
        if said and not compared["leads"].get(work["name"]):
            yield Paragraph(said, "bullet")
    yield from _even(tell, offer, compared)


def _sites(tell: Teller, compared: dict[str, Any]) -> Table:
    shown = (("cards", ",.0f"), ("facility_power_kw", ",.0f"), ("racks", ",.0f"), ("capex_mcny", ",.1f"),
             ("tco_mcny", ",.1f"), ("cny_per_card_hour", ",.2f"))  # fmt: skip
    rows = tuple(
        (f"{side['side']} ({side['card']})", *(tell.number(f"compare:sides.{i}.{k}", p) for k, p in shown))
        for i, side in enumerate(compared["sides"])
    )
    names = ("side", "design_cards", "power_kw", "racks_n", "capex_m", "tco_m", "hour")
    return Table(tell.say("sites_table"), tuple(map(tell.say, names)), rows)


def _units(tell: Teller, offer: Offer, work: dict[str, Any]) -> Iterator[Block]:
    name, unit = work["name"], work["unit"]
    rows, low, high, named = [], [], [], []
    for side in (offer.inputs.name, *offer.others):
        at = f"compare:workloads.{offer.rows[name, side]}"
        band = f"compare:intervals.{name}.{side}"
        if f"{at}.cny_per_{unit}" not in tell._flat:
            continue
        ends = [tell.number(f"{band}.{p}") if tell.has(f"{band}.{p}") else "–" for p in ("p10", "p50", "p90")]
        wins = tell.number(f"{band}.share_cheapest", ".0%") if tell.has(f"{band}.share_cheapest") else "–"
        rows.append((side, tell.number(f"{at}.{unit}_per_card_hour", ",.3f"), tell.number(f"{at}.cny_per_{unit}"),
                     *ends, wins))  # fmt: skip
        if tell.has(f"{band}.p10"):
            named.append(side)
            low.append(tell.value(f"{band}.p10"))
            high.append(tell.value(f"{band}.p90"))
    columns = (tell.say("side"), tell.say("per_hour"), tell.say("cost"), "P10", tell.say("perf_median"), "P90",
               tell.say("wins_all"))  # fmt: skip
    shown = len(columns) if named else 3  # names, rates and costs where no range was asked for
    title = tell.say("unit_table", work=work_words(tell, offer, name), unit=unit_word(tell, unit))
    yield Table(title, columns[:shown], tuple(row[:shown] for row in rows))
    if named:
        series = ((tell.say("low"), tuple(low)), (tell.say("high"), tuple(high)))
        yield Chart(
            "range", f"{title}: {tell.say('range')}", unit_words("CNY", tell.language), tuple(named), series
        )


def _gap(tell: Teller, offer: Offer, work: dict[str, Any], j: int, gap: dict[str, Any]) -> Iterator[Block]:
    at, said = f"offer:gaps.{work['name']}.{j}", work_words(tell, offer, work["name"])
    unit = unit_word(tell, work["unit"])
    names = [label(f"cost.{term['term']}", tell.language) for term in gap["terms"]]
    rows = [
        (name, tell.number(f"{at}.terms.{k}.cny", "+,.3f"), tell.number(f"{at}.terms.{k}.share", ".1%"))
        for k, name in enumerate(names)
    ]
    keys = [f"{at}.terms.{k}.cny" for k in range(len(names))]
    total = tell.share(f"{at}.gap_cny", keys, ".1%") if gap["gap_cny"] else "–"
    rows.append((tell.say("all"), tell.number(f"{at}.gap_cny", "+,.3f"), total))
    columns = (tell.say("term"), tell.say("difference"), tell.say("share_of_gap"))
    yield Paragraph(_rate_and_price(tell, offer, work, gap["side"]))
    yield Table(tell.say("gap_table", work=said, side=gap["side"], unit=unit), columns, tuple(rows))
    first = tell.value(
        f"compare:workloads.{offer.rows[work['name'], offer.inputs.name]}.cny_per_{work['unit']}"
    )
    values = (first, *(tell.value(key) for key in keys))
    title = tell.say("gap_chart", work=said, side=gap["side"], unit=unit)
    money = unit_words("CNY", tell.language)
    yield Chart("waterfall", title, money, (offer.inputs.name, *names, gap["side"]), ((title, values),))


def _rate_and_price(tell: Teller, offer: Offer, work: dict[str, Any], side: str) -> str:
    """Why a side's unit costs what it does: what its card-hour costs, and what that makes."""
    sides = [row["side"] for row in offer.answers["compare"]["sides"]]
    said: dict[str, str] = {}
    for who, name in (("theirs", side), ("ours", offer.inputs.name)):
        at = f"compare:workloads.{offer.rows[work['name'], name]}"
        said[f"{who}_hour"] = tell.number(f"compare:sides.{sides.index(name)}.cny_per_card_hour")
        said[f"{who}_rate"] = tell.number(f"{at}.{work['unit']}_per_card_hour", ",.3f")
    return tell.say(
        "gap_said", side=side_words(tell, offer, side), unit=unit_word(tell, work["unit"]), **said
    )


def _even(tell: Teller, offer: Offer, compared: dict[str, Any]) -> Iterator[Block]:
    for side, price in compared["break_even_card_price_cny"].items():
        if price is None:
            continue
        if price < 0:
            yield Paragraph(tell.say("even_never", side=side), "bullet")
        else:
            key = f"compare:break_even_card_price_cny.{side}"
            yield Paragraph(tell.say("even", side=side, price=tell.number(key, ",.0f")), "bullet")
        ours = f"offer:own_break_even_card_price_cny.{side}"
        if not tell.has(ours):
            continue
        if float(tell.raw(ours)) >= 0:
            yield Paragraph(
                tell.say("even_ours", side=side, price=tell.number(ours, ",.0f"), now=_price(tell, offer)),
                "bullet",
            )
        else:
            yield Paragraph(tell.say("even_ours_never", side=side), "bullet")


def _price(tell: Teller, offer: Offer) -> str:
    """The price of the offer's own card on the bill."""
    lines = offer.answers["tco"]["lines"]
    i = next((i for i, line in enumerate(lines) if line["part"] == offer.card), None)
    return "–" if i is None else tell.number(f"tco:lines.{i}.unit_price_cny", ",.0f")

"""Sections of a proposal on what it comes to and on performance, and the words that all sections share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from clustersim.planner.contributions import error_source
from clustersim.report.content.model import Block, Paragraph, Table, Teller
from clustersim.report.content.offer_names import MATURITY, OF_CARD, QUANTITIES, STACKS
from clustersim.report.content.words import PHRASES
from clustersim.report.labels import label
from clustersim.report.labels.notes import translated
from clustersim.report.labels.terms import spoken
from clustersim.report.spoken_errors import chinese_error

if TYPE_CHECKING:
    from clustersim.report.content.proposal import Offer

__all__ = [
    "input_name",
    "maturity",
    "performance",
    "reason_in",
    "settles",
    "side_words",
    "software_word",
    "starting",
    "summary",
    "unit_word",
    "word",
    "work_words",
]


def word(tell: Teller, key: str, otherwise: str = "") -> str:
    """A word of the program in the language; a name of the user's stays."""
    return tell.say(key) if key in PHRASES else otherwise or key


def unit_word(tell: Teller, unit: str) -> str:
    """A unit of work within a sentence."""
    said = label(f"unit.{unit}", tell.language)
    return said[:1].lower() + said[1:] if said != f"unit.{unit}" else unit.replace("_", " ")


def maturity(tell: Teller, name: str) -> str:
    """A class of maturity in the language."""
    return MATURITY[name][tell.language == "zh"] if name in MATURITY else name


def software_word(tell: Teller, name: str) -> str:
    """A software's name; the stand-in for what nobody measured in words."""
    return (
        tell.say("unmeasured")
        if name.startswith("unmeasured")
        else STACKS.get(name, (name, name))[tell.language == "zh"]
    )


def input_name(tell: Teller, key: str) -> str:
    """What an input is called: its words, else the key without the name of its section."""
    section, _, rest = key.partition(".")
    if section == "cards":
        card, _, end = rest.partition(".")
        return OF_CARD[end][tell.language == "zh"].format(of=card) if end in OF_CARD else rest
    if key.startswith("prices.parts."):
        return tell.say("in.prices.parts", of=key.removeprefix("prices.parts."))
    found = word(tell, f"in.{key}", label(key, tell.language))
    return found if found != key else rest or key


def starting(text: str, language: str) -> str:
    """Words at the start of a sentence: English begins with a capital."""
    return text if language == "zh" else text[:1].upper() + text[1:]


def reason_in(text: str, language: str) -> str:
    """Why a side cannot do the demand, in the language."""
    return chinese_error(text) if language == "zh" else text


def side_words(tell: Teller, offer: Offer, side: str) -> str:
    """A side with its cards."""
    rows = offer.answers["compare"]["sides"]
    i = next(i for i, row in enumerate(rows) if row["side"] == side)
    if not tell.has(f"compare:sides.{i}.cards"):
        return side
    return tell.say(
        "side_of", side=side, card=rows[i]["card"], cards=tell.number(f"compare:sides.{i}.cards", ",.0f")
    )


def work_words(tell: Teller, offer: Offer, name: str) -> str:
    """What a workload is, with the model that it is of."""
    demand = offer.answers["compare"]["demand"][name]
    kind = word(tell, f"kind.{demand['kind']}", demand["kind"])
    if not demand["model"]:
        return kind
    return f"{demand['model']}{kind}" if tell.language == "zh" else f"{kind} {demand['model']}"


def summary(tell: Teller, offer: Offer) -> Iterator[Block]:
    """What is offered, what it costs, and whether it is the cheapest."""
    yield Paragraph(
        tell.say("offer_sum_site", cards=tell.number("run:cluster.cards", ",.0f"), card=offer.card_words,
                 servers=tell.number("run:cluster.servers", ",.0f"), racks=tell.number("tco:racks.total", ",.0f"),
                 power=tell.number("tco:facility_power_w", ",.2f", 1e-6),
                 capex=tell.number("tco:capex_cny", ",.1f", 1e-6), tco=tell.number("tco:tco_cny", ",.1f", 1e-6),
                 years=tell.number("tco:horizon_years", ",.3g"),
                 hour=tell.number("tco:cny_per_card_hour")))  # fmt: skip
    drawn = bool(offer.answers["compare"]["draws"])
    yield Paragraph(tell.say("predicted" if drawn else "offer_no_draws"), "remark")
    for i, work in enumerate(offer.works):
        yield Paragraph(_unit_said(tell, offer, i, work), "bullet")
        for side in offer.others:
            said = _other_said(tell, offer, work["name"], side)
            if said:
                yield Paragraph(said, "bullet")
        yield from _decided(tell, offer, work["name"])
    if tell.has("tco:delivery_weeks"):
        yield Paragraph(
            tell.say("offer_sum_weeks", weeks=tell.number("tco:delivery_weeks", ",.3g")), "bullet"
        )
    else:
        lacking = dict.fromkeys(
            line["part"] for line in offer.answers["tco"]["lines"] if line["lead_time_weeks"] is None
        )
        named = ("、" if tell.language == "zh" else ", ").join(lacking)
        yield Paragraph(tell.say("offer_sum_no_weeks", parts=named), "bullet")


def _ends(tell: Teller, key: str, pattern: str = ",.2f", scale: float = 1.0) -> list[str]:
    if not key or not tell.has(f"{key}.p10"):
        return ["–", "–"]
    return [tell.number(f"{key}.{p}", pattern, scale) for p in ("p10", "p90")]


def _unit_said(tell: Teller, offer: Offer, i: int, work: dict[str, Any]) -> str:
    cost = f"cny_per_{work['unit']}"
    low, high = _ends(tell, f"compare:intervals.{work['name']}.{offer.inputs.name}")
    named = starting(work_words(tell, offer, work["name"]), tell.language)
    phrase = "offer_sum_unit" if low != "–" else "offer_sum_unit_point"
    return tell.say(phrase, work=named, unit=unit_word(tell, work["unit"]),
                    cost=tell.number(f"run:workloads.{i}.{cost}"), low=low, high=high)  # fmt: skip


def _other_said(tell: Teller, offer: Offer, work: str, side: str) -> str:
    at = offer.rows[work, side]
    row = offer.answers["compare"]["workloads"][at]
    if row["reason"]:
        return tell.say(
            "unable", side=side_words(tell, offer, side), reason=reason_in(row["reason"], tell.language)
        )
    band = f"compare:intervals.{work}.{side}"
    cost = next(key for key in row if key.startswith("cny_per_"))
    if not tell.has(f"{band}.p10"):
        return tell.say("offer_sum_other_point", side=side_words(tell, offer, side),
                        cost=tell.number(f"compare:workloads.{at}.{cost}"))  # fmt: skip
    low, high = _ends(tell, band)
    return tell.say("offer_sum_other", side=side_words(tell, offer, side), low=low, high=high,
                    cost=tell.number(f"compare:workloads.{at}.{cost}"),
                    wins=tell.number(f"offer:beats.{work}.{side}", ".0%"),
                    draws=tell.number("compare:draws", ",.0f"))  # fmt: skip


def _decided(tell: Teller, offer: Offer, work: str) -> Iterator[Block]:
    compared = offer.answers["compare"]
    if len(compared["intervals"].get(work, {})) < 2:
        return
    named, leads = starting(work_words(tell, offer, work), tell.language), compared["leads"][work]
    if leads:
        share = tell.number(f"compare:intervals.{work}.{leads}.share_cheapest", ".0%")
        yield Paragraph(tell.say("offer_sum_lead", work=named, side=leads, share=share), "bullet")
        return
    yield Paragraph(tell.say("offer_sum_tie", work=named, settles=settles(tell, offer, work)), "bullet")


def settles(tell: Teller, offer: Offer, work: str) -> str:
    """What would narrow the comparison most if it were measured or known."""
    source = offer.answers["compare"]["settles"].get(work, "").rpartition(" (")[0]
    if any(key == source for side in offer.sides for key, _ in side.fields()):
        return tell.say("offer_settles_input", input=input_name(tell, source))
    rows = [row for row in offer.answers["offer"]["rests_on"] if row["workload"] == work]
    found = next((r for r in rows if error_source(work, r["card"], r["software"]) == source), None)
    if found is None:
        return ""
    return tell.say("offer_settles", work=work_words(tell, offer, work), card=found["card"],
                    software=software_word(tell, found["software"]),
                    maturity=maturity(tell, found["maturity"]))  # fmt: skip


def performance(tell: Teller, offer: Offer) -> Iterator[Block]:
    """Rates and levels with their intervals, what these rest on, and the nearest measured rows."""
    yield Paragraph(tell.say("perf_said"))
    for i, work in enumerate(offer.works):
        rows = [
            _quantity(tell, offer, f"run:workloads.{i}.{group}.{name}", work["name"], name)
            for group in ("rates", "service")
            for name, value in work[group].items()
            if value or offer.interval(work["name"], name)
        ]
        columns = [tell.say("quantity"), tell.say("perf_point"), "P10", tell.say("perf_median"), "P90"]
        if not offer.answers["tco"]["draws"]:  # no range was asked for
            rows, columns = [row[:2] for row in rows], columns[:2]
        yield Table(tell.say("perf_table", work=work["name"]), tuple(columns), tuple(rows))
        yield from _level(tell, offer, i, work["name"])
    yield from _rests(tell, offer)
    yield from _nearest(tell, offer)
    for note in offer.answers["run"]["notes"]:
        yield Paragraph(
            _ended(tell.say("risk_note", note=translated(note, tell.language)), tell.language), "remark"
        )


def _level(tell: Teller, offer: Offer, i: int, work: str) -> Iterator[Block]:
    """What the share within a service level says where times err by themselves."""
    key, band = f"run:workloads.{i}.service.slo_share", offer.interval(work, "slo_share")
    if not tell.has(key) or not band:
        return
    low, middle, high = (tell.number(f"{band}.{p}", ".0%") for p in ("p10", "p50", "p90"))
    yield Paragraph(tell.say("perf_level", point=tell.number(key, ".0%"), low=low, middle=middle, high=high))


def _ended(text: str, language: str) -> str:
    """A note as a sentence."""
    return text if text.endswith((".", "。")) else f"{text}{'。' if language == 'zh' else '.'}"


def _quantity(tell: Teller, offer: Offer, key: str, work: str, name: str) -> tuple[str, ...]:
    english, chinese, pattern, scale = QUANTITIES.get(name, (spoken(name), spoken(name), ",.4g", 1.0))
    band = offer.interval(work, name)
    ends = [tell.number(f"{band}.{p}", pattern, scale) if band else "–" for p in ("p10", "p50", "p90")]
    return chinese if tell.language == "zh" else english, tell.number(key, pattern, scale), *ends


def _rests(tell: Teller, offer: Offer) -> Iterator[Block]:
    rows = []
    for i, row in enumerate(offer.answers["offer"]["rests_on"]):
        at = f"offer:rests_on.{i}"
        count = tell.say("rows_count", rows=tell.number(f"{at}.rows_of_class", ",.0f"),
                         sources=tell.number(f"{at}.sources_of_class", ",.0f"),
                         all=tell.number(f"{at}.sources", ",.0f"))  # fmt: skip
        spans = [tell.number(f"{at}.{p}") for p in ("p10", "p50", "p90")]
        what = f"{row['side']}: {tell.say('quantity.' + row['quantity'])}"
        rows.append((what, maturity(tell, row["maturity"]), count, *spans))
    columns = (
        tell.say("side_quantity"),
        tell.say("maturity"),
        tell.say("rows_of"),
        "P10",
        tell.say("perf_median"),
        "P90",
    )
    if rows:
        yield Table(tell.say("rests_table"), columns, tuple(rows))


def _measured_software(tell: Teller, name: str) -> str:
    """The software of a measurement; one whose source does not name it says so."""
    if name.startswith("unmeasured"):
        return tell.say("not_named")
    return software_word(tell, name) or "–"


def _measured_card(tell: Teller, row: dict[str, Any]) -> str:
    """The card of a measurement with its maker; cards that the source does not name are said to be so."""
    if not row["card"]:
        return tell.say("not_named")
    return f"{row['card']} ({row['maker']})" if row["maker"] else str(row["card"])


def _nearest(tell: Teller, offer: Offer) -> Iterator[Block]:
    found = offer.answers["offer"]["nearest"]
    if not found:
        return
    if not any(row["near_by"] in {"card", "software"} for row in found):
        yield Paragraph(tell.say("nearest_none"), "remark")
    rows = tuple(
        (f"{tell.say('quantity.' + row['quantity'])}: {_measured_card(tell, row)}",
         _measured_software(tell, row["software"]), tell.say(f"near.{row['near_by']}"),
         tell.number(f"offer:nearest.{i}.rows", ",.0f"), tell.number(f"offer:nearest.{i}.measured_over_predicted"),
         row["source"])
        for i, row in enumerate(found)
    )  # fmt: skip
    columns = tuple(tell.say(k) for k in ("quantity", "software", "near", "rows_n", "ratio", "source"))
    yield Table(tell.say("nearest_table"), columns, rows, words=True)

"""Sections of a proposal on the work and the machine: summary, need, design, performance, reliability."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clustersim.report.content.model import Block, Chart, Paragraph, Table, Teller
from clustersim.report.content.offer_words import MATURITY, QUANTITIES, STACKS
from clustersim.report.content.words import PHRASES
from clustersim.report.labels import label
from clustersim.report.labels.notes import translated
from clustersim.report.labels.plans import plan_in
from clustersim.report.labels.terms import spoken

if TYPE_CHECKING:
    from clustersim.report.content.proposal import Offer

__all__ = ["design", "maturity", "need", "performance", "reliability", "summary", "work_words"]


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
        tell.say("offer_sum_site", cards=tell.number("run:cluster.cards", ",.0f"), card=offer.card,
                 servers=tell.number("run:cluster.servers", ",.0f"), racks=tell.number("tco:racks.total", ",.0f"),
                 power=tell.number("tco:facility_power_w", ",.2f", 1e-6),
                 capex=tell.number("tco:capex_cny", ",.1f", 1e-6), tco=tell.number("tco:tco_cny", ",.1f", 1e-6),
                 years=tell.number("tco:horizon_years", ",.3g"),
                 hour=tell.number("tco:cny_per_card_hour")))  # fmt: skip
    yield Paragraph(tell.say("predicted"), "remark")
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
        yield Paragraph(tell.say("offer_sum_no_weeks"), "bullet")


def _ends(tell: Teller, key: str, pattern: str = ",.2f", scale: float = 1.0) -> list[str]:
    if not key or not tell.has(f"{key}.p10"):
        return ["–", "–"]
    return [tell.number(f"{key}.{p}", pattern, scale) for p in ("p10", "p90")]


def _unit_said(tell: Teller, offer: Offer, i: int, work: dict[str, Any]) -> str:
    cost = f"cny_per_{work['unit']}"
    low, high = _ends(tell, f"compare:intervals.{work['name']}.{offer.inputs.name}")
    return tell.say("offer_sum_unit", work=work_words(tell, offer, work["name"]), unit=unit_word(tell, work["unit"]),
                    cost=tell.number(f"run:workloads.{i}.{cost}"), low=low, high=high)  # fmt: skip


def _other_said(tell: Teller, offer: Offer, work: str, side: str) -> str:
    at = offer.rows[work, side]
    row = offer.answers["compare"]["workloads"][at]
    if row["reason"]:
        return tell.say("unable", side=side, reason=row["reason"])
    band = f"compare:intervals.{work}.{side}"
    if not tell.has(f"{band}.p10"):
        return ""
    cost = next(key for key in row if key.startswith("cny_per_"))
    low, high = _ends(tell, band)
    return tell.say("offer_sum_other", side=side, low=low, high=high,
                    cost=tell.number(f"compare:workloads.{at}.{cost}"),
                    wins=tell.number(f"offer:beats.{work}.{side}", ".0%"),
                    draws=tell.number("compare:draws", ",.0f"))  # fmt: skip


def _decided(tell: Teller, offer: Offer, work: str) -> Iterator[Block]:
    compared = offer.answers["compare"]
    if len(compared["intervals"].get(work, {})) < 2:
        return
    named, leads = work_words(tell, offer, work), compared["leads"][work]
    if leads:
        share = tell.number(f"compare:intervals.{work}.{leads}.share_cheapest", ".0%")
        yield Paragraph(tell.say("offer_sum_lead", work=named, side=leads, share=share), "bullet")
        return
    yield Paragraph(tell.say("offer_sum_tie", work=named, settles=settles(tell, offer, work)), "bullet")


def settles(tell: Teller, offer: Offer, work: str) -> str:
    """The measurement that would narrow the comparison most."""
    rows = [row for row in offer.answers["offer"]["rests_on"] if row["workload"] == work]
    said = offer.answers["compare"]["settles"].get(work, "")
    found = next((row for row in rows if f"measured on {row['card']} by {row['software']} " in said), None)
    if found is None:
        return ""
    return tell.say("offer_settles", work=work_words(tell, offer, work), card=found["card"],
                    software=software_word(tell, found["software"]),
                    maturity=maturity(tell, found["maturity"]))  # fmt: skip


def need(tell: Teller, offer: Offer) -> Iterator[Block]:
    """The demand as the scenario states it, key by key."""
    for i, work in enumerate(offer.works):
        model = offer.answers["compare"]["demand"][work["name"]]["model"]
        yield Paragraph(
            tell.say("offer_need_said", work=work["name"], kind=word(tell, f"kind.{work['kind']}", work["kind"]),
                     model=tell.say("offer_need_of", model=model) if model else "",
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


#: Bytes below which the storage that a run fills is told in TB.
_LEAST_PB = 1e14


def design(tell: Teller, offer: Offer) -> Iterator[Block]:
    """Cards, servers, network, power, racks and plan."""
    cluster = offer.inputs.scenario.cluster
    fabric = cluster.fabric

    def of(key: str, pattern: str = ",.0f", scale: float = 1.0) -> str:
        return tell.number(key, pattern, scale)

    rows = [
        ("design_card", offer.card), ("design_cards", of("run:cluster.cards")),
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
    plans = [
        (tell.say("design_plan", work=w["name"]), plan_in(w["plan"], tell.language))
        for w in offer.works
        if w.get("plan")
    ]
    how = "design_stated" if any(w.get("stated") for w in offer.works) else "design_searched"
    if plans:
        yield Paragraph(tell.say("design_said", how=tell.say(how)))
    columns = (tell.say("item"), tell.say("value"))
    table = tuple((tell.say(key), str(text)) for key, text in rows)
    yield Table(tell.say("design_table"), columns, (*table, *plans), words=True)
    drawn = offer.answers["run"]["cluster"]["power_terms_w"]
    parts = [k for k, watts in drawn.items() if k != "provisioned_it_w" and watts]
    values = tuple(tell.value(f"run:cluster.power_terms_w.{k}", 1e-3) for k in parts)
    named = tuple(word(tell, f"w.{k}", k.removesuffix("_w")) for k in parts)
    yield Chart("clustered", tell.say("power_terms"), "", named, ((offer.inputs.name, values),))


def performance(tell: Teller, offer: Offer) -> Iterator[Block]:
    """Rates and levels with their intervals, what these rest on, and the nearest measured rows."""
    yield Paragraph(tell.say("perf_said"))
    for i, work in enumerate(offer.works):
        rows = [
            _quantity(tell, offer, f"run:workloads.{i}.{group}.{name}", work["name"], name)
            for group in ("rates", "service")
            for name in work[group]
        ]
        columns = (tell.say("quantity"), tell.say("perf_point"), "P10", tell.say("perf_median"), "P90")
        yield Table(tell.say("perf_table", work=work["name"]), columns, tuple(rows))
    yield from _rests(tell, offer)
    yield from _nearest(tell, offer)
    for note in offer.answers["run"]["notes"]:
        yield Paragraph(tell.say("risk_note", note=translated(note, tell.language)), "remark")


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
        tell.say("side"),
        tell.say("maturity"),
        tell.say("rows_of"),
        "P10",
        tell.say("perf_median"),
        "P90",
    )
    if rows:
        yield Table(tell.say("rests_table"), columns, tuple(rows))


def _nearest(tell: Teller, offer: Offer) -> Iterator[Block]:
    found = offer.answers["offer"]["nearest"]
    if not found:
        return
    if not any(row["near_by"] in {"card", "software"} for row in found):
        yield Paragraph(tell.say("nearest_none"), "remark")
    rows = tuple(
        (f"{tell.say('quantity.' + row['quantity'])}: {row['card']} ({row['maker']})",
         software_word(tell, row["software"]) or "–", tell.say(f"near.{row['near_by']}"),
         tell.number(f"offer:nearest.{i}.rows", ",.0f"), tell.number(f"offer:nearest.{i}.measured_over_predicted"),
         row["source"])
        for i, row in enumerate(found)
    )  # fmt: skip
    columns = tuple(tell.say(k) for k in ("quantity", "software", "near", "rows_n", "ratio", "source"))
    yield Table(tell.say("nearest_table"), columns, rows, words=True)


def reliability(tell: Teller, offer: Offer) -> Iterator[Block]:
    """How often such a site fails, and what published claims would need; for serving that they say nothing of it."""
    if "claims" not in offer.answers:
        yield Paragraph(tell.say("rel_serving"))
        return
    claims: dict[str, Any] = offer.answers["claims"]
    i = next(i for i, w in enumerate(offer.works) if w["name"] == claims["workload"])
    yield Paragraph(
        tell.say("rel_said", cards=tell.number("claims:cards", ",.0f"), mtbf=tell.number("claims:mtbf_h", ",.1f"),
                 card_hours=tell.number("claims:card_hours_per_failure", ",.0f"),
                 ettr=tell.number(f"run:workloads.{i}.service.ettr", ".1%")))  # fmt: skip
    rows = tuple(
        (word(tell, f"claim.{row['claim']}", row["claim"]), _reading(tell, row["reading"]),
         tell.number(f"claims:readings.{k}.mtbf_needed_h", ",.1f"),
         tell.number(f"claims:readings.{k}.probability", ".2%"), tell.say("yes" if row["met"] else "no"),
         tell.number(f"claims:readings.{k}.share_met", ".0%") if "share_met" in row else "–")
        for k, row in enumerate(claims["readings"])
    )  # fmt: skip
    columns = tuple(tell.say(k) for k in ("claim", "reading", "needed", "chance", "met", "met_draws"))
    yield Table(tell.say("rel_claims"), columns, rows)
    yield from _promises(tell, claims)
    ladder = [
        (row["fleet"], tell.number(f"claims:ladder.{k}.card_hours_per_failure", ",.0f"),
         tell.number(f"claims:ladder.{k}.mtbf_h", ",.1f"))
        for k, row in enumerate(claims["ladder"])
    ]  # fmt: skip
    ours = (tell.say("this_offer"), tell.number("claims:card_hours_per_failure", ",.0f"),
            tell.number("claims:mtbf_h", ",.1f"))  # fmt: skip
    columns = tuple(tell.say(k) for k in ("fleet", "card_hours", "rel_at_ours"))
    yield Table(tell.say("rel_ladder"), columns, (*ladder, ours))


def _reading(tell: Teller, text: str) -> str:
    """A reading of a claim in the language; its probability stays as the claims say it."""
    kind, _, rest = text.partition(" (")
    p = re.search(r"P = ([\d.]+)", text)
    said = {"mean gap": "mean", "median gap": "median", "guarantee": "guarantee",
            "automatic recovery counted": "automatic"}.get(kind)  # fmt: skip
    return tell.say(f"reading.{said}", p=f"P = {p[1]}" if p else rest.rstrip(")")) if said else text


def _promises(tell: Teller, claims: dict[str, Any]) -> Iterator[Block]:
    found = claims["restore"]["total_s"]
    host, storage = (
        tell.number(f"claims:restore.total_s.{k}", ",.0f") if k in found else "–" for k in ("host", "storage")
    )
    if tell.has("claims:restore.p_within"):
        share = tell.number("claims:restore.p_within", ".1%")
        yield Paragraph(tell.say("rel_restore", host=host, storage=storage, share=share), "bullet")
    else:
        yield Paragraph(tell.say("rel_restore_unsimulated", host=host, storage=storage), "bullet")
    yield Paragraph(
        tell.say("rel_spares", hot=tell.number("claims:spares.hot", ",.0f"),
                 share=tell.number("claims:spares.p_spare_is_there", ".2%")), "bullet")  # fmt: skip
    yield Paragraph(
        tell.say("rel_scaling", claim=tell.number("claims:linear_scaling.claim", ".0%"),
                 low=tell.number("claims:linear_scaling.base_cards", ",.0f"),
                 high=tell.number("claims:linear_scaling.cards", ",.0f"),
                 found=tell.number("claims:linear_scaling.scaling_efficiency", ".1%")), "bullet")  # fmt: skip

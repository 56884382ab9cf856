"""Sections of the site behind a forecast: from the card to the cost of a token, and what it rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from clustersim.provenance import TIERS, Sourced
from clustersim.report.content.model import Block, Chart, Paragraph, Table, Teller
from clustersim.report.labels import known, label
from clustersim.schema.base import sourced_fields

if TYPE_CHECKING:
    from clustersim.report.content.note import Asked

__all__ = ["assumptions", "corridor"]

_COSTS = "run:tco.terms_cny_per_year."
#: Inputs that a note lists: those of the company that one number states, of the market and of the site's terms.
_LISTED = ("company.", "market.", "tco.")
_MOST_LISTED = 24


def corridor(tell: Teller, asked: Asked) -> Iterator[Block]:
    """The site, its works, what their units cost here and on the incumbent's cluster, and the costs of a year."""
    if "run" not in asked.answers:
        yield Paragraph(tell.say("corridor_none"))
        return
    run: dict[str, Any] = asked.answers["run"]
    yield Paragraph(
        tell.say("corridor_site", cards=tell.number("run:cluster.cards", ",.0f"),
                 servers=tell.number("run:cluster.servers", ",.0f"),
                 power=tell.number("run:cluster.facility_power_w", ".2f", 1e-6),
                 capex=tell.number("run:tco.capex_cny", ",.0f", 1e-6), hour=tell.number("run:tco.cny_per_card_hour"),
                 years=tell.number("run:tco.horizon_years", ".0f")))  # fmt: skip
    for i, work in enumerate(run["workloads"]):
        said = _work_said(tell, i, work)
        if said:
            yield Paragraph(said, "bullet")
    yield Paragraph(tell.say("predicted"), "remark")
    yield from _unit_costs(tell, run)
    terms = list(run["tco"]["terms_cny_per_year"])
    values = tuple(tell.value(f"{_COSTS}{term}", 1e-6) for term in terms)
    named = tuple(label(f"cost.{term}", tell.language) for term in terms)
    yield Chart("clustered", tell.say("cost_of"), "", named, ((tell.say("own"), values),))


def _work_said(tell: Teller, i: int, work: dict[str, Any]) -> str:
    at, name = f"run:workloads.{i}", work["name"]
    if work["kind"] == "training":
        ends = {p: f"run:intervals.step_time_s.{p}" for p in ("p10", "p90")}
        low, high = (tell.number(key, ",.1f") if tell.has(key) else "–" for key in ends.values())
        return tell.say("corridor_training", work=name, step=tell.number(f"{at}.rates.step_time_s", ",.2f"), low=low,
                        high=high, mfu=tell.number(f"{at}.rates.mfu", ".1%"),
                        ettr=tell.number(f"{at}.service.ettr", ".1%"))  # fmt: skip
    if work["kind"] == "serving":
        rate = tell.number(f"{at}.rates.output_tokens_per_s_per_card", ",.0f")
        ttft = tell.number(f"{at}.service.ttft_p99_s", ",.2f")
        slo = tell.number(f"{at}.service.slo_share", ".0%")
        return tell.say("corridor_serving", work=name, rate=rate, ttft=ttft, slo=slo)
    return ""


def _unit_costs(tell: Teller, run: dict[str, Any]) -> Iterator[Block]:
    """What a unit of each work costs here and there, with the range of ours."""
    rows, bars = [], []
    rivals = run["market"]["incumbent_workloads"] or []
    for i, work in enumerate(run["workloads"]):
        key = f"cny_per_{work['unit']}"
        j = next((j for j, other in enumerate(rivals) if other["name"] == work["name"]), None)
        ends = [f"run:intervals.{key}.{p}" for p in ("p10", "p90")]
        spread = " – ".join(tell.number(e) for e in ends) if all(map(tell.has, ends)) else "–"
        theirs = f"run:market.incumbent_workloads.{j}.{key}"
        there = tell.number(theirs) if j is not None else "–"
        unit, here = label(f"unit.{work['unit']}", tell.language), tell.number(f"run:workloads.{i}.{key}")
        rows.append((work["name"], unit, here, spread, there))
        if work["unit"].endswith("mtoken") and j is not None:
            bars.append((work["name"], tell.value(f"run:workloads.{i}.{key}"), tell.value(theirs)))
    other = tell.say("other", name=run["market"]["incumbent"] or "–")
    columns = (tell.say("work"), tell.say("unit"), tell.say("own"), tell.say("range"), other)
    yield Table(tell.say("unit_cost"), columns, tuple(rows))
    if bars:
        series = ((tell.say("own"), tuple(b[1] for b in bars)), (other, tuple(b[2] for b in bars)))
        yield Chart("clustered", tell.say("unit_cost_zoom"), "", tuple(b[0] for b in bars), series)


def assumptions(tell: Teller, asked: Asked) -> Iterator[Block]:
    """How many numbers are how well known, and the inputs that move the target price with tier and source."""
    fields = list(_fields(asked))
    counts = Counter(s.tier for _, s in fields)
    yield Paragraph(tell.say("tiers_said"), "remark")
    rows = tuple((tell.say(tier), str(counts[tier])) for tier in TIERS if counts[tier])
    yield Table(tell.say("tiers"), (tell.say("tier"), tell.say("count")), rows)
    listed = [
        (key, s) for key, s in fields if key.startswith(_LISTED) and known(_name(key)) and s.tier != "given"
    ]
    listed.sort(key=lambda one: -TIERS.index(one[1].tier))
    columns = tuple(tell.say(name) for name in ("input", "value", "span", "tier", "source"))
    shown = tuple(
        (label(_name(key), tell.language), _shown(s), _range(s), tell.say(s.tier), s.source)
        for key, s in listed[:_MOST_LISTED]
    )
    yield Table(tell.say("main_assumptions"), columns, shown, words=True)


def _fields(asked: Asked) -> Iterator[tuple[str, Sourced]]:
    if asked.run.chain is not None:
        yield from asked.run.chain.inputs.fields()
        return
    for place, number in sourced_fields(asked.run.file):
        yield ".".join(["company", *map(str, place)]), number


def _name(key: str) -> str:
    """The key by which an input is labelled."""
    return key.removeprefix("company.")


def _shown(number: Sourced) -> str:
    return _told(number, number.value)


def _range(number: Sourced) -> str:
    low, high = number.range
    return "–" if low == high else f"{_told(number, low)} – {_told(number, high)}"


def _told(number: Sourced, value: float) -> str:
    """A value with its unit; a share as people write it."""
    if number.unit in {"1", ""}:
        share = abs(number.value) < 1 and number.range[1] <= 1
        return f"{100 * value:,.4g}%" if share else f"{value:,.7g}"
    return f"{value:,.0f} {number.unit}" if abs(value) >= 1000 else f"{value:,.4g} {number.unit}"

"""Sections of the site behind a forecast: from the card to the cost of what it does, and what that rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import floor, log10
from typing import TYPE_CHECKING, Any

from clustersim.provenance import TIERS, Sourced
from clustersim.report.content.model import Block, Chart, Paragraph, Table, Teller
from clustersim.report.labels import known, label
from clustersim.report.labels.units import input_unit
from clustersim.schema.base import sourced_fields

if TYPE_CHECKING:
    from clustersim.report.content.note import Asked

__all__ = ["assumptions", "corridor"]

_COSTS = "run:tco.terms_cny_per_year."
#: Inputs that a note lists: those of the company that one number states, of the market and of the site's terms.
_LISTED = ("company.", "market.", "tco.")
_MOST_LISTED = 24
#: Inputs whose unit stands in their name, by the phrase of it.
_NAMED_UNITS = {"shares_m": "millions", "options_m": "millions", "drivers.asset_life": "years"}


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
        yield Paragraph(_work_said(tell, i, work), "bullet")
    yield Paragraph(tell.say("predicted"), "remark")
    yield from _unit_costs(tell, run)
    terms = [name for name, cost in run["tco"]["terms_cny_per_year"].items() if cost]
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
    made = tell.number(f"{at}.units_per_card_hour", fine(float(work["units_per_card_hour"])))
    unit = label(f"unit.{work['unit']}", tell.language)
    if work["kind"] == "jobs":
        wait = tell.number(f"{at}.service.wait_p95_h", ",.1f")
        return tell.say("corridor_jobs", work=name, share=tell.number(f"{at}.rates.utilisation", ".0%"),
                        useful=tell.number(f"{at}.service.useful_share", ".0%"), wait=wait)  # fmt: skip
    return tell.say("corridor_units", work=name, made=made, unit=unit)


def fine(value: float) -> str:
    """Return the pattern of a number that three figures of are wanted: two places, and more where those show too few.

    >>> f"{8.794:{fine(8.794)}}", f"{0.00659:{fine(0.00659)}}", f"{14347086.1:{fine(14347086.1)}}"
    ('8.79', '0.00659', '14,347,086')
    """
    size = floor(log10(abs(value))) if value else 0
    return f",.{0 if size >= 3 else max(2, 2 - size)}f"


def _unit_costs(tell: Teller, run: dict[str, Any]) -> Iterator[Block]:
    """What a unit of each work costs here, with its range, and there, where the buyer has another choice."""
    rows, bars = [], []
    name, rivals = run["market"]["incumbent"], run["market"]["incumbent_workloads"] or []
    for i, work in enumerate(run["workloads"]):
        key = f"cny_per_{work['unit']}"
        pattern = fine(float(work[key]))
        j = next((j for j, other in enumerate(rivals) if other["name"] == work["name"]), None)
        theirs = f"run:market.incumbent_workloads.{j}.{key}"
        there = tell.number(theirs, pattern) if j is not None else "–"
        unit, here = (
            label(f"unit.{work['unit']}", tell.language),
            tell.number(f"run:workloads.{i}.{key}", pattern),
        )
        rows.append((work["name"], unit, here, _spread(tell, work["name"], key, pattern), there))
        if work["unit"].endswith("mtoken") and j is not None:
            bars.append((work["name"], tell.value(f"run:workloads.{i}.{key}"), tell.value(theirs)))
    other = tell.say("other", name=name or "–")
    columns = (tell.say("work"), tell.say("unit"), tell.say("own"), tell.say("range"), other)
    shown = len(columns) if name else len(columns) - 1
    yield Table(tell.say("unit_cost"), columns[:shown], tuple(row[:shown] for row in rows))
    if bars:
        series = ((tell.say("own"), tuple(b[1] for b in bars)), (other, tuple(b[2] for b in bars)))
        yield Chart("clustered", tell.say("unit_cost_zoom"), "", tuple(b[0] for b in bars), series)


def _spread(tell: Teller, name: str, key: str, pattern: str) -> str:
    """P10 to P90 of a work's unit cost, which has the work's name where several make the same unit."""
    for at in (f"run:intervals.{name}.{key}", f"run:intervals.{key}"):
        ends = [f"{at}.{p}" for p in ("p10", "p90")]
        if all(map(tell.has, ends)):
            return " – ".join(tell.number(end, pattern) for end in ends)
    return "–"


def assumptions(tell: Teller, asked: Asked) -> Iterator[Block]:
    """How many numbers are how well known, and the inputs behind them with tier and source, the least known first."""
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
        (label(_name(key), tell.language), *_shown(tell, asked, _name(key), s), tell.say(s.tier), s.source)
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


def _shown(tell: Teller, asked: Asked, name: str, number: Sourced) -> tuple[str, str]:
    """The value and the range of an input, in the unit that its name holds where its number holds none."""
    unit = (
        asked.run.company.currency
        if name == "price"
        else tell.say(_NAMED_UNITS[name])
        if name in _NAMED_UNITS
        else ""
    )

    def told(value: float) -> str:
        return f"{_told(number, value, tell.language)} {unit}".rstrip()

    low, high = number.range
    return told(number.value), "–" if low == high else f"{told(low)} – {told(high)}"


def _told(number: Sourced, value: float, language: str) -> str:
    """A value with its unit; a share as people write it."""
    if number.unit in {"1", ""}:
        share = abs(number.value) < 1 and number.range[1] <= 1
        return f"{100 * value:,.4g}%" if share else f"{value:,.7g}"
    unit = input_unit(number.unit, language)
    return f"{value:,.0f} {unit}" if abs(value) >= 1000 else f"{value:,.4g} {unit}"

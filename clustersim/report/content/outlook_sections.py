"""Sections of what may come otherwise: changes, scenarios, what would change our mind, risks, disclosures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from clustersim.report.content.forecast_sections import after_said
from clustersim.report.content.model import Block, Chart, Paragraph, Table, Teller
from clustersim.report.content.scales import scales
from clustersim.report.content.words import PHRASES
from clustersim.report.labels import label
from clustersim.report.labels.notes import translated

if TYPE_CHECKING:
    from clustersim.report.content.note import Asked

__all__ = ["changes", "disclosures", "mind", "risks", "scenarios"]

_PERCENT = {"wacc", "terminal_growth", "peers.discount", "drivers.variable_opex_share"}
_SHARE_ROW = re.compile(r"^drivers\.(gross_margin|channel_discount|\w+_share)\b")
_DISCLOSURES = ("fill", "analyst", "interest", "rating", "model")


def changes(tell: Teller, asked: Asked) -> Iterator[Block]:
    """What was changed against the files as they stand, and what that did to the target price."""
    if not asked.changes:
        yield Paragraph(tell.say("changes_none"))
        return
    for key, value in asked.changes.items():
        yield Paragraph(tell.say("changes_set", input=key, value=value), "bullet")
    currency = asked.run.company.currency
    yield Paragraph(
        tell.say("changes_target", currency=currency, before=tell.number("before:target_price"),
                 after=tell.number("forecast:target_price")))  # fmt: skip


def scenarios(tell: Teller, asked: Asked) -> Iterator[Block]:
    """The named cases with their probabilities, and the way to each."""
    if "cases" not in asked.answers:
        yield Paragraph(tell.say("no_cases"))
        return
    cases, currency, big = asked.answers["cases"], asked.run.company.currency, scales(tell.language)
    stated = asked.run.file.probabilities
    below = asked.answers["mc"].get("share_below_case", {})
    rows = []
    for i, case in enumerate(cases["cases"]):
        name = case["case"]
        chance = f"{stated[name].value:.0%}" if name in stated else "–"
        under = tell.number(f"mc:share_below_case.{name}", ".0%") if name in below else "–"
        rows.append((_case(tell, name), tell.number(f"cases:cases.{i}.target_price"),
                     tell.number(f"cases:cases.{i}.upside_pct", "+.1f") + "%",
                     tell.number(f"cases:cases.{i}.revenue_kcny", big.digits, big.kcny), chance, under))  # fmt: skip
    year = cases["cases"][0]["year"]
    columns = (tell.say("case"), tell.say("target_per_share", currency=currency), tell.say("upside"),
               tell.say("revenue_in", year=year), tell.say("probability"), tell.say("below"))  # fmt: skip
    if not stated:
        yield Paragraph(tell.say("no_probability", samples=tell.number("mc:samples", ",.0f")))
    yield Table(tell.say("scenarios"), columns, tuple(rows))
    for name, steps in cases["way"].items():
        start = tell.value("cases:cases.0.target_price")
        values = tuple(tell.value(f"cases:way.{name}.{k}.change") for k in range(len(steps)))
        names = (_case(tell, "base"), *(label(s["input"], tell.language) for s in steps), _case(tell, name))
        title = tell.say("way_to", case=_case(tell, name), currency=currency)
        yield Chart("waterfall", title, currency, names, ((title, (start, *values)),))


def _case(tell: Teller, name: str) -> str:
    """A usual case in the language; a name of the user's stays."""
    return tell.say(name) if name in PHRASES else name


def mind(tell: Teller, asked: Asked) -> Iterator[Block]:
    """The value of each input at which the target price is the market price, and the tornado."""
    found = [(i, m) for i, m in enumerate(asked.answers["moves"]["moves"]) if m["swing"] > 0]
    if not found:
        yield Paragraph(tell.say("no_moves"))
        return
    currency = asked.run.company.currency

    def at(i: int, part: str) -> str:
        percent = found_key[i] in _PERCENT or bool(_SHARE_ROW.search(found_key[i]))
        return tell.number(f"moves:moves.{i}.{part}", ".1f" if percent else ".2f", 100 if percent else 1) + (
            "%" if percent else ""
        )

    found_key = {i: m["input"] for i, m in found}
    first = found[0][0]
    ends = sorted(
        (f"moves:moves.{first}.target_at_{e}" for e in ("low", "high")), key=lambda k: float(tell.raw(k))
    )
    yield Paragraph(
        tell.say("mind_said", input=label(found_key[first], tell.language), currency=currency,
                 low=tell.number(ends[0], ",.1f"), high=tell.number(ends[1], ",.1f")))  # fmt: skip
    rows = []
    for i, move in found:
        none = move["value_at_market_price"] is None
        flip = (
            tell.say("nowhere", low=at(i, "sought_from"), high=at(i, "sought_to"))
            if none
            else at(i, "value_at_market_price")
        )
        rows.append(
            (label(move["input"], tell.language), at(i, "value"), f"{at(i, 'low')} – {at(i, 'high')}", flip)
        )
    columns = tuple(tell.say(name) for name in ("input", "ours", "span", "at_market"))
    yield Table(tell.say("flips"), columns, tuple(rows))
    pairs = [
        sorted(tell.value(f"moves:moves.{i}.target_at_{end}") for end in ("low", "high")) for i, _ in found
    ]
    series = ((tell.say("low"), tuple(p[0] for p in pairs)), (tell.say("high"), tuple(p[1] for p in pairs)))
    lines = (
        (tell.say("market_price"), tell.value("moves:market_price")),
        (tell.say("target"), tell.value("forecast:target_price")),
    )  # in the order of the football field: a line has one colour in all figures
    names = tuple(label(m["input"], tell.language) for _, m in found)
    yield Chart("range", tell.say("tornado", currency=currency), currency, names, series, lines)


def risks(tell: Teller, asked: Asked) -> Iterator[Block]:
    """What the numbers themselves say of their risks."""
    run = asked.run
    yield Paragraph(tell.say("risk_terminal", after=after_said(tell, asked)), "bullet")
    rows = asked.answers["forecast"]["products"]
    year = run.company.years[min(2, len(run.company.years) - 1)]
    mine = {
        row["product"]: f"forecast:products.{i}.revenue_kcny"
        for i, row in enumerate(rows)
        if row["year"] == year
    }
    if mine:
        largest = max(mine, key=lambda name: float(tell.raw(mine[name])))
        share = tell.share(mine[largest], list(mine.values()))
        yield Paragraph(tell.say("risk_product", product=largest, share=share, year=year), "bullet")
    ends = [f"run:intervals.value_in_use_price_cny.{p}" for p in ("p10", "p90")]
    if all(map(tell.has, ends)):
        low, high = (tell.number(key, ",.0f") for key in ends)
        yield Paragraph(tell.say("risk_card", low=low, high=high), "bullet")
        yield Paragraph(tell.say("risk_incumbent", incumbent=tell.raw("run:market.incumbent")), "bullet")
    yield from _case_risks(tell, asked)
    if "run" in asked.answers:
        tier = tell.say(tell.raw("run:weakest_tier"))
        yield Paragraph(tell.say("risk_weakest", tier=tier), "bullet")
    for note in asked.answers["forecast"]["notes"]:
        yield Paragraph(tell.say("risk_note", note=translated(note, tell.language)), "remark")


def _case_risks(tell: Teller, asked: Asked) -> Iterator[Block]:
    if "cases" not in asked.answers:
        return
    cases = asked.answers["cases"]["cases"]
    worst = min(range(len(cases)), key=lambda i: float(cases[i]["target_price"]))
    target = tell.number(f"cases:cases.{worst}.target_price")
    upside = tell.number(f"cases:cases.{worst}.upside_pct", "+.1f") + "%"
    name = _case(tell, cases[worst]["case"])
    said = tell.say("risk_bear", case=name, currency=asked.run.company.currency, target=target, upside=upside)
    yield Paragraph(said, "bullet")
    failed: dict[tuple[str, str], list[str]] = {}
    for row in asked.answers["cases"]["failed_checks"]:
        failed.setdefault((row["case"], row["check"]), []).append(row["year"])
    for (case, check), years in failed.items():
        said = tell.say(
            "risk_check", case=_case(tell, case), years=", ".join(years), check=label(check, tell.language)
        )
        yield Paragraph(said, "bullet")


def disclosures(tell: Teller, asked: Asked) -> Iterator[Block]:
    """The template of what a signed note has to disclose."""
    for name in _DISCLOSURES:
        yield Paragraph(tell.say(f"disclosure_{name}"), "text" if name != "fill" else "remark")

"""A proposal for a customer as a content object: which sections it has, and what each is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from clustersim.planner.moving import Moving
from clustersim.report.content import (
    cost_sections,
    design_sections,
    offer_sections,
    reliability_sections,
    risk_sections,
    source_sections,
)
from clustersim.report.content.model import Block, Content, Paragraph, Section, Table, Teller
from clustersim.report.labels import label
from clustersim.report.labels.typeset import chinese
from clustersim.schema.inputs import Inputs
from clustersim.version import __version__

__all__ = ["Offer", "offer_content"]

#: Section -> what makes its blocks of the teller and of the offer.
_SECTIONS = {
    "offer_summary": offer_sections.summary,
    "offer_need": design_sections.need,
    "offer_design": design_sections.design,
    "offer_performance": offer_sections.performance,
    "offer_reliability": reliability_sections.reliability,
    "offer_bill": cost_sections.bill,
    "offer_against": cost_sections.against,
    "offer_risks": risk_sections.risks,
    "offer_assumptions": source_sections.assumptions,
    "offer_sources": source_sections.sources,
    "offer_terms": source_sections.terms,
}


@dataclass(frozen=True)
class Offer:
    """What a proposal is about.

    Attributes:
        sides: the offer's inputs first, then those of the alternatives.
        answers: plain values by the command that gives them: ``run``, ``tco``, ``compare``, ``claims`` where something
            is trained, and ``offer``: what the proposal itself adds (``planner.proposal``, and ``gaps``).
        moving: what moves its numbers, so that none is said to rest on what leaves it as it is.
    """

    sides: tuple[Inputs, ...]
    answers: Mapping[str, Any]
    moving: Moving | None = None

    @property
    def inputs(self) -> Inputs:
        """The inputs of what is offered."""
        return self.sides[0]

    @cached_property
    def works(self) -> list[dict[str, Any]]:
        """The workloads of the offer as ``run`` gives them."""
        return list(self.answers["run"]["workloads"])

    @cached_property
    def rows(self) -> dict[tuple[str, str], int]:
        """Where the row of a workload on a side stands in ``compare``."""
        found = self.answers["compare"]["workloads"]
        return {(row["workload"], row["side"]): i for i, row in enumerate(found)}

    @property
    def others(self) -> list[str]:
        """The names of the alternatives."""
        return [row["side"] for row in self.answers["compare"]["sides"][1:]]

    @property
    def card(self) -> str:
        """The card that is offered; of unlike cards that of the first group."""
        return self.inputs.parts.card.name

    @property
    def card_words(self) -> str:
        """The card that is offered, or those of all groups."""
        return self.inputs.card_words

    def interval(self, work: str, name: str) -> str:
        """The key under which ``tco`` holds the interval of a workload's rate, level or cost; empty where none."""
        found = self.answers["tco"]["intervals"]
        return next((f"tco:intervals.{key}" for key in (f"{work}.{name}", name) if key in found), "")


def _set(block: Block) -> Block:
    """A block whose Chinese has Chinese marks, whatever its words were put together from."""
    if isinstance(block, Paragraph):
        return replace(block, text=chinese(block.text))
    if isinstance(block, Table):
        rows = tuple(tuple(map(chinese, row)) for row in block.rows)
        return replace(
            block, title=chinese(block.title), columns=tuple(map(chinese, block.columns)), rows=rows
        )
    return replace(block, title=chinese(block.title), categories=tuple(map(chinese, block.categories)))


def offer_content(offer: Offer, language: str) -> Content:
    """Return the proposal in a language, ``en`` or ``zh``."""
    tell = Teller(offer.answers, language)
    sections = []
    for key, make in _SECTIONS.items():
        blocks: tuple[Block, ...] = tuple(_set(block) for block in make(tell, offer))
        sections.append(Section(key, tell.say(key), blocks))
    work, name = offer.works[0], offer.inputs.name
    unit = label(f"unit.{work['unit']}", language)
    low = unit[:1].lower() + unit[1:]
    facts = [
        (tell.say("fact_capex"), tell.number("tco:capex_cny", ",.1f", 1e-6)),
        (tell.say("fact_hour"), tell.number("tco:cny_per_card_hour")),
        (tell.say("fact_unit", unit=low), tell.number(f"run:workloads.0.cny_per_{work['unit']}")),
    ]
    wins = f"compare:intervals.{work['name']}.{name}.share_cheapest"
    if tell.has(wins):
        lead = tell.say("fact_lead") if len(offer.works) == 1 else f"{tell.say('fact_lead')}: {work['name']}"
        facts.append((lead, tell.number(wins, ".0%")))
    works = {one["name"]: one["kind"] for one in offer.works}
    said = ("、" if language == "zh" else ", ").join(
        offer_sections.work_words(tell, offer, name) for name in works
    )
    return Content(
        name=name,
        title=tell.say("offer_title", cards=tell.number("run:cluster.cards", ",.0f"), card=offer.card_words, work=said),
        subtitle=tell.say("offer_subtitle", others=("、" if language == "zh" else ", ").join(offer.others), name=name,
                          version=__version__),
        language=language,
        facts=tuple(facts),
        sections=tuple(sections),
        numbers=tuple(tell.numbers),
        foot=tell.say("offer_foot", version=__version__, name=name),
    )  # fmt: skip

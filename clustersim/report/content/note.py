"""The research note of a company as a content object: which sections it has, and what each is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clustersim.finance.multiples import NOT_RATED
from clustersim.planner.company import ForecastRun
from clustersim.report.content import forecast_sections, outlook_sections, site_sections
from clustersim.report.content.model import Block, Content, Section, Teller
from clustersim.version import __version__

__all__ = ["KINDS", "Asked", "note_content"]

KINDS = ("initiation", "update")
#: Section -> what makes its blocks of the teller and of what was asked.
_SECTIONS = {
    "thesis": forecast_sections.thesis,
    "changes": outlook_sections.changes,
    "corridor": site_sections.corridor,
    "products": forecast_sections.products,
    "forecast": forecast_sections.forecast,
    "valuation": forecast_sections.valuation,
    "scenarios": outlook_sections.scenarios,
    "mind": outlook_sections.mind,
    "risks": outlook_sections.risks,
    "assumptions": site_sections.assumptions,
    "disclosures": outlook_sections.disclosures,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a note is about.

    Attributes:
        run: the company with its forecast.
        answers: plain values by the command that gives them: ``forecast``, ``value``, ``mc``, ``moves``, ``grid``, and
            where there are such ``run``, ``cases``, ``before`` (the forecast without the changes).
        changes: the inputs that were changed.
        kind: ``initiation`` or ``update``.
    """

    run: ForecastRun
    answers: Mapping[str, Any]
    changes: Mapping[str, object]
    kind: str = "initiation"

    @property
    def rating(self) -> str:
        """The rating of the forecast."""
        return str(self.answers["forecast"]["rating"])

    @property
    def withheld(self) -> bool:
        """Whether the target price is no answer: a check fails that it rests on."""
        return self.rating == NOT_RATED

    @property
    def years(self) -> Sequence[str]:
        """The years of the forecast that tables show: the first five and the last."""
        every = self.run.company.years
        return every if len(every) <= 6 else (*every[:5], every[-1])


def note_content(asked: Asked, language: str) -> Content:
    """Return the note in a language, ``en`` or ``zh``."""
    tell, run = Teller(asked.answers, language), asked.run
    sections = []
    for key, make in _SECTIONS.items():
        if key == "changes" and asked.kind != "update":
            continue
        blocks: tuple[Block, ...] = tuple(make(tell, asked))
        sections.append(Section(key, tell.say(key), blocks))
    title = run.file.title or run.file.name
    kind = tell.say(asked.kind)
    currency, dated = run.company.currency, "subtitle" if run.file.as_of else "subtitle_undated"
    facts = (
        (tell.say("rating"), tell.say(asked.rating)),
        *(
            ()
            if asked.withheld
            else ((tell.say("target"), f"{currency} {tell.number('forecast:target_price')}"),)
        ),
        (tell.say("price"), f"{currency} {tell.number('moves:market_price')}"),
        *(() if asked.withheld else ((tell.say("upside"), tell.number("forecast:upside", "+.1%")),)),
    )
    return Content(
        name=run.name,
        title=title,
        subtitle=tell.say(dated, kind=kind, date=str(run.file.as_of), version=__version__),
        language=language,
        facts=facts,
        sections=tuple(sections),
        numbers=tuple(tell.numbers),
        foot=tell.say("foot", version=__version__, name=run.name),
    )

"""A proposal as an answer: its documents in every form and language, its workbook, its page, and its evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clustersim.errors import InputError, suggest
from clustersim.planner.comparison import Asked, run_sides, unit_cost_name
from clustersim.planner.moving import Moving
from clustersim.planner.offer_grid import JUDGED, Grid, offer_grid
from clustersim.planner.proposal import behind_offer, gaps
from clustersim.planner.uncertainty import one_side
from clustersim.provenance import Sourced
from clustersim.report.answer import Answer, csv_of, listed
from clustersim.report.content.model import Content, Teller
from clustersim.report.content.offer_sections import unit_word
from clustersim.report.content.proposal import Offer, offer_content
from clustersim.report.content.source_sections import roots_of, weakest_of
from clustersim.report.evidence.bundle import bundle_answer
from clustersim.report.evidence.questions import Question
from clustersim.report.labels.units import unit_words
from clustersim.report.pages.claims import claims_answer
from clustersim.report.pages.compare import compare_answer
from clustersim.report.pages.tco import tco_answer
from clustersim.report.text import to_json
from clustersim.report.workbook.offer import write_offer_book
from clustersim.report.writers.documents import DOCUMENTS, documents
from clustersim.report.writers.needs import same_bytes
from clustersim.report.writers.sliders import Shown, Slider, Words, write_sliders
from clustersim.writing import file_stem

__all__ = ["FORMS", "OfferAsked", "gridded", "input_rows", "number_rows", "offer_of", "proposal_answer"]

#: What a proposal can be given as; ``bundle`` is the folder of evidence beside the others.
FORMS = (*DOCUMENTS, "xlsx", "html", "bundle")
_BAND = "intervals"
#: Draws behind every range where no number is asked for, as those of `run`: one number has one range.
_DRAWS = 64
#: What is told as done: the run, the comparison, the grid, the documents, the evidence.
_STEPS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAsked:
    """What is proposed: the offer's scenario, the alternatives, what was changed, and how many draws are made.

    Attributes:
        name: scenario of the offer, whose demand and site terms all sides take.
        others: scenarios of the alternatives.
        sets: overrides by key, those of one alternative as ``NAME.KEY``.
        draws: behind every range; none: as many as `run` makes.
    """

    name: str
    others: tuple[str, ...]
    sets: Mapping[str, object]
    draws: int | None = None

    @property
    def compared(self) -> Asked:
        """The comparison: every side does the offer's demand under its terms."""
        return Asked(names=(self.name, *self.others), sets=self.sets, demand=self.name)

    @property
    def drawn(self) -> int:
        """How many draws are made."""
        return _DRAWS if self.draws is None else self.draws

    @property
    def own(self) -> dict[str, object]:
        """The changes that reach the offer itself."""
        names = tuple(f"{Path(other).stem}." for other in self.others)
        return {k: v for k, v in self.sets.items() if not k.startswith(names)}


def offer_of(asked: OfferAsked, run: Mapping[str, Any]) -> Offer:
    """Return the offer with the answers of the commands that it tells; ``run`` is what ``run`` prints.

    Raises InfeasibleError where the demand cannot be done on the offered cluster.
    """
    sides = asked.compared.load({})
    behind = behind_offer(run_sides(sides))
    compared: Any = compare_answer(asked.compared, draws=asked.drawn).data
    answers: dict[str, Any] = {
        "run": run,
        "tco": tco_answer(asked.name, asked.own, draws=asked.drawn).data,
        "compare": compared,
        "offer": {**behind, "gaps": gaps(compared), "beats": _beats(compared)},
    }
    if any(work.kind == "training" for work in sides[0].scenario.demand.values()):
        load = one_side(asked.name, asked.own)
        answers["claims"] = claims_answer(load, "", coverage=0.993, penalty_cny=0.0, draws=asked.drawn).data
    return Offer(sides, answers, Moving(asked.compared, sides))


def _beats(compared: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """In which share of the draws the offer is cheaper than each other side."""
    return {
        work: {side: 1.0 - band["share_cheaper_than_first"] for side, band in list(bands.items())[1:]}
        for work, bands in compared[_BAND].items()
    }


def proposal_answer(
    asked: OfferAsked, run: Callable[[], Mapping[str, Any]], *, languages: Sequence[str], forms: Sequence[str],
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> Answer:  # fmt: skip
    """Return the proposal as the files of a folder: NAME-LANGUAGE.FORM, their numbers and inputs, and the evidence.

    ``run`` gives what ``run`` prints of the offer's scenario, once the words are known to be right; ``tell`` is told
    how many of the steps are done.

    Raises InputError for a form or language that there is not, a library that is missing, text that no font draws.
    """
    for form in forms:
        if form not in FORMS:
            raise InputError(f"no form {form!r} of a proposal; {suggest(form, list(FORMS))}")
    for language in languages:
        if language not in {"en", "zh"}:
            raise InputError(f"no language {language!r} of a proposal; write en or zh")
    if not asked.others:
        raise InputError(f"proposal of {asked.name}: name what it is held against with --against SCENARIO")
    steps = iter(range(1, _STEPS + 1))
    told = run()
    tell(next(steps), _STEPS)
    offer = offer_of(asked, told)
    tell(next(steps), _STEPS)
    offer, grid = gridded(asked, offer) if "html" in forms else (offer, None)
    tell(next(steps), _STEPS)
    contents = {language: offer_content(offer, language) for language in languages}
    written = documents(contents, [form for form in forms if form in DOCUMENTS])
    tell(next(steps), _STEPS)
    files: dict[str, Any] = {name: one.write for name, one in written.items()}
    rows = [one.row(name) for name, one in written.items()]
    for language, content in contents.items():
        for form, write in _more(offer, content, grid, forms).items():
            name = f"{file_stem(offer.inputs.name)}-{language}.{form}"
            files[name] = write
            rows.append({"file": name, "language": language, "sections": len(content.sections),
                         "numbers": len(content.numbers)})  # fmt: skip
    files |= _tables(offer, contents)
    if "bundle" in forms:
        files |= {f"bundle/{name}": data for name, data in _bundle(asked, offer).items()}
        rows.append({"file": "bundle", "language": "", "sections": None, "numbers": None})
    tell(next(steps), _STEPS)
    return listed("proposal", rows, files=lambda: files, keeps_json=False)


def _bundle(asked: OfferAsked, offer: Offer) -> Mapping[str, Any]:
    more = [
        Question("compare", asked.name, Question.of("compare", asked.name, asked.sets).sets, asked.others, asked.drawn),
        Question("tco", asked.name, Question.of("tco", asked.name, asked.own).sets, (), asked.drawn),
    ]  # fmt: skip
    if "claims" in offer.answers:
        sets = Question.of("claims", asked.name, asked.own).sets
        more.append(Question("claims", asked.name, sets, (), asked.drawn))
    return bundle_answer(asked.name, asked.own, more).files()


def _tables(offer: Offer, contents: Mapping[str, Content]) -> dict[str, Any]:
    """Every number with what it rests on, every input with its source, and the answers themselves."""
    content = next(iter(contents.values()))
    return {
        "numbers.csv": csv_of(number_rows(offer, content)),
        "inputs.csv": csv_of(input_rows(offer)),
        "proposal.json": f"{to_json(offer.answers)}\n",
    }


def number_rows(offer: Offer, content: Content) -> list[dict[str, Any]]:
    """Return every number that a proposal shows: its text, key and value, and the inputs that it is computed from."""
    seen: dict[tuple[str, ...], dict[str, Any]] = {}
    for number in content.numbers:
        if not number.text or (number.text, *number.keys) in seen:
            continue
        key = number.keys[0]
        tier, names, source = weakest_of(offer, key)
        inputs = ", ".join(root if "." in root else f"{root}.*" for root in roots_of(key)) or ", ".join(names)
        first = names[0] if names else ""
        seen[number.text, *number.keys] = {
            "number": number.text, "key": f"{key} / sum" if len(number.keys) > 1 else key, "value": number.value,
            "inputs": inputs, "weakest_input": f"{first} and {len(names) - 1} more" if len(names) > 1 else first,
            "tier": tier, "source": source,
        }  # fmt: skip
    return list(seen.values())


def input_rows(offer: Offer) -> list[dict[str, Any]]:
    """Return every sourced number that went into an offer: side, key, value, unit, range, tier, source, and file."""
    rows = []
    for side in offer.sides:
        origin = {key: Path(where).name for key, _, where in side.origins()}
        for key, number in side.fields():
            rows.append(_input_row(side.name, key, number, origin.get(key, "")))
    return rows


def _input_row(side: str, key: str, number: Sourced, origin: str) -> dict[str, Any]:
    return {"side": side, "key": key, "value": number.value, "unit": number.unit, "low": number.low,
            "high": number.high, "tier": number.tier, "source": number.source, "origin": origin}  # fmt: skip


def _more(
    offer: Offer, content: Content, grid: Grid | None, forms: Sequence[str]
) -> dict[str, Callable[[Path], None]]:
    """The workbook and the page with sliders in one language."""
    out: dict[str, Callable[[Path], None]] = {}
    if "xlsx" in forms:
        out["xlsx"] = lambda path: _book(offer, content, path)
    if grid is not None:
        out["html"] = lambda path: _page(offer, content, grid, path)
    return out


def _book(offer: Offer, content: Content, path: Path) -> None:
    tables = {"numbers": number_rows(offer, content), "inputs": input_rows(offer)}
    write_offer_book(path, offer, Teller(offer.answers, content.language), tables)
    same_bytes(path)


def gridded(asked: OfferAsked, offer: Offer) -> tuple[Offer, Grid]:
    """Return the grid of the costs of every side, and the offer with what is said of its error among the answers."""
    found = run_sides(offer.sides)
    first = found[0].name
    names = [f"{first}: capex_cny", f"{first}: cny_per_card_hour"]
    for side in found:
        if side.run is not None:
            names += [f"{side.name}: {unit_cost_name(side.run, work)}" for work in side.run.works]
    grid = offer_grid(asked.compared, names, judged=JUDGED)
    said = {
        "points": len(next(iter(grid.outputs.values()))), "judged": grid.judged,
        "worst": max(error for error, _ in grid.errors.values()),
        "median": max(error for _, error in grid.errors.values()),
        "axes": [{"key": a.key, "unit": a.unit, "nodes": list(a.nodes), "base": a.base} for a in grid.axes],
    }  # fmt: skip
    own = {**offer.answers["offer"], "grid": said}
    return replace(offer, answers={**offer.answers, "offer": own}), grid


#: End of the key of an axis: phrase, unit shown, factor to it, digits.
_SLIDERS = {
    "price": ("slide_price", "CNY", 1.0, 0), "tariff": ("slide_tariff", "CNY/kWh", 1.0, 3),
    "sold_share": ("slide_sold", "%", 100.0, 0), "scale_up.bandwidth": ("slide_scale_up", "GB/s", 1e-9, 0),
    "memory.bandwidth": ("slide_memory", "GB/s", 1e-9, 0),
}  # fmt: skip


def _page(offer: Offer, content: Content, grid: Grid, path: Path) -> None:
    tell = Teller(offer.answers, content.language)
    sliders = []
    for axis in grid.axes:
        phrase, unit, scale, digits = next(v for k, v in _SLIDERS.items() if axis.key.endswith(f".{k}"))
        shown = unit_words(unit, "zh") if tell.language == "zh" else unit
        sliders.append(Slider(tell.say(phrase, card=offer.card), shown, scale, digits))
    said = tell.say("slide_said", points=tell.number("offer:grid.points", ",.0f"),
                    judged=tell.number("offer:grid.judged", ",.0f"),
                    worst=tell.number("offer:grid.worst", ".2g", 100) + "%",
                    median=tell.number("offer:grid.median", ".2g", 100) + "%")  # fmt: skip
    words = Words(
        tell.say("slide_title"),
        said,
        *(tell.say(f"slide_{k}") for k in ("reset", "at", "now", "change")),
    )
    outputs = [_shown(tell, offer, name) for name in grid.outputs]
    write_sliders(content, grid, sliders, outputs, words, path)


def _shown(tell: Teller, offer: Offer, name: str) -> Shown:
    side, _, term = name.partition(": ")
    if term == "capex_cny":
        return Shown(name, tell.say("slide_capex", side=side), 1e-6, 1)
    if term == "cny_per_card_hour":
        return Shown(name, tell.say("slide_hour", side=side), 1.0, 2)
    bare, _, unit = term.partition("cny_per_")
    work = bare.rstrip(".") or next(w["name"] for w in offer.works if w["unit"] == unit)
    return Shown(name, tell.say("slide_unit", side=side, work=work, unit=unit_word(tell, unit)), 1.0, 2)

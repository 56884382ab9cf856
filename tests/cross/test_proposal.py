"""A proposal says what the commands compute, in both languages; what there is not is refused."""

import re
from dataclasses import replace

import pytest

import clustersim as cs
from clustersim.errors import InputError
from clustersim.intervals.maturity import CLASSES
from clustersim.report.answer import flat
from clustersim.report.content.model import Paragraph, Table, Teller
from clustersim.report.content.offer_names import MATURITY, OF_CARD, QUANTITIES
from clustersim.report.content.offer_sections import settles
from clustersim.report.content.source_sections import assumptions
from clustersim.report.content.words import PHRASES
from clustersim.report.pages import proposal as page
from clustersim.schema.demand import KINDS_OF_WORK
from tests.support.offers import TRAINING, content, offer, told

BOTH = pytest.mark.parametrize("language", ["en", "zh"])


@BOTH
def test_every_number_is_what_an_answer_holds(language: str) -> None:
    known = {f"{name}:{key}": value for name, data in offer().answers.items() for key, value in flat(data)}
    numbers = content(language).numbers
    assert len(numbers) > 250
    for number in numbers:
        values = [float(known[key]) for key in number.keys]
        value = values[0] if len(values) == 1 else values[0] / sum(values[1:])
        assert number.value == value, number
        if number.pattern:
            assert number.text == f"{value * number.scale:{number.pattern}}".replace("-", "−"), number


def test_both_languages_have_the_same_sections_blocks_and_numbers() -> None:
    english, chinese = content("en"), content("zh")
    assert [s.key for s in english.sections] == [s.key for s in chinese.sections]
    for one, other in zip(english.sections, chinese.sections, strict=True):
        assert [type(b) for b in one.blocks] == [type(b) for b in other.blocks], one.key
        assert re.search("[\u4e00-\u9fff]", other.title)
        for table, theirs in zip(one.of(Table), other.of(Table), strict=True):
            assert len(table.rows) == len(theirs.rows)
    assert told(english) == told(chinese)


def test_the_words_are_complete() -> None:
    """In both languages, with the same places; every class, kind and swing has words."""
    for key, (english, chinese) in {**PHRASES, **OF_CARD, **MATURITY}.items():
        assert english and chinese, key
        assert set(re.findall(r"\{(\w+)\}", chinese)) <= set(re.findall(r"\{(\w+)\}", english)), key
    assert set(MATURITY) == set(CLASSES)
    assert {f"kind.{kind}" for kind in KINDS_OF_WORK} <= set(PHRASES)
    for side in offer().sides:
        ends = {
            ".".join(k.split(".")[2:])
            for k, s in side.fields()
            if k.startswith("cards.") and s.range[0] < s.range[1]
        }
        assert ends <= set(OF_CARD), "an input that moves the cost is told by its key"
    for work in offer().works:
        assert {*work["rates"], *work["service"]} <= set(QUANTITIES)
    for name in ("offer_risks", "offer_against", "offer_bill", "offer_reliability"):
        section = next(s for s in content("zh").sections if s.key == name)
        for text in [p.text for p in section.of(Paragraph)] + [t.title for t in section.of(Table)]:
            assert re.search("[\u4e00-\u9fff]", text), text


def test_no_number_stands_in_the_tables_that_was_not_told() -> None:
    one = content("en")
    shown = {text.strip("%−+") for text in told(one)}
    for section in one.sections:
        if section.key not in {"offer_bill", "offer_against", "offer_performance"}:
            continue
        for table in section.of(Table):
            for row in table.rows:
                for cell in row[1:]:
                    loose = re.findall(r"(?<![\w.−-])[+−]?\d[\d,]*\.?\d*%?(?![\w-])", cell)
                    assert all(t.strip("%−+,.") in shown for t in loose if "measured" not in table.title), (
                        cell
                    )


def test_gaps_sum_to_the_whole_and_cash_to_the_cost_of_ownership() -> None:
    answers = offer().answers
    for rows in answers["offer"]["gaps"].values():
        for gap in rows:
            assert sum(term["share"] for term in gap["terms"]) == pytest.approx(1.0, abs=1e-12)
            assert sum(term["cny"] for term in gap["terms"]) == pytest.approx(gap["gap_cny"], rel=1e-12)
    cash = answers["offer"]["cash"]
    assert sum(row["total_cny"] for row in cash) == pytest.approx(answers["tco"]["tco_cny"], rel=1e-12)
    discounted = sum(row["discounted_cny"] for row in cash)
    assert discounted == pytest.approx(answers["tco"]["tco_discounted_cny"], rel=1e-12)


def test_what_would_settle_a_comparison_is_said() -> None:
    """Where no side leads, the summary names the measurement, or the input, that the width of the difference comes
    from; each source that a comparison can name has words."""
    compared = offer().answers["compare"]
    assert any(compared["settles"].values())
    for work, source in compared["settles"].items():
        bare = source.rpartition(" (")[0]
        for language in ("en", "zh"):
            said = settles(Teller(offer().answers, language), offer(), work)
            assert said, f"nothing is said of {bare!r}"
            assert offer().card in said or bare in said or not bare.startswith("error of ")


@BOTH
def test_what_was_changed_from_the_files_is_listed(language: str) -> None:
    """An input set by whoever asks stands in the document with its side and value, on whichever side it is."""
    sets = {"tco.wacc": 0.07, "h20-1024.cards.H20.price": "50 kCNY"}
    sides = page.OfferAsked(name=TRAINING[0], others=TRAINING[1], sets=sets).compared.load({})
    blocks = assumptions(Teller(offer().answers, language), replace(offer(), sides=sides))
    table = next(block for block in blocks if isinstance(block, Table))
    rows = {(side, key): value for side, key, value in table.rows}
    assert rows["br166-1024", "tco.wacc"] == "7%"
    assert rows["h20-1024", "cards.H20.price"].startswith("50,000")


def test_no_row_of_a_design_or_of_performance_says_nothing() -> None:
    """A number that is none (a tier of switches, what only training fills) has no row."""
    for section in content("en").sections:
        if section.key in {"offer_design", "offer_performance"}:
            for table in section.of(Table):
                assert not [row for row in table.rows if re.fullmatch(r"0(\.0+)?", row[1])], table.title


def test_measured_software_is_not_said_to_be_unmeasured() -> None:
    """A row of a measurement names its software or says that its source does not; a stand-in is no likeness."""
    rows = offer().answers["offer"]["nearest"]
    assert not [r for r in rows if r["near_by"] == "software" and r["software"].startswith("unmeasured")]
    section = next(s for s in content("en").sections if s.key == "offer_performance")
    nearest = section.of(Table)[-1]
    assert len(nearest.rows) == len(rows) and not [r for r in nearest.rows if "nobody" in r[1]]


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(InputError, match="--against"):
        cs.load("br166-1024").proposal()
    with pytest.raises(InputError, match="no form"):
        cs.load("br166-1024").proposal("h20-1024", forms=("odt",))
    with pytest.raises(InputError, match="no language"):
        cs.load("br166-1024").proposal("h20-1024", languages=("fr",))

"""A proposal says what the commands compute, in every form and language, and leads from each number to its source."""

import contextlib
import html
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

import clustersim as cs
from clustersim.errors import InputError
from clustersim.intervals.maturity import CLASSES
from clustersim.intervals.residuals import evidence, shipped_residuals
from clustersim.planner.offer_grid import Grid
from clustersim.provenance import Sourced
from clustersim.report.answer import flat
from clustersim.report.content.model import Content, Paragraph, Table, Teller
from clustersim.report.content.offer_names import MATURITY, OF_CARD, QUANTITIES
from clustersim.report.content.proposal import Offer, offer_content
from clustersim.report.content.words import PHRASES
from clustersim.report.pages import proposal as page
from clustersim.report.workbook.offer import write_offer_book
from clustersim.report.workbook.offer_tables import cell_text, cover_name
from clustersim.schema.demand import KINDS_OF_WORK
from tests.support.workbook_recalc import by_formualizer, stripped

TRAINING = ("br166-1024", ("h20-1024",))
BOTH = pytest.mark.parametrize("language", ["en", "zh"])
CASES = {
    "training": ("br166-1024", ("h20-1024", "h100-1024")),
    "serving": ("serve-llama3-70b", ("h20-1024", "h100-1024")),
}


def asked_of(name: str, others: tuple[str, ...], draws: int = 4) -> page.OfferAsked:
    return page.OfferAsked(name=name, others=others, sets={}, draws=draws)


@lru_cache(maxsize=1)
def offered() -> tuple[Offer, Grid]:
    name, others = TRAINING
    asked = asked_of(name, others)
    return page.gridded(asked, page.offer_of(asked, cs.load(name).run().data))  # type: ignore[arg-type]


def offer() -> Offer:
    return offered()[0]


def grid() -> Grid:
    return offered()[1]


@lru_cache(maxsize=2)
def content(language: str) -> Content:
    return offer_content(offer(), language)


def told(one: Content) -> list[str]:
    return [number.text for number in one.numbers if number.text]


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


def test_each_number_leads_to_inputs_with_tier_and_source() -> None:
    """Step one: the number's key and its weakest input. Step two: that input with value, tier, source and file."""
    inputs = {(row["side"], row["key"]): row for row in page.input_rows(offer())}
    rows = page.number_rows(offer(), content("en"))
    assert {row["number"] for row in rows} == set(told(content("en")))
    led = 0
    for row in rows:
        assert row["tier"] in {"given", "measured", "published", "derived", "assumption"}, row
        name = row["weakest_input"].partition(" and ")[0]
        if not name:
            assert row["source"], row
            continue
        side, _, key = name.rpartition(": ")
        found = inputs[side or offer().inputs.name, key]
        assert (found["tier"], found["source"]) == (row["tier"], row["source"]), row
        assert found["tier"] == "given" or found["source"], row
        led += 1
    assert led > 150
    assert "given" not in {row["tier"] for row in rows if row["key"].endswith(".racks")}
    # What was measured is named by who measured it: no number rests on "the measurements".
    voices = {r.source for r in (*shipped_residuals(), *evidence())}
    behind = [r for r in rows if r["key"].startswith(("offer:rests_on", "offer:nearest"))]
    assert len(behind) > 20
    for row in behind:
        named = re.sub(r" \(\d+\)(?=; |$)", "\n", row["source"]).replace("\n; ", "\n").strip("\n").split("\n")
        assert set(named) <= voices, row


def test_what_a_main_number_is_said_to_rest_on_moves_it() -> None:
    """Each main number, by a run of its own with the named input a tenth away: the power rests on no price."""
    base = {f"{room}:{key}": value for room, data in offer().answers.items() for key, value in flat(data)}
    name, others = TRAINING
    (table,) = next(s for s in content("en").sections if s.key == "offer_sources").of(Table)
    named = {row[1]: page.weakest_of(offer(), row[1]) for row in table.rows}
    assert {"tco:facility_power_w", "tco:capex_cny", "claims:mtbf_h"} <= set(named)
    changed: dict[str, dict[str, object]] = {}
    own = dict(offer().inputs.fields())
    known = {key: value for side in reversed(offer().sides) for key, value in side.fields()}
    for key, (_, inputs, _) in named.items():
        if key == "run:cluster.cards":  # the input itself
            continue
        assert inputs, key
        plain = inputs[0].rpartition(": ")[2]
        for step in (1.1, 0.9):
            if plain in changed:
                break
            one = known[plain]
            value = one.value * step if one.unit in {"1", ""} else f"{one.value * step!r} {one.unit}"
            asked = page.OfferAsked(name=name, others=others, sets={plain: value}, draws=0)
            try:
                run = cs.Scenario(name, {plain: value} if plain in own else {}).run().data
                answers = page.offer_of(asked, run).answers  # type: ignore[arg-type]
            except InputError:
                continue
            changed[plain] = {f"{room}:{k}": v for room, data in answers.items() for k, v in flat(data)}
        assert changed[plain][key] != pytest.approx(base[key], rel=1e-9), f"{key} does not rest on {plain}"


@pytest.mark.full
def test_what_any_number_is_said_to_rest_on_moves_it() -> None:
    """Every number with a weakest input, by a run of its own with the first of them a tenth away."""
    base = {f"{room}:{key}": value for room, data in offer().answers.items() for key, value in flat(data)}
    name, others = TRAINING
    known = {key: value for side in reversed(offer().sides) for key, value in side.fields()}
    own = dict(offer().inputs.fields())
    at: dict[str, list[dict[str, object]]] = {}
    still = []
    for row in page.number_rows(offer(), content("en")):
        key, first = row["key"].removesuffix(" / sum"), row["weakest_input"].partition(" and ")[0]
        if not first or row["tier"] == "given":  # a count: a tenth more of it is none
            continue
        if "lead_time" in key and first.startswith("prices."):  # the entry that states both
            continue
        # Widths and shares of draws are of the number that they are drawn about; a share of simulated recoveries is a
        # count, which a tenth of an input need not change.
        if re.search(r"p_within|intervals|share_met|share_cheapest|beats|unit_swings|capex_swings", key):
            continue
        plain = first.rpartition(": ")[2]
        if plain not in at:
            at[plain] = list(_moved_answers(name, others, plain, known[plain], plain in own))
        # What an alternative alone has cannot be asked of the offer's own commands: none of its answers are there.
        if at[plain] and all(answers.get(key, base[key]) == base[key] for answers in at[plain]):
            still.append((key, first))
    assert sum(bool(found) for found in at.values()) > 8
    assert still == [], "\n".join(map(str, still))


def _moved_answers(
    name: str, others: tuple[str, ...], key: str, one: Sourced, own: bool
) -> Iterator[dict[str, object]]:
    """The answers of an offer with one input a tenth more, and a tenth less."""
    for step in (1.1, 0.9):
        value = one.value * step if one.unit in {"1", ""} else f"{one.value * step!r} {one.unit}"
        asked = page.OfferAsked(name=name, others=others, sets={key: value}, draws=0)
        with contextlib.suppress(InputError):
            run = cs.Scenario(name, {key: value} if own else {}).run().data
            answers = page.offer_of(asked, run).answers  # type: ignore[arg-type]
            yield {f"{room}:{k}": v for room, data in answers.items() for k, v in flat(data)}


@BOTH
def test_the_workbook_computes_the_same_to_the_printed_digit(language: str, tmp_path: Path) -> None:
    pytest.importorskip("formualizer")
    path, bare = tmp_path / "a.xlsx", tmp_path / "bare.xlsx"
    one = content(language)
    tables = {"numbers": page.number_rows(offer(), one), "inputs": page.input_rows(offer())}
    live = write_offer_book(path, offer(), Teller(offer().answers, language), tables)
    assert stripped(path, bare) > 100
    # The first sheet tells every number in words, each another's, and its key behind it.
    names = [cover_name(Teller(offer().answers, language), offer(), cell.key) for cell in live]
    said = [name for name in names if name]
    assert len(set(said)) == len(said) >= 12 and not any(
        re.search(r"[a-z]_[a-z]|:[a-z]", one) for one in said
    )
    if language == "zh":
        for name, column in (
            ("inputs", "unit"),
            ("inputs", "tier"),
            ("numbers", "tier"),
            ("numbers", "weakest_input"),
        ):
            cells = {
                cell_text(Teller(offer().answers, language), column, str(row[column])) for row in tables[name]
            }
            assert not any(re.search(r"CNY|week|assumption|given| more$", one) for one in cells), (
                column,
                cells,
            )
        ours = {
            row["source"]
            for row in tables["numbers"]
            if not row["weakest_input"] and row["tier"] != "measured"
        }
        assert all(cell_text(Teller(offer().answers, language), "source", one) != one for one in ours), ours
    found = by_formualizer(bare, [(cell.sheet, cell.row, cell.column) for cell in live])
    known = {f"{name}:{key}": value for name, data in offer().answers.items() for key, value in flat(data)}
    shown = {n.keys[0]: n for n in one.numbers if len(n.keys) == 1 and n.text}
    compared = 0
    for cell, value in zip(live, found, strict=True):
        assert isinstance(value, float | int)
        assert value == pytest.approx(known[cell.key], rel=1e-9, abs=1e-9), cell
        if cell.key in shown:
            number = shown[cell.key]
            text = f"{value * number.scale:{number.pattern}}".replace("-", "−")
            assert text in {number.text, number.text.replace("−", "")} or float(value) == 0.0, cell
            compared += 1
    assert compared > 30


def test_the_grid_holds_the_offer_and_its_error_is_measured() -> None:
    made = grid()
    base = {axis.key: axis.base for axis in made.axes}
    compared = offer().answers["compare"]
    for i, row in enumerate(compared["workloads"]):
        name = f"{row['side']}: cny_per_mtoken"
        assert made.value(name, base) == pytest.approx(compared["workloads"][i]["cny_per_mtoken"], rel=1e-12)
    assert {axis.key.rpartition(".")[2] for axis in made.axes} == {
        "price",
        "tariff",
        "sold_share",
        "bandwidth",
    }
    assert made.judged >= 32 and 0 <= offer().answers["offer"]["grid"]["worst"] < 0.02
    said = offer().answers["offer"]["grid"]
    assert said["worst"] == max(error for error, _ in made.errors.values())


@BOTH
def test_the_page_is_one_file_that_says_what_the_document_says(language: str, tmp_path: Path) -> None:
    page._page(offer(), content(language), grid(), tmp_path / "a.html")
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    plain = html.unescape(re.sub(r"<[^>]+>", "\n", text))
    assert all(number in plain for number in told(content(language)))
    assert not re.search(
        r"""(src|href)=["'](?!data:)|url\(|https?://[^"' ]*\.(js|css)|fetch\(|import\(""", text
    )
    worst = f"{offer().answers['offer']['grid']['worst']:.3%}"
    assert worst in plain


#: A page without a browser: elements by id, and a slider that is moved to some places.
_NO_BROWSER = """
const fs = require('fs'), text = fs.readFileSync(process.argv[2], 'utf8'), places = JSON.parse(process.argv[3]);
const found = {}, grid = text.match(/id="grid">([^]*?)<\\/script>/)[1];
global.document = {getElementById: id => found[id] = found[id] || {textContent: id === 'grid' ? grid : '', heard: {},
  addEventListener(what, then) { this.heard[what] = then; }}};
eval(text.match(/<\\/script><script>([^]*?)<\\/script>/)[1]);
const rows = JSON.parse(grid).rows.length, said = () => [...Array(rows).keys()].map(k => found['n' + k].textContent);
const out = [said()];
for (const place of places) {
  place.forEach((value, k) => { found['m' + k].value = value; found['m' + k].heard.input(); });
  out.push(said());
}
found.reset.heard.click();
out.push(said());
console.log(JSON.stringify(out));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="no program here runs the page's script")
def test_the_script_of_the_page_does_what_the_grid_does(tmp_path: Path) -> None:
    made = grid()
    page._page(offer(), content("en"), made, tmp_path / "a.html")
    (tmp_path / "a.js").write_text(_NO_BROWSER.replace("\\\\", "\\"), encoding="utf-8")
    places = [[0, 0, 0, 0], [1000, 1000, 1000, 1000], [137, 804, 611, 333], [500, 250, 999, 871]]
    done = subprocess.run(
        ["node", str(tmp_path / "a.js"), str(tmp_path / "a.html"), json.dumps(places)], capture_output=True, check=True
    )  # fmt: skip
    said = json.loads(done.stdout)
    points = [{a.key: a.base for a in made.axes}]
    points += [
        {
            a.key: a.nodes[0] + (a.nodes[-1] - a.nodes[0]) * at / 1000
            for a, at in zip(made.axes, place, strict=True)
        }
        for place in places
    ]
    tell = Teller(offer().answers, "en")
    shown = [page._shown(tell, offer(), name) for name in made.outputs]
    for row, point in zip(said, [*points, points[0]], strict=True):
        for text, one in zip(row, shown, strict=True):
            digit = 0.5000001 * 10.0**-one.digits
            assert float(text.replace(",", "")) == pytest.approx(
                made.value(one.name, point) * one.scale, abs=digit
            )
    texts = set(told(content("en")))
    assert set(said[0]) <= texts, "what the page shows at the offer is what the document prints"


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(InputError, match="--against"):
        cs.load("br166-1024").proposal()
    with pytest.raises(InputError, match="no form"):
        cs.load("br166-1024").proposal("h20-1024", forms=("odt",))
    with pytest.raises(InputError, match="no language"):
        cs.load("br166-1024").proposal("h20-1024", languages=("fr",))


@pytest.mark.full
@pytest.mark.parametrize("kind", list(CASES))
def test_the_whole_proposal_in_every_form(kind: str, tmp_path: Path) -> None:
    """All forms in both languages hold every number that was told; the bundle recomputes them; bytes repeat."""
    pytest.importorskip("docx")
    pytest.importorskip("pptx")
    name, others = CASES[kind]
    answer = cs.load(name).proposal(*others, languages=("en", "zh"), draws=8)
    answer.write(tmp_path)
    run = cs.load(name).run().data
    one = page.offer_of(page.OfferAsked(name=name, others=others, sets={}, draws=8), run)  # type: ignore[arg-type]
    for language in ("en", "zh"):
        made = offer_content(one, language)
        for form in ("docx", "pptx"):
            words = _words_of(tmp_path / f"{name}-{language}.{form}")
            assert [text for text in told(made) if text not in words] == [], form
        plain = html.unescape((tmp_path / f"{name}-{language}.html").read_text(encoding="utf-8"))
        assert [text for text in told(made) if text not in plain] == []
        pdf = tmp_path / f"{name}-{language}.pdf"
        if shutil.which("pdftotext"):
            out = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, check=True)
            words = out.stdout.decode()
            assert [text for text in told(made) if text not in words] == []
    assert cs.verify(tmp_path / "bundle").failed is None
    manifest = json.loads((tmp_path / "bundle" / "manifest.json").read_text())
    assert {"run", "compare", "tco"} <= {q["question"] for q in manifest["questions"]}
    compared = json.loads((tmp_path / "bundle" / "outputs" / "compare.json").read_text())
    assert compared == json.loads((tmp_path / "proposal.json").read_text())["compare"]


def _words_of(path: Path) -> str:
    """Every text of an Office document."""
    with zipfile.ZipFile(path) as archive:
        parts = [n for n in archive.namelist() if n.endswith(".xml") and "theme" not in n]
        return "\n".join(
            html.unescape(re.sub(r"<[^>]+>", "\n", archive.read(name).decode())) for name in sorted(parts)
        )

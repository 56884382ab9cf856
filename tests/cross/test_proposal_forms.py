"""A proposal prints the same numbers in every form, and what can be moved in one gives what the program gives."""

import html
import json
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import clustersim as cs
from clustersim.report.answer import flat
from clustersim.report.content.model import Paragraph, Table, Teller
from clustersim.report.content.proposal import offer_content
from clustersim.report.pages import proposal as page
from clustersim.report.workbook.offer import write_offer_book
from clustersim.report.workbook.offer_tables import cell_text, cover_name
from clustersim.report.writers.documents import Document
from tests.support.offers import CASES, content, grid, offer, told, words_of
from tests.support.workbook_recalc import by_formualizer, stripped

BOTH = pytest.mark.parametrize("language", ["en", "zh"])


def squeezed(text: str) -> str:
    """Text without its spaces and ends of lines, which each form sets by its own widths."""
    return re.sub(r"\s+", "", text)


def parts_of(path: Path) -> set[str]:
    """The paragraphs and the cells of a written document."""
    if path.suffix == ".docx":
        docx = pytest.importorskip("docx")
        document = docx.Document(str(path))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        return {squeezed(text) for text in [p.text for p in document.paragraphs] + cells}
    if path.suffix == ".pptx":
        pptx = pytest.importorskip("pptx")
        found = []
        for slide in pptx.Presentation(str(path)).slides:
            for shape in slide.shapes:
                if shape.has_text_frame:
                    found += [p.text.removeprefix("• ") for p in shape.text_frame.paragraphs]
                if shape.has_table:
                    found += [cell.text for row in shape.table.rows for cell in row.cells]
        return {squeezed(text) for text in found}
    if path.suffix == ".xlsx":
        return set(words_of(path).split("\n"))
    text = path.read_text(encoding="utf-8").replace("<wbr>", "")
    inner = re.findall(
        r"<(?:p|li|td|th|caption|b|span)\b[^>]*>(.*?)</(?:p|li|td|th|caption|b|span)>", text, re.S
    )
    return {squeezed(html.unescape(one)) for one in inner}


@BOTH
def test_every_form_says_the_same(language: str, tmp_path: Path) -> None:
    """Each cell and each sentence of the content stands whole in each form, so that a number has the same digits and
    the same words around it; the workbook's sheet has every number as it is shown. Slides leave the small print out."""
    one = content(language)
    for form, document in ((f, Document(one, f)) for f in ("docx", "pptx")):
        document.write(tmp_path / f"a.{form}")
    page._page(offer(), one, grid(), tmp_path / "a.html")
    page._book(offer(), one, tmp_path / "a.xlsx")
    cells = [c for s in one.sections for t in s.of(Table) for row in t.rows for c in row if c]
    said = [(p.kind, p.text) for s in one.sections for p in s.of(Paragraph)]
    assert len(cells) > 500 and len(said) > 30
    for form in ("docx", "pptx", "html"):
        found = parts_of(tmp_path / f"a.{form}")
        wanted = cells + [text for kind, text in said if form != "pptx" or kind != "remark"]
        assert [text for text in wanted if squeezed(text) not in found] == [], form
    assert set(told(one)) <= parts_of(tmp_path / "a.xlsx")


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no program here reads a PDF (poppler-utils)")
@BOTH
def test_the_pdf_says_the_same(language: str, tmp_path: Path) -> None:
    """Each sentence, and each cell without a break in it, in the words that another program reads from the PDF."""
    one = content(language)
    Document(one, "pdf").write(tmp_path / "a.pdf")
    out = subprocess.run(["pdftotext", "-raw", str(tmp_path / "a.pdf"), "-"], capture_output=True, check=True)
    # The foot of a page, and the head of a table that goes on, may stand within what goes on in the next page.
    words = squeezed(re.sub(r"[^\n]*\n?[^\n]*\n\d+ / \d+\n\f", "", out.stdout.decode()))
    said = [p.text for s in one.sections for p in s.of(Paragraph)]
    assert [text for text in said if squeezed(text) not in words] == []
    assert [text for text in told(one) if squeezed(text) not in words] == []


@pytest.mark.parametrize("seed", [31, 32])
def test_the_grid_is_as_near_to_a_run_as_it_says(seed: int) -> None:
    """At places of the sliders drawn by seed, what the page interpolates and what ``run`` gives: the printed error."""
    made, rng = grid(), random.Random(seed)
    worst = offer().answers["offer"]["grid"]["worst"]
    name = offer().inputs.name
    for _ in range(4):
        point = {
            a.key: a.nodes[0] + (a.nodes[-1] - a.nodes[0]) * rng.randint(0, 1000) / 1000 for a in made.axes
        }
        sets = {a.key: f"{point[a.key]!r} {a.unit}".strip() if a.unit else point[a.key] for a in made.axes}
        run = cs.Scenario(name, sets).run().data
        assert isinstance(run, dict)
        found = {
            f"{name}: capex_cny": run["tco"]["capex_cny"],
            f"{name}: cny_per_card_hour": run["tco"]["cny_per_card_hour"],
            f"{name}: cny_per_mtoken": run["workloads"][0]["cny_per_mtoken"],
        }
        for output, value in found.items():
            assert made.value(output, point) == pytest.approx(value, rel=worst), (output, point)


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
            if not row["weakest_input"]
            and row["tier"] != "measured"
            and not row["key"].startswith("offer:models")
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
    assert made.judged >= 64 and 0 <= offer().answers["offer"]["grid"]["worst"] < 0.02
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
    worst = f"{100 * offer().answers['offer']['grid']['worst']:.2g}%"
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
            words = words_of(tmp_path / f"{name}-{language}.{form}")
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

"""The note says what the commands print: every number of it, in both languages and every form."""

import io
import json
import re
import zipfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest

import clustersim as cs
from clustersim.errors import InputError
from clustersim.planner.company import runs_by_case
from clustersim.report.answer import flat
from clustersim.report.content.model import Chart, Content, Number, Paragraph, Table
from clustersim.report.content.note import Asked, note_content
from clustersim.report.content.words import PHRASES
from clustersim.report.labels import label
from clustersim.report.labels.label import _WORDS
from clustersim.report.pages.note import asked_of
from clustersim.report.writers.docx import write_docx
from clustersim.report.writers.html import html_text, write_pdf
from clustersim.report.writers.needs import library, texts
from clustersim.report.writers.pptx import write_pptx

SECTIONS = ["thesis", "corridor", "products", "forecast", "valuation", "scenarios", "mind", "risks", "assumptions",
            "disclosures"]  # fmt: skip


@lru_cache(maxsize=4)
def asked(name: str) -> Asked:
    runs = runs_by_case(name, {})
    run = cs.load(name).run(draws=4).data if runs["base"].chain is not None else None
    return asked_of(runs, run=run)


@lru_cache(maxsize=8)
def content(name: str, language: str) -> Content:
    return note_content(asked(name), language)


def short(language: str) -> Content:
    """A document with every kind of block: writing all of it twice takes long."""
    one = content("metax", language)
    return replace(
        one, sections=tuple(s for s in one.sections if s.key in {"thesis", "products", "scenarios"})
    )


@pytest.mark.parametrize("name", ["nanjing-1024", "metax"])
def test_every_number_is_one_that_a_command_prints(name: str) -> None:
    """To the printed digit: the text is the command's own value, read from its JSON, in its pattern."""
    printed = {"forecast": cs.company(name).show(), "value": cs.company(name).value(),
               "moves": cs.company(name).moves(), "grid": cs.company(name).grid()}  # fmt: skip
    printed["cases"] = cs.company(name).cases()
    if name == "nanjing-1024":
        printed["run"] = cs.load(name).run(draws=4)
    known = {f"{c}:{k}": v for c, a in printed.items() for k, v in flat(json.loads(a.text("json")))}
    known |= {f"mc:{k}": v for k, v in flat(asked(name).answers["mc"])}
    for language in ("en", "zh"):
        numbers = content(name, language).numbers
        assert len(numbers) > (300 if name == "nanjing-1024" else 100)
        for number in numbers:
            _is_printed(number, known)


def _is_printed(number: Number, known: dict[str, object]) -> None:
    values = [float(known[key]) for key in number.keys]  # type: ignore[arg-type]
    value = values[0] if len(values) == 1 else values[0] / sum(values[1:])
    assert number.value == value, number
    if number.pattern:
        assert number.text == f"{value * number.scale:{number.pattern}}".replace("-", "−"), number


def test_what_stands_in_the_documents_is_what_was_told() -> None:
    """No number in text or table but those that were told, names and years."""
    told = {n.text for n in content("nanjing-1024", "en").numbers if n.text}
    loose = set()
    for section in content("nanjing-1024", "en").sections:
        if section.key in {"assumptions", "disclosures"}:
            continue  # sources and units of the files
        for block in section.blocks:
            cells = [block.text] if isinstance(block, Paragraph) else []
            if isinstance(block, Table):
                cells = [cell for row in block.rows for cell in row[1:]]
            for cell in cells:
                loose |= {
                    t for t in re.findall(r"(?<![\w.−-])[+−]?\d[\d,]*\.?\d*%?(?![\w-])", cell) if len(t) > 1
                }
    bare = {t.rstrip(".,") for t in loose}
    allowed = {t.strip("%").rstrip(".,") for t in told} | {"10", "90", "2026", "06", "02"}
    assert {t for t in bare if t.strip("%") not in allowed and t.strip("+%") not in allowed} == set()


@pytest.mark.parametrize("name", ["nanjing-1024", "metax"])
def test_the_sections_are_those_of_a_note_in_both_languages(name: str) -> None:
    english, chinese = content(name, "en"), content(name, "zh")
    assert [s.key for s in english.sections] == [s.key for s in chinese.sections] == SECTIONS
    for one, other in zip(english.sections, chinese.sections, strict=True):
        assert [type(b) for b in one.blocks] == [type(b) for b in other.blocks], one.key
    for section in chinese.sections:
        assert any("\u4e00" <= c <= "\u9fff" for c in section.title)


ODD = {
    "thirty lines": {},
    "loss": {"company.drivers.research_expense": 2_000_000},
    "later, dated before": {"company.as_of": "2020-01-01"},
    "dear": {"company.price": 1},
}


@pytest.mark.parametrize("odd", ODD)
def test_no_section_of_an_odd_company_is_silent_or_nonsense(odd: str, tmp_path: Path) -> None:
    """No cases, no peers, no range, no date; negative flows: each section says so, and no share is beyond the whole."""
    text = re.findall(r"```yaml\n(.*?)```", Path("docs/company.md").read_text(encoding="utf-8"), re.S)[0]
    (tmp_path / "newco.yaml").write_text(text, encoding="utf-8")
    told = asked_of(runs_by_case(str(tmp_path / "newco.yaml"), ODD[odd]))
    for language in ("en", "zh"):
        found = note_content(told, language)
        assert all(section.blocks for section in found.sections)
        said = [b.text for s in found.sections for b in s.blocks if isinstance(b, Paragraph)]
        assert not any("None" in text for text in (*said, found.subtitle))
        shares = [n.value for n in found.numbers if len(n.keys) > 1]
        assert shares and all(0 <= share <= 1 for share in shares)
    assert not any(re.search("[a-z]{3} [a-z]{3}", row) for row in said if "核对" in row)


def test_the_words_are_complete() -> None:
    """Every phrase has both languages with the same places, and every input of the tables is named."""
    for key, (english, chinese) in {**PHRASES, **_WORDS}.items():
        if (english, chinese) == ("{en}", "{zh}"):  # what was put into both languages elsewhere
            continue
        places = [set(re.findall(r"\{(\w+)\}", text)) for text in (english, chinese)]
        assert places[1] <= places[0] and places[0] - places[1] <= {"why"}, key
        assert english and chinese
    for row in asked("nanjing-1024").answers["moves"]["moves"]:
        assert label(row["input"], "zh") != row["input"]
    for table in (
        t for s in content("nanjing-1024", "zh").sections for t in s.of(Table) if s.key != "assumptions"
    ):
        for name in (row[0] for row in table.rows):
            assert re.search("[\u4e00-\u9fff]|^BR|successor|pretrain|chat", name), name


@pytest.mark.parametrize(
    ("phrase", "key"),
    [("pv_fcf", "pv_fcf"), ("pv_terminal", "pv_terminal"), ("dcf_leg", "dcf_m"), ("ps_leg", "ps_m"),
     ("target_per_share", "target_price"), ("price", "price"), ("upside", "upside")],
)  # fmt: skip
def test_a_quantity_has_one_name_in_note_and_workbook(phrase: str, key: str) -> None:
    """The note adds a unit to the workbook's words, nothing else."""
    for said, word in zip(PHRASES[phrase], _WORDS[key], strict=True):
        assert re.split(r", |\uff08", said)[0] == word


def test_the_writers_write_all_of_it_and_the_same_bytes_again(tmp_path: Path) -> None:
    docx, pptx = pytest.importorskip("docx"), pytest.importorskip("pptx")
    one = short("en")
    for name, write in (("a.docx", write_docx), ("a.pptx", write_pptx)):
        write(one, tmp_path / name)
        first = (tmp_path / name).read_bytes()
        write(one, tmp_path / name)
        assert (tmp_path / name).read_bytes() == first
    document = docx.Document(str(tmp_path / "a.docx"))
    assert len(document.inline_shapes) == sum(len(s.of(Chart)) for s in one.sections)
    words = "\n".join(p.text for p in document.paragraphs)
    cells = {c.text for t in document.tables for row in t.rows for c in row.cells}
    for section in one.sections:
        assert section.title in words
        assert all(p.text in words for p in section.of(Paragraph))
        assert all(cell in cells for t in section.of(Table) for row in t.rows for cell in row)
    deck = pptx.Presentation(str(tmp_path / "a.pptx"))
    charts = [shape.chart for slide in deck.slides for shape in slide.shapes if shape.has_chart]
    assert len(charts) == sum(len(s.of(Chart)) for s in one.sections)
    stacked = next(c for c in charts if c.chart_title.text_frame.text == "Revenue by product, CNY bn")
    drawn = next(c for s in one.sections for c in s.of(Chart) if c.kind == "stacked")
    assert [tuple(s.values) for s in stacked.plots[0].series] == [values for _, values in drawn.series]


def test_the_pdf_is_written_and_a_chinese_one_asks_for_its_font(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        library("weasyprint")
    except InputError as error:
        pytest.skip(str(error))
    write_pdf(short("en"), tmp_path / "a.pdf")
    data = (tmp_path / "a.pdf").read_bytes()
    assert data.startswith(b"%PDF") and len(data) > 20_000
    write_pdf(short("en"), tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes() == data
    monkeypatch.setattr("clustersim.report.writers.needs.drawable", lambda text: (("DejaVu Sans",), text))
    with pytest.raises(InputError, match="fonts-noto-cjk"):
        html_text(short("zh"))


def test_an_update_says_what_the_changes_do() -> None:
    from clustersim.planner.company import forecast_run

    changes = {"company.wacc": "12 %"}
    one = asked_of(
        runs_by_case("metax", changes), before=forecast_run("metax", {}), changes=changes, kind="update"
    )
    section = next(s for s in note_content(one, "en").sections if s.key == "changes")
    text = texts(Content("", "", "", "en", (), (section,)))
    was, now = (float(forecast_run("metax", c).valuation.target_price) for c in ({}, changes))
    assert "company.wacc = 12 %" in text and f"{was:,.2f}" in text and f"{now:,.2f}" in text
    with pytest.raises(InputError, match="no kind"):
        asked_of({}, kind="novel")


def test_a_form_or_language_that_there_is_not_is_refused() -> None:
    with pytest.raises(InputError, match="no language"):
        cs.company("metax").note(languages=("fr",))
    with pytest.raises(InputError, match="no document"):
        cs.company("metax").note(forms=("odt",))


def test_fixed_times_in_the_archives(tmp_path: Path) -> None:
    write_docx(replace(short("en"), sections=()), tmp_path / "a.docx")
    with zipfile.ZipFile(io.BytesIO((tmp_path / "a.docx").read_bytes())) as archive:
        assert {item.date_time[0] for item in archive.infolist()} == {1980}


def test_works_of_any_kind_are_told_with_their_cost_and_its_range() -> None:
    """Two works that make the same unit, one that makes little for much, and no incumbent to stand beside."""
    from clustersim.report.content.model import Teller
    from clustersim.report.content.site_sections import _unit_costs, _work_said

    def work(name: str, kind: str, unit: str, cost: float) -> dict[str, object]:
        return {
            "name": name,
            "kind": kind,
            "unit": unit,
            f"cny_per_{unit}": cost,
            "units_per_card_hour": 7.6 / cost,
        }

    works = [work("a", "vision", "image", 0.00162), work("b", "vision", "image", 5.4e-7),
             work("calls", "video", "stream_hour", 0.0066)]  # fmt: skip
    ranges = {"a.cny_per_image": {"p10": 0.0017, "p90": 0.0018}, "b.cny_per_image": {"p10": 5.3e-7, "p90": 6e-7},
              "cny_per_stream_hour": {"p10": 0.0035, "p90": 0.0044}}  # fmt: skip
    run = {
        "workloads": works,
        "intervals": ranges,
        "market": {"incumbent": None, "incumbent_workloads": None},
    }
    for language in ("en", "zh"):
        tell = Teller({"run": run}, language)
        (table,) = list(_unit_costs(tell, run))
        assert isinstance(table, Table) and len(table.columns) == 4
        assert [row[2:] for row in table.rows] == [
            ("0.00162", "0.00170 – 0.00180"), ("0.000000540", "0.000000530 – 0.000000600"),
            ("0.00660", "0.00350 – 0.00440"),
        ]  # fmt: skip
        assert all(not row[1].startswith("unit.") for row in table.rows)
        assert "1,152" in _work_said(tell, 2, works[2]) and "unit." not in _work_said(tell, 0, works[0])

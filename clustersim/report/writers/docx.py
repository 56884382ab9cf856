"""A content object as a Word document: headings, lists, tables and pictures that an editor can work on."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from clustersim.report.content.model import Block, Chart, Content, Paragraph, Table
from clustersim.report.writers.drawn import chart_png
from clustersim.report.writers.needs import broken, families, library, lines_of, same_bytes, weights

__all__ = ["write_docx"]

_BLUE = "1F3864"
_LIGHT = "E8EEF4"
#: A table of no more lines is not parted by the end of a page; the width of a page in millimetres, and how many of
#: them a letter takes for each point of its size.
_KEPT_LINES, _ACROSS, _LETTER = 18, 174.0, 0.205
_KINDS = {"text": "Normal", "bullet": "List Bullet", "remark": "Normal"}


def write_docx(content: Content, path: Path) -> None:
    """Write the content as DOCX; the same content gives the same bytes.

    Raises InputError where the library is missing, or no font here draws what the content says.
    """
    docx, fonts = library("docx"), families(content)
    document = docx.Document()
    _look(document, fonts[-1])
    document.add_heading(content.title, 0)
    document.add_paragraph(content.subtitle)
    _facts(document, content)
    for section in content.sections:
        heading = document.add_heading(section.title, 1)
        heading.paragraph_format.keep_with_next = True
        heading.paragraph_format.keep_together = True
        for block, after in zip(section.blocks, (*section.blocks[1:], None), strict=True):
            _block(document, block, leads=isinstance(after, Table | Chart))
    foot = document.sections[0].footer.paragraphs[0]
    foot.text = f"{content.foot}\t"
    _page_number(foot)
    for run in foot.runs:
        run.font.size = docx.shared.Pt(7)
    properties = document.core_properties
    properties.title, properties.author = content.title[:255], "clustersim"
    properties.created = properties.modified = datetime(2020, 1, 1)
    document.save(str(path))
    same_bytes(path)


def _look(document: Any, font: str) -> None:
    """Page, fonts (one for Latin, one for Chinese) and colours."""
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt, RGBColor

    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(18)
    page.top_margin, page.bottom_margin, page.footer_distance = Mm(18), Mm(20), Mm(8)
    for name, size in (("Normal", 9.5), ("Title", 22), ("Heading 1", 14), ("List Bullet", 9.5)):
        style = document.styles[name]
        style.font.name, style.font.size = "Arial", Pt(size)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        fonts.set(qn("w:eastAsia"), font)
        if name in {"Title", "Heading 1"}:
            style.font.color.rgb = RGBColor.from_string(_BLUE)


def _facts(document: Any, content: Content) -> None:
    from docx.shared import Pt, RGBColor

    table = document.add_table(rows=2, cols=len(content.facts))
    for i, (name, text) in enumerate(content.facts):
        for row, value, size, bold in ((0, name, 8, False), (1, text, 13, True)):
            run = _cell(table.cell(row, i), value, size, shade=_LIGHT)
            run.bold = bold
            run.font.size = Pt(size)
            run.font.color.rgb = RGBColor.from_string(_BLUE)


def _cell(cell: Any, text: str, size: float, *, right: bool = False, shade: str = "") -> Any:
    """Fill a cell and return its run."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Pt

    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(1)
    paragraph.paragraph_format.line_spacing = 1.0
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    run = paragraph.add_run(text)
    run.font.size = Pt(size)
    if shade:
        element = OxmlElement("w:shd")
        element.set(qn("w:val"), "clear")
        element.set(qn("w:fill"), shade)
        cell._tc.get_or_add_tcPr().append(element)
    return run


def _block(document: Any, block: Block, *, leads: bool) -> None:
    """Add a block; words that lead to a table or a picture stay on its page."""
    from docx.shared import Mm, Pt, RGBColor

    if isinstance(block, Paragraph):
        paragraph = document.add_paragraph(block.text, style=_KINDS[block.kind])
        paragraph.paragraph_format.space_after = Pt(4)
        paragraph.paragraph_format.keep_with_next = leads
        if block.kind == "remark":
            for run in paragraph.runs:
                run.font.size, run.font.color.rgb = Pt(8), RGBColor(0x55, 0x55, 0x55)
    elif isinstance(block, Chart):
        document.add_picture(BytesIO(chart_png(block)), width=Mm(172))
    else:
        _table(document, block)


def _table(document: Any, block: Table) -> None:
    from docx.shared import Pt

    head = document.add_paragraph()
    head.add_run(block.title).bold = True
    head.paragraph_format.keep_with_next = True
    head.paragraph_format.space_after = Pt(2)
    table = document.add_table(rows=1 + len(block.rows), cols=len(block.columns))
    table.style = "Table Grid"
    size = 6.5 if len(block.columns) > 8 else 7.5 if len(block.columns) > 6 or block.words else 8.5
    for j, text in enumerate(block.columns):
        _cell(table.cell(0, j), text, size, right=not block.from_left(j), shade=_LIGHT).bold = True
    _marked(table.rows[0], "w:tblHeader")  # shown again on every page that the table goes on to
    for one in table.rows:
        _marked(one, "w:cantSplit")
    letters, shares = _ACROSS / (_LETTER * size), _shares(block)
    for i, row in enumerate(block.rows, 1):
        cells = table.rows[i].cells
        for j, text in enumerate(row):
            most = int(letters * shares[j]) - 2
            _cell(cells[j], "\n".join(broken(text, most)), size, right=not block.from_left(j))
    if lines_of(block, letters) <= _KEPT_LINES:
        for one in table.rows[
            :-1
        ]:  # a row stays with the next: a short table is not parted by the end of a page
            one.cells[0].paragraphs[0].paragraph_format.keep_with_next = True
    _widths(table, block)
    document.add_paragraph().paragraph_format.space_after = Pt(2)


def _page_number(paragraph: Any) -> None:
    """The number of the page, by a field, at the right end of the line."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Mm

    stops = paragraph.paragraph_format.tab_stops
    paragraph.style.paragraph_format.tab_stops.clear_all()
    stops.add_tab_stop(Mm(174), 2)
    run = paragraph.add_run()
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        part = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        else:
            part.text = text
        run._r.append(part)


def _marked(row: Any, name: str) -> None:
    """Set a property of a row that the library has no word for."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    mark = OxmlElement(name)
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)


def _widths(table: Any, block: Table) -> None:
    """Each column is as wide as what it says; of few columns the first has room for names."""
    from docx.shared import Mm

    table.autofit = False
    for j, width in enumerate(_ACROSS * share for share in _shares(block)):
        table.columns[j].width = Mm(width)
        for cell in table.columns[j].cells:
            cell.width = Mm(width)


def _shares(block: Table) -> list[float]:
    """The width of each column as a share of the page's; of few columns the first has room for names."""
    count = len(block.columns)
    if count > 3:
        return list(weights(block))
    return [90.0 / _ACROSS, *[(1 - 90.0 / _ACROSS) / max(count - 1, 1)] * (count - 1)]

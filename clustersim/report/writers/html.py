"""A content object as one HTML page with its pictures inside, and as the PDF of that page."""

from __future__ import annotations

import base64
import html
import re
from pathlib import Path

from clustersim.report.content.model import Block, Chart, Content, Paragraph, Section, Table
from clustersim.report.writers.drawn import chart_png
from clustersim.report.writers.needs import families, library, lines_of, quiet_and_dateless, weights

__all__ = ["html_text", "write_pdf"]

#: A table of no more lines is not parted by the end of a page; a line of a page holds so many letters.
_KEPT_LINES, _LETTERS = 18, 118
#: A key that is longer than a narrow column.
_LONG_KEY = re.compile(r"[A-Za-z][\w.:-]{14,}")
#: Share of the width that names have in a table of words with few columns.
_NAMES = 0.4
#: A word or two of a table stay on one line.
_SHORT = 12
_STYLE = """
@page { size: A4; margin: 18mm 16mm 18mm 16mm;
  @bottom-right { content: counter(page) " / " counter(pages); font-size: 8pt; color: #666; }
  @bottom-left { content: string(foot); font-size: 6.5pt; color: #666; max-width: 150mm; }
  font-family: FAMILIES, sans-serif; }
body { font-family: FAMILIES, sans-serif; font-size: 9.5pt; line-height: 1.45; color: #1a1a1a; }
h1 { font-size: 20pt; margin: 0 0 1mm; color: #1F3864; }
h2 { font-size: 13pt; margin: 7mm 0 2mm; color: #1F3864; border-bottom: 0.6pt solid #1F3864; break-after: avoid; }
.subtitle { color: #555; margin: 0 0 4mm; }
.foot { string-set: foot content(); height: 0; overflow: hidden; margin: 0; font-size: 1pt; color: white; }
.facts { display: flex; gap: 4mm; margin: 0 0 3mm; }
.facts div { flex: 1; background: #E8EEF4; padding: 2mm 3mm; }
.facts b { display: block; font-size: 13pt; color: #1F3864; }
.facts span { font-size: 8pt; color: #555; }
ul { margin: 1mm 0 2mm; padding-left: 5mm; }
li { margin: 0.6mm 0; }
p { margin: 1mm 0 2mm; }
.remark { font-size: 8pt; color: #555; }
figure { margin: 3mm 0; break-inside: avoid; }
figure img { width: 100%; }
table { border-collapse: collapse; width: 100%; margin: 1mm 0 4mm; font-size: 8pt; }
.caption { break-after: avoid; margin: 0; }
.left { text-align: left; }
caption, .caption { text-align: left; font-weight: bold; padding: 2mm 0 1mm; color: #1F3864; }
th { background: #E8EEF4; text-align: right; padding: 0.8mm 1.2mm; border-bottom: 0.6pt solid #1F3864; }
td { text-align: right; padding: 0.7mm 1.2mm; border-bottom: 0.3pt solid #ddd; vertical-align: top; }
tr, .kept { break-inside: avoid; }
p:has(+ figure), p:has(+ .kept), p:has(+ .caption) { break-after: avoid; }
td.number, th.number { white-space: nowrap; }
.words td.word { overflow-wrap: anywhere; }
td.name { overflow-wrap: anywhere; }
@media screen { .table { overflow-x: auto; } td.name { overflow-wrap: break-word; min-width: 7.5rem; }
 td.left { min-width: 5rem; }
 .words td.word { overflow-wrap: break-word; } .words td.word:not(.number) { min-width: 6rem; } }
@media print { :lang(zh) :is(h1, h2, th, caption, .caption) { font-weight: normal; } }
th:first-child, td:first-child, .words td, .words th { text-align: left; }
"""


def html_text(content: Content, *, style: str = "", first: str = "") -> str:
    """Return the page; its title, language and text are the content's.

    ``style`` is added to the house's, and ``first`` (HTML) stands before the first section.

    Raises InputError where no font here draws what it says.
    """
    fonts = ", ".join(f"'{name}'" for name in families(content))
    facts = "".join(f"<div><span>{_e(name)}</span><b>{_e(text)}</b></div>" for name, text in content.facts)
    body = "".join(map(_section, content.sections))
    return (
        f'<!DOCTYPE html><html lang="{content.language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{_e(content.title)}</title>'
        f"<style>{_STYLE.replace('FAMILIES', fonts)}{style}</style></head><body>"
        f'<p class="foot">{_e(content.foot)}</p>'
        f'<h1>{_e(content.title)}</h1><p class="subtitle">{_e(content.subtitle)}</p><div class="facts">{facts}</div>'
        f"{first}{body}</body></html>"
    )


def _e(text: str) -> str:
    return html.escape(text)


def _section(section: Section) -> str:
    whole = ' class="kept"' if all(isinstance(block, Paragraph) for block in section.blocks) else ""
    out, listed = [f"<section{whole}><h2>{_e(section.title)}</h2>"], False
    for block in section.blocks:
        is_item = isinstance(block, Paragraph) and block.kind == "bullet"
        if is_item != listed:
            out.append("<ul>" if is_item else "</ul>")
            listed = is_item
        out.append(_block(block))
    return "".join([*out, "</ul>" if listed else "", "</section>"])


def _block(block: Block) -> str:
    if isinstance(block, Paragraph):
        tag = "li" if block.kind == "bullet" else "p"
        return f'<{tag} class="{block.kind}">{_e(block.text)}</{tag}>'
    if isinstance(block, Chart):
        data = base64.b64encode(chart_png(block)).decode()
        return f'<figure><img alt="{_e(block.title)}" src="data:image/png;base64,{data}"></figure>'
    return _table(block)


def _table(table: Table) -> str:
    lefts = [table.from_left(column) for column in range(len(table.columns))]

    def kind(cell: str, column: int) -> str:
        if not table.words:
            return "left" if lefts[column] else "number"
        return "word number" if len(cell) <= _SHORT else "word"

    head = "".join(
        f'<th class="number">{_e(cell)}</th>'
        if table.words and len(cell) <= _SHORT
        else f'<th class="left">{_e(cell)}</th>'
        if lefts[column]
        else f"<th>{_e(cell)}</th>"
        for column, cell in enumerate(table.columns)
    )
    rows = "".join(
        "<tr>"
        + "".join(
            f'<td class="{kind(cell, i) if i else "name"}">{_may_break(cell)}</td>'
            for i, cell in enumerate(row)
        )
        + "</tr>"
        for row in table.rows
    )
    style = ' class="words"' if table.words else ""
    kept = "table kept" if lines_of(table, _LETTERS) <= _KEPT_LINES else "table"
    shares = (
        weights(table) if len(table.columns) > 3 else (_NAMES, *[(1 - _NAMES) / (len(table.columns) - 1)] * 2)
    )
    columns = "".join(f'<col style="width:{100 * share:.1f}%">' for share in shares[: len(table.columns)])
    group = f"<colgroup>{columns}</colgroup>" if table.words and len(table.columns) > 1 else ""
    whole = f"{group}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    if kept == "table":
        # A caption of a table that goes on would stand alone at the end of a page.
        title = f'<p class="caption">{_e(table.title)}</p>'
        return f'{title}<div class="{kept}"><table{style} aria-label="{_e(table.title)}">{whole}'
    return f'<div class="{kept}"><table{style}><caption>{_e(table.title)}</caption>{whole}'


def _may_break(text: str) -> str:
    """A cell in which a long key may go on in the next line behind its dots; what is copied of it is the key alone.

    >>> _may_break("5.87"), _may_break("cards.X.memory.bandwidth")
    ('5.87', 'cards.<wbr>X.<wbr>memory.<wbr>bandwidth')
    """
    return _LONG_KEY.sub(lambda key: re.sub(r"(?<=[.:_])(?=\w)", "<wbr>", key[0]), _e(text))


def write_pdf(content: Content, path: Path) -> None:
    """Write the content as PDF; the same content gives the same bytes.

    Raises InputError where the library is missing, or no font here draws what the content says.
    """
    weasyprint, page = library("weasyprint"), html_text(content)
    with quiet_and_dateless("weasyprint"):
        weasyprint.HTML(string=page).write_pdf(str(path), pdf_identifier=b"clustersim")

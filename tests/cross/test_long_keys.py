"""Long keys of a document end their lines behind dots, and what is copied of them is still a key."""

from pathlib import Path

import pytest

from clustersim.report.content.model import Content, Section, Table
from clustersim.schema.overrides import parse_overrides

docx = pytest.importorskip("docx")
KEY = "cards.BR166M.efficiency.collective_of_a_long_name"


def test_a_key_copied_from_a_word_document_is_the_key(tmp_path: Path) -> None:
    from clustersim.report.writers.docx import write_docx

    table = Table("Inputs", ("Key", "Value"), ((KEY, "0.5"),), words=True)
    content = Content(
        name="a",
        language="en",
        title="T",
        subtitle="",
        facts=(("Cost", "1"),),
        sections=(Section("s", "S", (table,)),),
    )
    write_docx(content, tmp_path / "a.docx")
    (found,) = [
        cell.text
        for one in docx.Document(str(tmp_path / "a.docx")).tables
        for row in one.rows
        for cell in row.cells
        if "BR166M" in cell.text
    ]
    assert found != KEY and max(map(len, found.split("\u200b"))) <= 20
    (copied,) = parse_overrides({found: 0.5})
    assert copied.key == KEY

# ruff: noqa: E501 (a table stays on its lines)
"""Statements with totals above their lines, lines of which, and texts without an end: read, not accused, bounded."""

import csv
import io

import pytest

import clustersim as cs
from clustersim.finance.audit.prose import LONGEST, sentences
from clustersim.finance.audit.run import audit_texts

TURNED = {
    "balance_sheet": "RMB mn,2023,2024,2025\nCurrent assets,9,11,13\nCash and cash equivalents,4,5,6\nInventories,5,6,7\n"
    "Non-current assets,7,9,11\nProperty plant and equipment,3,4,5\nIntangible assets,4,5,6\nTotal assets,16,20,24\n"
}
OF_WHICH = {
    "利润表": "人民币万元,2023,2024,2025\n一、营业总收入,100,120,150\n其中：营业收入,100,120,150\n减：营业成本,60,70,80\n"
    "三、营业利润,40,50,70\n"
}


@pytest.mark.parametrize("tables", [TURNED, OF_WHICH])
def test_a_right_table_in_another_order_is_not_accused_and_a_wrong_figure_is(tables):
    assert audit_texts(tables).faults == ()
    name, text = next(iter(tables.items()))
    for old, new in ((",5,6,7\n", ",5,9,7\n"), ("其中：营业收入,100,120", "其中：营业收入,100,130")):
        if old in text:
            assert audit_texts({name: text.replace(old, new)}).faults


@pytest.mark.parametrize("part", ["收入100亿元，", "revenue 12% 2024 ", "a", "1", "("])
def test_what_is_read_as_one_sentence_is_bounded_and_nothing_of_it_is_lost(part):
    text = part * (5_000 // len(part))
    read = [s.text for s in sentences("a.txt", text)]
    assert max(map(len, read)) <= LONGEST
    assert "".join("".join(read).split()) == "".join(text.split())


@pytest.mark.parametrize("fmt", ["csv", "md"])
def test_every_form_holds_what_was_read_and_what_no_check_covers(fmt, tmp_path):
    (tmp_path / "balance_sheet.csv").write_text(TURNED["balance_sheet"], encoding="utf-8")
    (tmp_path / "odd.csv").write_text("a,b\nc,d\n", encoding="utf-8")
    (tmp_path / "note.txt").write_text("Cloud revenue was 3 million.\n", encoding="utf-8")
    text = cs.audit(tmp_path).text(fmt)
    assert "odd: its name is no table's" in text and "note.txt" in text
    assert "read" in text and "not_covered" in text and "absent" in text
    if fmt == "csv":
        rows = list(csv.reader(io.StringIO(text)))
        assert {len(r) for r in rows} == {len(rows[0])}

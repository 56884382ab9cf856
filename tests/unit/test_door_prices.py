"""Lists of prices come in as a book over another, or are refused by line.

Layouts are those of the tools; every figure is invented. At least five samples of each door, three of them broken.
"""

# ruff: noqa: E501 -- lines of logs are as long as they are

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from doors import Put, put, read, refused

import clustersim as cs
from clustersim.errors import InputError

__all__ = ["put"]  # a fixture


PRICES = 'part,unit price,currency,lead time,supplier\nnic-400g,"1,650.00",USD,10 weeks,ACME\nswitch-64x400g,¥ 280000,CNY,,ACME\n'


def book(archive: zipfile.ZipFile, *sheets: str) -> None:
    """The members of a workbook that name its sheets."""
    spaces = (
        'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
        ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    )
    named = "".join(f'<sheet name="{name}" r:id="r{k}"/>' for k, name in enumerate(sheets, 1))
    parts = "".join(
        f'<Relationship Id="r{k}" Target="worksheets/sheet{k}.xml"/>' for k in range(1, len(sheets) + 1)
    )
    archive.writestr("xl/workbook.xml", f"<workbook {spaces}><sheets>{named}</sheets></workbook>")
    archive.writestr("xl/_rels/workbook.xml.rels", f"<Relationships>{parts}</Relationships>")


def workbook(rows: list[list[str]]) -> bytes:
    """A workbook as spreadsheets write it: texts shared, numbers in place."""
    import io

    texts = [cell for row in rows for cell in row if not cell.replace(".", "").isdigit()]
    cells = "".join(
        f'<row r="{r}">' + "".join(
            f'<c r="{"ABCDEFG"[c]}{r}" t="s"><v>{texts.index(cell)}</v></c>' if cell in texts
            else f'<c r="{"ABCDEFG"[c]}{r}"><v>{cell}</v></c>' for c, cell in enumerate(row)) + "</row>"
        for r, row in enumerate(rows, 1))  # fmt: skip
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        book(archive, "prices")
        archive.writestr(
            "xl/worksheets/sheet1.xml", f"<worksheet {space}><sheetData>{cells}</sheetData></worksheet>"
        )
        archive.writestr(
            "xl/sharedStrings.xml",
            f"<sst {space}>" + "".join(f"<si><t>{t}</t></si>" for t in texts) + "</sst>",
        )
    return out.getvalue()


def test_a_list_of_prices_lies_over_the_shipped_book(put: Put) -> None:
    made = read(put(PRICES, "offer.csv"), given={"date": "2026-09"})
    parts = made.content.parts
    assert (
        parts["nic-400g"].price.value == pytest.approx(1650 * 7.1)
        and parts["switch-64x400g"].price.value == 280000
    )
    assert parts["nic-400g"].lead_time.value == 10 and "7.1 CNY/USD" in parts["nic-400g"].price.source
    assert (made.content.base, made.content.date, made.kind) == ("cn-2026", "2026-09", "prices")


def test_the_overlay_is_a_price_book_of_a_scenario(
    put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mine" / "hwprofiles" / "prices"
    folder.mkdir(parents=True)
    (folder / "offer.yaml").write_text(
        read(put(PRICES, "offer.csv"), given={"date": "2026-06"}).text, encoding="utf-8"
    )
    monkeypatch.setenv("CLUSTERSIM_PATH", str(tmp_path / "mine"))

    def bill(book: str) -> dict[str, Any]:
        lines = cs.load("nanjing-1024").set({"tco.price_book": book}).tco(draws=0).to_dict()
        return {str(key): value for key, value in lines.items()}

    base, over = bill("cn-2026"), bill("offer")
    assert json.dumps(base, default=str) != json.dumps(over, default=str)


def test_a_workbook_in_chinese_with_vat_in_ten_thousands(put: Put) -> None:
    data = workbook(
        [["名称", "单价(万元,含税)", "交期"], ["nic-400g", "1.13", "8"], ["rack-air", "2.26", "6"]]
    )
    parts = read(put(data, "报价.xlsx"), given={"currency": "CNY"}).content.parts
    assert parts["nic-400g"].price.value == pytest.approx(10_000) and parts["rack-air"].lead_time.value == 6


def test_gbk_and_an_unknown_part(put: Put) -> None:
    made = read(put("部件,单价(元)\nnic-400g,9000\n新光模块,500\n", "p.csv", "gb18030"))
    assert made.content.parts["新光模块"].price.value == 500 and any(
        "新光模块: is no part" in s for s in made.said
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (PRICES.replace('"1,650.00"', '"1650,00"'), ("a list of prices", "decimal comma")),
        (PRICES[: PRICES.index(",USD")], ("fewer cells",)),
        (PRICES.replace("¥ 280000,CNY,,ACME", "¥ 280000,CNY,soon,ACME"), ("no number of weeks",)),
        (PRICES.replace("currency", "colour").replace("USD", "x").replace("¥ ", ""), ("no stated currency",)),
        (PRICES.replace(",USD", ",XAU"), ("XAU",)),
        (PRICES + "nic-400g,1700,USD,,\n", ("stands twice",)),
        (PRICES.replace("¥ 280000", "on request"), ("no amount",)),
        (workbook([["a", "b"], ["1", "2"]]), ("it lacks the column(s) of part",)),
        (workbook([["part", "price"]])[:-40], ("is no XLSX or ZIP file",)),
        (b"PK\x03\x04" + b"x" * 60, ("is no XLSX or ZIP file",)),
    ],
    # A workbook's bytes hold the second in which it was made: no name for a case that two workers must agree on.
    ids=lambda part: part[0] if isinstance(part, tuple) else "",
)
def test_broken_lists_of_prices_are_refused(put: Put, text: Any, words: tuple[str, ...]) -> None:
    refused(put(text, "p.csv"), *words)


def test_a_workbook_with_entities_is_refused(put: Put, tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        book(archive, "prices")
        archive.writestr(
            "xl/worksheets/sheet1.xml", '<!DOCTYPE a [<!ENTITY b "bb">]><worksheet>&b;</worksheet>'
        )
    refused(path, "entities")


def test_a_base_has_no_base_and_keeps_what_the_list_does_not_say(
    put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clustersim.schema.price_overlay import book_document

    folder = tmp_path / "hwprofiles" / "prices"
    folder.mkdir(parents=True)
    monkeypatch.setenv("CLUSTERSIM_PATH", str(tmp_path))
    made = read(put(PRICES, "offer.csv"), given={"date": "2026-06"})
    (folder / "offer.yaml").write_text(made.text, encoding="utf-8")
    (folder / "twice.yaml").write_text(made.text.replace("cn-2026", "offer", 1), encoding="utf-8")
    parts = book_document("offer").data["parts"]
    assert (
        parts["switch-64x400g"]["value"] == "280000 CNY" and parts["switch-64x400g"]["lead_time"] == "10 week"
    )
    assert "rack-air" in parts and len(parts) > len(made.rows)
    with pytest.raises(InputError, match="lies over another book itself"):
        book_document("twice")


SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'


def _rows(*rows: str) -> str:
    """Rows of a sheet, each a line of cells parted by commas."""
    cells = (
        "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row.split(",")) for row in rows
    )
    return SHEET.format("".join(f'<row r="{r}">{line}</row>' for r, line in enumerate(cells, 1)))


def test_every_sheet_with_prices_is_read_and_the_others_are_named(put: Put, tmp_path: Path) -> None:
    path = tmp_path / "two.xlsx"
    sheets = {
        "cover": _rows("offer of May"),
        "nodes": _rows("offer,May", "part,price,currency", "nic-400g,9000,CNY", "合计,9000,"),
        "net": _rows("part,price,currency,", "switch-64x400g,￥８５，０００ ,CNY,remark"),
    }
    with zipfile.ZipFile(path, "w") as archive:
        book(archive, *sheets)
        for k, text in enumerate(sheets.values(), 1):
            archive.writestr(f"xl/worksheets/sheet{k}.xml", text)
    made = read(path)
    assert {row["part"]: row["value"] for row in made.rows} == {
        "nic-400g": "9000 CNY",
        "switch-64x400g": "85000 CNY",
    }
    assert any("left out: cover" in said for said in made.said)
    assert any("is a sum of others" in said for said in made.said)


@pytest.mark.parametrize(
    ("price", "value"),
    [
        ("HK$ 100", 86.6), ("US$100", 710), ("$100", 710), ("￥１００", 100), ("100 元", 100), ("€100", None),
        ("100 欧元", None), ("日元100", None), ("NT$100", None), ("S$100", None), ("£100", None),
    ],
)  # fmt: skip
def test_no_currency_is_taken_for_another(put: Put, price: str, value: float | None) -> None:
    """In a cell of its own, beside the price, or in the column's name."""
    sign = price.replace("100", "").replace("１００", "").strip()
    lists = (f"part,price\nnic-400g,{price}\n", f"part,price,currency\nnic-400g,100,{sign}\n",
             f"部件,单价（{sign}）\nnic-400g,100\n")  # fmt: skip
    for text in lists:
        if value is None:
            refused(put(text, "p.csv"), "is a list of prices")
        else:
            found = read(put(text, "p.csv")).content.parts["nic-400g"].price.value
            assert found == pytest.approx(value)


@pytest.mark.parametrize(
    ("name", "times"),
    [("单价（元）", 1), ("单价（万元）", 1e4), ("单价（百万元）", 1e6), ("含税单价（元）", 1 / 1.13), ("不含税单价（元）", 1),
     ("price (kCNY, VAT included)", 1e3 / 1.13), ("unit price excl. VAT (CNY)", 1), ("unit price incl. VAT (CNY)", 1 / 1.13),
     ("price (million CNY)", 1e6), ("price CNY", None)],
)  # fmt: skip
def test_a_columns_name_says_what_it_counts_in(put: Put, name: str, times: float | None) -> None:
    path = put(f'part,"{name}"\nnic-400g,3\n', "p.csv")
    if times is None:
        refused(path, "of no kind")
    else:
        assert read(path).content.parts["nic-400g"].price.value == pytest.approx(3 * times)


def test_a_price_of_two_currencies_is_refused(put: Put) -> None:
    refused(put("part,price,currency\nnic-400g,$100,CNY\n", "p.csv"), "in CNY by one cell and in USD")

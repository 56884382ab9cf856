"""The guarded reader: what is no small regular text file is refused by its name, at once; what is one is read right."""

import gzip
import io
import json
import os
import socket
import threading
import zipfile
from pathlib import Path

import pytest

from clustersim.errors import InputError
from clustersim.reading.archive import open_archive
from clustersim.reading.guarded import (
    LIMIT_VARIABLE,
    decode,
    is_file,
    printable,
    read_bytes,
    read_text,
    stamp,
)
from clustersim.reading.jsontext import Limits, parse_json, read_json
from clustersim.reading.tables import parse_table, read_table, records
from clustersim.validation.common import require_columns

#: What is refused takes milliseconds; only a call that waits for ever takes as long as this.
HANG_S = 60


def within(function, *args):  # type: ignore[no-untyped-def]
    """Run a call that must not hang: the error or result, or a failure."""
    out: list[object] = []

    def call() -> None:
        try:
            out.append(function(*args))
        except BaseException as error:
            out.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(HANG_S)
    assert out, f"{function.__name__} still hangs after {HANG_S} s"
    return out[0]


def refused(path: Path | str) -> str:
    error = within(read_text, path)
    assert isinstance(error, InputError), error
    return str(error)


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.yaml")
    assert "is a pipe, not a file" in refused(tmp_path / "fifo.yaml")
    assert "is a device" in refused("/dev/zero")
    assert "is a folder" in refused(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        assert "is a socket" in refused(tmp_path / "s")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "cannot be read" in refused(tmp_path / "loop")


def test_names_that_no_file_can_have(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "none")
    assert "cannot be read (File name too long)" in refused("x" * 300)
    assert "no file can have this name" in refused("a\0b")
    assert not is_file("x" * 300) and not is_file("a\0b") and stamp("x" * 300) == 0
    shown = refused("\x1b[31m" + "y" * 5000)
    assert "\x1b" not in shown and len(shown) < 500


def test_the_limit_and_how_to_ask_for_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "big").write_bytes(b"a" * 1_000_001)
    assert len(read_bytes(tmp_path / "big")) == 1_000_001
    monkeypatch.setenv(LIMIT_VARIABLE, "1")
    with pytest.raises(InputError, match="longer than 1 MB; set CLUSTERSIM_READ_LIMIT_MB"):
        read_bytes(tmp_path / "big")
    monkeypatch.setenv(LIMIT_VARIABLE, "lots")
    with pytest.raises(InputError, match="whole number of MB"):
        read_bytes(tmp_path / "big")
    with pytest.raises(InputError, match="longer than"):
        read_bytes(tmp_path / "big", limit=1_000_000)
    assert len(read_bytes(tmp_path / "big", limit=1_000_001)) == 1_000_001


@pytest.mark.parametrize(
    ("encoding", "known"),
    [
        ("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16-le"), ("gbk", "gb18030"),
        ("gb18030", "gb18030"), ("utf-32", "utf-32-le"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("text", ["部件,时间\n显卡,1.5\n", "联通,1\n", "芯片,1\n", "甲\n"])
def test_declared_encodings_are_told_apart(encoding: str, known: str, text: str) -> None:
    assert decode(text.encode(encoding), "a.csv").text == text
    assert decode(text.encode(encoding), "a.csv").encoding == known


@pytest.mark.parametrize(
    "text", ["café, 25 °C\n", "±5 µs · naïve\n", "Größe\n", "Ёлка, привет\n", "Ελληνικά\n"]
)
def test_other_letters_stay_utf8_and_latin1_is_no_chinese(text: str) -> None:
    assert decode(text.encode(), "a").text == text
    if text.isprintable() or all(ord(c) < 256 for c in text):
        with pytest.raises(InputError, match=r"a:1: not a UTF-8 text file"):
            decode(("x " + text).encode("latin-1"), "a")
    with pytest.raises(InputError, match=r"a:2: not a UTF-8 text file"):
        decode(b"\n" + "記憶體頻寬測試資料".encode("big5"), "a")


def test_nul_and_binary_are_no_text() -> None:
    with pytest.raises(InputError, match=r"a:2: holds a NUL byte; it is no text file"):
        decode(b"a\nb\0c", "a")
    with pytest.raises(InputError, match=r"a:1: holds a NUL byte; it may be UTF-16 without its mark"):
        decode("abc".encode("utf-16-le"), "a")
    with pytest.raises(InputError, match="is no text file"):
        decode(bytes(range(256)), "a")
    with pytest.raises(InputError, match="begins like UTF-16"):
        decode(b"\xff\xfea", "a")


def test_gzip_is_unpacked_only_where_asked_and_only_to_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n"))
    assert read_table(path, packed=True).rows[1] == {"a": "3", "b": "4"}
    with pytest.raises(InputError, match="is gzip data"):
        read_table(path)
    path.write_bytes(gzip.compress(b"0" * 50_000_000))
    with pytest.raises(InputError, match="unpacks to more than 16 MB"):
        read_text(path, packed=True)
    path.write_bytes(gzip.compress(b"a,b\n1,2\n" * 1000)[:-20])
    with pytest.raises(InputError, match="ends too early"):
        read_text(path, packed=True)
    path.write_bytes(b"\x1f\x8bnonsense")
    with pytest.raises(InputError, match="damaged gzip"):
        read_text(path, packed=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; its first line"),
        ("\n\n", "is empty; its first line"),
        ("a;b\n1;2\n", "t.csv:1: the columns are separated by semicolons"),
        ("\na\tb\n", "t.csv:2: the columns are separated by tabs"),
        ("名称，值\n", "t.csv:1: the columns are separated by full-width commas"),
        ("a,a\n", "t.csv:1: column 'a' stands twice"),
        ("a,,\n", "t.csv:1: columns without a name"),
        ("a,b\n1,2\n1\n\n1,2,3\n", r"2 line\(s\) do not fit.*\n.*t.csv:3: fewer.*\n.*t.csv:5: more cells"),
        ('a,b\n"1\n2",2\nx\n', "t.csv:4: fewer"),
        ('a,b\n1,2\n"1,2\n3,4\n', "t.csv:3: a quotation mark that begins here is never closed"),
        ('a,b\n"1"x,2\n', "t.csv:2: text follows a closing quotation mark"),
        (f"a,b\n1,{'x' * 200_000}\n", "t.csv:2: .*cell is too long"),
    ],
)
def test_tables_name_what_is_wrong_at_its_line(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_table(tmp_path / "t.csv")


def test_a_table_keeps_cells_lines_and_encoding(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes('a,b\r\n\r\n\'x,"1,\n2"\r\n甲,\r\n'.encode("gbk"))
    table = read_table(tmp_path / "t.csv")
    assert list(table.numbered()) == [(3, {"a": "'x", "b": "1,\n2"}), (5, {"a": "甲", "b": ""})]
    assert table.encoding == "gb18030"
    with pytest.raises(InputError, match=r"t.csv:1: lacks the column\(s\) c; needed: a, c"):
        table.require("a", "c")
    assert parse_table(decode(b"a,b\n1\n", "t"), short=True).rows == ({"a": "1", "b": ""},)
    assert list(records("a\rb\r", "t")) == [(1, ["a"]), (2, ["b"])]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000, "x.json:1: is nested deeper than 64"),
        ('{"a":' * 100_000, "x.json:1: is nested deeper than 64"),
        ("[\n" + "1," * 100_001 + "1]", "x.json:2: holds more than 100,000 values"),
        ("\n" + "1" * 401, "x.json:2: a number has more than 400 digits"),
        ('{"a": 1, "b": 2, "a": 3}', "x.json: the key 'a' stands twice"),
        ('{"a":\nNaN}', "x.json:2: NaN is no JSON number"),
        ("[1e999]", "x.json:1: 1e999 is no JSON number"),
        ("[1,\n", "x.json:2: not valid JSON"),
        ('"' + '\\"' * 200_000, "not valid JSON"),
        ("", "x.json:1: not valid JSON"),
    ],
)
def test_hostile_json_is_named(text: str, message: str) -> None:
    error = within(parse_json, text, "x.json")
    assert isinstance(error, InputError)
    with pytest.raises(InputError, match=message):
        parse_json(text, "x.json")


def test_json_is_read_as_it_stands(tmp_path: Path) -> None:
    value = {"a": [1, -2.5e-3, "[[[" * 100, None, True], "b": {"c": '"}'}}
    (tmp_path / "x.json").write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8-sig")
    assert read_json(tmp_path / "x.json") == value
    assert len(parse_json("[" + "1," * 150_000 + "1]", "x", Limits(nodes=None))) == 150_001
    with pytest.raises(InputError, match="x:7: not valid JSON"):
        parse_json("{", "x", line=7)


def bomb(members: int, size: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(members):
            archive.writestr(f"xl/sheet{i}.xml", b"0" * size)
    return out.getvalue()


def test_archives_unpack_within_limits(tmp_path: Path) -> None:
    path = tmp_path / "b.xlsx"
    path.write_bytes(bomb(3, 1000))
    archive = open_archive(path)
    assert archive.read("xl/sheet0.xml") == b"0" * 1000
    assert archive.stream().read(2) == b"PK"
    with pytest.raises(InputError, match="no such member"):
        archive.read("other")
    path.write_bytes(bomb(8, 10_000_000))
    with pytest.raises(InputError, match="unpacks to more than 64 MB"):
        open_archive(path)
    path.write_bytes(bomb(10_001, 1))
    with pytest.raises(InputError, match="more than 10,000 members"):
        open_archive(path)
    path.write_bytes(b"PK\x03\x04 nonsense")
    with pytest.raises(InputError, match="is no XLSX or ZIP file"):
        open_archive(path)


def test_an_archive_that_lies_about_its_size_is_held_to_the_limit(tmp_path: Path) -> None:
    data = bytearray(bomb(1, 5_000_000))
    true, small = (5_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    path = tmp_path / "lie.xlsx"
    path.write_bytes(bytes(data).replace(true, small))
    archive = open_archive(path, unpacked=1_000_000)
    try:
        assert len(archive.read("xl/sheet0.xml")) <= 1_000_000
    except InputError as error:
        assert "cannot be unpacked" in str(error) or "unpacks to more" in str(error)


def test_control_characters_are_shown_not_sent() -> None:
    assert printable("a\x1b]0;x\x07\r\u202eb\udcff") == "a\\x1b]0;x\\x07\\r\\u202eb\\udcff"
    assert printable("行\tx\n") == "行\tx\n"
    assert len(printable("x" * 1000)) == 300


@pytest.mark.parametrize("line", ["c,", "c0,c1,", ","], ids=["alike", "two names", "nameless"])
def test_a_line_of_a_million_cells_is_no_table_s(line: str) -> None:
    with pytest.raises(InputError, match=r"t\.csv:1: .*at most 16,384"):
        parse_table(decode(line.encode() * 1_000_000, "t.csv"))


def test_a_foreign_table_of_many_columns_is_named_shortly() -> None:
    many = [f"c{i}" for i in range(16_000)]
    with pytest.raises(InputError, match="16,000 in all") as refused:
        require_columns(many, ["id", "n" * 5_000], "t.csv")
    assert len(str(refused.value)) < 12_000

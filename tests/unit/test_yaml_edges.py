"""YAML from outside: hostile text is refused at once, a slip of the keyboard is named for what it is at its line."""

from pathlib import Path

import pytest

from clustersim.errors import InputError
from clustersim.schema.base import validate
from clustersim.schema.scenario import Scenario
from clustersim.schema.yamlfile import parse_yaml, read_yaml

LAUGHS = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [{', '.join(f'*{a}' for _ in range(9))}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))  # fmt: skip  # noqa: E501


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LAUGHS, r"x.yaml:2: the alias \*a is not read"),
        ("a: 1\nb: " + "[" * 100_000, "x.yaml:2: is nested deeper than 64"),
        ("{a: " * 100_000, "x.yaml:1: is nested deeper than 64"),
        ("- " * 100_000, "x.yaml:1: is nested deeper than 64"),
        ("? " * 100_000, "x.yaml:1: is nested deeper than 64"),
        ("a: [" + "1," * 100_001 + "]", "x.yaml:1: holds more than 100,000 values"),
        ("a: 1\nb: " + "7" * 401, "x.yaml:2: a number has more than 400 digits"),
        ("a: 0." + "7" * 5000, "x.yaml:1: a number has more than 400 digits"),
        ("a: !!python/object/apply:os.system [x]\n", "x.yaml:1: the tag .* is not read"),
        ("a: 1\n---\nb: 2\n", "x.yaml:2: a second document"),
        ("a: 1\nb: \x07\n", "x.yaml:2: not valid YAML"),
        ("a: 1\nb: \udcff\n", "x.yaml:2: (not valid YAML|holds bytes)"),
        ("<<: *a\n", r"the alias \*a"),
    ],
)
def test_hostile_text_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_yaml(text, "x.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a:\n\tb: 1\n", "x.yaml:2: the line is indented with a tab; use spaces"),
        ("a:\n  b: 1\n \tc: 2\n", "x.yaml:3: the line is indented with a tab"),
        ("a: 1\ncards：16\nb: 2\n", "x.yaml:2: a full-width colon stands after the key"),
        ("cards：16\n", "x.yaml:1: a full-width colon"),
        ("a: 1\npue：{value: 1.2, low: 1.1}\nb: 2\n", "x.yaml:2: a full-width colon"),
        ("a: 1\nname; x\nb: 2\n", "x.yaml:2: a semicolon"),
        ("a:\n  cards = 16\n  b: 2\n", "x.yaml:2: an equals sign follows the key"),
        ("a:\n  - b: 1\n  - c：2\n    d: 1\n", "x.yaml:3: a full-width colon"),
        ("a: 1; b: 2\n", "x.yaml:1: a semicolon separates nothing"),
        ("a: 1;\nb: 5 GB/s；\n", r"2 problem\(s\)\n.*x.yaml:1: a: '1;' ends in a semicolon.*\n.*x.yaml:2: b"),
        ("a: |\n  注：这\nb: [1\n", "x.yaml:4: not valid YAML"),
        ("- a\n", "x.yaml:1: the top level must be a mapping"),
        ("a: 1\nb: {c: 1，d: 2}\n", "x.yaml:2: a full-width comma '，' stands here; write ','"),
        ("a: 1\nb: ｛c: 1｝\n", "x.yaml:2: a full-width brace '｛' stands here; write '{'"),
        ("cards:16\n", "x.yaml:1: no space follows the colon"),
        ("a: 1\nb: １６\n", r"x.yaml:2: b: '１６' is in full-width digits \(write 16"),
        ("a: 1\nb: １６ GB\n", r"x.yaml:2: b: '１６ GB' is in full-width digits \(write 16 GB"),
        ("a: [1,024]\n", "x.yaml:1: a.1: 024 begins with a zero"),
        ("", "the file is empty"),
        ("# nothing\n", "the file is empty"),
        ("? [a]\n: 1\nb: 1\n", "x.yaml:1: a key must be plain text"),
        ("a: {b: 1, b: 2}\na: 2\n", r"2 problem\(s\)\n.*a.b: the key stands twice.*\n.*x.yaml:2: a: the key"),
    ],
)
def test_slips_are_named_at_their_line(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_yaml(text, "x.yaml")


def test_thousands_may_be_set_apart() -> None:
    assert parse_yaml("a: 1,024\nb: -1,024.5\nc: 1,5\n", "x.yaml").data == {
        "a": 1024,
        "b": -1024.5,
        "c": "1,5",
    }


def test_right_text_keeps_its_data_and_lines() -> None:
    text = "a: 说明：好; 1\nb:\n  - {c: 1, d: [x, 'y: z']}\n  - |\n    t\n? e\n: ~\n"
    document = parse_yaml(text, "x.yaml")
    assert document.data == {"a": "说明：好; 1", "b": [{"c": 1, "d": ["x", "y: z"]}, "t\n"], "e": None}
    assert [document.line_of(p) for p in (("a",), ("b", 0, "d", 1), ("b", 1), ("e",))] == [1, 3, 4, 6]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_encodings_of_a_file(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("x: 1\nname: 南京\n", encoding=encoding)
    if encoding == "utf-16-le":
        with pytest.raises(InputError, match=r"UTF-16 without its mark|no text file"):
            read_yaml(path)
    else:
        assert read_yaml(path).data == {"x": 1, "name": "南京"}


def test_utf8_that_could_be_gbk_is_utf8_as_yaml_says(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: ơ\n", encoding="utf-8")
    assert read_yaml(tmp_path / "a.yaml").data == {"name": "ơ"}


def test_gbk_is_named_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("x: 1\nname: 南京仿真中心\n", encoding="gbk")
    with pytest.raises(InputError, match=r"a.yaml:2: is GBK text; save it as UTF-8"):
        read_yaml(path)


def test_a_file_that_is_wrong_throughout_is_told_in_short() -> None:
    document = parse_yaml("".join(f"key{i}: 1\n" for i in range(20_000)), "x.yaml")
    with pytest.raises(InputError, match="the first 100 of them here") as error:
        validate(Scenario, document)
    assert len(error.value.problems) == 100

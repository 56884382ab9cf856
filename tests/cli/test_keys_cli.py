"""``keys`` and ``schema`` as a user calls them, and what a mistyped or odd input is answered."""

import json

import pytest
from click.testing import CliRunner

from clustersim.cli.main import cli
from clustersim.errors import InputError


def rows(*words: str) -> list[dict[str, str]]:
    result = CliRunner().invoke(cli, ["keys", *words, "-f", "json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_keys_say_unit_range_tier_and_readers() -> None:
    (row,) = [r for r in rows("tariff") if r["key"] == "tco.tariff"]
    assert (row["unit"], row["allowed"], row["usual"], row["tier"]) == (
        "CNY/kWh", "at least 0 CNY/kWh", "0.05 CNY/kWh to 5 CNY/kWh", "assumption",
    )  # fmt: skip
    assert {"run", "tco", "sweep"} <= set(row["read_by"].split(", "))
    assert {r["key"] for r in rows("wacc")} == {"tco.wacc", "company.wacc"}
    assert "company.drivers.receivable_days.YEAR" in {r["key"] for r in rows("receivable")}


def test_keys_of_a_scenario_have_its_values() -> None:
    (row,) = rows("tco.pue", "-s", "nanjing-1024")
    assert (row["value"], row["low"], row["high"], row["tier"]) == (1.25, 1.15, 1.40, "assumption")
    assert "nanjing-1024.yaml:" in row["origin"]


def test_an_unknown_word_is_answered() -> None:
    with pytest.raises(InputError, match="leave it out"):
        CliRunner().invoke(cli, ["keys", "blurb"], catch_exceptions=False)
    with pytest.raises(InputError, match="no kind of file 'crad'; did you mean 'card'"):
        CliRunner().invoke(cli, ["schema", "crad"], catch_exceptions=False)


def test_schema_prints_one_and_writes_all(tmp_path) -> None:  # type: ignore[no-untyped-def]
    one = json.loads(CliRunner().invoke(cli, ["schema", "card"]).stdout)
    assert one["properties"]["kind"]["enum"] == ["card"]
    assert CliRunner().invoke(cli, ["schema", "-o", str(tmp_path)]).exit_code == 0
    assert json.loads((tmp_path / "card.schema.json").read_text(encoding="utf-8")) == one
    assert len(list(tmp_path.glob("*.schema.json"))) == 14


def test_a_vary_of_no_key_names_the_keys() -> None:
    with pytest.raises(InputError, match=r"did you mean 'tco\.wacc' or 'company\.wacc'"):
        CliRunner().invoke(
            cli, ["sweep", "nanjing-1024", "--vary", "finance.wacc=8 %,9 %"], catch_exceptions=False
        )


def test_every_unit_is_listed_with_what_it_is_of() -> None:
    (row,) = [r for r in rows("--units", "GiB") if r["unit"] == "GiB"]
    assert (row["of"], row["in_base_units"]) == ("byte", 2.0**30)
    assert {"万元", "MUSD"} <= {r["unit"] for r in rows("--units")}

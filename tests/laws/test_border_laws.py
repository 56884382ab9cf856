"""Laws of the border: what a script or a person hands in is understood, or refused by the package's own error."""

from __future__ import annotations

import json
import pickle
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import clustersim as cs
from clustersim.cli.main import cli
from clustersim.errors import InputError
from clustersim.report import style
from clustersim.schema import quantity as said_of
from clustersim.schema.lookup import find_file
from clustersim.units import to_float, to_tokens
from clustersim.writing import file_stem

_ANY = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.binary(max_size=4),
    st.complex_numbers(), st.dates(), st.lists(st.integers(), max_size=2), st.sets(st.integers(), max_size=2),
    st.builds(object), st.sampled_from([np.int64(2), np.float32(1.2), np.array([1.1, 1.2]), range(3), Path("x"), int]),
)  # fmt: skip


@settings(max_examples=120, derandomize=True, deadline=None)
@given(key=st.sampled_from(["tco.pue", "cluster.cards", "tco.tariff", "cluster.nic", "seed"]), value=_ANY)
def test_any_object_as_a_value_is_read_or_refused_by_name(key: str, value: object) -> None:
    try:
        cs.load("br166-1024").set({key: value}).load(incumbent=False)
    except InputError as error:
        assert "object of type" not in str(error) and "expected string" not in str(error)


@settings(max_examples=40, derandomize=True, deadline=None)
@given(changes=_ANY)
def test_any_object_as_changes_is_taken_or_refused(changes: object) -> None:
    for subject in (cs.load("br166-1024"), cs.company("biren")):
        with pytest.raises(InputError):
            subject.set(changes)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no key"):
        cs.load("br166-1024").set({1: 2})  # type: ignore[dict-item]


@pytest.mark.parametrize("number", [np.int64(512), np.int32(512), np.float64(512.0), "512", 512])
def test_a_number_is_the_same_number_whoever_makes_it(number: object) -> None:
    inputs = cs.load("br166-1024").set({"cluster.cards": number}).load(incumbent=False)
    assert inputs.scenario.cluster.cards is not None and inputs.scenario.cluster.cards.value == 512


@pytest.mark.parametrize("draws", [-1, 2.5, "many", True, 10**9])
def test_a_number_of_draws_is_a_bounded_count(draws: object) -> None:
    s = cs.load("br166-1024")
    for ask in (s.run, s.tco):
        with pytest.raises(InputError, match="draws"):
            ask(draws=draws)  # type: ignore[arg-type]


def test_questions_of_the_wrong_thing_are_refused_by_their_own_error() -> None:
    s = cs.load("br166-1024")
    r = s.run()
    for wrong in ("br166-1024", r, 3):
        with pytest.raises(InputError, match="takes a scenario"):
            r.explain(wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="result of a run"):
        cs.cite(s)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="list of values"):
        s.sweep({"tco.pue": 1.2})  # type: ignore[dict-item]
    assert pickle.loads(pickle.dumps(r)).value("cny_per_mtoken") == r.value("cny_per_mtoken")


def test_a_search_says_nothing_of_the_values_that_it_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(said_of, "_tell", told.append)
    s = cs.load("br166-1024")
    s.break_even("price")
    assert told == []
    s.set({"cards.BR166M.price": "5 CNY"}).break_even("price")
    assert told and all("5 CNY" in text for text in told)


def test_intervals_of_a_queue_of_many_jobs_take_fewer_draws_and_say_so(tmp_path: Path) -> None:
    data = yaml.safe_load(find_file("scenarios", "shared-1024").read_text(encoding="utf-8"))
    work = data["demand"]["queue"]
    del work["jobs"]
    work["drawn"] = {"jobs": 400, "classes": [{"cards": 8, "weight": 1, "median": "1 h", "p90": "4 h"}]}
    for part in (data["reliability"], data["reliability"]["recovery"], data["reliability"]["extras"]):
        for value in part.values():
            if isinstance(value, dict):  # nothing of the queue is uncertain: it runs once
                value.pop("low", None), value.pop("high", None)
    path = tmp_path / "many.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    answer = cs.load(str(path)).tco()
    assert json.loads(answer.text("json"))["draws"] == 125  # 50,000 jobs in all
    assert any("125 draws" in text and "400 jobs" in text for text in answer.said)
    asked = cs.load(str(path)).tco(draws=16)
    assert json.loads(asked.text("json"))["draws"] == 16 and not asked.said


@pytest.mark.parametrize(
    ("text", "better"),
    [("¥300,000", "300,000 CNY"), ("￥300,000", "300,000 CNY"), ("$40k", "40 kUSD"), ("HK$ 3M", "3 MHKD")],
)
def test_a_sign_of_a_currency_is_answered_by_what_is_read(text: str, better: str) -> None:
    with pytest.raises(InputError) as refused:
        to_float(text, "CNY")
    assert repr(better) in str(refused.value)
    to_float(better, better[-3:])


def test_counts_and_days_as_people_write_them() -> None:
    assert to_tokens("2万亿") == to_tokens("2T") and to_tokens("3000亿") == to_tokens("300G")
    key = "company.drivers.receivable_days.2028E"
    plain, written = (
        cs.load("br166-1024").set({key: v}).run().value("target_price_hkd") for v in (150, "150 天")
    )
    assert plain == written != cs.load("br166-1024").run().value("target_price_hkd")


def test_a_budget_in_dollars_is_the_dated_rate_s_budget() -> None:
    from clustersim.planner.asked import resource_limits
    from clustersim.schema.prices import cny_rate

    inputs = cs.load("serve-qwen3-32b").load(incumbent=False)
    found = resource_limits("50 MUSD", None, None, inputs).budget_cny
    assert found == pytest.approx(50e6 * cny_rate(inputs.prices, "USD", "budget"))


def test_a_folder_that_is_the_answer_prints_what_was_written(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["schema", "-o", str(tmp_path)])
    written = [Path(line) for line in done.stdout.splitlines()]
    assert written and all(p.is_file() for p in written) and len(written) == len(list(tmp_path.iterdir()))


@given(name=st.text(min_size=1, max_size=300))
@settings(max_examples=60, derandomize=True, deadline=None)
def test_any_name_gives_a_name_of_a_file(name: str) -> None:
    stem = file_stem(name)
    assert stem and len(stem.encode(errors="surrogatepass")) <= 100
    assert not set(stem) & set('/\\:*?"<>|\x00\n\x1b')


def test_a_strange_name_draws_a_figure_without_a_warning(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    figure, axes = style.new_figure()
    axes.set_title("\x1b[31m南京")
    style.save(figure, tmp_path / "a.png")
    # Without a font for them the characters stand as escapes (tests/unit/test_fonts.py).
    assert axes.get_title() in {"\\x1b[31m南京", r"\x1b[31m\u5357\u4eac"}
    assert not [one for one in recwarn if "lyph" in str(one.message)]


def test_a_file_that_is_no_yaml_is_said_to_be_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "demand.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="is no YAML file"):
        cs.load("demand.json").run()
    assert cs.load("br166-1024").set({"description": date(2026, 6, 1)}).load().scenario.name == "br166-1024"


@pytest.mark.parametrize("key", ["tco.pue", "cards.BR166M.price", "model", "cluster.nic"])
def test_a_change_to_what_stands_is_said_to_be_none(key: str) -> None:
    same = {
        "tco.pue": 1.25,
        "cards.BR166M.price": "100 kCNY",
        "model": "gpt-100b",
        "cluster.nic": "roce-200g",
    }[key]
    said = cs.load("br166-1024").set({key: same}).explain().said
    assert said == [f"{key} changes nothing: it stood at that value"]


def test_a_profile_command_names_the_command_of_another_kind() -> None:
    for ask in (lambda: cs.profile("br166-1024"), lambda: cs.diff("H100", "br166-1024")):
        with pytest.raises(InputError, match="clustersim run br166-1024"):
            ask()  # type: ignore[no-untyped-call]


def test_a_mistyped_key_of_the_demand_is_answered_by_its_own_name() -> None:
    for wrong, right in (
        ("serving.routr", "demand.chat.router"),
        ("demand.chat.routr", "demand.chat.router"),
    ):
        with pytest.raises(InputError, match=f"did you mean '{right}'"):
            cs.load("serve-qwen3-32b").set({wrong: "x"}).check()

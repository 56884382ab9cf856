"""The public face: its names, its laziness, and the lines of its page as they are written."""

from __future__ import annotations

import importlib.util
import inspect
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import clustersim as cs
from clustersim.terms import chain_terms

ROOT = Path(__file__).resolve().parents[2]
CHANGED = {"cards.BR166M.scale_up.bandwidth": "320 GB/s"}
#: The names that a script may rely on: a change here is a change of the interface.
NAMES = [
    "Answer", "CheckFailed", "ClusterSimError", "Company", "InfeasibleError", "InputError", "PackageError",
    "PartialFailureError", "Result", "Scenario", "Study", "StudyFile", "StudyFolder", "__version__", "anchors",
    "audit", "calibrate", "cards", "cite", "companies", "company", "diff", "doctor", "import_file",
    "json_schema", "judge", "keys", "load", "measure", "open_study", "plan_errors", "plan_tokens", "profile",
    "profiles", "replay", "residuals", "show_versions", "speaking", "study_file", "validate", "verify",
]  # fmt: skip


@pytest.fixture(scope="module")
def result() -> cs.Result:
    return cs.load("br166-1024").set(CHANGED).run()


def test_the_names_are_frozen_and_each_is_there() -> None:
    assert sorted(cs.__all__) == sorted(NAMES)
    for name in NAMES:
        assert getattr(cs, name) is not None
    assert set(NAMES) <= set(dir(cs))
    rooms = {path.stem if path.suffix else path.name for path in Path(cs.__path__[0]).iterdir()}
    assert not rooms & set(NAMES), "a room of that name takes its place once it is imported"
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        _ = cs.lod  # type: ignore[attr-defined]


def test_importing_loads_nothing_heavy_and_help_neither() -> None:
    for code in (
        "import sys, clustersim",
        "import sys; sys.argv = ['clustersim', '--help']\nfrom clustersim.cli.main import main\n"
        "try: main()\nexcept SystemExit: pass",
    ):
        heavy = "{'numpy', 'pandas', 'pydantic', 'matplotlib', 'yaml', 'scipy'}"
        test = f"\nassert not {heavy} & set(sys.modules), sys.modules"
        done = subprocess.run(
            [sys.executable, "-c", code + test], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_training_loads_no_money_and_no_library_that_it_does_not_use() -> None:
    unused = [
        "clustersim.finance", "clustersim.market", "clustersim.econ", "clustersim.pipeline", "matplotlib", "pandas",
        "scipy", "networkx", "multiprocessing", "numpy.ma",
    ]  # fmt: skip
    code = (
        "import sys, clustersim as cs\nsite = cs.load('br166-1024')\nsite.check().text()\nsite.train().text()\n"
        f"loaded = set({unused}) & set(sys.modules)\nassert not loaded, loaded"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_public_function_says_what_it_does_and_takes_typed_words() -> None:
    subjects = (cs.Scenario, cs.Company, cs.Result, cs.Study, cs.StudyFile, cs.StudyFolder, cs.Answer)
    functions = [f for f in map(cs.__dict__.get, NAMES) if inspect.isfunction(f)]
    methods = [m for kind in subjects for n, m in inspect.getmembers(kind, inspect.isfunction) if n[0] != "_"]
    for function in (*functions, *methods):
        assert function.__doc__, function.__qualname__
        for name, parameter in inspect.signature(function).parameters.items():
            if name == "self":
                continue
            assert parameter.annotation is not inspect.Parameter.empty, (function.__qualname__, name)
            assert parameter.annotation not in {"Any", "dict[str, Any]"}, (function.__qualname__, name)


def test_a_result_shows_its_headline_and_its_weakest_tier(result: cs.Result) -> None:
    text = repr(result)
    assert (
        len(text) < 2_000 and "assumption" in text and "target_price_hkd" in text and "cny_per_mtoken" in text
    )
    page = result._repr_html_()
    assert page.count("<table>") == 1 and "target_price_hkd" in page and "assumption" in page
    assert len(repr(cs.load("br166-1024"))) < 100


def test_terms_are_tidy_and_equal_to_the_run(result: cs.Result) -> None:
    frame = result.terms
    assert list(frame.columns) == ["room", "term", "value", "unit", "low", "high", "tier", "source"]
    assert list(zip(frame.room, frame.term, frame.value, strict=True)) == chain_terms(result.run)
    assert set(frame.tier) <= {"given", "measured", "published", "derived", "assumption"}
    assert frame.unit.notna().all() and frame.source.str.contains("computed").all()
    assert result.value("cny_per_mtoken") == result.run.own.cny_per_mtoken
    with pytest.raises(cs.InputError, match="did you mean 'mfu'"):
        result.value("mfuu")
    changed = result.inputs.set_index("term").loc["cards.BR166M.scale_up.bandwidth"]
    assert changed.value == 320e9 and changed.unit == "B/s"


@pytest.mark.parametrize("name", ["nanjing-1024", "video-analytics-5g", "shared-1024"])
def test_every_term_has_a_unit_that_its_name_says(name: str) -> None:
    """A name with a unit in it is never taken for a share."""
    from clustersim.report.term_units import unit_of

    for _, term, _ in chain_terms(cs.load(name).chain()):
        bare = term.rpartition(".")[2]
        shares = (
            "share",
            "factor",
            "mfu",
            "ettr",
            "utilisation",
            "streams_per_card",
            "useful",
            "lost",
            "idle",
            "failed",
        )
        if unit_of(term) == "1":
            assert "_s" not in bare[-2:] and not bare.endswith(("_h", "_w", "cny", "_bytes", "year")), term
            assert any(word in bare for word in shares) or not bare.startswith(("cny", "kwh")), term


def test_draws_give_the_ranges_that_the_site_s_terms_have() -> None:
    found = cs.load("serve-qwen3-32b").run(draws=8)
    frame = found.terms.set_index("term")
    cost = frame.loc["cny_per_card_hour"]
    assert cost.low < cost.value < cost.high


def test_explain_says_what_the_changes_did(result: cs.Result) -> None:
    rows = {row["term"]: row for row in result.explain(result.scenario).table}
    assert rows["step_time_s"]["after"] == result.value("step_time_s") < rows["step_time_s"]["before"]
    assert rows["scale_up_bytes_per_s"]["elasticity"] == pytest.approx(1.0)
    assert result.explain().table == result.explain(result.scenario).table
    other = cs.load("h20-1024")
    against = {row["term"]: row for row in result.explain(other).table}
    assert against["cny_per_mtoken"]["before"] == other.run().value("cny_per_mtoken")
    with pytest.raises(cs.InputError, match="needs a change"):
        cs.load("br166-1024").run().explain()


def test_a_workbook_is_written(tmp_path: Path) -> None:
    result = cs.load("video-analytics-5g").run()
    assert zipfile.is_zipfile(result.to_excel(tmp_path / "x.xlsx"))
    with pytest.raises(cs.InputError, match=r"ends in \.xlsx"):
        result.to_excel(tmp_path / "x.csv")


def test_a_sweep_is_a_grid() -> None:
    xarray = pytest.importorskip("xarray")
    study = cs.load("h20-1024").sweep({"tco.pue": [1.1, 1.3], "tco.tariff": "0.4:0.6 CNY/kWh:3"}, workers=1)
    data = study.to_xarray()
    assert isinstance(data, xarray.Dataset) and dict(data.sizes) == {"tco.pue": 2, "tco.tariff": 3}
    cell = data.cny_per_mtoken.sel({"tco.pue": 1.3, "tco.tariff": 0.4}).item()
    changed = {"tco.pue": 1.3, "tco.tariff": "0.4 CNY/kWh"}
    assert cell == pytest.approx(cs.load("h20-1024").set(changed).run().value("cny_per_mtoken"), rel=1e-12)
    assert data["tco.tariff"].attrs["units"] == "CNY/kWh"


def test_without_xarray_one_clear_message(monkeypatch: pytest.MonkeyPatch) -> None:
    study = cs.load("h20-1024").sweep({"tco.pue": [1.1, 1.3]}, workers=1)
    assert len(study.to_frame()) == 2
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(cs.InputError, match=r"install the extra xarray: pip install 'xarray"):
        study.to_xarray()


def test_a_comparison_the_catalog_and_the_citation(result: cs.Result) -> None:
    compared = cs.load("br166-1024").compare("h20-1024", draws=0)
    assert {row["side"] for row in compared.table} == {"br166-1024", "h20-1024"}
    cards = cs.cards().set_index("card")
    assert (
        cards.loc["H100", "memory_bytes"] == pytest.approx(80e9, rel=0.1)
        and cards.loc["H100", "tdp_w"] == 700
    )
    cited = cs.cite(result)
    assert cited.to_dict()["changes"] == CHANGED and "sha256" in repr(cited)
    assert len({row["source"] for row in cited.table}) == len(cited.table) or len(cited.table) > 10
    assert {"clustersim", "python", "numpy"} <= {row["what"] for row in cs.show_versions().table}


def test_an_answer_has_every_form(tmp_path: Path) -> None:
    answer = cs.company("metax").show("income")
    assert answer.text("csv").splitlines()[0].split(",")[0] == next(iter(answer.table[0]))
    assert "|---|" in answer.text("md") and answer.text("json").startswith("{")
    assert len(answer.to_frame()) == len(answer.table) and len(repr(answer)) < 2_000
    written = answer.write(tmp_path / "out")
    assert [path.name for path in written] == ["forecast.json", "income.csv"] and all(
        p.is_file() for p in written
    )
    with pytest.raises(cs.InputError, match="is no format"):
        answer.text("xml")


def test_a_study_with_failed_points_keeps_those_that_ran() -> None:
    study = cs.load("h20-1024").sweep({"cluster.cards": [1024, 2]}, workers=1)
    assert isinstance(study.failed, cs.PartialFailureError) and len(study.table) == 2


def test_mistakes_are_said_where_they_are_made() -> None:
    for wrong, message in (
        (lambda: cs.load("nanjing-1025"), "did you mean 'nanjing-1024'"),
        (lambda: cs.load("bid"), "clustersim sweep bid"),
        (lambda: cs.load("nanjing-1024").set({"tco.puee": 1}).check(), "tco.puee"),
        (lambda: cs.company("birem"), "did you mean 'biren'"),
        (lambda: cs.study_file("target-price").mc(), "clustersim sensitivity target-price"),
        (lambda: cs.load("h20-1024").plan_training(tokens="2"), "for example 2T"),
        (lambda: cs.load("h20-1024").plan_cluster(budget="3 GB"), "--budget"),
        (lambda: cs.validate("trainig"), "did you mean 'training'"),
    ):
        with pytest.raises(cs.InputError, match=message):
            wrong()  # type: ignore[no-untyped-call]


SCRIPT = """import clustersim as cs

s = cs.load("br166-1024").set({"cards.BR166M.scale_up.bandwidth": "320 GB/s"})
r = s.run()
name: str = repr(r)
rows = [row["term"] for row in r.explain(s).table]
study = s.sweep({"tco.pue": [1.1, 1.3]}, outputs=["mfu"], workers=1)
data: object = study.to_frame()
compared: cs.Answer = s.compare("h20-1024")
days: cs.Answer = s.plan_training(tokens="2T", days="60 d")
print(name, rows, len(study.table), cs.cards(), cs.cite(r), cs.show_versions(), r.value("mfu"), compared, days)
"""
WRONG = "import clustersim as cs\ncs.load(3).run()\ncs.load('x').plan_training(tokenz='2T')\n"


@pytest.mark.full
def test_a_script_is_typed_against_the_built_wheel(tmp_path: Path) -> None:
    """Over two seconds: a wheel is built, and mypy reads the whole package."""
    alone = ["--no-build-isolation"] if importlib.util.find_spec("hatchling") is not None else []
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", *alone, "-w", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    wheel = next(tmp_path.glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        assert "clustersim/py.typed" in archive.namelist()
        archive.extractall(tmp_path / "site")
    for text, code in ((SCRIPT, 0), (WRONG, 1)):
        script = tmp_path / "script.py"
        script.write_text(text, encoding="utf-8")
        words = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir=cache", "script.py"]
        done = subprocess.run(
            words, capture_output=True, text=True, cwd=tmp_path, check=False,
            env={"MYPYPATH": "", "PYTHONPATH": str(tmp_path / "site"), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        assert done.returncode == code, done.stdout
    assert 'incompatible type "int"' in done.stdout and "tokenz" in done.stdout


@pytest.mark.full
def test_the_lines_of_the_page_run_as_they_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over two seconds: the comparison draws its intervals."""
    pytest.importorskip("xarray")
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    exec(text.partition("```python\n")[2].partition("```")[0], {})
    assert zipfile.is_zipfile("x.xlsx")


def test_scenarios_are_hashed_as_they_compare() -> None:
    one, same = cs.load("h20-1024").set({"tco.pue": 1}), cs.load("h20-1024").set({"tco.pue": 1.0})
    assert one == same and hash(one) == hash(same) and len({one, same, cs.load("h20-1024")}) == 2
    hash(cs.load("h20-1024").set({"reliability.log": ["a", "b"]}))
    assert len({cs.company("biren"), cs.company("biren"), cs.company("metax")}) == 2


@pytest.mark.parametrize("name", [None, 3, ["mfu"], b"mfu"])
def test_a_term_goes_by_a_name(name: object, result: cs.Result) -> None:
    with pytest.raises(cs.InputError, match="as text"):
        result.value(name)  # type: ignore[arg-type]


def test_a_term_has_a_tier_and_a_range_of_its_own(result: cs.Result) -> None:
    terms = result.terms.set_index("term")
    assert len(set(zip(terms.room, terms.source, strict=True))) > terms.room.nunique()
    known = terms[terms.low.notna()]
    assert {"step_time_s", "mfu"} <= set(known.index)
    assert (known.low <= known.high).all()

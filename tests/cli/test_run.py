"""``clustersim run``: the object that others read, purity of stdout, bad input, results left as they were."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCENARIO = ROOT / "scenarios" / "nanjing-1024.yaml"


def program(*args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "clustersim", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def test_a_run_prints_the_promised_keys_and_its_folder_holds_the_same_answer(tmp_path: Path) -> None:
    first = program("run", SCENARIO, "-f", "json")
    assert first.returncode == 0, first.stderr
    second = program("run", SCENARIO, "-f", "table", "-o", tmp_path / "out")
    assert second.returncode == 0, second.stderr
    assert "target price" in second.stdout
    holds_the_results(tmp_path / "out", first.stdout)
    result = json.loads(first.stdout)
    promised = {
        "cluster": ("cards", "it_power_w", "facility_power_w"),
        "training": (
            "step_time_s", "tokens_per_s", "tokens_per_s_per_card", "mfu", "hfu", "scaling_efficiency",
            "memory_per_card_bytes", "terms",
        ),
        "reliability": (
            "ettr", "training_goodput_tokens_per_s", "failures", "mttf_h", "longest_failure_free_h", "recovery_s_p50",
        ),
        "tco": ("capex_cny", "opex_cny_per_year", "tco_cny", "cny_per_card_hour", "cny_per_mtoken"),
        "market": ("value_in_use_price_cny", "products"),
        "forecast": ("revenue_kcny",),
        "valuation": ("dcf_hkd_m", "ps_hkd_m", "blended_hkd_m", "target_price_hkd", "as_printed"),
    }  # fmt: skip
    assert {"scenario", "seed", "weakest_tier", *promised} <= set(result)
    for part, keys in promised.items():
        for key in keys:
            assert result[part][key] is not None, f"{part}.{key}"
    assert result["training"]["step_time_s"] == pytest.approx(sum(result["training"]["terms"].values()))
    assert result["weakest_tier"] == "assumption"


def holds_the_results(folder: Path, printed: str) -> None:
    """The figures and tables of a run, and to the last byte the result that another process printed."""
    names = {p.name for p in folder.iterdir()}
    assert (folder / "result.json").read_text(encoding="utf-8") == printed
    figures = {
        "goodput_waterfall.png", "run_timeline.png", "tco_breakdown.png", "revenue_by_product.png",
        "football_field.png",
    }  # fmt: skip
    assert figures | {"result.json", "bill_of_materials.csv", "forecast.csv", "incidents.csv"} <= names
    assert not [n for n in names if n.startswith(".")]


def edited(tmp_path: Path, old: str, new: str) -> Path:
    text = SCENARIO.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "edited.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


BAD = [
    ("  horizon: 5 year", "  horizon: 5 year\n  horizn: 5 year", 2, r"edited\.yaml:\d+: tco\.horizn: unknown key"),
    ("horizon: 5 year", "horizon: 5", 2, r"edited\.yaml:\d+: tco\.horizon: 5 has no unit"),
    ("write_bandwidth: {value: 30 GB/s, low: 10 GB/s, high: 60 GB/s", "write_bandwidth: {value: 1.98 GHz", 2,
     r"edited\.yaml:\d+: cluster\.storage\.write_bandwidth: '1\.98 GHz' is 1/second"),
    ("cards: 1024", "cards: -8", 2, r"edited\.yaml:\d+: cluster\.cards: -8 must be at least 1"),
    ("horizon: 5 year", "horizon: .nan", 2, r"edited\.yaml:\d+: tco\.horizon: nan"),
    ("dtype: bf16", "dtype: fp8", 2, r"BR106M has no fp8 peak"),
    ("plan: best                   # searched", "plan: {tp: 8, pp: 16, dp: 4} # searched", 2,
     r"= 512,\s+but the cluster has 1024 cards; dp=8 would fit"),
    ("plan: best                   # searched", "plan: {tp: 1, pp: 16, dp: 64} # searched", 3,
     r"gpt-100b does not fit on BR106M: .*smallest tp that fits is"),
    ("plan: best                   # searched", "plan: {tp: 8, pp: 16} # searched", 2,
     r"demand\.pretrain\.plan\.dp: is needed and missing"),
    ("plan: best                   # searched", "plan: bst                    # searched", 2,
     r"demand\.pretrain\.plan: .*best"),
    ("kind: serving", "kind: servng", 2, r"demand\.chat\.kind: .*one of training, serving, video"),
    ("seed: 20260603", "seed: 20260603\nseed: 1", 2, r"edited\.yaml:\d+: seed: the key stands twice"),
    ("card: BR106M ", "card: BR160M ", 2, r"known of that name: .*BR106M.*BR166M"),
    ("incumbent: h20-1024", "incumbent: h20-124", 2, r"did you mean 'h20-1024'"),
    ("interval: 10 min", "interval: 40 d", 2, r"checkpoint\.host: an interval of"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "code", "message"), BAD)
def test_bad_input_gives_one_clear_message(
    tmp_path: Path, old: str, new: str, code: int, message: str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "result.json").write_text("earlier", encoding="utf-8")
    done = program("run", edited(tmp_path, old, new), "-o", out)
    assert done.returncode == code, done.stderr
    assert re.search(message, done.stderr), done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert (out / "result.json").read_text(encoding="utf-8") == "earlier"
    assert [p.name for p in out.iterdir()] == ["result.json"]


def test_an_empty_and_an_absent_file(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").touch()
    done = program("run", tmp_path / "empty.yaml")
    assert (done.returncode, "the file is empty" in done.stderr) == (2, True)
    done = program("run", tmp_path / "absent.yaml")
    assert (done.returncode, "no such file" in done.stderr) == (2, True)


@pytest.mark.skipif(
    os.name == "posix" and not Path("/proc").is_dir(), reason="needs a path that root cannot write"
)
def test_an_unwritable_output_folder() -> None:
    done = program("run", SCENARIO, "-o", "/proc/clustersim-results")
    assert done.returncode == 2
    assert "cannot write there" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_output_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("mine", encoding="utf-8")
    done = program("run", SCENARIO, "-o", tmp_path / "f")
    assert done.returncode == 2
    assert "is a file" in done.stderr
    assert (tmp_path / "f").read_text(encoding="utf-8") == "mine"


def test_all_problems_of_a_file_come_at_once(tmp_path: Path) -> None:
    text = (
        SCENARIO.read_text(encoding="utf-8")
        .replace("cards: 1024", "cards: 0")
        .replace("horizon: 5 year", "horizon: 5")
    )
    path = tmp_path / "two.yaml"
    path.write_text(text, encoding="utf-8")
    done = program("run", path)
    assert "cluster.cards" in done.stderr and "tco.horizon" in done.stderr


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("tco.pu=1.2", "did you mean 'tco.pue'"),
        ("cards.BR166M.scale_up.bandwidth=1 GB/s", "does not use cards.BR166M"),
        ("cards.BR106M.scale_up.bandwith=1 GB/s", "did you mean 'cards.BR106M.scale_up.bandwidth'"),
        ("company.wacc=1 %", "must be below company.wacc"),
        ("tco.tariff=-1 CNY/kWh", "must be at least 0"),
        ("tco.sold_share=1.2", "must be at most 1"),
    ],
)
def test_bad_overrides_name_the_flag(key: str, message: str) -> None:
    done = program("run", SCENARIO, "--set", key)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_explain_walks_from_the_card_to_the_share() -> None:
    key = "cards.BR106M.scale_up.bandwidth=200 GB/s"
    done = program("explain", SCENARIO, "--set", key, "-f", "json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert rows[0]["term"] == "scale_up_bytes_per_s"
    assert rows[0]["elasticity"] == pytest.approx(1.0)
    assert rows[-1]["term"] == "target_price_hkd"
    assert rows[-1]["after"] > rows[-1]["before"]
    assert [r["room"] for r in rows] == sorted(
        (r["room"] for r in rows), key=["fabric", "perf", "des", "econ", "market", "finance"].index
    )


def test_check_says_where_a_value_came_from() -> None:
    done = program("check", SCENARIO, "--set", "tco.pue=1.2", "--show-origin", "-f", "json")
    origins = {row["key"]: row["origin"] for row in json.loads(done.stdout)}
    assert origins["tco.pue"] == "--set"
    assert re.search(r"BR106M\.yaml:\d+$", origins["cards.BR106M.peak.bf16"])

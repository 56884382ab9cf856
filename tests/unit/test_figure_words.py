"""Figures speak in words: no raw key in a title, on an axis, or as a tick; labels stand inside the frame."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest
from texts import english_in

from clustersim.report import study_figures
from clustersim.report.labels.terms import amount, spoken, with_unit
from clustersim.report.language import speaking
from clustersim.report.reliability_figures import fan_of_runs, gantt
from clustersim.report.spoken import chinese
from clustersim.report.study_album import _coordinate, _parallel

KEYS = (
    "cny_per_mtoken", "value_in_use_price_cny", "target_price_hkd", "facility_power_w", "tco.pue", "cluster.nic",
    "cards.BR166M.memory.bandwidth", "prices.parts.module-400g", "company.wacc", "chat.ttft_p99_s",
    "revenue_2027E_kcny",
    "reliability.mttf_scale", "company.drivers.progress_ratio", "market.value_share", "pretrain.tokens_per_s",
)  # fmt: skip
RAW = re.compile(r"[a-z]_[a-z]|[a-z]\.[a-z]")


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_spoken(key: str) -> None:
    for text in (spoken(key), with_unit(key)):
        assert not RAW.search(text.replace("module-400g", "")) and text[0].isupper() and text.strip() == text


def test_an_amount_has_no_exponent() -> None:
    assert [amount(x) for x in (418532.2, 0.25, -1234567.0, 0.0)] == ["418,532", "0.25", "-1,234,567", "0"]


def study(nics: list[str]) -> SimpleNamespace:
    rows = [
        {"cluster.nic": n, "tco.pue": p, "cny_per_mtoken": 4 + p, "error": ""}
        for n in nics
        for p in (1.1, 1.4)
    ]
    spec = SimpleNamespace(
        scenario="br166-1024", total=len(rows), kind="sweep", chosen=(),
        axes=[SimpleNamespace(key="cluster.nic", values=nics), SimpleNamespace(key="tco.pue", values=["1.1", "1.4"])],
    )  # fmt: skip
    return SimpleNamespace(spec=spec, rows=rows, outputs=["cny_per_mtoken"])


def test_the_lines_of_a_bid_show_its_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The question is about the NIC: it stands on the figure, its names at even steps in their order."""
    kinds = {"cluster.nic": False, "tco.pue": True}
    monkeypatch.setattr("clustersim.report.study_album.input_kinds", lambda spec: kinds)
    figure = _parallel(study(["roce-100g", "roce-200g", "roce-400g"]), "cny_per_mtoken")[
        "parallel_cny_per_mtoken.png"
    ]()
    axes = figure.axes[0]
    assert [t.get_text() for t in axes.get_xticklabels()] == ["NIC", "PUE"]
    texts = {t.get_text(): t.xy[1] for t in axes.texts}
    assert texts["roce-100g"] == 0 and texts["roce-200g"] == 0.5 and texts["roce-400g"] == 1
    assert axes.get_title() == "br166-1024: Cost of a million trained tokens"


def test_a_coordinate_of_numbers_has_its_unit() -> None:
    line = _coordinate("tco.tariff", True, ["0.3 CNY/kWh", "0.7 CNY/kWh"])
    assert (
        line.name == "Electricity tariff, CNY/kWh" and line.values.tolist() == [0.3, 0.7] and line.words == ()
    )


def test_a_distribution_says_draws_and_units() -> None:
    figure = study_figures.distribution_figure(
        "t", np.linspace(3e5, 5e5, 50), with_unit("value_in_use_price_cny")
    )
    axes = figure.axes[0]
    assert axes.get_xlabel() == "Value in use of a card, CNY" and axes.get_ylabel() == "draws"
    assert "P50 400,000" in [t.get_text() for t in axes.get_legend().get_texts()]


def run_with(*failures: tuple[float, str]) -> SimpleNamespace:
    incidents = [
        SimpleNamespace(failed_at_s=day * 86400, resumed_at_s=day * 86400 + 600, recovery_s=600.0, lost_work_s=900.0,
                        component=name) for day, name in failures
    ]  # fmt: skip
    return SimpleNamespace(duration_s=30 * 86400.0, incidents=incidents, ettr=0.99, failures=len(incidents),
                           segments=lambda: [(0.0, 30 * 86400.0)])  # fmt: skip


def test_names_of_failures_stand_inside_the_frame() -> None:
    figure = gantt("t", run_with((0.01, "card"), (4.99, "software of the host"), (14.95, "network_switch")))
    figure.canvas.draw()
    frame = figure.axes[0].get_window_extent()
    for text in figure.axes[0].texts:
        box = text.get_window_extent()
        assert box.x0 >= frame.x0 - 1 and box.x1 <= frame.x1 + 1, text.get_text()
    assert figure.axes[0].get_yticklabels()[0].get_text() == "days 0 to 5"


def test_the_fan_shows_what_its_axis_says() -> None:
    figure = fan_of_runs("hours lost so far", [run_with((1, "card")), run_with((2, "card"))])
    axes = figure.axes[0]
    assert "lost" in axes.get_ylabel()
    assert max(axes.lines[0].get_ydata()) == pytest.approx((600 + 900) / 3600, rel=1e-6)


def test_the_way_to_a_case_and_what_moves_a_bill_are_spoken() -> None:
    """No key of a file on an axis of the figures that `forecast cases`, `tco` and `compare` draw."""
    from clustersim.report.forecast_figures import case_waterfall
    from clustersim.report.pages.tco import _tornado

    way = case_waterfall("base to bear", 80.0, [("asp_scale", -5.0), ("peers.discount", -2.0)], "bear", "HKD")
    swings = [
        {"key": key, "low": 1.0, "high": 2.0} for key in ("cards.BR166M.price", "prices.parts.rack-air")
    ]
    bill = _tornado("what moves the bill", swings, 1.5, 1.0, "M CNY")
    for figure in (way, bill):
        names = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
        assert names and not [name for name in names if re.search(r"\w[_.]\w", name)], names


def test_a_tornado_says_what_it_leaves_out() -> None:
    """No empty row: an input that moves nothing is counted, an end that is unknown keeps its bar."""
    bars = [(f"Input {i}", 90.0 - i, 100.0, 110.0) for i in range(22)]
    bars += [
        ("Unknown", float("nan"), 100.0, 100.0),
        *((f"Still {i}", 100.0, 100.0, 100.0) for i in range(3)),
    ]
    axes = study_figures.tornado_figure("A", bars, "CNY").axes[0]
    assert [t.get_text() for t in axes.get_yticklabels()] == [f"Input {i}" for i in range(20)]
    said = ["not drawn, narrower bars: 3", "not drawn, inputs that move nothing: 3"]
    assert [t.get_text() for t in axes.texts] == said
    alone = study_figures.tornado_figure("A", bars[-2:], "CNY").axes[0]
    assert len(alone.get_yticklabels()) == 1
    few = study_figures.tornado_figure("A", [bars[22], *bars[:2]], "CNY").axes[0]
    assert [t.get_text() for t in few.get_yticklabels()] == [
        "Unknown",
        "Input 0",
        "Input 1",
    ] and not few.texts


@pytest.mark.parametrize(
    "key",
    ["cluster.nic", "cluster.cards", "cluster.server", "market.incumbent", "training.global_batch", "tco.pue",
     "cards.H20.price", "cards.BR166M.efficiency.gemm", "prices.parts.module-400g"],
)  # fmt: skip
def test_an_input_of_a_study_is_spoken_in_chinese(key: str) -> None:
    with speaking("zh"):
        said = chinese(spoken(key))
    assert re.search("[\u4e00-\u9fff]", said) and not english_in(said.replace("module-400g", "")), said

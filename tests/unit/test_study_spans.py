"""Ranges that are not written out, and distributions without SciPy's statistics."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from clustersim.columns import Varied
from clustersim.study.distributions import make_distribution
from clustersim.study.points import varied_values
from clustersim.study.space import Span, as_number, parse_axis
from clustersim.study.spec import make_spec, spec_text


@pytest.mark.parametrize(
    "text",
    [
        "tco.tariff=0.3:0.9 CNY/kWh:7",
        "reliability.mttf_scale=log:0.1:10:5",
        "tco.pue=1.1:1.4:3",
        "tco.wacc=5:9 %:4",
    ],
)
def test_a_range_is_its_values_written_out(text: str) -> None:
    span = parse_axis(text).values
    assert isinstance(span, Span)
    written = [as_number(value) for value in span]
    numbers = span.numbers(np.arange(len(span))).tolist()
    assert written == [(number, span.unit) for number in numbers]
    assert span[1:] == tuple(span)[1:]
    assert span[-1] == list(span)[-1]


def test_ten_million_points_are_a_short_design() -> None:
    spec = make_spec("sweep", "br166-1024", axes=[parse_axis("tco.pue=1.1:1.4:10000000")])
    assert len(spec_text(spec)) < 1000
    values = varied_values(spec, 9_999_998, 10_000_000)["tco.pue"]
    assert isinstance(values, Varied)
    assert values.numbers.tolist() == [1.39999997, 1.4]
    assert values.text(1) == spec.point(9_999_999)["tco.pue"] == 1.4


def test_distributions_are_those_of_scipy() -> None:
    u = np.random.default_rng(0).random(500)
    ends = {"low": 2.0, "mode": 3.0, "high": 7.0}
    triangular, pert = (make_distribution("x", kind, ends)(u) for kind in ("triangular", "beta-PERT"))
    assert triangular == pytest.approx(stats.triang.ppf(u, 0.2, loc=2.0, scale=5.0), rel=1e-12)
    assert pert == pytest.approx(stats.beta.ppf(u, 1.8, 4.2, loc=2.0, scale=5.0), rel=1e-12)
    normal = make_distribution("x", "normal", {"mean": 1.0, "sd": 2.0})(u)
    assert normal == pytest.approx(stats.norm.ppf(u, 1.0, 2.0), rel=1e-12)

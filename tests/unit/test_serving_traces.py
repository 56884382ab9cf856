"""Traces and arrivals: bad lines are named, a few can be skipped when asked."""

import json

import numpy as np
import pytest

from clustersim.des.serving.arrivals import arrival_times, draw_lengths, draw_requests
from clustersim.des.serving.traces import read_trace, shipped_trace
from clustersim.errors import InputError


def write(tmp_path, text, name="t.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_shipped_traces_have_their_published_sizes() -> None:
    azure = shipped_trace("azure-conv").requests
    assert len(azure) == 19366
    assert azure.prompt.mean() == pytest.approx(1155, abs=1)
    assert azure.output.mean() == pytest.approx(211, abs=1)
    mooncake = shipped_trace("mooncake-sample").requests
    assert len(mooncake) == 1000
    assert all(mooncake.blocks)


def test_azure_layout_and_dates(tmp_path) -> None:
    text = "TIMESTAMP,ContextTokens,GeneratedTokens\n"
    text += "2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9951690,396,0\n"
    requests = read_trace(write(tmp_path, text)).requests
    assert requests.arrival[1] == pytest.approx(4.314579)
    assert requests.output.tolist() == [44, 1]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("-1,5,5", "negative"),
        ("x,5,5", "neither seconds nor a date"),
        (",5,5", "arrival is missing"),
        ("2,,5", "prompt length is missing"),
        ("2,-3,5", "at least 1"),
        ("2,3.5,5", "whole number"),
        ("2,3,many", "not a number"),
        ("2,3", "output length is missing"),
        ("0.5,3,3", "earlier than the line before"),
    ],
)
def test_a_bad_line_is_named_and_can_be_skipped_when_asked(tmp_path, line, words) -> None:
    text = f"arrival_s,prompt_tokens,output_tokens\n1,5,5\n{line}\n3,5,5\n"
    path = write(tmp_path, text)
    with pytest.raises(InputError, match=words) as error:
        read_trace(path)
    assert ":3:" in str(error.value)
    trace = read_trace(path, skip=1)
    assert len(trace.requests) == 2
    assert trace.skipped[0].line == 3


def test_missing_columns_empty_file_and_no_file(tmp_path) -> None:
    with pytest.raises(InputError, match="needs the columns"):
        read_trace(write(tmp_path, "a,b\n1,2\n"))
    with pytest.raises(InputError, match="zero arrivals"):
        read_trace(write(tmp_path, "arrival_s,prompt_tokens,output_tokens\n"))
    with pytest.raises(InputError, match="no such file; shipped traces: azure-conv"):
        read_trace(tmp_path / "none.csv")
    with pytest.raises(InputError, match="not shipped"):
        shipped_trace("azure")


def test_own_column_names(tmp_path) -> None:
    path = write(tmp_path, "when,in,out\n0,5,6\n")
    assert read_trace(path, columns=("when", "in", "out")).requests.output.tolist() == [6]


def test_mooncake_lines_and_a_broken_one(tmp_path) -> None:
    good = json.dumps({"timestamp": 1000, "input_length": 700, "output_length": 3, "hash_ids": [1, 2]})
    requests = read_trace(write(tmp_path, f"{good}\n", "t.jsonl")).requests
    assert requests.blocks == ((1, 2),)
    with pytest.raises(InputError, match=":2:"):
        read_trace(write(tmp_path, f"{good}\n{{oops\n", "t.jsonl"))


def test_arrival_processes_have_their_rate_and_spread() -> None:
    rng = np.random.default_rng(5)
    gaps = np.diff(arrival_times(40000, rate=3.0, rng=rng, process="gamma", burstiness=2.0))
    assert gaps.mean() == pytest.approx(1 / 3, rel=0.05)
    assert gaps.std() / gaps.mean() == pytest.approx(2.0, rel=0.05)
    times = arrival_times(40000, rate=3.0, rng=rng, process="diurnal", swing=0.8, period_s=1000.0)
    phase = np.sin(2 * np.pi * times / 1000.0)
    assert phase.mean() == pytest.approx(0.4, abs=0.03)
    with pytest.raises(InputError, match="zero arrivals"):
        arrival_times(0, rate=1.0, rng=rng)
    with pytest.raises(InputError, match="no arrivals"):
        arrival_times(5, rate=0.0, rng=rng)


def test_lengths_keep_their_mean() -> None:
    rng = np.random.default_rng(7)
    for shape in ("constant", "uniform", "lognormal", "exponential"):
        assert draw_lengths(50000, mean=200, rng=rng, shape=shape, spread=0.5).mean() == pytest.approx(
            200, rel=0.02
        )
    one = draw_requests(50, rate=1.0, prompt_mean=9, output_mean=9, rng=np.random.default_rng(1))
    two = draw_requests(50, rate=1.0, prompt_mean=9, output_mean=9, rng=np.random.default_rng(1))
    assert one.arrival.tobytes() == two.arrival.tobytes()

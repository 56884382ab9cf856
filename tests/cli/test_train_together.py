"""``clustersim train --with``: one model on unlike clusters."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from clustersim.cli.train import command
from clustersim.errors import InputError
from clustersim.planner.together import train_on_all
from clustersim.schema.inputs import load_inputs


def run(*words: str) -> dict[str, Any]:
    outcome = CliRunner().invoke(command, [*words, "-f", "json"], catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    answer: dict[str, Any] = json.loads(outcome.stdout)
    return answer


def test_the_faster_way_is_taken() -> None:
    pair = ("br166-1024", "--with", "nanjing-1024", "--share")
    ways = {share: run(*pair, share) for share in ("batch", "layers", "best")}
    rates = {share: way["tokens_per_s"] for share, way in ways.items()}
    assert rates["best"] == max(rates["batch"], rates["layers"])
    assert ways["batch"]["share"] == "batch" and ways["layers"]["share"] == "layers"
    parts = ways["layers"]["parts"]
    assert sum(p["layers_per_stage"] * p["pp"] for p in parts) == 80
    assert all(p["cards"] == p["tp"] * p["pp"] * p["dp"] for p in parts)
    alone = [p["alone_tokens_per_s"] for p in parts]
    assert alone == [p["alone_tokens_per_s"] for p in ways["batch"]["parts"]]
    assert ways["layers"]["gain_over_best_part"] == pytest.approx(rates["layers"] / max(alone) - 1)


def test_three_clusters() -> None:
    answer = run("h100-1024", "--with", "br166-1024", "--with", "nanjing-1024", "--link", "400 Gb/s")
    assert len(answer["parts"]) == 3 and answer["gain_over_best_part"] > 0.3


def test_what_binds_is_said() -> None:
    answer = run("nanjing-1024", "--fidelity", "closed")
    shares = answer["time_shares"]
    assert sum(shares.values()) == pytest.approx(1.0)
    assert answer["binds"] == max(shares, key=lambda name: shares[name])


def test_an_unknown_way_is_refused() -> None:
    inputs = load_inputs("nanjing-1024", [], with_incumbent=False)
    with pytest.raises(InputError, match="did you mean 'layers'"):
        train_on_all([inputs, inputs], link_bandwidth=1e10, share="layer")

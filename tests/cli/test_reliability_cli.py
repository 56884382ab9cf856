"""Claims ask whether a spare is there and what the promise costs; jobs queue on the site; train reads logs."""

import json

import pytest
from click.testing import CliRunner

from clustersim.cli.main import cli


def answer(*words: str) -> dict:  # type: ignore[type-arg]
    found = CliRunner().invoke(cli, [*words, "-f", "json"], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)  # type: ignore[no-any-return]


def test_claims_ask_for_a_spare_and_price_the_promise() -> None:
    with_spares = answer("claims", "nanjing-1024", "--penalty", "50 kCNY")
    bare = answer("claims", "nanjing-1024", "--penalty", "50 kCNY", "--set", "reliability.spares.hot=0")
    assert with_spares["spares"]["p_spare_is_there"] > 0.99
    assert bare["spares"]["p_spare_is_there"] == 0.0
    assert with_spares["spares"]["hot_for_p"]["0.99"] <= with_spares["spares"]["hot_for_p"]["0.999"]
    assert bare["restore"]["p_within"] < with_spares["restore"]["p_within"]
    assert bare["promise"]["premium_cny"] > with_spares["promise"]["premium_cny"] > 0
    assert with_spares["promise"]["premium_cny"] == pytest.approx(
        50_000 * with_spares["promise"]["late_restores"]
    )


def test_jobs_queue_on_the_site() -> None:
    found = answer("jobs", "shared-1024")
    assert sum(
        found[f"{part}_share"] for part in ("useful", "unsuccessful", "lost", "down", "idle")
    ) == pytest.approx(1.0)
    assert {job["name"] for job in found["jobs"]} == {"pretrain", "finetune", "evaluate", "urgent"}
    wrong = CliRunner().invoke(cli, ["jobs", "nanjing-1024"])
    assert getattr(wrong.exception, "exit_code", None) == 2

"""The largest batch of a split fleet's row does not depend on which other rows stand in its file."""

from __future__ import annotations

import pytest

from clustersim.validation.serving_latency_rows import normalise
from clustersim.validation.sources import shipped_rows

WORKERS = (
    "prefill_num_workers",
    "decode_num_workers",
    "prefill_attention_dp_size",
    "decode_attention_dp_size",
)


@pytest.mark.parametrize("table", ["serving_silicon_hopper.csv", "serving_silicon_blackwell.csv"])
def test_a_row_has_the_same_largest_batch_alone_and_among_all(table: str) -> None:
    """Its workers may be others: a row that states them of the same measurement goes before the configuration."""
    given = shipped_rows(table)
    looked = 0
    for row, whole in zip(given, normalise(given), strict=True):
        if row["mode"] != "disagg" or row["prefill_num_workers"]:
            continue
        alone = normalise([row])[0]
        if alone.get("workers_said") or whole.get("workers_said"):
            continue
        if any(float(alone[key]) != float(whole[key]) for key in WORKERS):
            continue
        looked += 1
        assert alone["decode_max_sequences"] == whole.get("decode_max_sequences"), row["id"]
    assert looked >= 10

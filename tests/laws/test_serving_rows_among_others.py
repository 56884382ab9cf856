"""The largest batch of a split fleet's row does not depend on which other rows stand in its file; its drafts do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

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


def label(row: Mapping[str, str]) -> tuple[str, ...]:
    keys = ("model_path", "system", "backend", "precision", "isl", "osl", "concurrency", "campaign")
    cards = ("prefill_tp_size", "prefill_attention_dp_size", "decode_tp_size", "decode_attention_dp_size")
    return (*(row[key] for key in keys), *(row[key] or "1" for key in cards))


@pytest.mark.parametrize("table", ["serving_silicon_hopper.csv", "serving_silicon_blackwell.csv"])
def test_runs_that_are_told_apart_are_no_more_than_their_label_holds_and_drafting_ones_are_faster(
    table: str,
) -> None:
    given = shipped_rows(table)
    under: dict[tuple[str, ...], dict[float, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row, whole in zip(given, normalise(given), strict=True):
        if row["mode"] == "disagg" and not row["prefill_num_workers"] and not whole.get("workers_said"):
            # What a twin states says nothing of drafts: empty.
            own = {**row, "concurrency": whole["concurrency"], "campaign": whole["campaign"]}
            under[label(own)][float(row["silicon_tpot_ms"])].add(whole.get("draft_tokens") or "")
    told = 0
    for measured in under.values():
        known = {tpot: int(next(iter(said))) for tpot, said in measured.items() if said != {""}}
        drafts = [known[tpot] for tpot in sorted(known)]
        assert drafts == sorted(drafts, reverse=True), measured
        assert len(set(drafts)) < 2 or len(measured) == 2, measured
        told += len(drafts) > 1 or (len(drafts) == 1 and len(measured) > 1)
    assert told >= 1

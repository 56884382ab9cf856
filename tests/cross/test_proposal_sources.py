"""Each number of a proposal leads to what it rests on, and what it is said to rest on moves it."""

import contextlib
import re
from collections.abc import Iterator

import pytest

import clustersim as cs
from clustersim.errors import InputError
from clustersim.intervals.residuals import evidence, shipped_residuals
from clustersim.provenance import Sourced
from clustersim.report.answer import flat
from clustersim.report.content.model import Table
from clustersim.report.pages import proposal as page
from tests.support.offers import TRAINING, content, offer, told


def test_each_number_leads_to_inputs_with_tier_and_source() -> None:
    """Step one: the number's key and its weakest input. Step two: that input with value, tier, source and file."""
    inputs = {(row["side"], row["key"]): row for row in page.input_rows(offer())}
    rows = page.number_rows(offer(), content("en"))
    assert {row["number"] for row in rows} == set(told(content("en")))
    led = 0
    for row in rows:
        assert row["tier"] in {"given", "measured", "published", "derived", "assumption"}, row
        name = row["weakest_input"].partition(" and ")[0]
        if not name:
            assert row["source"], row
            continue
        side, _, key = name.rpartition(": ")
        found = inputs[side or offer().inputs.name, key]
        assert (found["tier"], found["source"]) == (row["tier"], row["source"]), row
        assert found["tier"] == "given" or found["source"], row
        led += 1
    assert led > 150
    assert "given" not in {row["tier"] for row in rows if row["key"].endswith(".racks")}
    # What was measured is named by who measured it: no number rests on "the measurements".
    voices = {r.source for r in (*shipped_residuals(), *evidence())}
    behind = [r for r in rows if r["key"].startswith(("offer:rests_on", "offer:nearest"))]
    assert len(behind) > 20
    for row in behind:
        named = re.sub(r" \(\d+\)(?=; |$)", "\n", row["source"]).replace("\n; ", "\n").strip("\n").split("\n")
        assert set(named) <= voices, row


def test_what_a_main_number_is_said_to_rest_on_moves_it() -> None:
    """Each main number, by a run of its own with the named input a tenth away: the power rests on no price."""
    base = {f"{room}:{key}": value for room, data in offer().answers.items() for key, value in flat(data)}
    name, others = TRAINING
    (table,) = next(s for s in content("en").sections if s.key == "offer_sources").of(Table)
    named = {row[1]: page.weakest_of(offer(), row[1]) for row in table.rows}
    assert {"tco:facility_power_w", "tco:capex_cny", "claims:mtbf_h"} <= set(named)
    changed: dict[str, dict[str, object]] = {}
    own = dict(offer().inputs.fields())
    known = {key: value for side in reversed(offer().sides) for key, value in side.fields()}
    for key, (_, inputs, _) in named.items():
        if key == "run:cluster.cards":  # the input itself
            continue
        assert inputs, key
        plain = inputs[0].rpartition(": ")[2]
        for step in (1.1, 0.9):
            if plain in changed:
                break
            one = known[plain]
            value = one.value * step if one.unit in {"1", ""} else f"{one.value * step!r} {one.unit}"
            asked = page.OfferAsked(name=name, others=others, sets={plain: value}, draws=0)
            try:
                run = cs.Scenario(name, {plain: value} if plain in own else {}).run().data
                answers = page.offer_of(asked, run).answers  # type: ignore[arg-type]
            except InputError:
                continue
            changed[plain] = {f"{room}:{k}": v for room, data in answers.items() for k, v in flat(data)}
        assert changed[plain][key] != pytest.approx(base[key], rel=1e-9), f"{key} does not rest on {plain}"


@pytest.mark.full
def test_what_any_number_is_said_to_rest_on_moves_it() -> None:
    """Every number with a weakest input, by a run of its own with the first of them a tenth away."""
    base = {f"{room}:{key}": value for room, data in offer().answers.items() for key, value in flat(data)}
    name, others = TRAINING
    known = {key: value for side in reversed(offer().sides) for key, value in side.fields()}
    own = dict(offer().inputs.fields())
    at: dict[str, list[dict[str, object]]] = {}
    still = []
    for row in page.number_rows(offer(), content("en")):
        key, first = row["key"].removesuffix(" / sum"), row["weakest_input"].partition(" and ")[0]
        if not first or row["tier"] == "given":  # a count: a tenth more of it is none
            continue
        if "lead_time" in key and first.startswith("prices."):  # the entry that states both
            continue
        # Widths and shares of draws are of the number that they are drawn about; a share of simulated recoveries is a
        # count, which a tenth of an input need not change.
        if re.search(r"p_within|intervals|share_met|share_cheapest|beats|unit_swings|capex_swings", key):
            continue
        plain = first.rpartition(": ")[2]
        if plain not in at:
            at[plain] = list(_moved_answers(name, others, plain, known[plain], plain in own))
        # What an alternative alone has cannot be asked of the offer's own commands: none of its answers are there.
        if at[plain] and all(answers.get(key, base[key]) == base[key] for answers in at[plain]):
            still.append((key, first))
    assert sum(bool(found) for found in at.values()) > 8
    assert still == [], "\n".join(map(str, still))


def _moved_answers(
    name: str, others: tuple[str, ...], key: str, one: Sourced, own: bool
) -> Iterator[dict[str, object]]:
    """The answers of an offer with one input a tenth more, and a tenth less."""
    for step in (1.1, 0.9):
        value = one.value * step if one.unit in {"1", ""} else f"{one.value * step!r} {one.unit}"
        asked = page.OfferAsked(name=name, others=others, sets={key: value}, draws=0)
        with contextlib.suppress(InputError):
            run = cs.Scenario(name, {key: value} if own else {}).run().data
            answers = page.offer_of(asked, run).answers  # type: ignore[arg-type]
            yield {f"{room}:{k}": v for room, data in answers.items() for k, v in flat(data)}

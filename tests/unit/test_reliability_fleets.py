"""Fleets: published failure rates as profiles, how far they differ, and what a log of one's own adds."""

from pathlib import Path

import pytest

from clustersim.assemble.failures import spread_of_fleets
from clustersim.des.training.components import failure_classes
from clustersim.des.training.fleets import between_fleets, component_rates, rate_posterior
from clustersim.errors import InputError
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.profiles import field_fleets, load_fleet
from tests.laws.test_reliability_door import run_of

FLEETS = Path(__file__).resolve().parents[2] / "hwprofiles" / "fleets"


def test_every_fleet_loads_with_its_source() -> None:
    names = sorted(p.stem for p in FLEETS.glob("*.yaml"))
    assert {
        "llama3-405b",
        "rsc-1",
        "rsc-2",
        "hyperpod",
        "nebius",
        "megascale",
        "byterobust",
        "delta-a100",
    } <= set(names)
    for name in names:
        rate = load_fleet(name).card_hours_per_failure
        assert rate.source and rate.tier in {"measured", "published", "derived", "assumption"}


def test_a_fleet_sets_the_rate_of_the_cluster() -> None:
    assert 1024 * run_of(("reliability.fleet=llama3-405b",)).mttf_s / 3600 == pytest.approx(50_677, rel=1e-9)
    both = run_of(("reliability.fleet=rsc-1",))
    software = sum(c.rate_per_s for c in both.failures if c.name in {"software", "unknown_hang", "storage"})
    hardware = both.rate_per_s - software
    assert 1024 / hardware / 3600 == pytest.approx(29_538, rel=1e-9)
    assert software == pytest.approx(
        sum(c.rate_per_s for c in run_of(()).failures if c.name in {"software", "unknown_hang", "storage"})
    )
    stated = run_of(("reliability.fleet=rsc-1", "reliability.failures_per_year.card=1 1/year"))
    assert next(c for c in stated.failures if c.name == "card").rate_per_s == pytest.approx(
        1024 / 8760 / 3600
    )


def test_a_part_is_no_fleet_and_a_misspelt_one_is_named() -> None:
    with pytest.raises(InputError, match="delta-a100 counts one kind of part"):
        run_of(("reliability.fleet=delta-a100",))
    with pytest.raises(InputError, match="rsc-1"):
        run_of(("reliability.fleet=rsc1x",))


def test_the_spread_holds_most_of_what_is_published() -> None:
    """Leaving each fleet out in turn, at least three quarters of them lie between P10 and P90 of the others."""
    import numpy as np

    from clustersim.des.training.fleets import between_fleets

    hours = [f.card_hours_per_failure.value for f in field_fleets()]
    inside = 0
    for k, value in enumerate(hours):
        others = between_fleets([h for i, h in enumerate(hours) if i != k])
        inside += others.quantile(0.1) <= value <= others.quantile(0.9)
    assert inside / len(hours) >= 0.75
    narrow = [0.5 <= h / 50_677 <= 2 for h in hours]
    assert np.mean(narrow) < 0.6  # the old range of half to twice Llama 3


def test_a_log_moves_the_spread_and_in_the_end_replaces_it() -> None:
    prior = spread_of_fleets()
    widths = []
    for months in (0, 1, 12, 120):
        hours = 1024 * 720.0 * months
        found = rate_posterior(prior, round(hours / 100_000), hours)
        widths.append(found.quantile(0.9) / found.quantile(0.1))
    assert widths == sorted(widths, reverse=True)
    assert found.quantile(0.5) == pytest.approx(100_000, rel=0.05)
    with pytest.raises(InputError, match="cannot be"):
        rate_posterior(prior, -1, 10.0)


def test_components_of_a_log_replace_the_table_little_by_little() -> None:
    prior = spread_of_fleets()
    table = failure_classes(cards=1024, nodes=128)
    month = component_rates(table, {"hbm": 12}, 30 * 86400.0, prior)
    before, after = ({c.name: c.rate_per_s for c in x} for x in (table, month))
    assert before["hbm"] < after["hbm"] < 12 / (30 * 86400.0)
    assert after["card"] < before["card"]  # none in a month where five were expected
    with pytest.raises(InputError, match="no component"):
        component_rates(table, {"bananas": 1}, 1.0, prior)


def test_a_site_learns_from_its_own_log(tmp_path: Path) -> None:
    lines = ["time_h,component", *(f"{10 * n},hbm" for n in range(1, 70))]
    (tmp_path / "own.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    sets = (f"reliability.observed.log={tmp_path / 'own.csv'}", "reliability.observed.duration=30 d")
    same, wide = (run_of((*sets, f"reliability.observed.cards={n}")) for n in (1024, 10_240))
    rates = {r: {c.name: c.rate_per_s for c in run.failures} for r, run in (("same", same), ("wide", wide))}
    before = {c.name: c.rate_per_s for c in run_of(()).failures}
    assert rates["same"]["hbm"] > 10 * before["hbm"]  # 69 in a month where 2.5 were expected
    assert before["hbm"] < rates["wide"]["hbm"] < rates["same"]["hbm"]
    assert rates["wide"]["card"] < rates["same"]["card"] < before["card"]


def test_a_card_that_nobody_measured_has_the_range_of_the_fleets() -> None:
    """Every shipped scenario whose rates are borrowed: its ends hold the middle four fifths of further fleets."""
    spread, table = spread_of_fleets(), 50_677.0
    borrowed = 0
    for path in sorted(Path("scenarios").glob("*.yaml")):
        section = load_inputs(path.stem, with_incumbent=False).scenario.reliability
        if section is None or "none published" not in section.mttf_scale.source:
            continue
        borrowed += 1
        low, high = section.mttf_scale.range
        assert low == pytest.approx(spread.quantile(0.1) / table, rel=0.05), path
        assert high == pytest.approx(spread.quantile(0.9) / table, rel=0.05), path
    assert borrowed >= 9


def test_a_fleet_that_was_left_out_falls_inside_as_often_as_is_said() -> None:
    hours = sorted(spread_of_fleets().card_hours)
    inside = 0
    for k, mine in enumerate(hours):
        others = between_fleets([*hours[:k], *hours[k + 1 :]])
        inside += others.quantile(0.1) <= mine <= others.quantile(0.9)
    assert inside / len(hours) >= 0.75

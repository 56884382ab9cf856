"""What-ifs side by side: each as it stands alone, the gap made of lines that sum to it, what is shared drawn once."""

import random

import pytest

from clustersim.api.scenario import load
from clustersim.errors import ClusterSimError, InputError
from clustersim.schema.designs import What, labels_of, load_designs
from clustersim.web.asked import Design
from clustersim.web.catalogue import inputs_of
from clustersim.web.views_compare import compare_view

KINDS = (("br166-1024", "h20-1024", "h100-1024"), ("serve-llama3-70b",))
#: What one design alone may change: its cluster, its parts, its terms; not what is asked of all.
ASKED = ("demand.", "market", "company", "incumbent")


def designs(seed: int) -> list[Design]:
    """Two or three designs of one kind of work, each with up to three inputs anywhere on their sliders."""
    rng = random.Random(seed)
    names = KINDS[seed % 2]
    out = []
    for _ in range(rng.choice([2, 3])):
        name = rng.choice(names)
        rows = [r for r in inputs_of(Design(name)) if r["low"] is not None and r["low"] < r["high"]]
        rows = [r for r in rows if not r["key"].startswith(ASKED)]
        changes = {}
        for row in rng.sample(rows, rng.randint(0, 3)):
            value = float(f"{rng.uniform(row['low'], row['high']):.6g}")
            changes[row["key"]] = value if row["unit"] in {"1", ""} else f"{value} {row['unit']}"
        out.append(Design(name, tuple(sorted(changes.items()))))
    return out


def check(seed: int) -> None:
    asked = designs(seed)
    try:
        alone = [one.ask().run(draws=0) for one in asked]
        panels = compare_view(asked, 16)
    except ClusterSimError:
        pytest.skip("a design that cannot be run")
    (gap,), (lines,) = (
        [p for p in panels if p["title"] == title] for title in ("compare.gap", "compare.gap_lines")
    )
    cost = next(r["term"] for r in alone[0].headline if "cny_per_" in r["term"])
    sides = {row["side"]: row for row in gap["rows"]}
    assert len(sides) == len(asked)
    assert sum(row["share_cheapest"] for row in gap["rows"]) == pytest.approx(1.0)
    for (name, row), one, run in zip(sides.items(), asked, alone, strict=True):
        if one.scenario == asked[0].scenario:  # another one's demand and terms are the first one's
            assert row["sum"] == pytest.approx(run.value(cost), rel=1e-9), name
    first = gap["rows"][0]
    for line in lines["rows"]:
        side = sides[line["side"]]
        shares = {k: v for k, v in line.items() if k not in {"side", "gap", "gap.sum"} and v}
        assert line["gap"] == pytest.approx(side["sum"] - first["sum"], rel=1e-6, abs=1e-9)
        assert sum(shares.values()) == pytest.approx(100.0, rel=1e-9) == line["gap.sum"]
        for term, share in shares.items():
            assert share / 100.0 * line["gap"] == pytest.approx(side[term] - first[term], rel=1e-6, abs=1e-9)
    apart = {row["side"] for row in lines["rows"]}
    for name, row in sides.items():
        if name not in apart:
            assert row["sum"] == pytest.approx(first["sum"], rel=1e-9), "a gap that no line tells"


@pytest.mark.parametrize("seed", range(4))
def test_the_lines_of_a_gap_sum_to_it_whatever_each_design_changes(seed: int) -> None:
    check(seed)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(4, 64))
def test_the_lines_of_a_gap_sum_to_it_of_sixty_more(seed: int) -> None:
    check(seed)


def test_a_design_against_itself_wins_half_of_the_draws() -> None:
    """What both share is drawn once: no draw tells them apart."""
    one = load("br166-1024").set({"tco.pue": 1.3})
    found = one.compare(one, draws=16).to_dict()["intervals"]["pretrain"]
    assert [side["share_cheapest"] for side in found.values()] == [0.5, 0.5]
    assert len({side["p90"] for side in found.values()}) == 1


def test_another_scenario_as_its_file_stands_is_compared_as_by_its_name() -> None:
    first = load("br166-1024").set({"tco.pue": 1.4, "cards.H20.price": "90 kCNY", "cluster.nic": "roce-200g"})
    by_name, as_design = (
        first.compare(other, draws=16).to_dict() for other in ("h20-1024", load("h20-1024"))
    )
    assert by_name == as_design


def test_a_change_stays_with_its_design_and_stands_against_what_is_drawn() -> None:
    asked = [
        What("br166-1024", {"cards.BR166M.price": "80 kCNY"}), What("br166-1024", {"tco.tariff": "0.9 CNY/kWh"}),
        What("h20-1024", {"tco.pue": 1.6}),
    ]  # fmt: skip
    assert labels_of(asked) == ["1: br166-1024", "2: br166-1024", "3: h20-1024"]
    assert labels_of(asked[1:]) == ["br166-1024", "h20-1024"]
    point = {"tco.tariff": "0.4 CNY/kWh", "cards.BR166M.price": "70 kCNY", "tco.pue": 1.2}
    sides = load_designs(asked, point)
    assert [s.tco.tariff.value for s in sides] == [0.4, 0.9, 0.4]
    assert [s.tco.pue.value for s in sides] == [1.2, 1.2, 1.6]
    prices = [s.parts.card.price for s in sides[:2]]
    assert [p.value for p in prices if p is not None] == [80e3, 70e3]


def test_a_design_that_changes_what_is_asked_is_refused_and_the_first_ones_demand_reaches_all() -> None:
    base, asks = load("br166-1024"), load("br166-1024").set({"training.global_batch": 2048})
    with pytest.raises(InputError, match=r"2: br166-1024: changes what is asked \(training.global_batch\)"):
        base.compare(asks, draws=0, demand="br166-1024")
    found = asks.compare(base, draws=0, demand="br166-1024").to_dict()
    one, other = (sum(side.values()) for side in found["terms"]["pretrain"].values())
    assert one == other == pytest.approx(asks.run(draws=0).value("cny_per_mtoken"))
    with pytest.raises(InputError, match="designs with changes of their own do the first one's"):
        base.compare(load("h20-1024"), demand="h20-1024")

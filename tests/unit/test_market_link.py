"""The link from a card's worth to its line: the declared logit, its limits, and what it never does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustersim.errors import InputError
from clustersim.market.lines import Follows, Line, market_links
from clustersim.market.link import (
    Anchor,
    Bounds,
    Worth,
    make_link,
    neutral_link,
    notes_of,
    other_cost,
)
from clustersim.market.pricing import bertrand_price

#: The BR166 line: worth far more than its price, with a server as dear as the card beside it.
ANCHOR = Anchor(
    product="BR166",
    scenario="s",
    value_in_use_price_cny=452e3,
    other_cost_cny=92e3,
    asp_cny=95e3,
    unit_cost_cny=43.6e3,
)
NOW = Worth(452e3, 92e3)
shares = st.floats(0.0, 1.0)
betas = st.floats(0.0, 5.0)
worths = st.floats(-50e3, 2e6)


def link(worth: float, theta: float = 0.5, beta: float = 1.5, bounds: Bounds | None = None):
    return make_link(ANCHOR, Worth(worth, 92e3), value_share=theta, price_sensitivity=beta, bounds=bounds)


@given(shares, betas)
def test_nothing_moves_at_the_anchor(theta: float, beta: float) -> None:
    one = link(452e3, theta, beta)
    assert one.asp_factor == pytest.approx(1.0, rel=1e-12)
    assert one.units_factor == pytest.approx(1.0, rel=1e-12)
    assert one.notes == ()


@given(worths, shares, betas)
def test_units_follow_the_declared_law(worth: float, theta: float, beta: float) -> None:
    """Units go with the buyer's total cost per token, in logarithms, to the minus beta; at the price that is asked."""
    one = link(worth, theta, beta)
    before = (95e3 + 92e3) / (452e3 + 92e3)
    allowed = max(worth + 92e3, 1e-12)
    after = (95e3 * one.asp_factor + 92e3) / allowed
    expected = np.exp(np.clip(-beta * (np.log(after) - np.log(before)), -700, 700))
    assert one.units_factor == pytest.approx(float(expected), rel=1e-9, abs=1e-300)


@given(worths, shares, betas)
def test_no_price_below_unit_cost_unless_stated(worth: float, theta: float, beta: float) -> None:
    assert link(worth, theta, beta).asp_factor * 95e3 >= 43.6e3 * (1 - 1e-12)
    free = link(worth, theta, beta, Bounds(below_cost=True))
    assert free.asp_factor <= link(worth, theta, beta).asp_factor + 1e-12


@settings(max_examples=60)
@given(worths, st.floats(1.0, 1e6), shares, betas)
def test_more_worth_never_lowers_price_units_or_revenue(
    worth: float, more: float, theta: float, beta: float
) -> None:
    low, high = link(worth, theta, beta), link(worth + more, theta, beta)
    assert high.asp_factor >= low.asp_factor * (1 - 1e-12)
    assert high.units_factor >= low.units_factor * (1 - 1e-9)


def test_all_to_the_maker_keeps_units_all_to_the_buyer_keeps_the_price() -> None:
    assert link(600e3, theta=1.0).units_factor == pytest.approx(1.0)
    assert link(600e3, theta=0.0).asp_factor == pytest.approx(1.0)
    assert link(600e3, theta=0.0).units_factor == pytest.approx(((600 + 92) / (452 + 92)) ** 1.5)


def test_a_tenth_more_throughput_moves_units_by_per_cents_and_not_by_half() -> None:
    """+10 % throughput: P* + X is a tenth more; half of the gain goes to the price."""
    one = link(1.1 * (452e3 + 92e3) - 92e3)
    assert one.units_factor == pytest.approx(np.exp(1.5 * 0.5 * np.log(1.1)))
    assert 1.0 < one.asp_factor < 1.15


def test_units_saturate_with_the_share_of_the_market() -> None:
    far, near = link(5e6, 0.0), link(5e6, 0.0, bounds=Bounds(share=0.4))
    assert near.units_factor < 2.5 < far.units_factor
    capped = link(5e6, 0.0, bounds=Bounds(most=1.2))
    assert capped.units_factor == 1.2
    assert any("most that can be made" in note for note in capped.notes)
    larger = link(5e6, 0.0, bounds=Bounds(share=0.4, demand_elasticity=1.0))
    assert larger.units_factor > near.units_factor


def test_a_worthless_card_is_priced_at_cost_hardly_sells_and_says_so() -> None:
    one = link(-80e3)
    assert one.asp_factor == pytest.approx(43.6 / 95)
    assert one.units_factor < 0.1
    assert any("unit cost" in note for note in notes_of([one, one])) and len(notes_of([one, one])) == 1


def test_rows_by_year_and_points_are_each_year_and_point_alone() -> None:
    anchor = Anchor(product="X", scenario="s", value_in_use_price_cny=4e5, other_cost_cny=9e4,
                    asp_cny=np.array([[9e4], [8e4]]), unit_cost_cny=np.array([[4e4], [3e4]]))  # fmt: skip
    worth = np.array([3e5, 5e5, 6e5])
    all_ = make_link(anchor, Worth(worth, 9e4), value_share=0.5, price_sensitivity=1.5)
    assert np.shape(all_.units_factor) == (2, 3)
    for i, (asp, cost) in enumerate(((9e4, 4e4), (8e4, 3e4))):
        for j, value in enumerate(worth):
            alone = Anchor(product="X", scenario="s", value_in_use_price_cny=4e5, other_cost_cny=9e4, asp_cny=asp,
                           unit_cost_cny=cost)  # fmt: skip
            one = make_link(alone, Worth(float(value), 9e4), value_share=0.5, price_sensitivity=1.5)
            assert all_.units_factor[i, j] == pytest.approx(one.units_factor, rel=1e-12)
            assert all_.asp_factor[i, j] == pytest.approx(one.asp_factor, rel=1e-12)


def test_a_roadmap_card_follows_its_leader_and_a_line_without_either_says_so() -> None:
    def lines(worth: float) -> dict[str, Line]:
        return {
            "BR166": Line(asp_cny=95e3, unit_cost_cny=43.6e3, anchor=ANCHOR, worth=Worth(worth, 92e3)),
            "BR300": Line(asp_cny=210e3, unit_cost_cny=95e3, follows=Follows("BR166", 3.0)),
            "successor": Line(asp_cny=270e3, unit_cost_cny=120e3, follows=Follows("BR300", 1.5)),
            "odd": Line(asp_cny=1e3),
        }

    terms = {"value_share": 0.5, "price_sensitivity": 1.5}
    for worth in (300e3, 452e3, 600e3):
        found = {one.product: one for one in market_links(lines(worth), **terms)}
        assert found["BR166"].units_factor == pytest.approx(link(worth).units_factor)
        for name in ("BR300", "successor"):
            assert found[name].units_factor == pytest.approx(link(worth).units_factor)
            assert (found[name].asp_factor - 1) * (worth - 452e3) >= 0
        assert found["odd"].units_factor == 1.0 and "does not reach it" in found["odd"].notes[0]
    circle = {
        "a": Line(asp_cny=1.0, follows=Follows("b", 1.0)),
        "b": Line(asp_cny=1.0, follows=Follows("a", 1.0)),
    }
    with pytest.raises(InputError, match="break the circle"):
        market_links(circle, **terms)
    with pytest.raises(InputError, match="no line 'x'"):
        market_links({"a": Line(asp_cny=1.0, follows=Follows("x", 1.0))}, **terms)


@given(st.floats(-0.8, 0.8), st.floats(0.01, 0.5))
@settings(max_examples=40)
def test_the_best_price_against_rivals_beats_its_neighbours(gain: float, share: float) -> None:
    """At the cost at which the plan's price is the best one, so is the price after the event."""
    beta, price, other = 4.0, 95e3, 92e3
    best = bertrand_price(price, other, gain, sensitivity=beta, share=share)
    margin = (price + other) / (beta * (1 - share))
    cost = price - margin

    def earned(at: float) -> float:
        weight = ((at + other) / (price + other) * np.exp(-gain)) ** -beta
        return (at - cost) * weight / (1 - share + share * weight)

    assert earned(best) >= earned(best * 1.003) and earned(best) >= earned(best * 0.997)
    assert (best - price) * gain >= 0
    with pytest.raises(InputError, match="elasticity of at most 1"):
        bertrand_price(1.0, 1.0, 0.1, sensitivity=1.1, share=0.5)


def test_a_bertrand_line_keeps_its_plan_and_moves_with_its_worth() -> None:
    def of(worth: float):
        rule = Bounds(pricing="bertrand", share=0.2)
        return make_link(ANCHOR, Worth(worth, 92e3), value_share=0.5, price_sensitivity=3.0, bounds=rule)

    still, more, less = of(452e3), of(600e3), of(300e3)
    assert (still.asp_factor, still.units_factor) == (1.0, 1.0)
    assert less.asp_factor < 1 < more.asp_factor and less.units_factor < 1 < more.units_factor


@given(worths, worths, st.floats(1e4, 5e5), shares, betas)
def test_price_and_units_answer_the_value_in_use_alone(
    low: float, high: float, other: float, theta: float, beta: float
) -> None:
    """Whatever the buyer's other costs are now: they are inside the value in use and move nothing beside it."""
    low, high = min(low, high), max(low, high)
    a, b, c = (
        make_link(ANCHOR, Worth(w, x), value_share=theta, price_sensitivity=beta)
        for w, x in ((low, 92e3), (low, other), (high, other))
    )
    assert (a.asp_factor, a.units_factor) == (b.asp_factor, b.units_factor)
    assert c.asp_factor >= b.asp_factor and c.units_factor >= b.units_factor * (1 - 1e-9)


def test_mistakes_are_named() -> None:
    with pytest.raises(InputError, match="value_share"):
        link(1e5, theta=1.5)
    with pytest.raises(InputError, match="price_sensitivity"):
        link(1e5, beta=-1.0)
    with pytest.raises(InputError, match="capital factor"):
        other_cost(running_cny_per_year=1.0, capital_factor=0.0, other_capex_cny=1.0)
    assert neutral_link("X", "why").notes == ("why",)

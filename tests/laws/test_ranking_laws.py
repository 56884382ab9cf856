"""Fair ranking: a difference below a tie decides nothing but the cost, and nothing that is truly better is lost."""

from hypothesis import given, settings
from hypothesis import strategies as st

from clustersim.planner.ranking import TIE, fair_front, fair_order, ties_of

POSITIVE = st.floats(1e-3, 1e6)
PAIRS = st.lists(st.tuples(POSITIVE, POSITIVE), min_size=1, max_size=12)
# Values that lie within a few ties of each other, where ties chain.
CLOSE = st.lists(
    st.tuples(*(st.integers(0, 12).map(lambda n: 100 * (1 + n * TIE / 3)) for _ in range(3))),
    min_size=1,
    max_size=10,
)


def lead(better: float, worse: float) -> float:
    return (worse - better) / max(worse, better)


@settings(max_examples=200, deadline=None)
@given(st.one_of(PAIRS, CLOSE.map(lambda rows: [r[:2] for r in rows])))
def test_the_first_is_the_cheapest_of_all_that_tie_with_the_best(rows: list[tuple[float, float]]) -> None:
    first = fair_order(rows, lambda r: r[0], lambda r: r[1])[0]
    best = min(value for value, _ in rows)
    tied = [r for r in rows if lead(best, r[0]) < TIE]
    assert first in tied
    assert first[1] == min(cost for _, cost in tied)


@settings(max_examples=200, deadline=None)
@given(PAIRS)
def test_the_order_keeps_every_item_and_no_order_of_input(rows: list[tuple[float, float]]) -> None:
    order = fair_order(rows, lambda r: r[0], lambda r: r[1])
    assert sorted(order) == sorted(rows)
    assert order == fair_order(rows[::-1], lambda r: r[0], lambda r: r[1])


def test_a_gain_of_one_token_a_second_does_not_rank_a_dear_nic_first() -> None:
    nics = [("400G", 1 / 546_226, 4.36), ("200G", 1 / 546_225, 4.10)]
    assert fair_order(nics, lambda n: n[1], lambda n: n[2])[0][0] == "200G"
    assert [n for n, *_ in fair_front(nics, lambda n: (n[2], n[1]))] == ["200G"]
    assert [n for n, *_ in ties_of(nics[0], nics[1:], lambda n: n[1])] == ["200G"]


@settings(max_examples=200, deadline=None)
@given(CLOSE)
def test_the_front_is_never_empty_and_covers_what_it_leaves_out(rows: list[tuple[float, ...]]) -> None:
    front = fair_front(rows, lambda r: r)
    assert front
    for row in rows:
        assert any(all(lead(m, o) <= 2 * TIE + 1e-12 for m, o in zip(row, f, strict=True)) for f in front)
    for mine in front:
        for other in front:
            better = [lead(o, m) for o, m in zip(other, mine, strict=True)]
            strictly = all(b >= 0 for b in better) and max(better) >= TIE
            assert not strictly, "an item that another truly beats stands on the front"


def test_nothing_is_no_lead() -> None:
    assert fair_order([0.0, 0.0], lambda v: v, lambda v: v) == [0.0, 0.0]

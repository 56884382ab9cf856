"""A column is a number with one value a point, or it says that it cannot be."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustersim.columns import (
    Column,
    Decided,
    Split,
    Unbatchable,
    batch,
    decide,
    decide_with,
    each_point,
    least,
    most,
    pick,
    places,
    stacked,
)

numbers = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=6)


@given(numbers, st.floats(0.5, 9))
def test_arithmetic_is_that_of_each_number(values: list[float], other: float) -> None:
    column = Column(np.array(values))
    results = (
        (column * other - 1 / other, [v * other - 1 / other for v in values]),
        (other - column, [other - v for v in values]),
        (np.maximum(column, other), [max(v, other) for v in values]),
        (least(column, other), [min(v, other) for v in values]),
        (most(other, column), [max(v, other) for v in values]),
        (math.floor(column), [math.floor(v) for v in values]),
        (np.where(column > 0, column, other), [v if v > 0 else other for v in values]),
        (column // other, [v // other for v in values]),
    )
    for got, want in results:
        assert got.values.tolist() == pytest.approx(want, rel=1e-15)


@given(numbers)
def test_a_decision_is_that_of_all_points_or_splits_them(values: list[float]) -> None:
    positive = Column(np.array(values)) > 0
    each = [v > 0 for v in values]
    if len(set(each)) == 1:
        assert bool(positive) == each[0]
    else:
        with pytest.raises(Split) as split:
            bool(positive)
        assert split.value.labels.tolist() == each


def test_a_whole_number_splits_by_its_value() -> None:
    assert int(Column(np.array([3.0, 3.0]))) == 3
    with pytest.raises(Split) as split:
        int(Column(np.array([3.2, 4.1, 3.9])))
    assert split.value.labels.tolist() == [3.0, 4.0, 3.0]


COLUMN = Column(np.array([1.0, 2.0, 3.0]))
TABLE = Column(np.arange(6.0).reshape(2, 3))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: float(COLUMN),
        lambda: math.exp(COLUMN),
        lambda: np.asarray(COLUMN),
        lambda: np.array([COLUMN, COLUMN]),
        lambda: COLUMN * np.array([1.0, 2.0, 3.0]),  # as many plans as points: which is which?
        lambda: np.add(np.arange(3.0), COLUMN),
        lambda: hash(COLUMN),
        lambda: COLUMN[0],
        lambda: len(COLUMN),
        lambda: TABLE.sum(axis=1),
        lambda: np.sum(TABLE, axis=-1),
        lambda: np.cumsum(COLUMN),
        lambda: np.sort(COLUMN),
        lambda: np.interp(COLUMN, [0.0, 1.0], [0.0, 1.0]),
        lambda: COLUMN @ np.ones(3),
        lambda: np.add(np.ones((1,)), COLUMN, out=np.zeros(3)),
        lambda: bool(TABLE > 1),
        lambda: np.concatenate([COLUMN, COLUMN]),
    ],
)
def test_what_mixes_points_is_refused(wrong) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Unbatchable):
        wrong()


def test_rows_are_apart_from_points() -> None:
    assert TABLE.sum(axis=0).values.tolist() == [3.0, 5.0, 7.0]
    assert np.max(TABLE).values.tolist() == [3.0, 4.0, 5.0]
    assert (TABLE @ np.array([1.0, 10.0])).values.tolist() == [30.0, 41.0, 52.0]
    assert np.argmin(TABLE, axis=0).values.tolist() == [0, 0, 0]
    assert (TABLE * np.array([[1.0], [2.0]]))[1].values.tolist() == [6.0, 8.0, 10.0]
    assert stacked([1.0, COLUMN]).shape == (2, 3)


def test_two_long_columns_are_two_keys() -> None:
    long = np.zeros(5000)
    other = long.copy()
    other[2500] = 1.0
    assert repr(Column(long)) != repr(Column(other))


def test_points_are_picked_and_functions_mapped() -> None:
    one = {"a": (COLUMN, "word"), "b": 2.0}
    where = places(one)
    assert pick(one, where, 2) == {"a": (3.0, "word"), "b": 2.0}
    assert pick(one, where, np.array([2, 0]))["a"][0].values.tolist() == [3.0, 1.0]
    assert each_point(lambda q: q["a"][0] ** 2, one).values.tolist() == [1.0, 4.0, 9.0]
    with pytest.raises(Split):
        each_point(lambda q: "big" if q["a"][0] > 1.5 else "small", one)


def test_what_was_decided_is_not_found_twice() -> None:
    known, asked = Decided(), []

    def label(points: np.ndarray) -> int:
        return decide(lambda: asked.append(points.size) or Column(points % 2))

    everything = np.arange(4)
    with batch(everything, known, 4), pytest.raises(Split):
        label(everything)
    for odd in (0, 1):
        mine = everything[everything % 2 == odd]
        with batch(mine, known, 4):
            assert label(mine) == odd
    assert asked == [4]


def test_numbers_that_were_found_with_a_decision_stay_with_their_points() -> None:
    known, everything, asked = Decided(), np.arange(5), []

    def found(points: np.ndarray) -> tuple[int, np.ndarray]:
        def look() -> tuple[Column, np.ndarray]:
            asked.append(points.size)
            return Column(points % 2), np.stack([10.0 * points, points**2], axis=1)

        return decide_with(look)

    with batch(everything, known, 5), pytest.raises(Split):
        found(everything)
    for odd in (1, 0):
        mine = everything[everything % 2 == odd]
        with batch(mine, known, 5):
            label, numbers = found(mine)
        assert label == odd and numbers.tolist() == [[10.0 * n, n**2] for n in mine]
    assert asked == [5]


def test_a_split_survives_being_raised_anew_from_its_arguments() -> None:
    labels = np.array([True, False])
    again = (lambda e: type(e)(*e.args))(Split(labels))  # what SimPy does with what a process raises
    assert again.labels is labels and str(again) == "the points of a batch go separate ways"

"""Law: where a number that nobody means is typed into the workbook, a check fails and no rating stands beside it."""

import random
from typing import Any

import formualizer
import pytest
from live_workbook import Live, keys, live
from workbook_recalc import errors_in, place


def test_no_error_stands_anywhere_when_growth_reaches_the_wacc() -> None:
    """Nor a target price or a rating: not from within a point of the WACC, where any number comes out."""
    one = live()
    # Where the value is used; the other sheets do not know of it.
    used = [at for at in every_cell() if at[0] in {"Cover", "DCF", "Sensitivities", "Chip"}]
    for growth in (0.1119, 0.112, 0.12):
        with one.with_typed(**{"case:base:terminal_growth": growth}):
            assert errors_in(one.program, used) == []
            assert headline(one) == WITHHELD
            assert one.value(one.book.cell("cover.state.growth")) == "FAILS"
    assert headline(one) == (pytest.approx(one.base), "strong buy", 1, pytest.approx(one.base))


#: What a reader sees first where a check fails: no target price, no rating.
WITHHELD = ("–", "CHECKS FAIL: not rated", 0, "–")


def headline(one: Live) -> tuple[Any, ...]:
    """Target price, rating and master flag of the cover, and the target price above the cards."""
    keys = ("cover.target_price", "cover.rating", "cover.master", "shown.target_price")
    return tuple(one.value(one.book.cell(key)) for key in keys)


#: Numbers that nobody means.
EXTREMES = (0.0, -1.0, 1e9, -1e9, 1e-9)


def wrong_at(key: str, number: float, cells: list[tuple[str, int, int]]) -> list[str]:
    """What is wrong where a blue cell holds an extreme: error cells, or a headline beside a check that fails."""
    one = live()
    with one.with_typed(**{key: number}):
        bad = errors_in(one.program, cells)
        target, rating, master, chip = headline(one)
    out = [f"{key} = {number}: {c} holds {v}" for c, v in bad[:2]]
    held = isinstance(target, float) and target > 0 and rating != WITHHELD[1] and chip == target
    if not (held if master == 1 else (target, rating, master, chip) == WITHHELD):
        out.append(f"{key} = {number}: {target} {rating} {master} {chip}")
    return out


def every_cell() -> list[tuple[str, int, int]]:
    return [(c.sheet, c.row + 1, c.column + 1) for c in live().book.cells]


def test_a_sample_of_extremes_leaves_no_error_and_no_rating() -> None:
    draw = random.Random(2828)
    asked = [(key, draw.choice(EXTREMES)) for key in draw.sample(keys(), 5)]
    asked += [
        ("shares_m", 0.0),
        ("tco.wacc", -1.0),
        ("chip.peak", 0.0),
        ("fx_per_cny", -1.0),
        ("ps_year_index", 1e9),
    ]
    assert [w for key, number in asked for w in wrong_at(key, number, every_cell())] == []


@pytest.mark.full
def test_no_extreme_of_any_blue_cell_leaves_an_error_or_a_rating() -> None:
    cells = every_cell()
    assert [w for key in keys() for number in EXTREMES for w in wrong_at(key, number, cells)] == []


@pytest.mark.parametrize(
    ("key", "number", "check"),
    [
        ("in.units:BR200#1", -5.0, "units"), ("in.unit_cost:BR200#1", 900.0, "margin"),
        ("case:base:asp_scale", 0.6, "cash"), ("dcf_weight", 1.5, "weights"), ("selector", 9.0, "choices"),
        ("chip.bandwidth", 9_000.0, "box"), ("case:base:terminal_growth", 0.2, "growth"),
        ("case:base:terminal_growth", 0.1119, "growth"),
    ],
)  # fmt: skip
def test_a_check_fails_where_its_input_cannot_be(key: str, number: float, check: str) -> None:
    one = live()
    with one.with_typed(**{key: number}):
        state, master = (one.value(one.book.cell(k)) for k in (f"cover.state.{check}", "cover.master"))
    assert (state, master) == ("FAILS", 0)
    assert one.value(one.book.cell("cover.master")) == 1


@pytest.mark.parametrize(("key", "check"), [("bs.total_assets", "balance"), ("revenue", "lines"),
                                            ("cf.closing_cash", "flows")])  # fmt: skip
def test_a_formula_that_is_typed_over_is_found(key: str, check: str) -> None:
    one = live()
    program: Any = formualizer.load_workbook(str(one.folder / "s.xlsx"))
    program.set_value(*place(one.book.at(key, 3)), 1.0)
    program.evaluate_all()
    assert program.evaluate_cell(*place(one.book.cell(f"state.{check}"))) == "FAILS"

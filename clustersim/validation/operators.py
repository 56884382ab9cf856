"""Measured operators beside a card's efficiencies: large matrix products, fused attention, long reads of memory."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from clustersim.assemble.card_figures import operator_rate
from clustersim.errors import ClusterSimError, InputError
from clustersim.schema.formats import number_format
from clustersim.schema.profiles import CardProfile
from clustersim.validation.common import (
    NO_MEASUREMENT,
    ValidationRow,
    class_of,
    given_rows,
    reason_of,
)
from clustersim.validation.row_files import of_a_card, row_of
from clustersim.validation.sites import Unpredictable, card_of

__all__ = ["COLUMNS", "as_scenario", "predict", "time_on"]

COLUMNS = ("card", "benchmark", "dtype", "shape_or_size", "measured", "unit")
#: Products below this in every direction are not what the efficiency is of.
LEAST_SIDE = 2048
#: Bytes that a stream must move to be no cache's.
LEAST_BYTES = 256e6
#: Unit -> to TFLOP/s or GB/s.
_UNITS = {"TFLOPS": 1.0, "TOPS": 1.0, "TFLOP/s": 1.0, "GB/s": 1.0, "TB/s": 1e3}


@dataclass(frozen=True, slots=True)
class _Operator:
    """What a row measured: ``matrix_rate``, ``attention_rate`` or ``memory_rate``, and its data type."""

    quantity: str
    dtype: str


def _operator(row: Mapping[str, str]) -> _Operator:
    """Return what a row measured; raises Unpredictable for what no constant of a card is of."""
    name, shape = row["benchmark"].strip().lower(), row["shape_or_size"]
    if "toolkit" in name:
        raise Unpredictable("a maker's own tool: its shapes are not stated")
    sides = [float(v) for v in re.findall(r"\b[MNK]=(\d+(?:\.\d+)?)", shape)]
    if "attention" in name:
        length = re.search(r"\bSq=(\d+)", shape)
        if length is None or int(length[1]) < LEAST_SIDE:
            raise Unpredictable(f"attention over fewer than {LEAST_SIDE} tokens")
        return _Operator("attention_rate", number_format(row["dtype"]).dtype)
    if name.startswith(("computation", "gemm")) or re.search(r"\b(mm|matmul|linear)\b", name):
        if len(sides) != 3 or min(sides) < LEAST_SIDE:
            raise Unpredictable(f"a product with a side below {LEAST_SIDE}, or whose shape is not stated")
        return _Operator("matrix_rate", number_format(row["dtype"]).dtype)
    if "bandwidth" in name or name.startswith(("stream", "main_memory")):
        if "host" in name or "capacity" in name:
            raise Unpredictable("no constant of a card is of this operator")
        found = re.search(r"(\d+(?:\.\d+)?) B\b", shape)
        if found and float(found[1]) < LEAST_BYTES:
            raise Unpredictable("a stream that may lie in a cache")
        return _Operator("memory_rate", "")
    raise Unpredictable("no constant of a card is of this operator")


def time_on(row: Mapping[str, str], change: Callable[[CardProfile], CardProfile]) -> float:
    """Return the time of the unit of a row's rate on its card as a change leaves it."""
    found = _operator(row)
    return 1.0 / operator_rate(change(card_of(row["card"])), found.quantity, found.dtype)


def predict(rows: Iterable[Mapping[str, str]]) -> list[ValidationRow]:
    """Predict the rate of every operator (TFLOP/s, GB/s); what no constant of a card is of is set aside.

    Raises InputError where a needed column is missing.
    """
    given = given_rows(rows, COLUMNS, "operators")
    return [_row(row, row.get("id") or f"row {index + 1}") for index, row in enumerate(given)]


def _measured(row: Mapping[str, str]) -> tuple[float, str]:
    unit = (row["unit"] or "").strip()
    try:
        value = float(row["measured"] or "nan") * _UNITS[unit]
    except (KeyError, ValueError):
        raise Unpredictable(f"the unit {unit!r} is no rate" if unit else "no unit is stated") from None
    if not value > 0:
        raise Unpredictable(NO_MEASUREMENT)
    return value, "GB/s" if unit in {"GB/s", "TB/s"} else "TFLOP/s"


def _known(row: Mapping[str, str]) -> tuple[_Operator, CardProfile]:
    """What a row measured and on which card; raises Unpredictable for what no constant of a card is of."""
    if "sum" in (row.get("basis") or "").lower():
        raise Unpredictable("a sum over cards")
    return _operator(row), card_of(row["card"])


def as_scenario(rows: Iterable[Mapping[str, str]], wanted: str) -> str:
    """Refuse a row: an operator is a figure of a card, which no site's run gives; the refusal names what gives it.

    Raises InputError always: with the nearest id for an unknown one, in the words in which a row is set aside, or with
    the command that prints the row's prediction.
    """
    row = row_of({row.get("id") or f"row {index + 1}": row for index, row in enumerate(rows)}, wanted)
    try:
        _measured(row)
        found, card = _known(row)
        operator_rate(card, found.quantity, found.dtype)
    except Unpredictable as error:
        raise InputError(reason_of(error)) from None
    figure = f"{found.quantity}.{found.dtype}" if found.dtype else found.quantity
    raise of_a_card(wanted, card.name, figure)


def _row(row: Mapping[str, str], name: str) -> ValidationRow:
    source = row.get("source") or row["benchmark"]
    try:
        value, unit = _measured(row)
        found, card = _known(row)
        rate = operator_rate(card, found.quantity, found.dtype)
    except (Unpredictable, ClusterSimError) as error:
        return ValidationRow(name, source, None, math.nan, "", row["card"], reason=reason_of(error))
    return ValidationRow(
        name, source, rate, value, unit, card.name, group=found.quantity, card_class=class_of(card),
        tuned=bool(row.get("tuned_on")), domain=found.dtype, details={"shape": row["shape_or_size"]},
    )  # fmt: skip

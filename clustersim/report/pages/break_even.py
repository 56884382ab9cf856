"""A break-even as a sentence, in the words of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from clustersim.planner.break_even import Held, break_even
from clustersim.report.answer import Answer
from clustersim.report.units import UNITS

__all__ = ["break_even_answer"]

_WORDS = {
    "price": "a card price of",
    "sold_share": "a sold share of the card-hours of",
    "tariff": "a tariff of",
}
_AGAINST = {"incumbent": "the incumbent's", "rent": "the rent of", "api": "the interface's price of"}


def break_even_answer(
    name: str, sets: Mapping[str, object], unknown: str, *, against: str, mark: float | None, incumbent: str,
    workload: str,
) -> Answer:  # fmt: skip
    """Find the price, share of hours sold, or tariff at which a site matches what it is held against."""
    held = Held(name=name, sets=sets, against=against, mark=mark, incumbent=incumbent, workload=workload)
    result = {"scenario": name, **asdict(break_even(held, unknown))}
    return Answer(name="break_even", data=result, page=lambda: [_sentence(result)], rows=[result])


def _sentence(result: Mapping[str, Any]) -> str:
    what = f" ({result['workload']})" if result["workload"] else ""
    words, mark = _WORDS[result["unknown"]], f"{_AGAINST[result['against']]} {result['mark']:,.4g}"
    unit = result["mark_unit"].removeprefix("CNY/")
    per = f"CNY per {UNITS.get(unit, unit)}"
    return (
        f"{result['scenario']}{what}: {words} {_number(result, 'value')} gives {result['cost_there']:,.4g} {per},"
        f" {mark}; now {_number(result, 'now')} gives {result['cost_now']:,.4g} against {result['mark_now']:,.4g}"
    )


def _number(result: Mapping[str, Any], name: str) -> str:
    if result["unit"] == "1":
        return f"{result[name]:.2%}"
    return f"{result[name]:,.6g} {result['unit']}"

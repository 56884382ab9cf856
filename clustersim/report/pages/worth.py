"""What it is worth to know as a page: shares of the variance, gains of a decision, and the order of measuring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from clustersim.calibration.worth import Worth, worth
from clustersim.report.answer import Answer, Block

__all__ = ["worth_answer"]


def _label(key: str) -> str:
    """An unknown in words: an error of prediction is named by its side and workload.

    >>> _label("slower|a|chat|unit"), _label("tco.pue")
    ('prediction error of chat on a', 'tco.pue')
    """
    if not key.startswith("slower|"):
        return key
    _, side, work, quantity = key.split("|")
    return f"prediction error of {work} on {side}" + ("" if quantity == "unit" else f" ({quantity})")


def _data(found: Worth) -> dict[str, Any]:
    deciding = bool(found.options)
    rows = sorted(
        (
            {
                "unknown": _label(key), "first_order": float(found.found.first[i]),
                "shapley": float(found.found.shapley[i]), "value_of_knowing": float(found.alone[i]),
            }
            for i, key in enumerate(found.unknowns)
        ),
        key=lambda row: (-float(str(row["value_of_knowing"])) if deciding else 0.0, -float(str(row["shapley"]))),
    )  # fmt: skip
    made = sorted(found.by_measurement.items(), key=lambda item: -item[1])
    return {
        "output": found.output, "better": "more" if found.maximise else "less", "mean": found.mean,
        "deviation": found.deviation, "variance": found.deviation**2, "beyond_second_degree": found.found.beyond,
        "shapley_sum": float(found.found.shapley.sum()) + found.found.beyond, "options": dict(found.options),
        "taken_now": found.best, "value_of_perfect_information": found.perfect if deciding else None,
        "measure_of_gain": f"expected gain in {found.output}" if deciding else "share of the variance",
        "unknowns": rows, "measurements": [{"measurement": n, "gain": v} for n, v in made],
        "order": [
            {"place": i + 1, "measurement": s.name, "gain_alone": s.alone, "gain_so_far": s.left}
            for i, s in enumerate(found.steps)
        ],
        "draws": found.draws, "draws_failed": found.failed,
    }  # fmt: skip


def _shown(rows: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    return [
        {k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in row.items()} for row in rows[:most]
    ]


def _page(data: dict[str, Any]) -> list[Block]:
    blocks: list[Block] = [
        f"{data['output']}: {data['mean']:,.5g} on average,"
        f" deviation {data['deviation']:,.4g} over all that is uncertain"
        + (f" ({next(iter(data['options']))})" if data["options"] else "")
    ]
    if data["options"]:
        means = ", ".join(f"{name} {value:,.5g}" for name, value in data["options"].items())
        blocks += [
            f"decision ({data['better']} is better): {means}; taken now: {data['taken_now']}",
            f"expected value of perfect information: {data['value_of_perfect_information']:,.4g} in {data['output']}",
        ]
    blocks += [
        "unknowns: shares of the variance"
        + (", and what knowing each would gain the decision" if data["options"] else ""),
        _shown(data["unknowns"], 15),
        f"shares by Shapley add up to {data['shapley_sum']:.4f}, {data['beyond_second_degree']:.2%} of it beyond the"
        " second degree of the inputs",
        f"measurements, {data['measure_of_gain']}:", _shown(data["measurements"], 12) or "none tells of these unknowns",
        "order in which to measure:", _shown(data["order"], 12) or "no measurement gains anything",
    ]  # fmt: skip
    if data["draws_failed"]:
        blocks.append(f"{data['draws_failed']} of {data['draws']} draws could not be run and are left out")
    return blocks


def worth_answer(
    name: str, sets: Mapping[str, Any], *, output: str, decide: str = "", maximise: bool | None = None,
    draws: int = 512, tell: Callable[[int, int], None] = lambda done, of: None,
) -> Answer:  # fmt: skip
    """Say what each unknown of a scenario is worth to know, for an output and, where one is stated, a decision."""
    found = worth(name, sets, output=output, decide=decide, maximise=maximise, count=draws, tell=tell)
    data = _data(found)
    return Answer(name="worth", data=data, page=lambda: _page(data), rows=data["unknowns"])

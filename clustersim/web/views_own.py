"""Own, rent, or buy tokens: what hours and tokens cost by the share of hours that is used, and the crossover."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clustersim.errors import ClusterSimError, InputError
from clustersim.web.answers import kept, result_of
from clustersim.web.asked import Design
from clustersim.web.panels import Note, lines, panel
from clustersim.web.replayed import numbers_of

__all__ = ["Marks", "marks_of", "own_view"]

#: Shares of the hours at which the cost of owning is shown.
SHARES = (0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
HOURS_PER_DAY = 24.0
#: What is held against owning: the cost that it is compared with.
_AGAINST = {"rent": "cny_per_card_hour", "api": "cny_per_served_mtoken"}
Marks = tuple[tuple[str, float], ...]


def marks_of(value: object) -> Marks:
    """Return the prices that a body names: ``{"rent": CNY per card-hour, "api": CNY per million served tokens}``.

    Raises InputError for another name and for what is no price.

    >>> marks_of({"rent": 6})
    (('rent', 6.0),)
    """
    if value is None:
        return ()
    if not isinstance(value, Mapping) or set(value) - set(_AGAINST):
        raise InputError(f"marks: an object of {', '.join(_AGAINST)}")
    for name, price in value.items():
        if isinstance(price, bool) or not isinstance(price, int | float) or not 0.0 < price < 1e9:
            raise InputError(f"marks: {name}: a price in CNY above zero, not {str(price)[:40]!r}")
    return tuple(sorted((name, float(price)) for name, price in value.items()))


def own_view(design: Design, marks: Marks) -> list[dict[str, Any]]:
    """Owning against a rent by the hour and against an interface's price by the token, each with its crossover.

    A price that is not named is the one that the files know; where they know none, the panel asks for it.
    """
    given = dict(marks)
    return [found for against in _AGAINST if (found := _against(design, against, given.get(against)))]


def _against(design: Design, against: str, mark: float | None) -> dict[str, Any] | None:
    term = _AGAINST[against]
    now = _numbers(design)
    serves = [n for n in now if n == term or (against == "api" and n.endswith(f".{term}"))]
    if not serves:
        return None
    term = serves[0]
    work = term.rpartition(".")[0]
    try:
        (row,) = kept(
            ("own", design, against, mark),
            lambda: design.ask().break_even("sold_share", against=against, mark=mark, workload=work).table,
        )
    except InputError as error:
        needs: list[Note] = [f"own.needs_{against}"] if mark is None else [str(error)]
        return panel(f"own.{against}", [], notes=needs)
    except ClusterSimError as error:
        # No share reaches the price: what owning costs beside it still says by how much.
        return _drawn(design, against, term, mark, [("own.never", {"why": str(error)})], None)
    return _drawn(design, against, term, float(row["mark"]), _said(design, row, against, now), row)


def _numbers(design: Design) -> Mapping[str, float]:
    terms = result_of(design).terms
    return {str(r["term"]): float(r["value"]) for r in terms.to_dict("records")}


def _said(design: Design, row: Mapping[str, Any], against: str, now: Mapping[str, float]) -> list[Note]:
    share = float(row["value"])
    told: list[Note] = [
        (f"own.{against}_say", {"share": f"{100.0 * share:.4g}", "mark": f"{row['mark']:.4g}",
                                "cost": f"{row['cost_now']:.4g}", "now": f"{100.0 * row['now']:.4g}",
                                "unit": f"CNY/{_PER[against]}"})
    ]  # fmt: skip
    if against == "api" and row["cost_now"]:
        # What an hour that is used gives, from the two costs of the run; hours that are not used give nothing.
        per_hour = now["cny_per_card_hour"] / row["cost_now"]
        cards = int(result_of(design).to_dict()["cluster"]["cards"])
        day = per_hour * 1e6 * cards * HOURS_PER_DAY * share / 1e9
        told.append(("own.api_day", {"tokens": f"{day:.4g}"}))
    return told


def _drawn(
    design: Design,
    against: str,
    term: str,
    mark: float | None,
    notes: list[Note],
    row: Mapping[str, Any] | None,
) -> dict[str, Any]:
    rows: list[dict[str, float | None]] = []
    for share in SHARES:
        cost = numbers_of(design.with_changes({"tco.sold_share": share})).get(term)
        rows.append({"used_share": share, "own": cost, against: mark})
    if row is not None:
        rows.append({"used_share": row["value"], "own": row["cost_there"], against: row["mark"]})
        rows.sort(key=lambda r: float(r["used_share"] or 0.0))
    series: dict[str, list[float | None]] = {"own": [r["own"] for r in rows]}
    if mark:
        series[against] = [mark] * len(rows)
    chart = lines([float(r["used_share"] or 0.0) for r in rows], series, "used_share", f"CNY/{_PER[against]}")
    units = dict.fromkeys(("own", against), f"CNY/{_PER[against]}")
    return panel(f"own.{against}", rows, chart=chart, notes=notes, units=units)


_PER = {"rent": "card-hour", "api": "served_mtoken"}

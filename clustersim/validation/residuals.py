"""Residuals of every domain's rows, from the predictions of ``validate``."""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterable, Sequence

from clustersim.intervals.layouts import latency_layout, load_of, step_layout
from clustersim.intervals.residuals import Residual
from clustersim.schema.profiles import CardProfile, load_profile
from clustersim.validation.common import MORE_IS_BETTER, ValidationRow
from clustersim.validation.domains import DOMAINS, read_rows, shipped_file

__all__ = ["all_residuals", "quantities_of", "quantity_of", "residuals_of"]

#: Domain of validation -> quantity; those of serving latency say it in their group.
_QUANTITY = {
    "training": "step_time", "training_2026": "step_time", "domestic_training": "step_time",
    "scaling": "scaling_efficiency", "collectives": "collective_time", "serving": "throughput",
    "serving_published": "throughput", "serving_published_2026": "throughput",
}  # fmt: skip
_BY_GROUP = {"ttft": "ttft", "tpot": "tpot", "tok/s": "throughput"}
#: Domains without a residual of a time.
_OTHERS = ("tco", "reliability", "operators")


def quantity_of(domain: str, row: ValidationRow) -> str:
    """Return what a row measured; empty where no band is made of it."""
    return _QUANTITY.get(domain) or _BY_GROUP.get(row.group.split(" ")[0], "")


def quantities_of(domain: str) -> tuple[str, ...]:
    """Return what a domain's rows measure; empty where no band is made of it.

    >>> quantities_of("training"), quantities_of("domestic_serving"), quantities_of("tco")
    (('step_time',), ('ttft', 'tpot', 'throughput'), ())
    """
    if domain in _OTHERS:
        return ()
    return (_QUANTITY[domain],) if domain in _QUANTITY else tuple(_BY_GROUP.values())


def residuals_of(domain: str, rows: Iterable[ValidationRow]) -> list[Residual]:
    """Return the residuals of predicted rows; what was measured beside the domain's quantity is left out."""
    return [
        _residual(quantity, row)
        for row in rows
        if domain not in _OTHERS and row.predicted and not row.aside and min(row.predicted, row.measured) > 0
        if (quantity := quantity_of(domain, row))
    ]


def _residual(quantity: str, row: ValidationRow) -> Residual:
    assert row.predicted is not None
    ratio = math.log(row.measured / row.predicted)
    card = load_profile("cards", row.card)
    assert isinstance(card, CardProfile)
    return Residual(
        quantity=quantity, source=row.source, maker=card.vendor, card=row.card, software=row.software,
        layout=_layout(quantity, row),
        log_ratio=-ratio if row.unit in MORE_IS_BETTER else ratio, tuned=row.tuned,
    )  # fmt: skip


def _layout(quantity: str, row: ValidationRow) -> str:
    """What within a class tells errors apart, known before anything is measured."""
    if quantity == "collective_time":
        return row.plan_kind
    if quantity == "step_time":
        return step_layout(row.details["dtype"], row.plan_kind)
    if quantity in {"ttft", "tpot"}:
        at_once = row.details.get("concurrency")
        return latency_layout(
            split=row.plan_kind == "disaggregated",
            load=load_of(float(at_once)) if at_once else "",
            kind=row.plan_kind,
        )
    return ""


def all_residuals(domains: Sequence[str] = tuple(DOMAINS)) -> list[Residual]:
    """Return the residuals of the shipped rows of all domains."""
    return [
        r
        for name in domains
        if name not in _OTHERS
        for r in residuals_of(
            name, importlib.import_module(DOMAINS[name][0]).predict(list(read_rows(shipped_file(name)).rows))
        )
    ]

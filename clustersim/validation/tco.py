"""Published counts, watts and costs of clusters beside the bill, the power model and the cost model.

Nothing here is tuned on the rows, but for the weights of the card's power, which come from the FlagPerf rows and say
so. A row is predicted by the same functions as a scenario; where a published system needs a figure that no profile
has, the row says which.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from clustersim.assemble.card_figures import LOADS, load_power_w
from clustersim.assemble.parts import needed, network_parts
from clustersim.econ.power import PROVISION_MARGIN
from clustersim.errors import ClusterSimError, InputError
from clustersim.fabric.parts import cluster_parts
from clustersim.pipeline.site import SiteRun, run_site
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import load_inputs
from clustersim.validation.common import NO_MEASUREMENT, ValidationRow, require_columns
from clustersim.validation.row_files import of_a_card, row_of, scenario_text
from clustersim.validation.sites import SUPERNODE_LINK, Unpredictable, card_of, unreadable
from clustersim.validation.sources import shipped_rows
from clustersim.validation.training_record import number

__all__ = ["COLUMNS", "as_scenario", "predict"]

COLUMNS = ("id", "source", "quantity", "card", "cards", "load", "value", "unit", "tolerance_pct")

_OF_THE_BILL = ("leaf", "spine", "switch_side_modules", "nic_side_modules")
_PRICE = "usd_per_card_hour"
#: Quantities that the run of a site gives; the others are of a card, a server or a supernode without a site.
_NODE = "node_power_kw"
_OF_A_SITE = (*_OF_THE_BILL, "capex_cny_per_card", "provisioned_kw_per_card", _PRICE, _NODE)


class _Unknown(Exception):
    """A row that cannot be predicted, and why."""


@lru_cache(maxsize=1)
def _buyers() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Site and terms of buyers whose own are not known, by the word of the row's load; the empty word is any other."""
    return {
        line["load"]: (
            line["site"],
            tuple(part.strip() for part in line["overrides"].split(";") if part.strip()),
        )
        for line in shipped_rows("tco_sites.csv")
    }


def _asked(row: Mapping[str, str], sets: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The row's own site; else the buyer's site with the row's card."""
    own = row.get("site") or ""
    buyer, _ = _buyers().get(row["load"]) or _buyers()[""]
    return (own, sets) if own else (buyer, (*sets, f"cluster.card={row['card']}"))


@lru_cache(maxsize=64)
def _loaded(site: str, sets: tuple[str, ...]) -> Inputs:
    return load_inputs(site, sets, with_incumbent=False)


@lru_cache(maxsize=64)
def _ran(site: str, sets: tuple[str, ...]) -> SiteRun:
    return run_site(_loaded(site, sets))


def _stated(row: Mapping[str, str]) -> tuple[str, ...]:
    """What a row states of its site: the network card whose switches are counted, or the terms of a kind of buyer."""
    if row["quantity"] in _OF_THE_BILL:
        return (f"cluster.nic={row['load']}",)
    return _buyers()[row["load"]][1] if row["quantity"] == _PRICE else ()


def _inputs(row: Mapping[str, str], *sets: str) -> Inputs:
    return _loaded(*_asked(row, sets))


def _run(row: Mapping[str, str], *sets: str) -> SiteRun:
    return _ran(*_asked(row, sets))


def _parts(row: Mapping[str, str]) -> tuple[float, dict[str, Any]]:
    inputs = _inputs(row, *_stated(row))
    parts = network_parts(inputs)
    return float(getattr(parts, row["quantity"])), {"topology": inputs.fabric.topology}


def _supernode(row: Mapping[str, str]) -> tuple[float, float, int]:
    """Modules between cards and switches of the supernode, modules of the network between them, servers."""
    cards = int(row["cards"])
    inputs = _inputs(row)
    assert inputs.parts.card.scale_up is not None
    links = round(inputs.parts.card.scale_up.bandwidth.value / SUPERNODE_LINK)
    parts = cluster_parts(
        "fat_tree", cards=cards, cards_per_server=8, nics_per_card=1, nic_rate=5e10, ports=64, port_rate=5e10
    )
    # A link has a module at either end; the network's modules sit at the NICs and at both ends between switches.
    return cards * links * 2.0, float(parts.nic_side_modules + parts.switch_side_modules), cards // 8


def _supernode_modules(row: Mapping[str, str]) -> tuple[float, dict[str, Any]]:
    up, out, _ = _supernode(row)
    return up + out, {"scale_up_modules": up, "scale_out_modules": out}


def _supernode_power(row: Mapping[str, str]) -> tuple[float, dict[str, Any]]:
    up, out, servers = _supernode(row)
    inputs = _inputs(row)
    host = inputs.parts.server.host_power.value
    module = inputs.parts.optics.power.value
    power = inputs.parts.card.power
    watts = needed(power.tdp if power else None, f"cards.{inputs.parts.card.name}.power.tdp")
    cards = int(row["cards"]) * watts
    # A module of 800G on each scale-up link draws as two of 400G.
    total = cards + servers * host + (2 * up + out) * module
    return total / 1e3, {"cards_kw": cards / 1e3, "hosts_kw": servers * host / 1e3, "card_w": watts,
                         "left_out": "the supernode's own switches, not published"}  # fmt: skip


def _capex(row: Mapping[str, str]) -> tuple[float, dict[str, Any]]:
    if not row["card"]:
        raise _Unknown("the number of cards in a server is not stated")
    run = _run(row)
    return run.tco.capex_cny / run.cards, {}


def _provisioned(row: Mapping[str, str]) -> tuple[float, dict[str, Any]]:
    run = _run(row)
    watts = run.power.provisioned_it_w * run.power.pue / run.cards
    return watts / 1e3, {"margin": PROVISION_MARGIN, "pue": run.power.pue}


def _card_hour(row: Mapping[str, str]) -> tuple[float, dict[str, Any]]:
    known = [name for name in _buyers() if name]
    if row["load"] not in known:
        raise _Unknown(f"no site {row['load']!r} (known: {', '.join(known)})")
    sets = _stated(row)
    run = _run(row, *sets)
    rate = _inputs(row, *sets).prices.currencies["USD"].rate.value
    return run.tco.cny_per_card_hour / rate, {
        "site": row["load"],
        "cny_per_usd": rate,
        "overrides": list(sets),
    }


def _node(row: Mapping[str, str]) -> tuple[float, dict[str, Any]]:
    inputs = _inputs(row)
    run = _run(row)
    power = inputs.parts.card.power
    assert power is not None
    host, nics = inputs.parts.server.host_power.value, inputs.parts.nic.power.value * 8
    if row["load"] == "max":
        return (8 * power.tdp.value + host + nics) / 1e3, {"cards": "at TDP"}
    return (run.power.cards_w + run.power.hosts_w + run.power.nics_w) / inputs.servers / 1e3, {
        "card_w": run.power.cards_w / run.cards,
        "u_tensor": run.training.step.u_tensor,
    }


def _card_power(row: Mapping[str, str]) -> tuple[float, dict[str, Any]]:
    card = _inputs(row).parts.card
    if row["load"] not in LOADS:
        raise _Unknown(f"no load {row['load']!r}; known: {', '.join(LOADS)}")
    watts = load_power_w(card, row["load"])
    if watts is None or card.power is None or card.power.idle is None:
        raise _Unknown(f"the profile of {row['card']} has no idle power")
    return watts, {"idle_w": card.power.idle.value}


def _idle(row: Mapping[str, str]) -> tuple[float, dict[str, Any]]:
    card = _inputs(row).parts.card
    power = card.power
    if power is None or power.idle is None:
        raise _Unknown("the profile has no idle power")
    return power.idle.value / power.tdp.value, {
        "card": f"{card.name}, whose profile states it",
        "of": card.name,
    }


PREDICT: dict[str, Callable[[Mapping[str, str]], tuple[float, dict[str, Any]]]] = {
    "leaf": _parts, "spine": _parts, "switch_side_modules": _parts, "nic_side_modules": _parts,
    "supernode_modules": _supernode_modules, "supernode_power_kw": _supernode_power, "capex_cny_per_card": _capex,
    "provisioned_kw_per_card": _provisioned, "usd_per_card_hour": _card_hour, "node_power_kw": _node,
    "card_power_w": _card_power, "idle_share": _idle,
}  # fmt: skip


def predict(rows: Sequence[Mapping[str, str]]) -> list[ValidationRow]:
    """Predict every row; one that cannot be says why.

    Raises InputError for a file without the needed columns.
    """
    require_columns(rows[0] if rows else [], COLUMNS, "tco rows")
    return [_row(row) for row in rows]


def as_scenario(rows: Iterable[Mapping[str, str]], wanted: str) -> str:
    """Return the site of a row as the text of a scenario file: `clustersim tco` of it gives the row's prediction.

    Raises InputError with the nearest id for an unknown one, and for a row that holds no site, in words that say why.
    """
    row = row_of({row["id"]: row for row in rows}, wanted)
    found = _row(row)
    if found.predicted is None and found.reason != NO_MEASUREMENT:
        raise InputError(found.reason)
    quantity = row["quantity"]
    if quantity == "idle_share":
        raise of_a_card(wanted, str(found.details["of"]), quantity)
    if quantity == "card_power_w":
        raise of_a_card(wanted, card_of(row["card"]).name, f"{quantity}.{row['load']}")
    if quantity not in _OF_A_SITE or (quantity == _NODE and row["load"] == "max"):
        raise InputError(
            f"row {wanted}: {quantity} is of one machine, and no site's run gives it; its parts stand in the row's"
            " details (`validate tco -f json`)"
        )
    document = _inputs(row, *_stated(row)).documents["scenario"].data
    return scenario_text(document, f"Row {wanted} of {row['source']} as `validate` predicts it.")


def _row(row: Mapping[str, str]) -> ValidationRow:
    predicted: float | None = None
    details: dict[str, Any] = {}
    reason = ""
    measured, tolerance = (number(row, name) for name in ("value", "tolerance_pct"))
    try:
        if row.get("reason"):
            raise _Unknown(row["reason"])
        if row["quantity"] not in PREDICT:
            raise _Unknown(f"unknown quantity {row['quantity']!r} (known: {', '.join(PREDICT)})")
        predicted, details = PREDICT[row["quantity"]](row)
        if measured is None:
            raise _Unknown(NO_MEASUREMENT)
        if (row["tolerance_pct"] or "").strip() and tolerance is None:
            raise unreadable("tolerance_pct", row["tolerance_pct"], "a number of percent")
    except (_Unknown, Unpredictable, ClusterSimError, ValueError, KeyError) as error:
        predicted, reason = None, str(error).splitlines()[0]
    if predicted is not None and tolerance is not None and measured:
        off = abs(predicted / measured - 1) * 100
        details |= {"tolerance_pct": tolerance, "within": off <= tolerance + 1e-9}
    return _made(row, predicted, math.nan if measured is None else measured, reason, details)


def _made(
    row: Mapping[str, str], predicted: float | None, measured: float, reason: str, details: Mapping[str, Any]
) -> ValidationRow:
    return ValidationRow(
        id=row["id"], source=row["source"], predicted=predicted, measured=measured, unit=row["unit"],
        card=row["card"], reason=reason, group=row["quantity"], details=details,
    )  # fmt: skip

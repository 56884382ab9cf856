"""Published runs beside the reliability model: ETTR, failures, intervals, checkpoints, recoveries.

A row is predicted by what it states, in the first of these ways that applies:

- *ETTR* from its interval, write and restart times at its MTTF: stated, from its own rate of failures per server-day or
  card-hour, from its count over its duration, or of the fleet that it names;
- *ETTR* from parts of the time that it lists, or from what each restart lost, or stalls;
- the best *interval*, a *checkpoint's size*, its *time* over a stated bandwidth, *requeueing* at the row's size;
- *one kind of part* by the component table, counted on Llama 3 405B;
- the *MTTF or failures of a fleet* by how far fleets differ, that fleet left out: a median with P10 and P90, which is
  aside of the totals because a median is all that can be said of a fleet that nobody measured.

Anything else is refused with what it lacks.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from clustersim.assemble.failures import spread_of_fleets
from clustersim.des.training.closed_form import daly_interval, linear_ettr, renewal_efficiency, young_interval
from clustersim.des.training.components import COMPONENTS
from clustersim.des.training.copies import partner_survival
from clustersim.des.training.fleets import BetweenFleets, between_fleets
from clustersim.des.training.log import component_of
from clustersim.errors import InputError
from clustersim.gamma import poisson_quantile
from clustersim.schema.lookup import known_names
from clustersim.schema.profiles import field_fleets, load_fleet
from clustersim.validation import reliability_text as text
from clustersim.validation.common import ValidationRow, require_columns
from clustersim.validation.reliability_refused import refused
from clustersim.validation.reliability_row import CARDS_PER_NODE, Row, read_row
from clustersim.validation.reliability_scenario import Failing, failing_document, mttf_h
from clustersim.validation.reliability_stalls import one_level_ettr, stall_row
from clustersim.validation.row_files import row_of, scenario_text

__all__ = ["COLUMNS", "as_scenario", "predict", "predict_row"]

COLUMNS = (
    "id", "source", "cluster", "n_gpus", "duration_days", "failures", "mttf_hours", "ettr_or_goodput",
    "checkpoint_interval", "restart_time",
)  # fmt: skip
#: Bytes of a checkpoint per parameter: BLOOM's 2294.8 GiB over 176 B parameters.
BYTES_PER_PARAMETER = 14.0
#: Requeueing and hot update: seconds at 2,048 cards, and the exponent of their growth between 2,048 and 16,384
#: (ByteRobust, arXiv:2509.16293, table 7). The rows at those two sizes are what this was fitted on.
REQUEUE = {
    "requeue": (454.0, math.log(768 / 454) / math.log(8)),
    "hot update": (46.0, math.log(65 / 46) / math.log(8)),
}
FITTED_AT = (2048, 16384)
_NAMED = re.compile(r"(delta|R)\s*=\s*(\d+(?:\.\d+)?)\s*s")
_CLASSES = re.compile(r"classes\s+([\d.]+(?:/[\d.]+)+)")
_LOSSES = re.compile(r"(\d+(?:/\d+)+)\s*s mean loss by class")
#: A paper by its number, and those that the component table was counted in.
_PAPER = re.compile(r"\b\d{4}\.\d{5}\b")
_COUNTED_IN = {paper for c in COMPONENTS for paper in _PAPER.findall(c.source)}
#: Rows whose id or words say that they count one kind of part, not the interruptions of a job.
_PART = re.compile(
    r"gpu_|hbm|nic\b|ssd|psu|chassis|io_board|\bcpu\b|_memory|switch|cable|host_|software_|silent|nccl|thermal|sram"
    r"|depend|xid|ecc|link|flash|dbe|optic|dimm|fan\b",
    re.IGNORECASE,
)


def _renewal(row: Row) -> ValidationRow | None:
    """Rows of Daly's form: a blocking time, a restart, and the efficiency at the best interval."""
    named = {k: float(v) for k, v in _NAMED.findall(row.cells["cluster"])}
    measured = text.share(row.cells["ettr_or_goodput"])
    if not {"delta", "R"} <= set(named) or measured is None or row.mttf_s is None:
        return None
    tau = daly_interval(named["delta"], row.mttf_s)
    value = renewal_efficiency(tau, named["delta"], named["R"], row.mttf_s)
    return row.answer(value, measured.value, "efficiency", "Daly", interval_s=tau)


def _ettr_row(row: Row) -> ValidationRow | None:
    """Rows that state an ETTR."""
    measured = text.share(row.cells["ettr_or_goodput"])
    if measured is None:
        return None
    listed = _from_parts(row, measured.value)
    if listed is not None:
        return listed
    cell = row.cells["checkpoint_interval"].strip().lower()
    restart = text.restart(row.cells["restart_time"])
    if measured.bound and restart is None:
        return None  # a bound, and no way to it: what else the row states is predicted instead
    if re.search(r"\d\s*/\s*\d", cell):
        return row.refuse(
            measured.value, "ETTR", "ETTR", "several levels at once without the shares of failures"
        )
    kept = cell.startswith(("none", "every step", "every iteration"))
    interval, write = text.interval_and_write(cell)
    best = not interval and not kept and write > 0
    if best and row.mttf_s:
        interval = young_interval(write, row.mttf_s)
    lacks = [
        what
        for what, there in (
            ("MTTF, failure rate or count", row.mttf_s),
            ("step time that turns its interval into time" if "step" in cell or "iteration" in cell
             else "checkpoint interval", interval or kept),
            ("restart time with a unit that is not a bound", restart is not None),
        )
        if not there
    ]  # fmt: skip
    if lacks or row.mttf_s is None or restart is None:
        return row.refuse(measured.value, "ETTR", "ETTR", f"states no {', no '.join(lacks)}")
    details = {"mttf_h": row.mttf_s / 3600, "mttf": row.mttf_from, "interval_s": interval, "restart_s": restart,
               "write_s": write}  # fmt: skip
    value = one_level_ettr(row.mttf_s, None if kept else interval, restart, write)
    if not kept and interval and "rate" in row.mttf_from:
        # Rows of a stated rate are values of Meta's own linear form; the exact renewal value stands beside it.
        details["exact_renewal"] = value
        value = linear_ettr(1 / row.mttf_s, restart, interval, write)
    bound = {"bound": measured.bound, "met": _meets(value, measured)} if measured.bound else {}
    return row.answer(value, measured.value, "ETTR", "ETTR", aside=bool(bound), **details, **bound)


def _meets(value: float, measured: text.Stated) -> bool:
    return value >= measured.value if measured.bound == "at least" else value <= measured.value


def _from_parts(row: Row, measured: float) -> ValidationRow | None:
    """An ETTR from the shares of time that the row lists, from what a restart lost, or from losses by class."""
    cell = row.cells["restart_time"]
    per_restart = re.search(
        r"([\d.]+)\s*(h|min|s)\w*\s+(?:(?:lost|loss)\s+)?(?:per|at each|a)\s+(?:restart|fail|inter|incid|crash)",
        cell,
    )
    if per_restart and row.mttf_s:
        lost = float(per_restart[1]) * {"h": 3600.0, "min": 60.0, "s": 1.0}[per_restart[2]]
        return row.answer(
            1.0 - lost / row.mttf_s, measured, "ETTR", "ETTR", lost_per_restart_s=lost, mttf=row.mttf_from
        )
    shares = [float(v) for v in re.findall(r"([\d.]+)%?\s*->", cell)]
    if len(shares) > 1 and "%" in cell:
        return row.answer(1.0 - sum(shares) / 100, measured, "ETTR", "ETTR", shares_pct=shares)
    classes, losses = _CLASSES.search(row.cells["cluster"]), _LOSSES.search(cell)
    if classes and losses and row.mttf_s:
        odds, lost_s = ([float(v) for v in m[1].split("/")] for m in (classes, losses))
        over = re.search(r"overhead\s*([\d.]+)\s*%", row.cells["cluster"])
        loss = sum(p * v for p, v in zip(odds, lost_s, strict=True)) / row.mttf_s
        value = (1.0 - (float(over[1]) / 100 if over else 0.0)) * (1.0 - loss)
        return row.answer(value, measured, "ETTR", "ETTR", mean_loss_s=loss * row.mttf_s)
    return None


def _interval_row(row: Row) -> ValidationRow | None:
    """A best interval, by Young or by Daly, at a stated blocking time."""
    cell = row.cells["checkpoint_interval"]
    named = re.search(r"(Young|Daly)\s*(?:=|:)?\s*([\d,.]+)\s*(s|min)\b", cell)
    delta = re.search(r"delta\s*=?\s*([\d.]+)\s*s", f"{cell}; {row.cells['cluster']}")
    if not (named and delta and row.mttf_s):
        return None
    form = young_interval if named[1] == "Young" else daly_interval
    value, stated = form(float(delta[1]), row.mttf_s), float(named[2].replace(",", ""))
    stated *= 60.0 if named[3] == "min" else 1.0
    return row.answer(value, stated, "s", "interval", blocking_s=float(delta[1]))


def _checkpoint_row(row: Row) -> ValidationRow | None:
    """A checkpoint's size, or its time over a stated bandwidth."""
    cells = row.cells
    every = "; ".join(cells[k] for k in ("cluster", "failures", "checkpoint_interval", "restart_time"))
    count = text.parameters(f"{cells['cluster']}; {cells['restart_time']}")
    each = re.search(r"([\d.]+)\s*B/param|[x×*]\s*([\d.]+)\s*B\b", f"{every}; {cells.get('notes', '')}")
    per = float(each[1] or each[2]) if each else BYTES_PER_PARAMETER
    if re.search(r"weights?[- ]only|only (?:the )?weights", every):
        per = 2.0
    notes = cells.get("notes", "")
    derived = re.search(r"\bat\s+[\d.]+\s*B/param", notes) is not None
    every += "" if derived else f"; {notes.partition(' = ')[0]}"
    stated = text.size(every)
    acts = r"(?:sav\w*|writ\w*|load\w*|checkpoint\w*|ckpt|retriev\w*|t_ckpt)"
    took = re.search(rf"{acts}\D{{0,12}}?([\d.]+)\s*(s|min|h)\b", cells["restart_time"])
    took = took or re.search(rf"([\d.]+)\s*(s|min|h)\s+(?:to|for)\s+(?:\w+\s+)?{acts}", cells["restart_time"])
    rate = text.bandwidth(every)
    if count is None and stated is None:
        return None
    held = stated if stated is not None else (count or 0.0) * per
    if rate and took:
        measured = float(took[1]) * {"s": 1.0, "min": 60.0, "h": 3600.0}[took[2]]
        return row.answer(
            held / rate, measured, "s", "checkpoint time", bytes=held, bandwidth_bytes_per_s=rate
        )
    if count and stated:
        # Bytes per parameter that follow from the size itself predict nothing: those of the format do.
        mine = per if (each and each[0] in cells["cluster"]) or per == 2.0 else BYTES_PER_PARAMETER
        return row.answer(count * mine, stated, "B", "checkpoint size", bytes_per_parameter=mine)
    if took or re.search(r"block|stall|sync", cells["restart_time"]):
        return row.refuse(
            float(took[1]) if took else None, "s", "checkpoint time",
            "states no bandwidth that the copy takes, and its software decides how much of it blocks",
        )  # fmt: skip
    return None


def _placement_row(row: Row) -> ValidationRow | None:
    """The share of failures of k of N servers that leave one of m copies of everything."""
    named = {k: int(v) for k, v in re.findall(r"\b([Nmk])\s*=\s*(\d+)\b", row.cells["cluster"])}
    measured = text.share(row.cells["ettr_or_goodput"])
    if not {"N", "m", "k"} <= set(named) or measured is None:
        return None
    value = partner_survival(nodes=named["N"], partners=named["m"] - 1, failed=named["k"])
    return row.answer(value, measured.value, "survival", "placement")


def _spares_row(row: Row) -> ValidationRow | None:
    """Servers that fail in a day in 99 of 100 days: what stands by (ByteRobust)."""
    found = re.search(r"(?:P99|standby|spares)[^\d=;]*=?\s*(\d+)\b(?!\s*[%x.\d])", row.cells["failures"])
    if found is None or row.mttf_s is None:
        return None
    value = float(poisson_quantile(0.99, 86400.0 / row.mttf_s))
    return row.answer(
        value, float(found[1]), "spares", "spares", per_day=86400.0 / row.mttf_s, mttf=row.mttf_from
    )


def _recovery_row(row: Row) -> ValidationRow | None:
    """Requeueing or a hot update at a number of cards."""
    for word, (at_2048, growth) in REQUEUE.items():
        found = re.search(rf"{word}\s+([\d.]+)\s*s\b", row.cells["restart_time"])
        if found and row.cards:
            value = at_2048 * (row.cards / FITTED_AT[0]) ** growth
            fitted = row.cards in FITTED_AT
            return row.answer(
                value, float(found[1]), "s", "recovery", aside=fitted, fitted_on_this_row=fitted
            )
    return None


def _part_row(row: Row) -> ValidationRow | None:
    """Failures of one kind of part, by the component table; the rows that the table was counted on are refused."""
    cells = row.cells
    failures = re.sub(r"[(].*|\bover\b.*|[\d.]+[MkG]?\s*GPU-(?:h|years?)\b.*", "", cells["failures"])
    kinds_counted = len(re.findall(r"\d+\s+[A-Za-z]", failures))
    about = f"{cells['id'].partition('-')[2]}; {failures}"
    if not _PART.search(about) or "%" in failures or kinds_counted > 2:
        return None
    measured = text.hours(cells["mttf_hours"])
    value = measured.value if measured else None
    if _COUNTED_IN & set(_PAPER.findall(cells["source"])):
        return row.refuse(value, "h", "parts", "is one of the counts that the component table is made of")
    if value is None or not row.cards:
        return row.refuse(
            value, "h", "parts", "counts events of a part, and not what they stop: states no MTTF"
        )
    kinds = _kinds(about)
    rates = [c for c in COMPONENTS if c.name in kinds]
    if not rates:
        return row.refuse(value, "h", "parts", "counts a kind of part that the component table does not know")
    what = Failing.of(row.cards, kinds=kinds)
    return _ranged(row, mttf_h(what), value, "h", "parts", spread_of_fleets(), what, components=sorted(kinds))


def _kinds(words: str) -> set[str]:
    """The components that are counted; failures of a card as such are those of all that is on it."""
    plain = words.lower().replace("_", " ")
    kinds = {c for w in re.split(r"[;+,]", plain) if (c := component_of(w)) and c != "software"}
    if "otb" in plain or "off the bus" in plain:
        kinds.add("card")
    if re.search(r"xid\b|gpu fail|card fail", plain):
        kinds |= {"card", "hbm", "card_other"}
    return kinds


def _ranged(
    row: Row,
    median: float,
    measured: float,
    unit: str,
    group: str,
    spread: BetweenFleets,
    what: Failing,
    **more: Any,
) -> ValidationRow:
    """A prediction that is a median of what fleets differ by."""
    low, high = (median * spread.quantile(q) / spread.median_h for q in (0.1, 0.9))
    return row.answer(
        median, measured, unit, group, aside=True, p10=low, p90=high, inside=low <= measured <= high,
        fleets=spread.fleets, failing=what.plain, **more,
    )  # fmt: skip


def _fleet_row(row: Row) -> ValidationRow | None:
    """The MTTF or the failures of a fleet, from the other fleets; from its own rate where the row states one."""
    cells, n = row.cells, row.cards
    hours = text.card_hours(cells, CARDS_PER_NODE)
    stated = text.hours(cells["mttf_hours"])
    if stated and n and row.mttf_s and "server-day" in row.mttf_from:
        what = Failing.of(n, card_hours=row.mttf_s / 3600 * n)
        return row.answer(mttf_h(what), stated.value, "h", "MTTF", rates=row.mttf_from, failing=what.plain)
    if stated and n and row.mttf_s and "fleet" in row.mttf_from:
        # The mean of a whole fleet beside the jobs of one size, which differ from it as fleets do.
        what, spread = Failing.of(n, card_hours=row.mttf_s / 3600 * n), spread_of_fleets()
        return _ranged(row, mttf_h(what), stated.value, "h", "fleet MTTF", spread, what, rates=row.mttf_from)
    n = n or (1.0 if hours else None)
    between = text.time_between(cells["failures"])
    measured = stated.value if stated else hours / n if hours and n else between / 3600 if between else None
    if measured and n:
        spread = _others(measured * n)
        group = "claims" if _is_claim(measured * n) else "fleet MTTF"
        what = Failing.of(n, card_hours=spread.median_h)
        return _ranged(row, mttf_h(what), measured, "h", group, spread, what)
    if row.failures and row.days and n:
        spread = _others(row.days * 24 * n / row.failures)
        what = Failing.of(n, card_hours=spread.median_h)
        return _ranged(
            row, row.days * 24 / mttf_h(what), row.failures, "failures", "fleet counts", spread, what
        )
    return None


def _is_claim(card_hours: float) -> bool:
    """Whether a profile of that rate is a vendor's statement: nobody counted it."""
    fleets = map(load_fleet, known_names("hwprofiles/fleets"))
    return any(
        f.stands_for == "claim" and abs(f.card_hours_per_failure.value / card_hours - 1) < 0.02
        for f in fleets
    )


def _others(card_hours: float) -> BetweenFleets:
    """The spread between fleets without the one that is predicted: those of the same rate to two percent."""
    known = [f.card_hours_per_failure.value for f in field_fleets()]
    return between_fleets([h for h in known if abs(h / card_hours - 1) > 0.02])


#: In this order; the first that answers or refuses is taken.
KINDS: tuple[Callable[[Row], ValidationRow | None], ...] = (
    _renewal, _placement_row, stall_row, _ettr_row, _spares_row, _interval_row, _recovery_row, _part_row, _fleet_row,
    _checkpoint_row,
)  # fmt: skip


def predict_row(row: Mapping[str, str]) -> ValidationRow:
    """Predict one row, or say why it cannot be predicted."""
    read = read_row(row)
    return next((found for kind in KINDS if (found := kind(read)) is not None), None) or refused(read)


def as_scenario(rows: Iterable[Mapping[str, str]], wanted: str) -> str:
    """Return the row of an id as the text of a scenario file: `clustersim train` of it gives the row's hours between
    failures as ``mttf_h``; a row's failures are its days over them.

    Raises InputError with the nearest id for an unknown one, for a row that is set aside in its words, and for one that
    a form of the literature predicts from what it states: no site runs that.
    """
    row = row_of({row["id"]: row for row in rows}, wanted)
    found = predict_row(row)
    if found.predicted is None:
        raise InputError(found.reason)
    failing = found.details.get("failing")
    if failing is None:
        raise InputError(
            f"row {wanted}: {found.group} is a form of the literature at what the row states, and no site's run gives"
            " it; what went in stands in the row's details (`validate reliability -f json`)"
        )
    said = [
        f"Row {wanted} of {row['source']}: `clustersim train FILE --fidelity closed -f json` gives mttf_h."
    ]
    said += [f"Failures of the row: {row['duration_days']} days over it."] if found.unit == "failures" else []
    said += ["Which card and which model is not stated, and changes nothing of it."]
    return scenario_text(
        failing_document(Failing.from_plain(failing), name=wanted, description=row["cluster"]),
        "\n".join(said),
    )


def predict(rows: Iterable[Mapping[str, str]]) -> list[ValidationRow]:
    """Predict every row of a table in the columns of ``COLUMNS``; ``breakdown`` and ``notes`` are read where given.

    Raises InputError for missing columns.
    """
    table = list(rows)
    require_columns(table[0] if table else (), COLUMNS, "reliability data")
    return [predict_row(row) for row in table]

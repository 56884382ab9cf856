"""Measured rows as functions of their card: what each measured, what it says of itself, and its time on another card.

A row is predicted as ``validate`` predicts it: its scenario is kept, and only its card is replaced.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from clustersim.errors import ClusterSimError, InputError
from clustersim.schema.calibrated import FACTORS
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.imports.registry import IMPORTERS, kind_of, open_source
from clustersim.schema.imports.source import PROVENANCE
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_one import load_one
from clustersim.schema.profiles import CardProfile, load_model
from clustersim.schema.serving import ServingPlan
from clustersim.schema.yamlfile import Document
from clustersim.validation import collectives, operators, training
from clustersim.validation.common import MORE_IS_BETTER, ValidationRow, reason_of
from clustersim.validation.domains import DOMAINS, read_rows
from clustersim.validation.residuals import quantity_of
from clustersim.validation.serving_rows import ServingRecord
from clustersim.validation.serving_scenario import WORK, ServingRow, serving_document
from clustersim.validation.sites import Unpredictable, card_of
from clustersim.workloads.served import served

__all__ = ["Measured", "Rows", "Run", "domain_of", "read_data", "rows_of"]

#: Factors that runs of a kind may see.
_TRAINED = frozenset(FACTORS) - {"layer", "step", "request", "experts"}
_SERVED = frozenset(FACTORS) - {"host", "exposed"}
_EXCHANGED = frozenset({"scale_up", "scale_out", "latency"})
_MULTIPLIED = frozenset({"matrix", "memory", "attention"})
#: What is put on a row's card.
Change = Callable[[CardProfile], CardProfile]
Row = Mapping[str, str]
#: Columns that say where a row comes from, and nothing of what was measured.
_WHENCE = frozenset({"id", "source", "source_path", "source_url", *PROVENANCE})
#: Columns that tell a domain, the more telling first.
_SIGNS = (
    ("operators", {"benchmark", "dtype", "shape_or_size", "measured", "unit"}),
    ("collectives", {"collective", "busbw_GBs"}),
    ("training", {"iteration_time_s", "global_batch"}),
    ("serving_silicon", {"silicon_ttft_ms"}),
    ("domestic_serving", {"output_tok_s", "engine", "card"}),
    ("serving_latency", {"backend", "concurrency", "ttft_ms"}),
    ("serving_published", {"batch_or_rate"}),
    ("serving", {"serve"}),
)


def domain_of(columns: Iterable[str]) -> str:
    """Return the domain of validation that rows of such columns belong to, empty where it is none.

    >>> domain_of(["collective", "busbw_GBs", "gpu"]), domain_of(["a"])
    ('collectives', '')
    """
    have = set(columns)
    return next((name for name, needed in _SIGNS if needed <= have), "")


@dataclass(frozen=True)
class Run:
    """One run: its times by quantity (seconds of a step, a token, a message) on its card as a change leaves it."""

    id: str
    times: Callable[[Change], Mapping[str, float]]
    sees: frozenset[str] = frozenset(FACTORS)
    """Factors that may move its times; those of others are not asked for."""


@dataclass(frozen=True)
class Measured:
    """One measured quantity of a run.

    Attributes:
        id: the row's, with its quantity where a run has several.
        log_time: ln of the measured time; of a rate, of the time of its unit.
        words: software, model and kind by which rows are alike or not.
        sizes: logarithms of lengths, users, cards, sizes: rows that are near in them are alike.
    """

    id: str
    source: str
    quantity: str
    card: str
    run: Run
    log_time: float
    software: str
    words: Mapping[str, str]
    sizes: Mapping[str, float]

    def log_predicted(self, change: Change) -> float:
        """Return ln of the predicted time on the card as a change leaves it."""
        return math.log(self.run.times(change)[self.quantity])


@dataclass(frozen=True)
class Rows:
    """Rows of one card, and those that were set aside with the reason."""

    rows: tuple[Measured, ...]
    aside: tuple[tuple[str, str], ...]

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        """The runs of the rows, each once."""
        return tuple({row.run.id: row.run for row in self.rows}.values())


def read_data(files: Sequence[str | Path]) -> list[tuple[str, str, list[Row]]]:
    """Read tables of rows: name, domain and rows of each.

    Raises InputError for a table that is of no domain.
    """
    out: list[tuple[str, str, list[Row]]] = []
    for file in files:
        try:
            table = read_rows(Path(file))
        except InputError as error:
            raise _to_import(Path(file)) or error from None
        domain = domain_of(table.columns)
        if not domain:
            if other := _to_import(Path(file)):
                raise other
            needed = "; ".join(f"{name}: {', '.join(sorted(cols))}" for name, cols in _SIGNS)
            raise InputError(
                f"{table.name}: its columns are those of no measured rows. Columns that tell: {needed}."
                " `clustersim import FILE` makes rows of logs and benchmark results"
            )
        out.append((table.name, domain, list(table.rows)))
    if not out:
        raise InputError("no rows are named; name files with --data")
    return out


def _to_import(file: Path) -> InputError | None:
    """What to do with a file that is no table of rows, where it can be made rows of."""
    try:
        source = open_source(file)
        kind = kind_of(source)
    except InputError:
        return None
    return InputError(
        f"{source.name}: is no table of rows yet, it is {IMPORTERS[kind].what}:"
        f" `clustersim import {source.name} -o FOLDER` makes rows of it"
    )


def _once(
    tables: Iterable[tuple[str, str, Sequence[Row]]], aside: list[tuple[str, str]], card: str
) -> Iterator[tuple[str, str, list[Row]]]:
    """The rows that may be a card's, copies set aside: one measurement that is given twice tells no more than once."""
    seen: set[tuple[str, frozenset[tuple[str, str]]]] = set()
    for name, domain, every in tables:
        fresh = []
        for index, row in enumerate(every, 1):
            if not _may_be(row, card):
                continue
            cells = frozenset((k, v.strip()) for k, v in row.items() if k not in _WHENCE and v and v.strip())
            if (domain, cells) in seen:
                aside.append(
                    (f"{name}: {row.get('id') or f'row {index}'}", "is a copy of a row above: counted once")
                )
            else:
                seen.add((domain, cells))
                fresh.append(row)
        yield name, domain, fresh


def rows_of(card: CardProfile, tables: Iterable[tuple[str, str, Sequence[Row]]]) -> Rows:
    """Return the rows of a card; those of other cards are passed over, those that cannot be predicted set aside."""
    rows: list[Measured] = []
    aside: list[tuple[str, str]] = []
    seen: dict[str, int] = {}
    for name, domain, table in _once(tables, aside, card.name):
        if not table:
            continue
        for found in _READERS.get(domain, _serving)(domain, table):
            if isinstance(found, tuple):
                at, why = found
                if at.card in {card.name, *card.aliases}:
                    aside.append((f"{name}: {at.id}", why))
            elif found.card == card.name:
                number = seen[found.id] = seen.get(found.id, 0) + 1
                rows.append(found if number == 1 else replace(found, id=f"{found.id} ({number})"))
    return Rows(tuple(rows), tuple(aside))


def _may_be(row: Row, card: str) -> bool:
    """Whether a row may be a card's: none of its cells names another card."""
    for column in ("gpu", "card", "system"):
        try:
            if (row.get(column) or "").strip() and card_of(row[column]).name != card:
                return False
        except (Unpredictable, InputError):
            continue
    return True


def _found(
    domain: str, row: ValidationRow, run: Run, words: Mapping[str, str], sizes: Mapping[str, float]
) -> Measured | tuple[ValidationRow, str]:
    if row.predicted is None or not (row.predicted > 0 and row.measured > 0):
        return row, row.reason or "no measured value"
    quantity = quantity_of(domain, row) or row.group
    sign = -1.0 if row.unit in MORE_IS_BETTER else 1.0
    known = {name: math.log(value) for name, value in sizes.items() if value and value > 0}
    return Measured(
        id=row.id, source=row.source, quantity=quantity, card=row.card, run=run,
        log_time=sign * math.log(row.measured), software=row.software,
        words={"software": row.software, **words}, sizes=known,
    )  # fmt: skip


# -- training ---------------------------------------------------------------------------------------------------------


def _training(domain: str, table: Sequence[Row]) -> list[Measured | tuple[ValidationRow, str]]:
    out: list[Measured | tuple[ValidationRow, str]] = []
    for row in table:
        for found in training.predict([row]):
            if found.aside or found.predicted is None:
                out += [] if found.aside else [(found, found.reason)]
                continue
            known = training.known_row(training.training_row(row) if training.is_single_node(row) else row)
            job = known.train
            words = {"model": job.model.name, "kind": found.plan_kind, "dtype": job.dtype}
            sizes = {
                "cards": job.cards, "tp": job.plan.tp, "length": job.seq_len,
                "parameters": job.model.active_parameters, "batch": job.plan.micro_batch,
            }  # fmt: skip
            out.append(_found(domain, found, Run(found.id, _step(known), _TRAINED), words, sizes))
    return out


def _step(known: Any) -> Callable[[Change], Mapping[str, float]]:
    def times(change: Change) -> Mapping[str, float]:
        changed = known.on_card(change(known.inputs.parts.card))
        return {"step_time": training.step_of(known.work, changed).step_time_s}

    return times


# -- serving ----------------------------------------------------------------------------------------------------------


def _serving(domain: str, table: Sequence[Row]) -> list[Measured | tuple[ValidationRow, str]]:
    module = importlib.import_module(DOMAINS[domain][0])
    asked: dict[str, ServingRow] = {}
    for found in _asked(module, domain, table):
        asked.setdefault(found.id, found)
    out: list[Measured | tuple[ValidationRow, str]] = []
    runs: dict[str, Run] = {}
    for row in module.predict(table):
        bare = row.id
        for tail in (" ttft", " tpot", " tok/s"):
            bare = bare.removesuffix(tail)
        mine = asked.get(row.id) or asked.get(bare)
        if row.predicted is None or mine is None or mine.run is None or mine.load is None:
            out.append((row, row.reason))
            continue
        run, load = mine.run, mine.load
        runs.setdefault(mine.id, Run(mine.id, _served(mine), _served_sees(run)))
        words = {"model": run.model, "kind": row.plan_kind, "dtype": run.weights.dtype}
        sizes = {
            "users": load.users / load.replicas, "prompt": load.prompt.mean, "length": load.output.mean,
            "tp": run.layout.cards,
        }  # fmt: skip
        out.append(_found(domain, row, runs[mine.id], words, sizes))
    return out


def _served_sees(run: ServingRecord) -> frozenset[str]:
    """Factors that a serving run may see: no link on one card, no experts of a dense model."""
    alone = run.layout.cards == 1 and run.decode is None
    dense = load_model(run.model).moe is None
    return (
        _SERVED - (_EXCHANGED if alone else frozenset()) - (frozenset({"experts"}) if dense else frozenset())
    )


def _asked(module: Any, domain: str, table: Sequence[Row]) -> list[ServingRow]:
    if domain.startswith("serving_published"):
        from clustersim.validation.serving_published import stated_published

        return list(stated_published(table))
    found = module.stated(list(table))
    return [item[1] if isinstance(item, tuple) else item for item in found]


def _served(row: ServingRow) -> Callable[[Change], Mapping[str, float]]:
    kept: list[tuple[Inputs, ServingWorkload, ServingPlan]] = []

    def times(change: Change) -> Mapping[str, float]:
        if not kept:
            assert row.run is not None and row.load is not None
            document = serving_document(row.run, row.load, name="row", description="")
            inputs = load_one(Document("row", document, {}))
            work = inputs.scenario.demand[WORK]
            assert isinstance(work, ServingWorkload) and isinstance(work.plan, ServingPlan)
            kept.append((inputs, work, work.plan))
        inputs, work, plan = kept[0]
        card = change(inputs.parts.card)
        figures = served(replace(inputs, parts=replace(inputs.parts, card=card)), work, plan).summary
        return {
            "ttft": figures.ttft_s["mean"] * 1e3,
            "tpot": figures.tpot_s["mean"] * 1e3,
            "throughput": 1.0 / figures.output_tokens_per_s,
        }

    return times


# -- collectives and operators ----------------------------------------------------------------------------------------


def _collectives(domain: str, table: Sequence[Row]) -> list[Measured | tuple[ValidationRow, str]]:
    out: list[Measured | tuple[ValidationRow, str]] = []
    for row, found in zip(table, collectives.predict(table), strict=True):
        words = {"model": row["collective"], "kind": found.plan_kind, "dtype": row["fabric"]}
        sizes = {"cards": float(row["n_gpus"] or 0), "size": float(found.details.get("size_bytes") or 0)}
        at = f"{found.source} {found.id}"
        out.append(_found(domain, replace(found, id=at), Run(at, _collective(row), _EXCHANGED), words, sizes))
    return out


def _collective(row: Row) -> Callable[[Change], Mapping[str, float]]:
    def times(change: Change) -> Mapping[str, float]:
        return {"collective_time": collectives.time_on(row, change)}

    return times


def _operators(domain: str, table: Sequence[Row]) -> list[Measured | tuple[ValidationRow, str]]:
    out: list[Measured | tuple[ValidationRow, str]] = []
    for row, found in zip(table, operators.predict(table), strict=True):
        words = {"model": row["benchmark"], "kind": found.group, "dtype": row["dtype"]}
        out.append(_found(domain, found, Run(found.id, _operator(row, found.group), _MULTIPLIED), words, {}))
    return out


def _operator(row: Row, quantity: str) -> Callable[[Change], Mapping[str, float]]:
    def times(change: Change) -> Mapping[str, float]:
        return {quantity: operators.time_on(row, change)}

    return times


_READERS: dict[str, Callable[[str, Sequence[Row]], list[Measured | tuple[ValidationRow, str]]]] = {
    "training": _training, "training_2026": _training, "domestic_training": _training,
    "collectives": _collectives, "operators": _operators,
}  # fmt: skip


def failed(error: Exception) -> bool:
    """Tell whether a run says that it cannot be, and no fault of ours."""
    return isinstance(error, Unpredictable | ClusterSimError | ZeroDivisionError) and bool(reason_of(error))

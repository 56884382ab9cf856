"""Published scaling efficiencies beside the step-time model.

A row names a model, its plan and two card counts; dimensions, batch and the rest come from a shipped training row, the
one that the column ``like`` names by its id, or else the first of the same model, card and, where there is one, data
type. Weak scaling grows the batch with the cards, strong scaling keeps it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from clustersim.errors import ClusterSimError, InputError, suggest
from clustersim.schema.formats import number_format
from clustersim.schema.lookup import plain
from clustersim.validation.common import NO_MEASUREMENT, ValidationRow, class_of, reason_of, require_columns
from clustersim.validation.row_files import scenario_text
from clustersim.validation.sites import card_of
from clustersim.validation.sources import filled, shipped_rows, software_of_row
from clustersim.validation.training import Unpredictable, plan_kind, predict_step
from clustersim.validation.training_record import number
from clustersim.validation.training_rows import known_row

__all__ = ["COLUMNS", "as_scenario", "predict"]

COLUMNS = ("source", "model", "gpu", "dtype", "kind", "tp", "pp", "cp", "gpus_base", "gpus", "efficiency")


def _named_like(row: Mapping[str, str]) -> list[Mapping[str, str]]:
    """Return the training rows of a model written ``GPT-175B Megatron-LM 2023 b768``: size, software, global batch."""
    named = re.fullmatch(r"(\S+) (.+) b(\d+)", row["model"])
    if named is None:
        return []
    try:
        wanted = software_of_row({"software": named[2]}, "training").profile.name
    except InputError:
        return []
    return [
        r for r in shipped_rows("training.csv")
        if plain(r["model"]) == plain(named[1]) and r["global_batch"] == named[3]
        and r["software"] and software_of_row(r, "training").profile.name == wanted
    ]  # fmt: skip


def _same_card(one: str, other: str) -> bool:
    try:
        return card_of(one).name == card_of(other).name
    except Unpredictable:
        return False


def _like(row: Mapping[str, str]) -> dict[str, str]:
    """Return the training row that a scaling row is like."""
    stated = (row.get("like") or "").strip()
    if stated:
        found = next((r for r in shipped_rows("training.csv") if r["id"] == stated), None)
        if found is None:
            raise Unpredictable(f"no training row has the id {stated!r}")
        return dict(found)
    same = [
        r for table in ("training.csv", "training_2026.csv") for r in shipped_rows(table)
        if plain(r["model"]) == plain(row["model"]) and _same_card(r["gpu"], row["gpu"])
    ]  # fmt: skip
    same = same or [r for r in _named_like(row) if _same_card(r["gpu"], row["gpu"])]
    if not same:
        raise Unpredictable(f"no training row holds the dimensions of {row['model']} on {row['gpu']}")
    stack = software_of_row(filled(row), "training").profile.family
    ranked = sorted(
        same,
        key=lambda r: (
            plain(r["dtype"]) != plain(row["dtype"]),
            software_of_row(filled(r), "training").profile.family != stack,
            any(row.get(k) and number(row, k) != (number(r, k) or 1) for k in ("tp", "pp", "cp")),
            number(r, "n_gpus") != number(row, "gpus_base"),
            not r["global_batch"],
            r["id"],
        ),
    )
    return dict(ranked[0])


def _at(row: Mapping[str, str], like: Mapping[str, str], cards: int) -> dict[str, str]:
    """The training row at another card count: same plan, batch by the kind of scaling."""
    out = dict(like)
    for key in ("tp", "pp", "cp"):
        if row.get(key):
            out[key] = row[key]
    replica = math.prod(int(float(out[k] or 1)) for k in ("tp", "pp", "cp"))
    if cards % replica:
        raise Unpredictable(f"{cards} cards are no multiple of the plan's {replica}")
    dp = cards // replica
    batch, base = (
        number(like, "global_batch"),
        number(like, "dp") or (number(like, "n_gpus") or 0.0) / replica,
    )
    if batch is None:
        raise Unpredictable(f"the training row {like['id']} has no global_batch")
    if row["kind"].startswith("weak"):
        batch = batch / base * dp
    micro = float(like["micro_batch"] or 1)
    if batch < dp * micro:
        raise Unpredictable(f"a batch of {batch:g} is smaller than {dp} replicas of micro-batch {micro:g}")
    return out | {
        "n_gpus": str(cards),
        "dp": str(dp),
        "global_batch": str(int(batch)),
        "dtype": row["dtype"] or out["dtype"],
        "software": filled(row).get("software") or out.get("software", ""),
    }


def _counts(row: Mapping[str, str]) -> tuple[int, int]:
    counts = [number(row, key) for key in ("gpus_base", "gpus")]
    if any(n is None or n < 1 or n != int(n) for n in counts):
        raise Unpredictable("gpus_base and gpus must be whole numbers of cards")
    return int(counts[0] or 0), int(counts[1] or 0)


def _name(row: Mapping[str, str]) -> str:
    """What a row is called that has no id."""
    return f"{row['model']} {row['gpu']} {row['dtype']} {row['gpus_base']} to {row['gpus']}"


def predict_row(row: Mapping[str, str]) -> ValidationRow:
    """Predict one row, or say why it is set aside."""
    measured = number(row, "efficiency")
    base: dict[str, Any] = {
        "id": row.get("id") or _name(row), "source": row["source"], "unit": "efficiency", "card": row["gpu"],
        "group": row["kind"], "domain": row["kind"], "measured": math.nan if measured is None else measured,
    }  # fmt: skip
    try:
        if measured is None or measured <= 0:
            raise Unpredictable(NO_MEASUREMENT)
        number_format(row["dtype"])
        like, counts = _like(row), _counts(row)
        few, many = (_at(row, like, n) for n in counts)
        rates = [predict_step(r)[0].tokens_per_s_per_card for r in (few, many)]
        known = known_row(many)
    except (Unpredictable, ClusterSimError, ZeroDivisionError) as error:
        return ValidationRow(**base, predicted=None, reason=str(error).splitlines()[0])
    record = known.record
    details = {
        "kind": row["kind"],
        "base_cards": few["n_gpus"],
        "batch": many["global_batch"],
        "like": like["id"],
    }
    base |= {
        "card": record.card.name,
        "card_class": class_of(record.card),
        "software": record.software.profile.name,
    }
    return ValidationRow(
        **base, predicted=rates[1] / rates[0], plan_kind=plan_kind(known.train.plan), details=details
    )


def as_scenario(rows: Iterable[Mapping[str, str]], wanted: str) -> str:
    """Return the larger of the two runs of a row as the text of a scenario file; of ``ID base`` the smaller.

    The predicted efficiency is the tokens per second and card of the one over those of the other.

    Raises InputError with the nearest id for an unknown one, and for a row that holds no scenario, in the words in
    which it is set aside.
    """
    name, _, which = wanted.rpartition(" base")
    table = {row.get("id") or _name(row): row for row in rows}
    row = table.get(name if name and not which else wanted)
    if row is None:
        raise InputError(f"no row has the id {wanted!r}; {suggest(wanted, list(table))}")
    try:
        like, (few, many) = _like(row), _counts(row)
        cards = few if name and not which else many
        known = known_row(_at(row, like, cards))
    except Unpredictable as error:
        raise InputError(reason_of(error)) from None
    return scenario_text(
        known.document, f"Scaling row {wanted} of {row['source']}: its run on {cards} cards."
    )


def predict(rows: Iterable[Mapping[str, str]]) -> list[ValidationRow]:
    """Predict every row of a table in the columns of ``COLUMNS``.

    Raises InputError for missing columns.
    """
    table = list(rows)
    require_columns(table[0] if table else (), COLUMNS, "scaling data")
    return [predict_row(row) for row in table]

"""Published scaling efficiencies beside the step-time model.

A row names a model, its plan and two card counts; the model's dimensions come from a shipped training row of the same
model. Weak scaling grows the batch with the cards, strong scaling keeps it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from clustersim.errors import ClusterSimError
from clustersim.reading.tables import shipped_rows
from clustersim.validation.common import ValidationRow, require_columns
from clustersim.validation.training import Unpredictable, predict_step

__all__ = ["COLUMNS", "predict"]

COLUMNS = ("source", "model", "gpu", "dtype", "kind", "tp", "pp", "cp", "gpus_base", "gpus", "efficiency")


@lru_cache(maxsize=1)
def _training_rows() -> tuple[Mapping[str, str], ...]:
    path = Path(__file__).resolve().parent.parent / "data" / "validation" / "training.csv"
    return shipped_rows(path)


def _plain(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())


def _column_of_a_table(model: str) -> list[Mapping[str, str]]:
    """Return the training rows that a model like ``GPT-175B Megatron-LM b768`` names: size, column, global batch."""
    named = re.fullmatch(r"\S*?(\d+)B (\S+) b(\d+)", model)
    if named is None:
        return []
    size, column, batch = named.groups()
    return [
        r for r in _training_rows()
        if f"{column} column" in r["source"] and r["global_batch"] == batch and r["params_B"] == size
    ]  # fmt: skip


def _like(row: Mapping[str, str]) -> dict[str, str]:
    """Return a training row of the same model, card and, where there is one, data type."""
    same = [r for r in _training_rows() if _plain(r["model"]) == _plain(row["model"])]
    same = [
        r
        for r in same
        if _plain(row["gpu"])[:4] in _plain(r["gpu"]) or _plain(r["gpu"])[:4] in _plain(row["gpu"])
    ]
    same = same or _column_of_a_table(row["model"])
    if not same:
        raise Unpredictable(f"no training row holds the dimensions of {row['model']} on {row['gpu']}")
    ranked = sorted(
        same, key=lambda r: (_plain(r["dtype"]) != _plain(row["dtype"]), not r["global_batch"], r["id"])
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
    batch, base = float(like["global_batch"]), float(like["dp"] or float(like["n_gpus"]) / replica)
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
    }


def predict_row(row: Mapping[str, str]) -> ValidationRow:
    """Predict one row, or say why it cannot be predicted."""
    name = f"{row['model']} {row['gpu']} {row['dtype']} {row['gpus_base']} to {row['gpus']}"
    base: dict[str, Any] = {
        "id": name, "source": row["source"], "unit": "efficiency", "card": row["gpu"], "group": row["kind"],
        "measured": float(row["efficiency"]),
    }  # fmt: skip
    try:
        like = _like(row)
        few, many = (_at(row, like, int(float(row[key]))) for key in ("gpus_base", "gpus"))
        rates = [predict_step(r)[0].tokens_per_s_per_card for r in (few, many)]
    except (Unpredictable, ClusterSimError, ValueError, ZeroDivisionError) as error:
        return ValidationRow(**base, predicted=None, reason=str(error).splitlines()[0])
    details = {
        "kind": row["kind"],
        "base_cards": few["n_gpus"],
        "batch": many["global_batch"],
        "like": like["id"],
    }
    return ValidationRow(**base, predicted=rates[1] / rates[0], details=details)


def predict(rows: Iterable[Mapping[str, str]]) -> list[ValidationRow]:
    """Predict every row of a table in the columns of ``COLUMNS``.

    Raises InputError for missing columns.
    """
    table = list(rows)
    require_columns(table[0] if table else (), COLUMNS, "scaling data")
    return [predict_row(row) for row in table]

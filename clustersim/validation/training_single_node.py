"""The single-node table that vTrain publishes: steps of small GPT models on up to eight A100."""

from __future__ import annotations

from collections.abc import Mapping

from clustersim.validation.sources import shipped_rows

__all__ = ["SHIPPED", "is_single_node", "training_row"]

#: The shipped copy of the table, with ids, software and marks beside its own columns.
SHIPPED = "training_single_node_a100.csv"

#: Column of that table -> column of ours.
_COLUMNS = {
    "# GPUs": "n_gpus",
    "global batch": "global_batch",
    "micro batch": "micro_batch",
    "hidden size": "hidden",
    "attention heads": "heads",
    "# layers": "layers",
    "sequence length": "seq_len",
    "tensor parallelism": "tp",
    "data parallelism": "dp",
    "pipeline parallelism": "pp",
}
_SECONDS = "iteration time (ms)"
#: What every row of it has in common, one line: github.com/VIA-Research/vTrain.
_COMMON = "training_single_node_common.csv"


def is_single_node(columns: Mapping[str, str]) -> bool:
    """Return whether a row has the columns of that table.

    >>> is_single_node({"n_gpus": "8"})
    False
    """
    return _SECONDS in columns and all(name in columns for name in _COLUMNS)


def _id(ours: Mapping[str, str]) -> str:
    """A name made of what the row states of its run: the same in every copy and order of the table."""
    short = {"n": "n_gpus", "b": "global_batch", "m": "micro_batch", "h": "hidden", "a": "heads", "l": "layers",
             "s": "seq_len", "t": "tp", "d": "dp", "p": "pp"}  # fmt: skip
    parts = (f"{letter}{ours[name]}" for letter, name in short.items())
    return "-".join((shipped_rows(_COMMON)[0]["prefix"], *parts))


def training_row(row: Mapping[str, str]) -> dict[str, str]:
    """Return a row of that table in the columns of the training data, under an id made of its content.

    A time that is no number is left out, and the row then says that it has none.
    """
    ours = {ours: row[theirs].strip() for theirs, ours in _COLUMNS.items()}
    try:
        seconds = str(float(row[_SECONDS]) / 1e3)
    except ValueError:
        seconds = ""
    common = {key: value for key, value in shipped_rows(_COMMON)[0].items() if key != "prefix"}
    return {**common, **ours, "id": _id(ours), "iteration_time_s": seconds}

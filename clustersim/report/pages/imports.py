"""Files from outside as files of this program, and what the files of a folder are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clustersim.errors import InputError
from clustersim.reading.tables import read_table
from clustersim.report.answer import Answer
from clustersim.report.model_figures import model_figures
from clustersim.schema.imports.registry import Imported, ImportOptions, examined, import_file
from clustersim.schema.model_engine import model_spec
from clustersim.schema.yamlfile import read_yaml

__all__ = ["doctor_answer", "import_answer"]

#: Command that takes a table -> columns that tell it.
_OWN = {
    "validate collectives --data": (
        "gpu",
        "n_gpus",
        "collective",
        "size_bytes",
        "algbw_GBs",
        "busbw_GBs",
        "fabric",
    ),
    "validate training --data": ("gpu", "n_gpus", "seq_len", "global_batch", "iteration_time_s"),
    "validate serving --data": ("model", "gpu", "in_len", "out_len", "batch_or_rate", "tokens_per_s"),
    "validate serving_latency --data": (
        "model",
        "system",
        "backend",
        "isl",
        "osl",
        "concurrency",
        "ttft_ms",
        "tpot_ms",
    ),
    "validate scaling --data": ("gpus_base", "gpus", "efficiency"),
    "validate serving --data (a lab's layout)": ("serve", "Output token throughput (tok/s)"),
    "validate serving_silicon --data": (
        "model_path",
        "system",
        "backend",
        "silicon_ttft_ms",
        "silicon_tpot_ms",
    ),
    "validate domestic_serving --data": ("card", "engine", "isl", "osl", "output_tok_s", "metric_basis"),
    "validate training --data (one node)": ("# GPUs", "global batch", "iteration time (ms)"),
    "validate reliability --data": ("cluster", "mttf_hours", "ettr_or_goodput"),
    "jobs: the servers of a replay": ("sn", "cpu_milli", "memory_mib", "gpu", "model"),
}
#: A folder with more files is no folder of measurements.
MOST_FILES = 2_000


def import_answer(
    file: str, *, kind: str = "", name: str = "", ignored: Sequence[str] = (), given: Mapping[str, str] | None = None,
    columns: Sequence[str] = (), skip: int = 0,
) -> Answer:  # fmt: skip
    """Read a file from outside by its content; its ``raw`` text is the file that it becomes.

    Raises InputError naming the format, and what the file lacks or this program cannot express.
    """
    if columns and len(columns) != 3:
        raise InputError(
            "--columns: name three: of the arrival, of the prompt's tokens, of the answer's tokens"
        )
    if skip < 0:
        raise InputError(f"--skip {skip}: give a number of lines, or leave it out")
    options = ImportOptions(name, tuple(ignored), dict(given or {}), tuple(columns), skip)
    made = import_file(Path(file), kind, options)
    return _model_answer(made) if made.kind == "model" else _rows_answer(made)


def _model_answer(made: Imported) -> Answer:
    encoder = made.content.encoder_parameters
    figures = model_figures(model_spec(made.content), encoder=encoder.value if encoder else 0.0)
    data: dict[str, Any] = {
        "kind": made.kind,
        "name": made.name,
        **{row["figure"]: row["value"] for row in figures if row["figure"] != "not_modelled"},
        "not_modelled": [row["value"] for row in figures if row["figure"] == "not_modelled"],
        "notes": list(made.content.notes),
    }
    return Answer(
        name=made.name, data=data, rows=figures, page=lambda: [_words_apart(figures)], raw=made.text,
        said=list(made.content.notes), files=lambda: {f"{made.name}.yaml": made.text}, keeps_json=False,
    )  # fmt: skip


def _words_apart(figures: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The figures with what is not modelled among the words, for a cell of a value is read as a name."""
    words = {"value": "", "unit": ""}
    return [
        {**row, **words, "formula": row["value"]} if row["figure"] == "not_modelled" else row
        for row in figures
    ]


def _rows_answer(made: Imported) -> Answer:
    tables = (made, *made.more)
    data: dict[str, Any] = {
        "kind": made.kind,
        "name": made.name,
        "rows": list(made.rows),
        "said": list(made.said),
    }
    data |= {"more": [{"name": t.name, "rows": list(t.rows)} for t in made.more]} if made.more else {}
    data |= {"provenance": dict(made.provenance)} if made.provenance else {}
    said = list(made.said)
    if made.more:
        said.append(f"{made.name} is shown; -o writes {', '.join(f'{t.name}.{t.ending}' for t in tables)}")
    return Answer(
        name=made.name, data=data, rows=list(made.rows), raw=made.text, said=said,
        files=lambda: {f"{t.name}.{t.ending}": t.text for t in tables} | _beside(made), keeps_json=False,
    )  # fmt: skip


def _beside(made: Imported) -> dict[str, str]:
    """Where a trace comes from, beside it: its own reader takes no further columns."""
    if not made.provenance:
        return {}
    return {
        f"{made.name}.source.json": f"{json.dumps(dict(made.provenance), indent=1, ensure_ascii=False)}\n"
    }


def _examined(path: Path) -> dict[str, Any]:
    """What a file from outside is, or which file of this program's own."""
    own = (
        _own_file(path)
        if path.suffix in (".yaml", ".yml")
        else _own_rows(path)
        if path.suffix == ".csv"
        else None
    )
    return own or examined(path)


def _own_file(path: Path) -> dict[str, Any] | None:
    """A scenario, a profile or another YAML file of this program, by the keys at its top."""
    try:
        data = read_yaml(path).data
    except InputError as error:
        return {
            "file": str(path),
            "kind": "",
            "rows": None,
            "good_for": "",
            "said": str(error).split("\n")[0],
        }
    kind = data.get("kind") if isinstance(data.get("kind"), str) else "scenario" if "cluster" in data else ""
    if not kind:
        return None
    return {"file": str(path), "kind": f"own {kind}", "rows": None, "good_for": "is this program's own form: check",
            "said": ""}  # fmt: skip


def _own_rows(path: Path) -> dict[str, Any] | None:
    """Rows in the columns that a command takes as they are."""
    try:
        table = read_table(path)
    except InputError:
        return None
    for command, needed in _OWN.items():
        if set(needed) <= set(table.columns):
            return {"file": str(path), "kind": "own rows", "rows": len(table.rows), "good_for": command,
                    "said": ""}  # fmt: skip
    return None


def doctor_answer(folder: str) -> Answer:
    """Return what each file of a folder (and of those in it) is and what it is good for, or why it cannot be read.

    Raises InputError for a folder that is none, is empty, or holds too many files.
    """
    at = Path(folder)
    if not at.is_dir():
        raise InputError(f"{folder}: is no folder")
    found = sorted(
        p
        for p in at.rglob("*")
        # A pipe or a link that leads nowhere is named as well: nothing of the folder is passed over.
        if not p.is_dir() and not any(part.startswith(".") for part in p.parts[len(at.parts) :])
    )
    if not found:
        raise InputError(f"{folder}: holds no file")
    if len(found) > MOST_FILES:
        raise InputError(f"{folder}: holds more than {MOST_FILES:,} files; name a folder of them")
    rows = [_examined(path) | {"file": str(path.relative_to(at))} for path in found]
    good = sum(bool(row["good_for"]) for row in rows)
    said = [f"{good} of {len(rows)} files can be used"]
    return Answer(name="doctor", data=rows, rows=rows, said=said)

"""Every input by its key, and the JSON Schema of every kind of file."""

from __future__ import annotations

from clustersim.report.answer import Answer, listed
from clustersim.report.text import to_json
from clustersim.schema.listing import also_meant, list_keys
from clustersim.study.kinds import FOLDERS, schema_of
from clustersim.units import describe, known_units, parse_unit

__all__ = ["keys_answer", "schema_answer", "units_answer"]

#: Columns that a table leaves out unless they are asked for.
_LONG = ("default", "says", "read_by", "origin")


def keys_answer(word: str, *, scenario: str = "", full: bool = False) -> Answer:
    """List the keys that have a word in key or description, with unit, range, tier and readers."""
    rows = list_keys(word, scenario)
    left_out = () if full else _LONG
    shown = [{name: value for name, value in row.items() if name not in left_out} for row in rows]
    also = also_meant(word, rows)
    said = [f"by meaning, too: {', '.join(also)}"] if also else []
    return listed("keys", rows, page=lambda: [shown], said=said)


def units_answer(word: str = "") -> Answer:
    """List the units that have a word in name or dimension: what each is of, and how many of its base it is.

    Units combine by ``/``, for example CNY/kWh.
    """
    rows = []
    for name in known_units():
        unit = parse_unit(name)
        rows.append({"unit": name, "of": describe(unit.dimension), "in_base_units": unit.factor})
    found = [row for row in rows if word in str(row["unit"]) or word in str(row["of"])]
    return listed("units", found, said=["units combine by '/', for example 'CNY/kWh' or 'Gb/s'"])


def schema_answer(kind: str = "") -> Answer:
    """Return the JSON Schema of a kind of file, or the list of kinds; a folder gets the schemas as files."""
    kinds = [kind] if kind else list(FOLDERS)
    texts = {name: to_json(schema_of(name)) + "\n" for name in kinds}
    rows = [{"kind": name, "files": f"{FOLDERS[name]}/*.yaml"} for name in kinds]

    def files() -> dict[str, str]:
        return {f"{name}.schema.json": text for name, text in texts.items()}

    if kind:
        return Answer(name=kind, data=schema_of(kind), raw=texts[kind], files=files, keeps_json=False)
    return listed("schema", rows, files=files, keeps_json=False)

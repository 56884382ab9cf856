"""Which importer reads a file from outside: by its content, or by the kind that the user names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from clustersim.errors import InputError, suggest
from clustersim.reading.guarded import read_text
from clustersim.reading.jsontext import parse_json
from clustersim.schema.imports.model import is_model_config, read_model_config
from clustersim.schema.models import ModelProfile

__all__ = ["IMPORTERS", "ImportOptions", "Imported", "Importer", "import_file", "profile_text"]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the user may say beside the file: a name for what is made, and keys that change nothing."""

    name: str = ""
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Imported:
    """What an importer made: the kind, its name, where such files live, the file's text, and the checked object."""

    kind: str
    name: str
    folder: str
    text: str
    content: Any


@dataclass(frozen=True, slots=True)
class Importer:
    """One kind of file from outside."""

    what: str
    recognises: Callable[[Any], bool]
    read: Callable[[Path, str, ImportOptions], Imported]


def profile_text(profile: ModelProfile, heading: str = "") -> str:
    """Return a model file's text: what is at its default is left out."""
    data = profile.model_dump(exclude_defaults=True, exclude={"encoder_parameters", "published"})
    data["kind"] = "model"
    if profile.encoder_parameters is not None:
        data["encoder_parameters"] = profile.encoder_parameters
    counts = {key: value for key, value in profile.published if value is not None}
    if counts:
        data["published"] = counts
    order = ["kind", "name", "aliases", "source", "tier"]
    data = {key: data[key] for key in order if key in data} | {
        k: v for k, v in data.items() if k not in order
    }
    text = yaml.safe_dump(_plain(data), sort_keys=False, allow_unicode=True, width=118)
    return "".join(f"# {line}\n" for line in heading.splitlines()) + text


def _plain(value: Any) -> Any:
    """Tuples as lists, sourced numbers as mappings, whole floats as whole numbers."""
    if hasattr(value, "tier") and hasattr(value, "source"):
        parts = {"value": value.value, "source": value.source, "tier": value.tier, "note": value.note}
        return {key: _plain(part) for key, part in parts.items() if part != ""}
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _model(path: Path, text: str, options: ImportOptions) -> Imported:
    profile = read_model_config(path, text, name=options.name, ignored=options.ignored)
    return Imported("model", profile.name, "hwprofiles/models", profile_text(profile), profile)


#: Kind -> importer, in the order in which their signs are looked for.
IMPORTERS: dict[str, Importer] = {
    "model": Importer("a model's published configuration (config.json)", is_model_config, _model),
}


def import_file(path: Path, kind: str = "", options: ImportOptions = ImportOptions()) -> Imported:
    """Return what a file from outside becomes; its kind is told by its content unless it is given.

    Raises InputError for an unreadable file, content of no known kind, and whatever the importer cannot express.
    """
    if kind and kind not in IMPORTERS:
        raise InputError(f"no importer of kind {kind!r}; {suggest(kind, list(IMPORTERS))}")
    source = read_text(path)
    text, data = source.text, parse_json(source.text, source.name)
    if kind:
        return IMPORTERS[kind].read(path, text, options)
    for importer in IMPORTERS.values():
        if importer.recognises(data):
            return importer.read(path, text, options)
    known = "; ".join(f"{name}: {importer.what}" for name, importer in IMPORTERS.items())
    raise InputError(f"{path}: its content is of no kind that can be imported ({known})")

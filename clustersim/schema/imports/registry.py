"""Which reader reads a file from outside: by its content, or by the kind that the user names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from clustersim.errors import ClusterSimError, InputError, suggest
from clustersim.reading.guarded import decode, gunzip, limit_bytes, printable, read_bytes
from clustersim.reading.jsontext import Limits, parse_json
from clustersim.reading.tables import refuse_separator
from clustersim.schema.imports.bench import is_bench, read_bench
from clustersim.schema.imports.collective_json import is_collectives, read_collectives
from clustersim.schema.imports.kit import is_kit, read_kit
from clustersim.schema.imports.model import is_model_config, read_model_config
from clustersim.schema.imports.operator_sweeps import is_operators, read_operators
from clustersim.schema.imports.power_samples import is_power, read_power
from clustersim.schema.imports.price_lists import read_prices
from clustersim.schema.imports.price_tables import has_prices
from clustersim.schema.imports.source import Imported, ImportOptions, Source
from clustersim.schema.imports.traffic import (
    is_failures,
    is_jobs,
    is_requests,
    read_failures,
    read_job_trace,
    read_requests,
)
from clustersim.schema.imports.training_logs import is_training_log, read_training_log
from clustersim.schema.models import ModelProfile

__all__ = [
    "IMPORTERS", "ImportOptions", "Imported", "Importer", "examined", "import_file", "kind_of", "open_source",
    "profile_text",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Importer:
    """One kind of file from outside: what it is, what it is good for, its sign, and its reader."""

    what: str
    good_for: str
    recognises: Callable[[Source], bool]
    read: Callable[[Source, ImportOptions], Imported]


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


def _is_model(source: Source) -> bool:
    return len(source.objects) == 1 and is_model_config(source.objects[0])


def _model(source: Source, options: ImportOptions) -> Imported:
    # A configuration is small; its writers print a bound that is none as Infinity, which is no bound of a dimension.
    if not isinstance(parse_json(source.text, source.name, Limits(infinite=True)), Mapping):
        raise InputError(f"{source.name}: is no model's configuration: its JSON is no object")
    profile = read_model_config(source.path, source.text, name=options.name, ignored=options.ignored)
    return Imported("model", profile.name, "hwprofiles/models", profile_text(profile), profile)


#: Kind -> importer, in the order in which their signs are looked for: the more telling first.
IMPORTERS: dict[str, Importer] = {
    "kit": Importer("a result of `clustersim measure`", "calibrate CARD --data, validate --data", is_kit, read_kit),
    "model": Importer("a model's published configuration (config.json)", "a model file: run, serve, plan",
                      _is_model, _model),
    "serving": Importer("a result of vllm bench serve, SGLang, trtllm-bench, guidellm, genai-perf or aiperf",
                        "validate serving --data, validate serving_latency --data", is_bench, read_bench),
    "jobs": Importer("a job trace (Slurm sacct, Philly, Helios, Acme, PAI, or arrives_s, work_s, cards)",
                     "jobs: a replay, or scenario jobs", is_jobs, read_job_trace),
    "requests": Importer("a log of requests (Azure, Mooncake, BurstGPT, or a CSV with --columns)",
                         "serve: a service's arrivals (trace)", is_requests, read_requests),
    "collectives": Importer("a log of nccl-tests, rccl-tests or their kin, or of hccl_test",
                            "validate collectives --data", is_collectives, read_collectives),
    "training": Importer("a log of Megatron-LM, NeMo, DeepSpeed or torchtitan", "validate training --data",
                         is_training_log, read_training_log),
    "power": Importer("samples of power and clocks (nvidia-smi, npu-smi, dcgmi dmon, Prometheus)",
                      "rows of a card's power under load", is_power, read_power),
    "operators": Importer("a sweep of operators (CSV of m, n, k; of attention shapes; of sizes)",
                          "rows of a card's efficiencies", is_operators, read_operators),
    "failures": Importer("a log of failures (CSV of time and component, or the kernel's Xid lines)",
                         "train: reliability.log", is_failures, read_failures),
    "prices": Importer("a list of prices (CSV or XLSX: part, price, currency)", "tco.price_book: a book over another",
                       has_prices, read_prices),
}  # fmt: skip


def open_source(path: Path) -> Source:
    """Read a file from outside through the guarded reader: text of any known encoding, gzip, or a workbook.

    Raises InputError for what cannot be read.
    """
    name, data = printable(str(path)), read_bytes(path)
    digest = hashlib.sha256(data).hexdigest()
    if data.startswith(b"PK\x03\x04"):
        return Source(path, "", "", digest, archive=True)
    if data.startswith(b"\x1f\x8b"):
        data = gunzip(data, name, limit_bytes())
    text = decode(data, name)
    return Source(path, text.text, text.encoding, digest)


def kind_of(source: Source) -> str:
    """Return the kind of a file by its content.

    Raises InputError where it is none, with what is wrong with a text that begins like JSON.
    """
    for kind, importer in IMPORTERS.items():
        if importer.recognises(source):
            return kind
    if not source.text.strip() and not source.archive:
        raise InputError(f"{source.name}: is empty")
    if source.not_json is not None:
        raise source.not_json
    first = source.text.lstrip().split("\n", 1)[0].rstrip()
    if "," not in first and not first.startswith(("#", "<")):
        refuse_separator([first], source.name, 1)
    known = "; ".join(f"{name}: {importer.what}" for name, importer in IMPORTERS.items())
    raise InputError(f"{source.name}: its content is of no kind that can be imported ({known})")


def import_file(path: Path, kind: str = "", options: ImportOptions | None = None) -> Imported:
    """Return what a file from outside becomes; its kind is told by its content unless it is given.

    Raises InputError for an unreadable file, content of no known kind, and whatever the importer cannot express.
    """
    if kind and kind not in IMPORTERS:
        raise InputError(f"no importer of kind {kind!r}; {suggest(kind, list(IMPORTERS))}")
    options = options or ImportOptions()
    source = open_source(path)
    if options.columns and not kind:
        kind = "requests"
    return _read(kind or kind_of(source), source, options)


#: Kinds whose files are read back by a room of their own, in columns of its own.
_BESIDE = ("requests", "jobs", "failures")


def _with_provenance(made: Imported, source: Source) -> Imported:
    """Say where the rows of a trace or a log come from; other rows say it in their columns."""
    if made.kind not in _BESIDE:
        return made
    stated = {"tier": "measured", "file": source.path.name, "sha256": source.sha256, "date": source.changed}
    said = (*made.said, "the file's date is that of its last change")
    return replace(made, provenance={**stated, "kind": made.kind}, said=said)


def _read(kind: str, source: Source, options: ImportOptions) -> Imported:
    """Read a file as of a kind; a refusal says which."""
    importer = IMPORTERS[kind]
    try:
        return _with_provenance(importer.read(source, options), source)
    except InputError as error:
        if kind == "model":
            raise
        first, *rest = str(error).split("\n")
        told = "\n".join(rest[: len(rest) - len(error.problems)])
        raise InputError(
            f"{first} (read as {kind}: {importer.what})\n{told}".rstrip(), error.problems
        ) from None


def examined(path: Path) -> dict[str, Any]:
    """Return what one file of a folder is, what it is good for, and, where it cannot be read, why."""
    row: dict[str, Any] = {"file": str(path), "kind": "", "rows": None, "good_for": "", "said": ""}
    try:
        source = open_source(path)
        if (
            not any(importer.recognises(source) for importer in IMPORTERS.values())
            and source.not_json is None
        ):
            return row | {"said": "of no kind that can be imported" if source.text.strip() else "is empty"}
        row["kind"] = kind_of(source)
        made = _read(row["kind"], source, ImportOptions())
    except ClusterSimError as error:
        what = IMPORTERS[row["kind"]].what if row["kind"] else ""
        first, *more = str(error).replace(f"{path}: ", "").split("\n")
        row["said"] = " ".join(
            [f"is {what}, but cannot be read:" if what else "", first, *(m.strip() for m in more[:3])]
        )
        row["said"] = row["said"].strip()
        return row
    row |= {
        "rows": len(made.rows) or None,
        "good_for": IMPORTERS[made.kind].good_for,
        "said": "; ".join(made.said),
    }
    return row

"""``clustersim profiles``: list hardware profiles, show one with its sources, compare two."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from clustersim.cli.options import emit_rows, format_option
from clustersim.errors import InputError, suggest

KIND_NAMES = ("cards", "servers", "nics", "switches", "optics", "models")


def fields_of(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Walk a profile: yield every leaf with its dotted key."""
    from pydantic import BaseModel

    from clustersim.provenance import Sourced

    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from fields_of(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from fields_of(item, f"{path}.{name}")
    elif isinstance(value, Sourced) or value not in (None, "", ()):
        yield path, value


def _row(key: str, value: Any) -> dict[str, Any]:
    from clustersim.provenance import Sourced
    from clustersim.units import si

    if not isinstance(value, Sourced):
        text = "; ".join(value) if isinstance(value, tuple) else str(value)
        return {"field": key, "value": text, "low": "", "high": "", "tier": "", "source": "", "note": ""}

    def show(number: float | None) -> str:
        if number is None:
            return ""
        return f"{number:g}" if value.unit == "1" else si(number, value.unit)

    return {
        "field": key, "value": show(value.value), "low": show(value.low), "high": show(value.high),
        "tier": value.tier, "source": value.source, "note": value.note,
    }  # fmt: skip


def _find(name: str) -> Any:
    from clustersim.schema.lookup import exact_name, known_names
    from clustersim.schema.profiles import KINDS, load_profile

    if name.endswith((".yaml", ".yml")):
        return load_profile(_kind_of_file(name), name)
    for kind, (folder, _) in KINDS.items():
        if exact_name(folder, name) is not None:
            return load_profile(kind, name)
    everything = [n for folder, _ in KINDS.values() for n in known_names(folder)]
    raise InputError(f"no profile {name!r}; {suggest(name, everything)}")


def _kind_of_file(path: str) -> str:
    """The kind that a profile's file states, as the folders are called."""
    from typing import get_args

    from clustersim.schema.profiles import KINDS
    from clustersim.schema.yamlfile import read_yaml

    stated = str(read_yaml(path).data.get("kind"))
    kinds = {get_args(p.model_fields["kind"].annotation)[0]: kind for kind, (_, p) in KINDS.items()}
    if stated not in kinds:
        raise InputError(f"{path}: kind: {stated!r} is no kind of profile; {suggest(stated, list(kinds))}")
    return kinds[stated]


def _figures(profile: Any) -> list[dict[str, Any]]:
    """What a model's dimensions add up to, with its formulas; nothing for other kinds."""
    from clustersim.schema.models import ModelProfile

    if not isinstance(profile, ModelProfile):
        return []
    from clustersim.report.model_figures import model_figures
    from clustersim.schema.model_engine import model_spec

    encoder = profile.encoder_parameters
    rows = model_figures(model_spec(profile), encoder=encoder.value if encoder else 0.0)
    return [
        {
            "field": row["figure"], "value": f"{row['value']:.12g} {row['unit']}", "low": "", "high": "",
            "tier": "derived", "source": "computed from the fields above", "note": row["formula"],
        }
        for row in rows
        if row["figure"] != "not_modelled"
    ]  # fmt: skip


@click.group()
def command() -> None:
    """List hardware profiles, show one with its sources, or compare two."""


@command.command("list")
@click.argument("kind", type=click.Choice(KIND_NAMES), default="cards")
@format_option()
def list_profiles(kind: str, fmt: str) -> None:
    """List the profiles of a kind."""
    from clustersim.schema.lookup import known_names
    from clustersim.schema.profiles import KINDS, load_profile

    rows = []
    for name in known_names(KINDS[kind][0]):
        leaves = dict(fields_of(load_profile(kind, name)))
        tiers = [v.tier for v in leaves.values() if hasattr(v, "tier")]
        rows.append({"name": name, "numbers": len(tiers), "assumptions": tiers.count("assumption")})
    emit_rows(rows, fmt)


@command.command("show")
@click.argument("name")
@format_option()
def show_profile(name: str, fmt: str) -> None:
    """Show every field of a profile with its range, tier and source; of a model also what they add up to."""
    profile = _find(name)
    emit_rows([*(_row(key, value) for key, value in fields_of(profile)), *_figures(profile)], fmt)


@command.command("diff")
@click.argument("first")
@click.argument("second")
@format_option()
def diff_profiles(first: str, second: str, fmt: str) -> None:
    """Compare two profiles field by field, with the ratio of the numbers."""
    from clustersim.provenance import Sourced

    one, two = dict(fields_of(_find(first))), dict(fields_of(_find(second)))
    rows = []
    for key in [*one, *(k for k in two if k not in one)]:
        a, b = one.get(key), two.get(key)
        ratio = b.value / a.value if isinstance(a, Sourced) and isinstance(b, Sourced) and a.value else None
        shown = [_row(key, v)["value"] if v is not None else "absent" for v in (a, b)]
        if shown[0] != shown[1]:
            rows.append({"field": key, first: shown[0], second: shown[1], "ratio": ratio})
    emit_rows(rows, fmt)

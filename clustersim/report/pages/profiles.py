"""Hardware and model profiles as tables: those of a kind, one with its sources, two side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel

from clustersim.assemble.card_figures import card_figures
from clustersim.errors import InputError, suggest
from clustersim.provenance import Sourced
from clustersim.report.answer import Answer, listed
from clustersim.report.model_figures import model_figures
from clustersim.schema.lookup import exact_name, known_names
from clustersim.schema.model_engine import model_spec
from clustersim.schema.models import ModelProfile
from clustersim.schema.profiles import KINDS, CardProfile, Profile, load_profile
from clustersim.schema.yamlfile import read_yaml
from clustersim.units import si

__all__ = ["KIND_NAMES", "diff_answer", "fields_of", "profile_answer", "profiles_answer"]

KIND_NAMES = tuple(KINDS)


def profiles_answer(kind: str) -> Answer:
    """List the profiles of a kind, with how many numbers each has and how many of them are assumed."""
    if kind not in KIND_NAMES:
        raise InputError(f"no kind of profile {kind!r}; {suggest(kind, KIND_NAMES)}")
    rows = []
    for name in known_names(KINDS[kind][0]):
        leaves = dict(fields_of(load_profile(kind, name)))
        tiers = [v.tier for v in leaves.values() if isinstance(v, Sourced)]
        rows.append({"name": name, "numbers": len(tiers), "assumptions": tiers.count("assumption")})
    return listed("profiles", rows)


def profile_answer(name: str, kind: str = "") -> Answer:
    """Show every field of a profile with its range, tier and source; of a model also what they add up to.

    A name may be of several kinds (a card, and the silicon that it is made of): the first is shown and the others are
    said, or the one of ``kind``.
    """
    kinds = _kinds_of(name, kind)
    profile = load_profile(kinds[0], name)
    said = [f"{name} of {kinds[0]} is shown; there is also: --kind {other}" for other in kinds[1:]]
    rows = [*(_row(key, value) for key, value in fields_of(profile)), *_figures(profile)]
    return listed("profile", rows, said=said)


def diff_answer(first: str, second: str) -> Answer:
    """Compare two profiles field by field, with the ratio of the numbers."""
    one, two = dict(fields_of(_find(first))), dict(fields_of(_find(second)))
    rows = []
    for key in [*one, *(k for k in two if k not in one)]:
        a, b = one.get(key), two.get(key)
        ratio = b.value / a.value if isinstance(a, Sourced) and isinstance(b, Sourced) and a.value else None
        shown = [_row(key, v)["value"] if v is not None else "absent" for v in (a, b)]
        if shown[0] != shown[1]:
            rows.append({"field": key, first: shown[0], second: shown[1], "ratio": ratio})
    return listed("diff", rows)


def fields_of(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Walk a profile: yield every leaf with its dotted key."""
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from fields_of(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from fields_of(item, f"{path}.{name}")
    elif isinstance(value, tuple) and any(isinstance(item, BaseModel) for item in value):
        for index, item in enumerate(value):
            yield from fields_of(item, f"{path}[{index}]")
    elif isinstance(value, Sourced) or value not in (None, "", ()):
        yield path, value


def _row(key: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Sourced):
        text = _plain(value)
        return {"field": key, "value": text, "low": "", "high": "", "tier": "", "source": "", "note": ""}

    def show(number: float | None) -> str:
        if number is None:
            return ""
        return f"{number:g}" if value.unit == "1" else si(number, value.unit)

    return {
        "field": key, "value": show(value.value), "low": show(value.low), "high": show(value.high),
        "tier": value.tier, "source": value.source, "note": value.note,
    }  # fmt: skip


def _plain(value: Any) -> str:
    """A leaf that is no number of its own as one text: names joined, tuples of figures and other forms in order."""
    if isinstance(value, tuple):
        return "; ".join(map(_plain, value))
    return f"{value.value:g} {value.unit}" if isinstance(value, Sourced) else str(value)


def _find(name: str) -> Profile:
    return load_profile(_kinds_of(name)[0], name)


def _kinds_of(name: str, kind: str = "") -> list[str]:
    """The kinds of profile that a name or a file is of, in the order of look-up, or the one that is asked for."""
    if kind and kind not in KINDS:
        raise InputError(f"no kind of profile {kind!r}; {suggest(kind, list(KINDS))}")
    if name.endswith((".yaml", ".yml")):
        return [kind or _kind_of_file(name)]
    asked = [kind] if kind else list(KINDS)
    kinds = [one for one in asked if exact_name(KINDS[one][0], name) is not None]
    if not kinds:
        everything = [n for one in asked for n in known_names(KINDS[one][0])]
        where = f"{kind} profile" if kind else "profile"
        raise InputError(f"no {where} {name!r}; {suggest(name, everything)}")
    return kinds


def _kind_of_file(path: str) -> str:
    """The kind that a profile's file states, as the folders are called."""
    stated = str(read_yaml(path).data.get("kind"))
    kinds = {get_args(p.model_fields["kind"].annotation)[0]: kind for kind, (_, p) in KINDS.items()}
    if stated not in kinds:
        raise InputError(f"{path}: kind: {stated!r} is no kind of profile; {suggest(stated, list(kinds))}")
    return kinds[stated]


def _figures(profile: Any) -> list[dict[str, Any]]:
    """What a model's dimensions add up to, and what a card's numbers make of operators and power; else nothing."""
    if isinstance(profile, CardProfile):
        rows = card_figures(profile)
    elif isinstance(profile, ModelProfile):
        encoder = profile.encoder_parameters
        rows = model_figures(model_spec(profile), encoder=encoder.value if encoder else 0.0)
    else:
        return []
    return [
        {
            "field": row["figure"], "value": _shown(row), "low": "", "high": "",
            "tier": "derived", "source": "computed from the fields above", "note": row["formula"],
        }
        for row in rows
        if row["figure"] != "not_modelled"
    ]  # fmt: skip


def _shown(row: Mapping[str, Any]) -> str:
    """A figure with its unit: what a card gives to the last digit, for measured rows are held to it."""
    value = row["value"]
    number = f"{value:.12g}"
    return f"{number if float(number) == value else repr(value)} {row['unit']}".removesuffix(" 1")

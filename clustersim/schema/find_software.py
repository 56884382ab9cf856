"""Which software profile a name means, with or without a release."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from clustersim.errors import InputError, suggest
from clustersim.schema.lookup import exact_name, file_stamps, known_names, plain, roots
from clustersim.schema.profiles import load_profile
from clustersim.schema.software import SoftwareProfile

__all__ = [
    "UNMEASURED",
    "FoundSoftware",
    "find_software",
    "is_family",
    "load_software",
    "release_of",
    "stand_ins",
]

FOLDER = "hwprofiles/software"
#: First numbers of a release that are years.
YEARS = 2000
#: The class of what nobody measured, by role.
UNMEASURED = {"training": "unmeasured-training", "serving": "unmeasured-serving"}


@dataclass(frozen=True, slots=True)
class FoundSoftware:
    """A profile, and what has to be said about how it was found."""

    profile: SoftwareProfile
    said: str = ""


def load_software(name: str) -> SoftwareProfile:
    """Load one release by its exact name, an alias or a path."""
    profile = load_profile("software", name)
    assert isinstance(profile, SoftwareProfile)
    return _standing(profile)


#: Profiles that stand in for those of the files, by name.
_STAND_INS: ContextVar[Mapping[str, SoftwareProfile] | None] = ContextVar("stand_ins", default=None)


def _standing(profile: SoftwareProfile) -> SoftwareProfile:
    return (_STAND_INS.get() or {}).get(profile.name, profile)


@contextmanager
def stand_ins(profiles: Mapping[str, SoftwareProfile]) -> Iterator[None]:
    """Let other profiles stand in for those of the files, by name: a question without some of their constants.

    >>> other = load_software("vllm-0.9").model_copy(update={"release": "99"})
    >>> with stand_ins({"vllm-0.9": other}):
    ...     find_software("vLLM", role="serving").profile.release
    '99'
    """
    before = _STAND_INS.set(profiles)
    try:
        yield
    finally:
        _STAND_INS.reset(before)


def release_of(text: str) -> tuple[int, ...]:
    """Return a release as numbers that compare, empty where it has none.

    A month may be written with a hyphen.

    >>> release_of("26.04.01") > release_of("v26.04"), release_of("0.5.10rc0"), release_of("nightly")
    (True, (0, 5, 10), ())
    >>> release_of("2025-06") == release_of("2025.06")
    True
    """
    found = re.match(r"v?(\d{4}-\d{2}(?!\d)|\d+(?:\.\d+)*)", text.strip())
    return tuple(int(part) for part in re.split(r"[.-]", found[1])) if found else ()


def _by_year(release: tuple[int, ...]) -> bool:
    """Whether a release is numbered by its year (2025.06), not by a version."""
    return bool(release) and release[0] >= YEARS


def _split(text: str) -> tuple[str, str]:
    """Return a family's name and its release, from ``NeMo 26.06`` or ``vllm-0.9.1``.

    >>> _split("NeMo/Megatron-Bridge 26.06"), _split("vLLM v0.11.0"), _split("FSDP2")
    (('NeMo/Megatron-Bridge', '26.06'), ('vLLM', '0.11.0'), ('FSDP2', ''))
    >>> _split("TorchTitan 2025-06"), _split("FSDP2 2026")
    (('TorchTitan', '2025-06'), ('FSDP2', '2026'))
    """
    found = re.fullmatch(r"(.+?)[\s_-]+v?((?:20\d\d(?:-\d\d)?|\d+(?:\.\d+)+\S*))", text.strip())
    return (found[1], found[2]) if found else (text.strip(), "")


@lru_cache(maxsize=8)
def _grouped(stamps: tuple[tuple[str, int], ...]) -> dict[str, list[SoftwareProfile]]:
    """Compared family name -> its releases, the earliest first, of the files as they were at their stamps."""
    found: dict[str, list[SoftwareProfile]] = {}
    for profile in (load_software(name) for name, _ in stamps):
        for name in {plain(profile.family), *map(plain, profile.family_names)}:
            found.setdefault(name, []).append(profile)
    return {name: sorted(group, key=lambda p: release_of(p.release)) for name, group in found.items()}


def _names(role: str) -> Iterator[str]:
    for name in known_names(FOLDER):
        profile = load_software(name)
        if role in {"", profile.role}:
            yield from (name, profile.family, *profile.family_names)


def is_family(text: str, *, role: str) -> bool:
    """Whether a word is a family's name, among them the programs that start its engines.

    >>> is_family("trtllm-serve", role="serving"), is_family("serve", role="serving"), is_family("NeMo", role="serving")
    (True, False, False)
    """
    group = _grouped(file_stamps(FOLDER)).get(plain(text), [])
    return any(profile.role == role for profile in group)


def find_software(text: str, *, role: str = "", release: str = "") -> FoundSoftware:
    """Return the profile behind a name, or behind a family's name with a release.

    A release without a file takes the nearest earlier one's constants, or where there is none the earliest; a family
    without a release takes the latest. Both are said.

    >>> find_software("NeMo/Megatron-Bridge 26.08").profile.name
    'nemo-26.06'

    Raises InputError with the nearest name, and for a name of the other role.
    """
    found = _found(text, role, release, roots(), file_stamps(FOLDER))
    if role and found.profile.role != role:
        raise InputError(f"software {text!r} is for {found.profile.role}, not for {role}")
    return replace(found, profile=_standing(found.profile))


@lru_cache(maxsize=256)
def _found(
    text: str, role: str, release: str, folders: tuple[Path, ...], stamps: tuple[tuple[str, int], ...]
) -> FoundSoftware:
    """What a name stands for in the files as they were at their stamps."""
    stem = exact_name(FOLDER, text) if not release else None
    if stem is not None:
        profile = load_profile("software", stem)
        assert isinstance(profile, SoftwareProfile)
        return FoundSoftware(profile)
    family, stated = (text, release) if release else _split(text)
    families = _grouped(stamps)
    group = families.get(plain(family)) or families.get(plain(text))
    if not group:
        near = suggest(text, sorted(set(_names(role))))
        raise InputError(f"no software {text!r} in {FOLDER}; {near}; a stack that nobody measured is one of"
                         f" {', '.join(UNMEASURED.values())}")  # fmt: skip
    return _of_family(group, stated if plain(family) in families else "")


def _of_family(group: list[SoftwareProfile], stated: str) -> FoundSoftware:
    wanted, family = release_of(stated), group[0].family
    if not wanted:
        latest = group[-1]
        words = f"release {stated!r} is no number" if stated else "no release is stated"
        said = f"{family}: {words}; constants of {latest.name}" if len(group) > 1 else ""
        return FoundSoftware(latest, said)
    if _by_year(wanted) != _by_year(release_of(group[-1].release)) and len(group) > 1:
        return FoundSoftware(
            group[-1],
            f"{family} {stated} is numbered otherwise than the files ({', '.join(p.release for p in group)}):"
            f" constants of the latest, {group[-1].name}",
        )
    earlier = [p for p in group if release_of(p.release) <= wanted]
    if not earlier:
        return FoundSoftware(
            group[0], f"{family} {stated} is older than every file: constants of {group[0].name}"
        )
    chosen = earlier[-1]
    exact = release_of(chosen.release) == wanted
    return FoundSoftware(
        chosen, "" if exact else f"{family} {stated}: constants of the nearest earlier {chosen.name}"
    )

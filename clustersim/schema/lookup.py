"""Where profiles and scenarios are found, and by which names.

Order: a given path, the folders of ``$CLUSTERSIM_PATH``, the working folder, the repository root of an editable
install, the copy shipped inside the package, and the folders of other installed packages (entry points of the group
``clustersim.profiles``). A name is exact: the file's own or one of the ``aliases`` that it
declares, in either case of letters and with ``-``, ``_`` and spaces alike; never a part of a name.
"""

from __future__ import annotations

import os
import re
import time
from functools import lru_cache
from pathlib import Path

from clustersim.errors import InputError, suggest
from clustersim.reading.guarded import ONLY, is_file, look_at_folder, printable, read_text, stamp
from clustersim.schema.yamlfile import read_yaml

__all__ = [
    "exact_name",
    "file_stamps",
    "find_file",
    "known_names",
    "no_file",
    "plain",
    "profile_name",
    "roots",
]

_PACKAGE = Path(__file__).resolve().parent.parent
#: A folder that changed less than this ago may change again without another time of change.
_SETTLED_NS = 100_000_000
_OWN = (str(_PACKAGE.parent), str(_PACKAGE / "_shipped"))
_GROUP = "clustersim.profiles"
#: Folder -> what a file of it is.
_KINDS = {
    f"hwprofiles/{folder}": what
    for folder, what in {
        "cards": "card", "cooling": "cooling", "fleets": "fleet", "models": "model", "networks": "network",
        "nics": "network card", "optics": "optics", "prices": "price list", "servers": "server", "silicon": "process",
        "software": "software", "supernodes": "supernode", "switches": "switch", "tokens": "token list",
    }.items()
}  # fmt: skip


@lru_cache(maxsize=1)
def _of_packages() -> tuple[str, ...]:
    """The folders of other installed packages that name themselves by an entry point; none of their code is run."""
    from importlib.metadata import entry_points
    from importlib.util import find_spec

    found = []
    for point in sorted(entry_points(group=_GROUP), key=lambda p: p.name):
        try:
            spec = find_spec(point.module)
        except (ImportError, ValueError, AttributeError):
            spec = None
        if spec is None or not spec.submodule_search_locations:
            raise InputError(
                f"entry point {point.name} = {point.value} of {_GROUP}: no package of this name is installed; name the"
                " package that holds hwprofiles/ or scenarios/, or uninstall what declares it"
            )
        found.extend(spec.submodule_search_locations)
    return tuple(found)


def roots() -> tuple[Path, ...]:
    """Return the folders that may hold ``hwprofiles/`` and ``scenarios/``, in the order of look-up.

    Where ``$CLUSTERSIM_ONLY`` names a folder, it is the only one.
    """
    if only := os.environ.get(ONLY):
        return (Path(only),)
    given = [p for p in os.environ.get("CLUSTERSIM_PATH", "").split(os.pathsep) if p]
    candidates = (*given, *_here(), *_OWN, *_of_packages())
    changed = tuple(map(_changed, candidates))
    # A clock tick is some milliseconds: what changes twice within one does not show it.
    settled = time.time_ns() - max(changed) > _SETTLED_NS
    found = (_existing if settled else _existing.__wrapped__)(candidates, changed)
    if given:
        _say_empty(tuple(given), found)
    return found


@lru_cache(maxsize=64)
def _say_empty(given: tuple[str, ...], found: tuple[Path, ...]) -> None:
    """Say which folders of ``$CLUSTERSIM_PATH`` hold nothing: a slip in it would run on the shipped files."""
    from clustersim.schema.quantity import tell_once

    for folder in given:
        if Path(folder) not in found:
            tell_once(
                f"$CLUSTERSIM_PATH: {folder}: holds neither hwprofiles/ nor scenarios/; nothing is read there"
            )


def _here() -> tuple[str, ...]:
    """The working folder; none where it was removed meanwhile."""
    try:
        return (os.getcwd(),)  # noqa: PTH109 -- asked for every point
    except OSError:
        return ()


def _changed(folder: str) -> int:
    """When a folder's list of names last changed, 0 where there is none."""
    try:
        return os.stat(folder).st_mtime_ns  # noqa: PTH116
    except (OSError, ValueError):
        return 0


@lru_cache(maxsize=64)
def _existing(candidates: tuple[str, ...], changed: tuple[int, ...]) -> tuple[Path, ...]:
    """Those of the folders that hold files of ours; looked at again when one of them has changed."""
    every = dict.fromkeys(map(Path, candidates))
    return tuple(f for f in every if (f / "hwprofiles").is_dir() or (f / "scenarios").is_dir())


@lru_cache(maxsize=256)
def _names(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(p.stem for p in folder.glob("*.yaml"))) if folder.is_dir() else ()


def known_names(kind: str) -> tuple[str, ...]:
    """Return the names of every file of a kind, for example ``hwprofiles/cards``."""
    return _known(kind, roots())


@lru_cache(maxsize=256)
def _known(kind: str, folders: tuple[Path, ...]) -> tuple[str, ...]:
    return tuple(sorted({name for root in folders for name in _names(root / kind)}))


def plain(text: str) -> str:
    """Return a name as it is compared: small letters, one hyphen for any run of hyphens, underscores and spaces.

    >>> plain("Ascend 910B"), plain(" ascend_910b ") == plain("ASCEND-910B"), plain("H100") == plain("H100 PCIe")
    ('ascend-910b', True, False)
    """
    return re.sub(r"[\s_-]+", "-", text.strip()).casefold()


@lru_cache(maxsize=2048)
def _declared(path: Path, changed: int) -> tuple[str, ...]:
    """The aliases that a file declares; none where it cannot be read (reading it as a profile will say why)."""
    try:
        if "aliases:" not in read_text(path).text:
            return ()
        data = read_yaml(path).data
    except InputError:
        return ()
    aliases = data.get("aliases") if isinstance(data, dict) else None
    return tuple(str(a) for a in aliases) if isinstance(aliases, list) else ()


@lru_cache(maxsize=256)
def _index(folder: Path, stamps: tuple[tuple[str, int], ...]) -> dict[str, tuple[str, ...]]:
    """Compared name -> the files of a folder that go by it; a file's own name goes before another's alias."""
    own = {plain(stem): (stem,) for stem, _ in stamps}
    found: dict[str, list[str]] = {}
    for stem, changed in stamps:
        for alias in dict.fromkeys(map(plain, _declared(folder / f"{stem}.yaml", changed))):
            found.setdefault(alias, []).append(stem)
    return {alias: tuple(stems) for alias, stems in found.items()} | own


def _stamps(folder: Path) -> tuple[tuple[str, int], ...]:
    look_at_folder(folder)
    if not folder.is_dir():
        return ()
    return tuple(sorted((p.stem, stamp(p)) for p in folder.glob("*.yaml")))


def file_stamps(kind: str) -> tuple[tuple[str, int], ...]:
    """Return the name and the stamp of every file of a kind, of the first root that holds the name; by name.

    It is what a cache of all files of a kind is keyed on: a changed, new or removed file changes it.
    """
    found: dict[str, int] = {}
    for root in roots():
        for stem, changed in _stamps(root / kind):
            found.setdefault(stem, changed)
    return tuple(sorted(found.items()))


def exact_name(kind: str, name: str) -> str | None:
    """Return the file's name behind a name or alias of a kind, or None where no file goes by it.

    >>> exact_name("hwprofiles/cards", "br166m"), exact_name("hwprofiles/cards", "昇腾910B")
    ('BR166M', 'Ascend-910B')
    >>> exact_name("hwprofiles/cards", "H100 PCIe"), exact_name("hwprofiles/cards", "H100 with a fan")
    ('H100-PCIe', None)

    Raises InputError where two files of one folder declare the same alias.
    """
    wanted = plain(name)
    for root in roots():
        if os.sep not in name and is_file(_under(root, kind, name)):
            return name
        folder = root / kind
        stems = _index(folder, _stamps(folder)).get(wanted, ())
        if len(stems) > 1:
            raise InputError(
                f"{kind}: {name!r} is an alias of {' and of '.join(stems)}; say which, or drop one of the aliases"
            )
        if stems:
            return stems[0]
    return None


def profile_name(kind: str, name: str) -> str:
    """Return the file's own name behind a name, an alias or a path.

    Raises InputError with the nearest known name.
    """
    return find_file(kind, name).stem


def no_file(kind: str, name: str) -> InputError:
    """Return the refusal of a name that no file of a kind goes by: the same words for a scenario and for a row."""
    near = suggest(name[:80], known_names(kind))
    if kind not in _KINDS:
        return InputError(f"no {kind}/{printable(name, 80)}.yaml; {near}")
    if not name.strip():
        return InputError(f"the {_KINDS[kind]} is not named")
    return InputError(f"no profile of the {_KINDS[kind]} {printable(name, 80)!r}; {near}")


@lru_cache(maxsize=1024)
def _under(root: Path, kind: str, name: str) -> Path:
    return root / kind / f"{name}.yaml"


def find_file(kind: str, name: str) -> Path:
    """Return the file of a profile or scenario, given as a path, by its name or by a declared alias.

    Raises InputError with the nearest known name, or where an alias stands for two files.
    """
    if ".y" in name and Path(name).suffix in {".yaml", ".yml"}:
        return Path(name)
    known = roots()
    if known and os.sep not in name and is_file(first := _under(known[0], kind, name)):
        return first
    stem = exact_name(kind, name)
    if stem is None:
        if os.sep in name and Path(name).parent.is_dir():
            return Path(name)
        if is_file(Path(name)):
            raise InputError(
                f"{printable(name, 80)}: is no YAML file; {kind} are files that end in .yaml, or names"
            )
        raise no_file(kind, name)
    return next(p for root in known if is_file(p := root / kind / f"{stem}.yaml"))

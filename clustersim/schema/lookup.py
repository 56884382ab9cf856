"""Where profiles and scenarios are found.

Order: a given path, the folders of ``$CLUSTERSIM_PATH``, the working folder, the repository root of an editable
install, and the copy shipped inside the package.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from clustersim.errors import InputError, suggest
from clustersim.reading.guarded import is_file, printable

__all__ = ["find_file", "known_names", "roots"]

_PACKAGE = Path(__file__).resolve().parent.parent


def roots() -> tuple[Path, ...]:
    """Return the folders that may hold ``hwprofiles/`` and ``scenarios/``, in the order of look-up."""
    given = [Path(p) for p in os.environ.get("CLUSTERSIM_PATH", "").split(os.pathsep) if p]
    return tuple(_existing((*given, Path.cwd(), _PACKAGE.parent, _PACKAGE / "_shipped")))


def _existing(candidates: tuple[Path, ...]) -> list[Path]:
    found: list[Path] = []
    for folder in candidates:
        holds = (folder / "hwprofiles").is_dir() or (folder / "scenarios").is_dir()
        if holds and folder not in found:
            found.append(folder)
    return found


@lru_cache(maxsize=256)
def _names(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(p.stem for p in folder.glob("*.yaml"))) if folder.is_dir() else ()


def known_names(kind: str) -> tuple[str, ...]:
    """Return the names of every file of a kind, for example ``hwprofiles/cards``."""
    return tuple(sorted({name for root in roots() for name in _names(root / kind)}))


def find_file(kind: str, name: str) -> Path:
    """Return the file of a profile or scenario, given as a path or by its name.

    Raises InputError with the nearest known name.
    """
    direct = Path(name)
    if direct.suffix in {".yaml", ".yml"} or os.sep in name:
        return direct
    for root in roots():
        candidate = root / kind / f"{name}.yaml"
        if is_file(candidate):
            return candidate
    raise InputError(f"no {kind}/{printable(name, 80)}.yaml; {suggest(name[:80], known_names(kind))}")

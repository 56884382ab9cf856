"""The version of what is built: the tag that it stands on, or a development version behind the last one.

``hatchling`` asks ``version()``. In order: the sdist's own ``PKG-INFO``; the nearest tag ``vX.Y.Z`` of the clone (a
tree that is it, unchanged, is X.Y.Z; one that goes on from it the next patch's ``.devN``, with the commit behind the
plus); without git or without a tag (a shallow clone, an archive) the number that the source names.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_TAG = re.compile(r"v(\d+)\.(\d+)\.(\d+)-(\d+)-g([0-9a-f]+)(-dirty)?")


def version(root: Path = ROOT) -> str:
    """Return the version of the tree in a folder."""
    return _of_sdist(root) or _of_tag(root) or _named(root)


def _of_sdist(root: Path) -> str:
    info = root / "PKG-INFO"
    found = (
        re.search(r"^Version: (\S+)$", info.read_text(encoding="utf-8"), re.MULTILINE)
        if info.is_file()
        else None
    )
    return found[1] if found else ""


def _of_tag(root: Path) -> str:
    if not (root / ".git").exists():
        return ""
    try:
        words = ["git", "describe", "--tags", "--long", "--dirty", "--match", "v[0-9]*.[0-9]*.[0-9]*"]
        done = subprocess.run(words, capture_output=True, text=True, cwd=root)
    except OSError:
        return ""
    found = _TAG.fullmatch(done.stdout.strip()) if done.returncode == 0 else None
    if found is None:
        return ""
    major, minor, patch, since, commit, dirty = found.groups()
    if since == "0" and not dirty:
        return f"{major}.{minor}.{patch}"
    return f"{major}.{minor}.{int(patch) + 1}.dev{since}+g{commit}"


def _named(root: Path) -> str:
    text = (root / "clustersim" / "version.py").read_text(encoding="utf-8")
    found = re.search(r'^NEXT = "([^"]+)"$', text, re.MULTILINE)
    assert found is not None, "clustersim/version.py names no NEXT"
    return found[1]

"""The release, where every room can read it: what was built says its own, a working tree the one it leads to."""

from __future__ import annotations

from pathlib import Path

__all__ = ["NEXT", "__version__"]

#: The release that this tree leads to, and the version of what is built where no tag is known (packaging/from_tags.py).
NEXT = "0.1.0"


def _built() -> str:
    """The version that was written when the package was built; nothing in a working tree."""
    here = Path(__file__).resolve().parent
    if not (here / "_shipped").is_dir():
        return ""
    text = (here / "_version.py").read_text(encoding="utf-8")
    return text.partition('VERSION = "')[2].partition('"')[0]


__version__ = _built() or NEXT

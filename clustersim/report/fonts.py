"""Fonts for what the house font cannot draw: Chinese, Japanese and Korean names in figures.

Every figure stands in one font that comes with matplotlib, so that its bytes are the same on every machine. Only a text
with characters that this font lacks takes a second one: the file or family that ``$CLUSTERSIM_FONT`` names, else a font
found on the system. What no font draws is written as its escape (``\\u6607``), never as an empty box.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from clustersim.errors import InputError
from clustersim.reading.guarded import is_file, printable

__all__ = ["FONT_VARIABLE", "HOUSE", "drawable", "escaped", "lacking"]

HOUSE = "DejaVu Sans"
FONT_VARIABLE = "CLUSTERSIM_FONT"
#: Fonts without serifs that hold Chinese, as the systems that ship them name their files; the first found is taken.
_KNOWN = (
    "notosanscjk-regular", "notosanscjksc-regular", "notosanssc", "sourcehansanssc-regular", "sourcehansans-regular",
    "sourcehansanscn-regular", "wqy-microhei", "wqy-zenhei", "droidsansfallback", "pingfang", "hiraginosansgb",
    "stheiti", "msyh", "simhei", "arialunicode", "unifont",
)  # fmt: skip
#: Fonts of pictures, which matplotlib cannot draw.
_PICTURES = ("emoji", "color")


@lru_cache(maxsize=64)
def _characters(path: str) -> frozenset[int]:
    """Return the characters that a font file draws; none of a file that is no font."""
    from matplotlib.ft2font import FT2Font

    try:
        return frozenset(FT2Font(path).get_charmap())
    except (OSError, RuntimeError, ValueError):
        return frozenset()


def lacking(text: str) -> str:
    """Return the characters of a text that the house font does not draw, each once, in order.

    >>> lacking("BR166, µs, 万元: 昇腾昇")
    '万元昇腾'
    """
    if text.isascii():
        return ""
    from matplotlib.font_manager import findfont

    known = _characters(findfont(HOUSE))
    return "".join(dict.fromkeys(c for c in text if ord(c) not in known and c != "\n"))


def escaped(text: str, characters: str) -> str:
    r"""Return a text with these characters as their escapes.

    >>> escaped("昇腾 910B", "昇腾")
    '\\u6607\\u817e 910B'
    """
    table = {ord(c): c.encode("unicode_escape").decode() for c in characters}
    return text.translate(table)


@lru_cache(maxsize=64)
def drawable(characters: str) -> tuple[tuple[str, ...], str]:
    """Return the families of fonts that draw these characters, the house's first, and the characters that none draws.

    Raises InputError where ``$CLUSTERSIM_FONT`` names neither a font file nor an installed family.
    """
    from matplotlib.font_manager import fontManager
    from matplotlib.ft2font import FT2Font

    families, left = [HOUSE], characters
    for path in _candidates():
        drawn = {c for c in left if ord(c) in _characters(path)}
        if drawn:
            fontManager.addfont(path)
            families.append(FT2Font(path).family_name)
            left = "".join(c for c in left if c not in drawn)
        if not left:
            break
    return tuple(families), left


def _candidates() -> list[str]:
    """Return the font files to look through: the one asked for alone, else all of the system, known ones first."""
    from matplotlib.font_manager import findSystemFonts

    asked = os.environ.get(FONT_VARIABLE, "").strip()
    return [_asked_for(asked)] if asked else sorted(findSystemFonts(), key=_rank)


def _asked_for(asked: str) -> str:
    from matplotlib.font_manager import FontProperties, findfont

    if is_file(asked):
        if _characters(asked):
            return asked
        raise InputError(f"${FONT_VARIABLE}={printable(asked)!r}: is no font that can be drawn with")
    try:
        return str(findfont(FontProperties(family=[asked]), fallback_to_default=False))
    except ValueError:
        raise InputError(
            f"${FONT_VARIABLE}={printable(asked)!r}: no font file, and no installed family of this name"
        ) from None


def _rank(path: str) -> tuple[int, str]:
    """Return where a font stands in the search: known fonts, the others by path, fonts of pictures last."""
    name = Path(path).stem.lower().replace(" ", "").replace("_", "")
    if any(word in name for word in _PICTURES):
        return len(_KNOWN) + 1, path
    return next((i for i, known in enumerate(_KNOWN) if name.startswith(known)), len(_KNOWN)), path

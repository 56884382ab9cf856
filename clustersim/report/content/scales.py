"""In which unit a language tells money: billions in English, 亿 (hundred millions) in Chinese."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Scales", "scales"]


@dataclass(frozen=True, slots=True)
class Scales:
    """Factors from the answers' units to those that are shown.

    Attributes:
        kcny: thousand CNY to the large unit.
        m: million of the listing currency to the large unit.
        digits: of the large unit.
    """

    kcny: float
    m: float
    digits: str


def scales(language: str) -> Scales:
    """Return the factors of a language.

    >>> 2_168_956 * scales("en").kcny, round(2_168_956 * scales("zh").kcny, 2)
    (2.168956, 21.69)
    """
    return Scales(1e-5, 1e-2, ",.1f") if language == "zh" else Scales(1e-6, 1e-3, ",.2f")

"""Titles and rows of the workbook's sheets, by their keys: (English, Chinese)."""

from __future__ import annotations

__all__ = ["WORDS"]

WORDS: dict[str, tuple[str, str]] = {
    "units_of": ("Units, {product}", "{product} 销量"),
}

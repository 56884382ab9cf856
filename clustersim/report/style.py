"""One look for every figure: readable sizes, colours that colour-blind readers can tell apart, same bytes."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clustersim.reading.guarded import printable
from clustersim.schema.quantity import tell_once

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["BLUE", "GREEN", "GREY", "INK", "ORANGE", "PALETTE", "RED", "SKY", "YELLOW", "new_figure", "save"]

# Okabe and Ito (2008), "Color universal design".
ORANGE, SKY, GREEN, YELLOW = "#E69F00", "#56B4E9", "#009E73", "#F0E442"
BLUE, RED, PURPLE, GREY = "#0072B2", "#D55E00", "#CC79A7", "#8C8C8C"
INK = "#1A1A1A"
PALETTE = (BLUE, ORANGE, GREEN, SKY, RED, PURPLE, YELLOW, GREY)

_RC: Any = {
    "figure.dpi": 110,
    "savefig.dpi": 110,
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E5E5E5",
    "font.family": "DejaVu Sans",
}


def new_figure(width: float = 9.0, height: float = 4.6) -> tuple[Figure, Axes]:
    """Return a figure and its axes in the house style, without touching any global state."""
    import matplotlib

    matplotlib.use("Agg", force=True)
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_RC):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.add_subplot()
    return figure, axes


def save(figure: Figure, path: Path) -> None:
    """Write a PNG whose bytes depend on the picture alone (no date, no version)."""
    from matplotlib import rc_context
    from matplotlib.text import Text

    for artist in figure.findobj(Text):
        text = artist.get_text()
        if printable(text, 200) != text:
            artist.set_text(printable(text, 200))
    with rc_context(_RC), warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        figure.savefig(path, format="png", metadata={"Software": None})
    lacking = [one for one in said if "missing from" in str(one.message)]
    for one in said:
        if one not in lacking:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    if lacking:
        tell_once("figures: their font (DejaVu Sans) lacks characters of a name; they are drawn as boxes")

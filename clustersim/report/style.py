"""One look for every figure: readable sizes, colours that colour-blind readers can tell apart, same bytes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clustersim.errors import InputError
from clustersim.extras import needs
from clustersim.reading.guarded import is_file, printable
from clustersim.report.fonts import FONT_VARIABLE, HOUSE, drawable, escaped, lacking
from clustersim.report.spoken import spoken
from clustersim.schema.quantity import tell_once

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.text import Text

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
    "font.family": HOUSE,
}

#: With these, no engine of layouts is what a figure has of its own accord.
_NO_LAYOUT: Any = {"figure.autolayout": False, "figure.constrained_layout.use": False}


def new_figure(width: float = 9.0, height: float = 4.6) -> tuple[Figure, Axes]:
    """Return a figure and its axes in the house style, without touching any global state."""
    with needs("report", "figures"), _own_settings():
        import matplotlib

    matplotlib.use("Agg", force=True)
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_RC):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.add_subplot()
    return figure, axes


@contextmanager
def _own_settings() -> Iterator[None]:
    """Load matplotlib inside ``with``; where the program has turned a user's own settings off, they change nothing.

    Raises InputError where it cannot be loaded for them.
    """
    here = Path("matplotlibrc")  # is read before any that is named
    if here.exists() and not (here.is_dir() or is_file(here)):  # a pipe would be waited for
        raise InputError(
            "matplotlibrc in this folder is no file; figures cannot be drawn until it is moved away"
        )
    first = "matplotlib" not in sys.modules
    try:
        yield
    except UnicodeDecodeError:
        raise InputError(
            "matplotlibrc, the settings of figures, is no UTF-8 text; mend it, or move it away from this folder"
        ) from None
    except OSError as error:
        raise InputError(f"figures cannot be drawn here: {error}") from None
    if first and here.exists() and os.environ.get("MATPLOTLIBRC") == os.devnull:
        sys.modules["matplotlib"].rcdefaults()


def save(figure: Figure, path: Path) -> None:
    """Write a PNG whose bytes depend on the picture alone (no date, no version)."""
    from matplotlib import rc_context
    from matplotlib.text import Text

    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            _make_labels_drawable(axis)
    for artist in figure.findobj(Text):
        _make_drawable(artist)
    with rc_context(_RC | _NO_LAYOUT):
        if (layout := figure.get_layout_engine()) is not None:
            # Saving a figure that has an engine of layouts, even an idle one, draws all of it once for its sake alone.
            layout.execute(figure)
            figure.set_layout_engine(None)
        figure.savefig(path, format="png", metadata={"Software": None})


def _make_drawable(artist: Text) -> None:
    """Give a text what can be drawn: no control characters, no formula out of a name, a font for every character."""
    before = artist.get_text()
    text = printable(spoken(before), 200)
    if "$" in text and not text.startswith("$\\mathdefault"):
        artist.set_parse_math(False)
    if missing := lacking(text):
        families, undrawn = drawable(missing)
        artist.set_fontfamily(list(families))
        if undrawn:
            text = escaped(text, undrawn)
            tell_once(
                "figures: no font here draws some characters of a name, which are written as escapes; install one (on "
                f"Debian fonts-wqy-microhei) or give a font file or family in ${FONT_VARIABLE}"
            )
    if text != before:
        artist.set_text(text)


def _make_labels_drawable(axis: Axis) -> None:
    """Keep the labels of an axis that had to change, which its formatter would write anew on drawing."""
    labels = axis.get_ticklabels()
    before = [label.get_text() for label in labels]
    for label in labels:
        _make_drawable(label)
    after = [label.get_text() for label in labels]
    if after != before:
        axis.set_ticks(axis.get_majorticklocs(), after)

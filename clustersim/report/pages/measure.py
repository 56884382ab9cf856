"""The kit that measures a server, as an answer whose folder gets its files."""

from __future__ import annotations

from clustersim.calibration.kit import README, SCRIPT, STEPS
from clustersim.report.answer import Answer

__all__ = ["measure_answer"]


def measure_answer() -> Answer:
    """Return the kit: a script that runs without this program, and how to run it."""
    rows = [{"step": name, "measures": what, "seconds": seconds} for name, what, seconds in STEPS]
    return Answer(
        name="kit", data=rows, rows=rows, keeps_json=False,
        files=lambda: {"clustersim_measure.py": SCRIPT.read_text(encoding="utf-8"), "README.md": README},
    )  # fmt: skip

"""The kit that measures a server: a script that runs without this program, and how to run it."""

from __future__ import annotations

from pathlib import Path

from clustersim.calibration.kit.clustersim_measure import STEPS

__all__ = ["README", "SCRIPT", "STEPS"]

SCRIPT = Path(__file__).resolve().parent / "clustersim_measure.py"
README = """# Measure one server

One script, no other file of this folder is needed. It runs with Python 3.9 and PyTorch (CUDA, ROCm, or another backend
that PyTorch knows), or with NumPy alone on the processor, in about 15 minutes, and sends nothing anywhere.

    python clustersim_measure.py                      # -> clustersim-measure.json
    python clustersim_measure.py --card X --minutes 5 # the card's name as its profile has it; less time
    python clustersim_measure.py --only products,streams

What cannot be measured is named in the file with the reason. Keep the server idle meanwhile. Then, with clustersim:

    clustersim import clustersim-measure.json --given card=X -o rows
    clustersim calibrate X --data rows/clustersim-measure.operators.csv --data rows/clustersim-measure.training.csv …

Steps: matrix products, memory streams, fused attention, all-reduce over the server's cards, host link, power under
load, a training step of two layers, a short serving run of an 8-billion-parameter shape (cut to two layers
where it does not fit, which the row says).
"""

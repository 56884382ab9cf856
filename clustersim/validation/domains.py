"""The domains of validation: which module predicts their rows, and where the shipped rows stand."""

from __future__ import annotations

from pathlib import Path

from clustersim.errors import InputError
from clustersim.reading.tables import Table, read_table

__all__ = ["DOMAINS", "read_rows", "shipped_file"]

#: domain -> (module with ``predict`` and ``COLUMNS``, its shipped rows)
DOMAINS: dict[str, tuple[str, str]] = {
    "training": ("clustersim.validation.training", "training.csv"),
    "training_2026": ("clustersim.validation.training", "training_2026.csv"),
    "domestic_training": ("clustersim.validation.training", "domestic_training.csv"),
    "scaling": ("clustersim.validation.scaling", "training_scaling.csv"),
    "collectives": ("clustersim.validation.collectives", "collectives.csv"),
    "operators": ("clustersim.validation.operators", "operators.csv"),
    "reliability": ("clustersim.validation.reliability", "reliability.csv"),
    "tco": ("clustersim.validation.tco", "tco.csv"),
    "serving": ("clustersim.validation.serving", "serving.csv"),
    "serving_published": ("clustersim.validation.serving", "serving_published.csv"),
    "serving_published_2026": ("clustersim.validation.serving", "serving_published_2026.csv"),
    "serving_latency": ("clustersim.validation.serving_latency", "serving_latency.csv"),
    "serving_latency_b200": ("clustersim.validation.serving_latency", "serving_latency_b200.csv"),
    "serving_silicon": ("clustersim.validation.serving_latency", "serving_silicon_hopper.csv"),
    "serving_silicon_blackwell": ("clustersim.validation.serving_latency", "serving_silicon_blackwell.csv"),
    "mlperf": ("clustersim.validation.vision", "mlperf_inference.csv"),
    "domestic_vision": ("clustersim.validation.vision", "domestic_vision.csv"),
    "flagperf_cases": ("clustersim.validation.vision", "flagperf_cases.csv"),
    "serving_agentic": ("clustersim.validation.serving_agentic", "serving_agentic.csv"),
    "domestic_serving": ("clustersim.validation.serving_domestic", "domestic_serving.csv"),
}


def shipped_file(domain: str) -> Path:
    """Return the file of a domain's shipped rows."""
    return Path(__file__).resolve().parent.parent / "data" / "validation" / DOMAINS[domain][1]


def read_rows(file: Path) -> Table:
    """Read a CSV with a header line; blank lines are passed over.

    Raises InputError for an unreadable or empty file, a repeated column, or a line that does not fit the header.
    """
    table = read_table(file)
    if not table.rows:
        raise InputError(f"{table.name}: has a header but no rows")
    return table

"""A serving run of any length as a page: counts, percentiles, and where the records are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clustersim.planner.serving import Serving
from clustersim.planner.serving_fleet import serve_whole
from clustersim.report.answer import Answer
from clustersim.schema.inputs import Inputs

__all__ = ["fleet_answer"]


def fleet_answer(inputs: Inputs, workload: str, folder: Path | None) -> Answer:
    """Serve all requests of a scenario from first to last in bounded memory; records go to ``folder`` by part."""
    serving = Serving(inputs, workload)
    figures = serve_whole(serving, folder)
    data: dict[str, Any] = {
        "scenario": inputs.name,
        "file": inputs.file,
        "workload": serving.name,
        **figures,
        "records": str(folder) if folder is not None else None,
        "notes": [
            *serving.notes,
            "use, energy and cost need the log of every iteration: serve without --records",
        ],
    }
    return Answer(name="answer", data=data, page=lambda: _page(data))


def _page(data: dict[str, Any]) -> list[Any]:
    times = [
        {"time": name.removesuffix("_s"), **{k: f"{v:.4g} s" for k, v in data[name].items()}}
        for name in ("ttft_s", "tpot_s", "e2e_s")
    ]
    return [
        f"{data['requests']:,} requests on {_counted(data['replicas'], 'replica')} ({data['cards']:,} {data['card']}),"
        f" {data['router']}: {data['completed']:,} completed, {data['rejected']:,} rejected",
        f"{data['offered_per_s']:,.4g} requests/s offered, {data['output_tokens_per_s']:,.4g} output tokens/s,"
        f" {data['mean_in_system']:,.4g} requests in the system on average, service level met by"
        f" {data['slo_share']:.2%}",
        times,
        f"percentiles within {data['percentile_error']:.1%}; at most {data['most_requests_in_memory']:,} requests in"
        " memory at once",
        *([f"records: {data['records']}"] if data["records"] else []),
        *data["notes"],
    ]


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"

"""A serving workload of any length, from its first request to its last, in bounded memory, its records kept by part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.assemble.traffic import request_parts
from clustersim.des.serving.book import STATUS_NAMES
from clustersim.des.serving.deployment import Deployment
from clustersim.des.serving.fleet import serve_parts
from clustersim.errors import InputError
from clustersim.extras import needs
from clustersim.planner.serving import Serving
from clustersim.writing import write_bytes

__all__ = ["PART", "serve_whole"]

#: Requests of a part: a run keeps two of them, and what is in service, in memory.
PART = 500_000
Rows = Mapping[str, NDArray[Any]]


def serve_whole(serving: Serving, folder: Path | None, *, part: int = PART) -> dict[str, Any]:
    """Serve all requests of a workload and return the figures; the records go to ``folder`` as Parquet files.

    Latencies include the engine's time outside the model. Raises InputError for a deployment whose replicas are not
    alone with their requests (failures, autoscaling, users, split pools, sessions, known blocks), and for a folder that
    holds records already.
    """
    deployed = serving.deployment()
    _refuse(serving, deployed)
    keep = None if folder is None else _writer(folder, deployed.request_s)
    found = serve_parts(
        request_parts(serving.work, serving.inputs.scenario.seed, part),
        deployed.pool,
        router=deployed.router,
        slo=serving.level(deployed),
        cached_share=deployed.cached_share,
        keep=keep,
    )
    figures = found.plain()
    for name in ("ttft_s", "e2e_s"):
        figures[name] = {key: value + deployed.request_s for key, value in figures[name].items()}
    about = {"card": deployed.card, "cards": deployed.cards, "replicas": deployed.pool.replicas}
    return {**about, "router": deployed.router, **figures}


def _refuse(serving: Serving, deployed: Deployment) -> None:
    """Raise InputError that names all that needs the whole run at once."""
    traffic = serving.work.traffic
    wrong = {
        "disaggregated": deployed.decode_pool is not None,
        "failures": deployed.failures is not None,
        "autoscale": deployed.autoscale is not None,
        "traffic.closed_loop": deployed.closed_loop is not None,
        "traffic.sessions": traffic.sessions is not None,
        "traffic.priority_share": deployed.priority_share > 0,
    }
    named = [key for key, there in wrong.items() if there]
    if named:
        raise InputError(
            f"{serving.inputs.file}: records by part are of replicas that only take requests in; leave out"
            f" {', '.join(named)}, or serve it without --records"
        )


def _writer(folder: Path, outside_s: float) -> Callable[[int, Rows], None]:
    """What writes the records of a part."""
    with needs("study", "records by part"):
        import pyarrow as pa
        import pyarrow.parquet as pq
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made ({error.strerror})") from None
    if any(_parts_in(folder)):
        raise InputError(f"{folder}: holds records already; give another folder")

    def keep(number: int, rows: Rows) -> None:
        late = {name: rows[name] + outside_s for name in ("ttft_s", "e2e_s")}
        status = pa.DictionaryArray.from_arrays(rows["status"].astype(np.int8), list(STATUS_NAMES))
        columns = {"request": rows["request"], **rows, **late, "status": status}
        out = pa.BufferOutputStream()
        pq.write_table(pa.table(columns), out, compression="zstd")
        write_bytes(folder / f"records-{number:06d}.parquet", out.getvalue().to_pybytes())

    return keep


def _parts_in(folder: Path) -> Iterator[Path]:
    return folder.glob("records-*.parquet")

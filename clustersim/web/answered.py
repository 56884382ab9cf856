"""What the page asks besides its tiles, by name: each is plain data, so that any process may answer."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from clustersim.report.answer import Answer
from clustersim.report.text import to_json
from clustersim.web.answers import kept, result_of, whole_run
from clustersim.web.asked import Design
from clustersim.web.corridor import band
from clustersim.web.kinds import in_chinese
from clustersim.web.uploads import uploaded
from clustersim.web.views import view
from clustersim.web.views_compare import compare_view
from clustersim.web.views_own import own_view
from clustersim.web.views_term import term_view

__all__ = ["EXPORTS", "FUNCTIONS"]

#: Rows of an imported file that are shown.
MOST_ROWS = 1000


def _run(design: Design, draws: int) -> str:
    return to_json(whole_run(design, draws).to_dict())


def _explain(design: Design) -> Any:
    return kept(("explain", design), lambda: design.ask().explain()).to_dict()


def _seek(design: Design, span: str, target: str) -> Any:
    return kept(("seek", design, span, target), lambda: design.ask().seek(span, target)).to_dict()


def _band(design: Design, points: int) -> tuple[dict[str, Any], float]:
    """The ranges of so many points, and the seconds that took."""
    begun = time.perf_counter()
    told = band(design, points)
    return told, time.perf_counter() - begun


def _export(design: Design, kind: str) -> tuple[bytes, str]:
    return EXPORTS[kind](design)


def _as_json(design: Design) -> tuple[bytes, str]:
    return whole_run(design).text("json").encode(), "application/json"


def _as_csv(design: Design) -> tuple[bytes, str]:
    rows = [{str(k): v for k, v in row.items()} for row in result_of(design).terms.to_dict("records")]
    return Answer(name="terms", data=rows, rows=rows).text("csv").encode(), "text/csv; charset=utf-8"


def _as_md(design: Design) -> tuple[bytes, str]:
    return whole_run(design).text("md").encode(), "text/markdown; charset=utf-8"


def _as_xlsx(design: Design) -> tuple[bytes, str]:
    with tempfile.TemporaryDirectory() as folder:
        path = result_of(design).to_excel(Path(folder) / "book.xlsx")
        return path.read_bytes(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


EXPORTS: Mapping[str, Callable[[Design], tuple[bytes, str]]] = {
    "json": _as_json, "csv": _as_csv, "md": _as_md, "xlsx": _as_xlsx,
}  # fmt: skip


def _import(content: bytes) -> dict[str, Any]:
    from clustersim.api.files import import_file

    with uploaded(content) as path:
        answer = import_file(path)
    rows = [dict(row) for row in answer.table][:MOST_ROWS]
    said = [*answer.said, *answer.unread]
    spoken = in_chinese([rows], said)
    return {"rows": rows, "said": said, "in_chinese": {"rows": spoken["blocks"][0], "said": spoken["said"]}}


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "run": _run, "view": view, "compare": compare_view, "own": own_view, "explain": _explain, "seek": _seek,
    "band": _band, "export": _export, "import": _import, "term": term_view,
}  # fmt: skip

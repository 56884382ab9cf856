"""Predictions beside published measurements as a page: the errors in total, and by whatever may hide them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from clustersim.errors import InputError, suggest
from clustersim.report.answer import Answer, Block
from clustersim.report.said import read_as
from clustersim.validation.common import ColumnError, flat_rows, summarise
from clustersim.validation.domains import DOMAINS, read_rows, shipped_file
from clustersim.validation.plan_errors import shipped_errors, table_text

__all__ = ["plan_errors_answer", "row_as_scenario", "validation_answer"]

#: Tables of errors, and the name that a line of each carries.
_TABLES = {
    "by_group": "group", "by_software": "software", "by_card_class": "cards", "by_plan_kind": "plan",
    "by_domain": "size or load", "by_family": "model and stack", "by_source": "source",
}  # fmt: skip


def _line(kind: str, name: str, part: Mapping[str, Any]) -> dict[str, Any]:
    line = {
        "of": kind, "rows of": name[:70], "rows": part["n_rows"], "predicted": part["n_predicted"],
        "MAPE %": part["mape_pct"], "median %": part["median_ape_pct"], "bias %": part["bias_pct"],
        "Spearman": part["spearman"],
    }  # fmt: skip
    return {k: round(v, 3) if isinstance(v, float) else v for k, v in line.items()}


def validation_answer(domain: str, data: str | None = None) -> Answer:
    """Predict every row of a domain's measurements, or of a file in its columns, and give the errors."""
    module = importlib.import_module(_known(domain))
    file = Path(data) if data is not None else shipped_file(domain)
    table = read_rows(file)
    try:
        rows = module.predict(list(table.rows))
    except ColumnError as error:
        raise InputError(f"{file}:1: {error.problem}") from None
    answer = summarise(domain, rows)
    return Answer(
        name="validate", data=answer, page=lambda: _page(answer), rows=flat_rows(rows), said=read_as(table)
    )


def row_as_scenario(domain: str, row: str, data: str | None = None) -> Answer:
    """Return one row as a scenario file, whose run gives the row's prediction.

    Raises InputError for a domain whose rows are no scenarios.
    """
    module = importlib.import_module(_known(domain))
    if not hasattr(module, "as_scenario"):
        able = [
            name
            for name, (where, _) in DOMAINS.items()
            if hasattr(importlib.import_module(where), "as_scenario")
        ]
        raise InputError(f"--as-scenario: rows of {domain} are no scenarios; those of {', '.join(able)} are")
    table = read_rows(Path(data) if data is not None else shipped_file(domain))
    text: str = module.as_scenario(list(table.rows), row)
    found = {"domain": domain, "id": row, "scenario": text}
    return Answer(
        name="scenario", data=found, raw=text, files=lambda: {f"{row}.yaml": text}, keeps_json=False,
        said=read_as(table),
    )  # fmt: skip


def plan_errors_answer() -> Answer:
    """Return the errors by what plans shard, as ``plan: best`` uses them; its ``raw`` text is the file."""
    errors = shipped_errors()
    rows = [{"kind": kind, **asdict(error)} for kind, error in errors.items()]
    return Answer(name="plan_errors", data={"plans": rows}, rows=rows, raw=table_text(errors))


def _known(domain: str) -> str:
    if domain not in DOMAINS:
        raise InputError(f"no domain {domain!r}; {suggest(domain, list(DOMAINS))}")
    return DOMAINS[domain][0]


def _page(answer: Mapping[str, Any]) -> list[Block]:
    lines = [_line("", "all rows", answer), _line("", "not tuned on", answer["held_out"])]
    for table, kind in _TABLES.items():
        lines += [_line(kind, name, part) for name, part in answer[table].items()]
    lost = answer["regret"]
    said = []
    if lost["questions"]:
        said = [
            f"  picking the predicted best of {lost['questions']} questions with several plans costs"
            f" {lost['mean_pct']:.1f} % on average, {lost['max_pct']:.1f} % at most; the best itself was picked"
            f" {lost['best_found']} times"
        ]
    alike = answer["sources_alike"]
    for words, part in (("sources", alike), ("sources that no constant was found from", alike["left_out"])):
        if part["sources"] > 1:
            said.append(
                f"  {part['sources']} {words}, weighted alike: median error {part['median_mape_pct']:.1f} %,"
                f" bias {part['bias_pct']:+.1f} %"
            )
    reasons = [f"  {count} row(s) not predicted: {reason}" for reason, count in answer["set_aside"].items()]
    return [lines, *said, *reasons]

"""Predictions beside published measurements as a page: the errors in total, and by whatever may hide them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from clustersim.errors import InputError, suggest
from clustersim.intervals.coverage import against, card_rows, coverage_rows, left_out
from clustersim.intervals.residuals import QUANTITIES, shipped_residuals, table_text
from clustersim.report.answer import Answer, Block
from clustersim.report.said import read_as
from clustersim.validation.common import ColumnError, flat_rows, summarise
from clustersim.validation.domains import DOMAINS, read_rows, shipped_file
from clustersim.validation.leave_out import left_out_steps, measured_steps
from clustersim.validation.plan_errors import shipped_errors
from clustersim.validation.plan_errors import table_text as plan_errors_text
from clustersim.validation.residuals import all_residuals, quantities_of, residuals_of
from clustersim.validation.serving_leave_out import left_out_rows, serving_domain

__all__ = [
    "coverage_answer",
    "leave_out_answer",
    "plan_errors_answer",
    "residuals_answer",
    "row_as_scenario",
    "validation_answer",
]

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
    return Answer(name="plan_errors", data={"plans": rows}, rows=rows, raw=plan_errors_text(errors))


#: Cards whose rows are held against bands that were made without them: other makers' cards, and one cut down.
_LEFT_OUT = ("Ascend-910B", "H20", "BW1000", "MetaX-C500", "MetaX-C550")


def coverage_answer(domain: str, data: str | None = None) -> Answer:
    """Hold rows against P10-P90: the shipped ones of a domain's quantities with their source, and some cards, left out
    in turn; those of a file with the shipped bands."""
    module, shipped = importlib.import_module(_known(domain)), shipped_residuals()
    if not quantities_of(domain):
        raise InputError(
            f"--coverage: rows of {domain} are no predictions of a time; those of training, serving are"
        )
    if data is not None:
        table = read_rows(Path(data))
        rows = residuals_of(domain, module.predict(list(table.rows)))
        scored, cards = against(rows, shipped), []
    else:
        mine = {_domain_of(q) for q in quantities_of(domain)}
        kept = [r for r in shipped if _domain_of(r.quantity) in mine]
        scored = left_out(kept, lambda r: r.source)
        cards = card_rows(kept, _LEFT_OUT)
    if not scored:
        raise InputError(f"--coverage: no row of {domain} is predicted")
    lines = coverage_rows(scored)
    found = {"domain": domain, "coverage": lines, "cards_left_out": cards}
    how = (
        "each row against the band of all other sources"
        if data is None
        else "each row against the shipped bands"
    )
    return Answer(
        name="coverage", data=found, rows=lines,
        page=lambda: [how, _digits(lines), *_left_out_page(cards)],
    )  # fmt: skip


def leave_out_answer(domain: str, by: str, data: str | None = None) -> Answer:
    """Predict rows with whole sources, cards or releases left out of the constants that came from their rows.

    Raises InputError for another domain than training and those of serving engines.
    """
    if domain != "training" and not serving_domain(domain):
        raise InputError(
            f"--leave-out: constants of {_known(domain) and domain} are not found again here; those of training and of"
            " serving engines are"
        )
    table = read_rows(Path(data)) if data is not None else None
    if serving_domain(domain):
        found = left_out_rows(domain, by, table.rows if table is not None else None)
    else:
        found = left_out_steps(by, measured_steps(table.rows) if table is not None else None)
    if not found["groups"]:
        raise InputError(f"--leave-out {by}: no row is predicted")
    lines = [{**g, "moved": "; ".join(g["moved"])} for g in found["groups"]]
    mean_error = found.get("median_mape_pct")
    mean, middle, kept = found["bias_pct"], found["median_bias_pct"], ", ".join(found["kept"])
    alike = (
        f"{len(lines)} groups alike: median error {mean_error:.1f} %, mean bias {mean:+.1f} %, median bias"
        f" {middle:+.1f} %; not found again: {kept}"
        if mean_error is not None
        else f"{len(lines)} groups alike: median of their median errors {found['median_of_median_ape_pct']:.1f} %,"
        f" mean bias {mean:+.1f} %, median bias {middle:+.1f} %; not found again: {kept}"
    )
    return Answer(name="leave_out", data=found, rows=lines, page=lambda: [_digits(lines), alike])


def _left_out_page(cards: Sequence[Mapping[str, Any]]) -> list[Block]:
    return ["", "cards left out", _digits(cards)] if cards else []


def _domain_of(quantity: str) -> str:
    return QUANTITIES[quantity]


def _digits(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{k: round(v, 3) if isinstance(v, float) else v for k, v in line.items()} for line in lines]


def residuals_answer() -> Answer:
    """Return the residuals of all shipped rows, from fresh predictions; its ``raw`` text is the file."""
    rows = all_residuals()
    flat = [
        {"quantity": r.quantity, "source": r.source, "card": r.card, "software": r.software, "log_ratio": r.log_ratio}
        for r in rows
    ]  # fmt: skip
    return Answer(name="residuals", data={"rows": flat}, rows=flat, raw=table_text(rows))


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

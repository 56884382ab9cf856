"""A calibration as a page: factors, what rows left out say before and after, and what is wrong with which row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from clustersim.calibration.calibrate import OUTLIER, Calibration, calibrate
from clustersim.calibration.constants import WORDS
from clustersim.calibration.overlay import draws_text, profile_text, study_text
from clustersim.calibration.rows import read_data
from clustersim.calibration.store import Store
from clustersim.report.answer import Answer, Block, csv_of
from clustersim.schema.profiles import load_card
from clustersim.schema.quantity import tell_once

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["calibration_answer"]


def _error(log_ratio: Any) -> float:
    """Mean of |predicted / measured - 1| in percent, from ln(measured / predicted)."""
    return float(np.mean(np.abs(np.expm1(-np.asarray(log_ratio)))) * 100.0)


def _factor_rows(found: Calibration) -> list[dict[str, Any]]:
    return [
        {
            "factor": f.name, "of": WORDS[f.name], "value": round(f.median, 4), "p10": round(f.low, 4),
            "p90": round(f.high, 4), "prior_p10": round(float(np.exp(-1.2816 * f.prior_deviation)), 3),
            "prior_p90": round(float(np.exp(1.2816 * f.prior_deviation)), 3), "narrower_by": round(f.shrunk, 3),
            "rows_say": f.says, "rests_on": f.rests_on,
        }
        for f in found.factors
    ]  # fmt: skip


def _row_rows(found: Calibration) -> list[dict[str, Any]]:
    physics, whole = found.left_out
    before = np.array([row.log_time for row in found.used]) - found.before
    right = found.fitted.right
    deviation = found.fitted.best.left_out()[1]
    return [
        {
            "id": row.id, "source": row.source, "quantity": row.quantity, "software": row.software,
            "before_pct": float(np.expm1(-before[i]) * 100), "left_out_pct": float(np.expm1(-physics[i]) * 100),
            "with_discrepancy_pct": float(np.expm1(-whole[i]) * 100),
            "deviations": float(whole[i] / deviation[i]), "right": float(right[i]),
            "outlier": bool(right[i] < OUTLIER),
        }
        for i, row in enumerate(found.used)
    ]  # fmt: skip


def _contradictions(found: Calibration) -> list[str]:
    """Pairs of rows alike in software, model and sizes whose measurements over prediction differ by a quarter."""
    out = []
    residual = np.array([row.log_time for row in found.used]) - found.before
    for i, a in enumerate(found.used):
        for j in range(i + 1, len(found.used)):
            b = found.used[j]
            alike = (
                a.quantity == b.quantity and dict(a.words) == dict(b.words) and dict(a.sizes) == dict(b.sizes)
            )
            if alike and abs(residual[i] - residual[j]) > 0.25:
                off = float(np.exp(abs(residual[i] - residual[j])))
                out.append(f"{a.id} and {b.id} say the same run and differ by a factor of {off:.2f}")
    return out


def _data(found: Calibration, files: Sequence[str]) -> dict[str, Any]:
    physics, whole = found.left_out
    before = np.array([row.log_time for row in found.used]) - found.before
    by: dict[str, list[int]] = {}
    for i, row in enumerate(found.used):
        by.setdefault(row.quantity, []).append(i)
    table = [
        {
            "quantity": name, "rows": len(at), "before_pct": _error(before[at]), "left_out_pct": _error(physics[at]),
            "with_discrepancy_pct": _error(whole[at]),
        }
        for name, at in (*by.items(), *([("all", list(range(len(found.used))))] if len(by) > 1 else []))
    ]  # fmt: skip
    best = found.fitted.best
    data: dict[str, Any] = {
        "card": found.card.name, "files": list(files), "rows_used": len(found.used), "rows_beyond": len(found.beyond),
        "maturity": list(found.classes), "factors": _factor_rows(found), "correlation": found.correlation,
        "rows_left_out": table, "outliers": [r["id"] for r in _row_rows(found) if r["outlier"]],
        "contradictions": _contradictions(found),
        "set_aside": [{"row": at, "reason": why} for at, why in found.rows.aside],
        "surrogate_error": found.surrogate_error, "conformal_stretch": found.fitted.stretch,
        "discrepancy_scale": best.scales.discrepancy, "noise_scale": best.scales.noise, "rows": _row_rows(found),
    }  # fmt: skip
    if found.after_beyond is not None:
        y = np.array([row.log_time for row in found.beyond])[: len(found.after_beyond[0])]
        data["rows_beyond_pct"] = {
            name: _error(y - values)
            for name, values in zip(
                ("before", "calibrated", "with_discrepancy"), found.after_beyond, strict=True
            )
        }
    return data


def _rounded(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: round(v, 2) if isinstance(v, float) else v for k, v in row.items()} for row in rows]


def _page(data: dict[str, Any]) -> list[Block]:
    silent = [f"{f['of']} ({f['factor']})" for f in data["factors"] if f["rows_say"] != "identified"]
    alone = "; ".join(f"{f['of']} ({f['factor']})" for f in data["factors"] if f["rests_on"])
    blocks: list[Block] = [
        f"{data['card']}: {data['rows_used']} rows of {', '.join(data['files'])};"
        f" prior of {', '.join(data['maturity'])}",
        _rounded(data["factors"]),
        f"these rows say nothing about: {'; '.join(silent)}" if silent else "these rows see every factor",
        *([f"these factors rest on one row each: {alone}"] if alone else []),
        "mean errors, percent of the measurement; each row left out of its own calibration:",
        _rounded(data["rows_left_out"]),
    ]
    if "rows_beyond_pct" in data:
        said = ", ".join(f"{k.replace('_', ' ')} {v:.1f} %" for k, v in data["rows_beyond_pct"].items())
        blocks.append(f"{data['rows_beyond']} more rows, not calibrated on: {said}")
    outliers = [r for r in data["rows"] if r["outlier"]]
    blocks += ["outliers (more likely wrong than right, given all other rows):", _rounded(
        [{k: r[k] for k in ("id", "quantity", "before_pct", "left_out_pct", "right")} for r in outliers]
    )] if outliers else ["no outliers"]  # fmt: skip
    blocks += [f"contradiction: {text}" for text in data["contradictions"]]
    blocks += [f"set aside: {a['row']}: {a['reason']}" for a in data["set_aside"][:20]]
    if len(data["set_aside"]) > 20:
        blocks.append(f"… and {len(data['set_aside']) - 20} more set aside")
    blocks.append(
        f"surrogate off by {100 * data['surrogate_error']:.2f} % of a time at exact runs; intervals stretched by"
        f" {data['conformal_stretch']:.2f}"
    )
    return blocks


def _factor_figure(found: Calibration) -> Figure:
    from clustersim.report.style import BLUE, GREY, new_figure

    figure, axes = new_figure(9, 0.4 * len(found.factors) + 1.6)
    for at, f in enumerate(found.factors):
        prior = np.exp(1.2816 * f.prior_deviation)
        axes.plot(
            [1 / prior, prior],
            [at, at],
            color=GREY,
            linewidth=1.5,
            label="prior P10-P90" if at == 0 else None,
        )
        if f.free:
            axes.plot(
                [f.low, f.high],
                [at, at],
                color=BLUE,
                linewidth=4,
                label="posterior P10-P90" if at == 0 else None,
            )
            axes.plot([f.median], [at], "o", color=BLUE)
    axes.set_xscale("log")
    axes.axvline(1.0, color=GREY, linewidth=0.8)
    axes.set_yticks(range(len(found.factors)), [f.name for f in found.factors])
    axes.invert_yaxis()
    axes.set_xlabel("factor on the profile's constant")
    axes.set_title(f"{found.card.name}: factors before and after {len(found.used)} rows")
    axes.legend(frameon=False)
    return figure


def _error_figure(found: Calibration) -> Figure:
    from clustersim.report.style import BLUE, GREY, ORANGE, new_figure

    figure, axes = new_figure(9, 4.6)
    before = np.array([row.log_time for row in found.used]) - found.before
    order = np.argsort(before)
    place = np.arange(len(order))
    axes.plot(place, np.exp(before[order]), "o", color=ORANGE, label="before")
    axes.plot(place, np.exp(found.left_out[0][order]), "o", color=BLUE, label="calibrated, the row left out")
    axes.axhline(1.0, color=GREY, linewidth=0.8)
    axes.set_yscale("log")
    axes.set_ylabel("measured / predicted time")
    axes.set_xlabel("rows, by their ratio before")
    axes.set_title(f"{found.card.name}: rows before and after")
    axes.legend(frameon=False)
    return figure


def calibration_answer(
    name: str, files: Sequence[str], *, folder: str | None = None, seed: int = 0, draws: int = 400,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> Answer:  # fmt: skip
    """Calibrate a card on tables of rows; with a folder, keep profile, draws, study and report there.

    What an interrupted calibration of the same rows has found is taken up.
    """
    card = load_card(name)
    tables = [(at, domain, [dict(r) for r in rows]) for at, domain, rows in read_data(files)]
    store = Store(None if folder is None else Path(folder) / f".{card.name}.calibrating.jsonl")
    try:
        found = calibrate(card, tables, draws=draws, seed=seed, store=store, tell=tell)
    except KeyboardInterrupt:
        if folder is not None:
            tell_once(f"{folder}: what was run is kept; the same command takes it up")
        raise
    data = _data(found, [at for at, _, _ in tables])
    answer = Answer(
        name=f"{card.name}.calibration", data=data, page=lambda: _page(data), rows=data["factors"],
        files=lambda: {
            f"hwprofiles/cards/{card.name}.yaml": profile_text(found, data["files"]),
            f"{card.name}.draws.csv": draws_text(found), f"{card.name}.study.yaml": study_text(found),
            f"{card.name}.rows.csv": csv_of(data["rows"]), f"{card.name}.factors.png": _factor_figure(found),
            f"{card.name}.errors.png": _error_figure(found),
        },
        said=[f"{found.taken} times of an interrupted calibration were taken up"] if found.taken else [],
    )  # fmt: skip
    if folder is None:
        return answer
    (Path(folder) / "hwprofiles" / "cards").mkdir(parents=True, exist_ok=True)
    answer.write(folder)
    store.done()
    return answer.with_said([
        f"{folder}: {card.name} calibrated; CLUSTERSIM_PATH={folder} makes every command take it, or"
        f" --set cluster.card={folder}/hwprofiles/cards/{card.name}.yaml one"
    ])  # fmt: skip

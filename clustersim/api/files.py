"""Files and tables asked in Python: what is printed elsewhere, measured elsewhere, and what ties the forecast."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from clustersim.errors import CheckFailed
from clustersim.planner.asked import number_of
from clustersim.report.answer import Answer, listed
from clustersim.writing import write_bytes

__all__ = [
    "anchors", "audit", "calibrate", "doctor", "import_file", "judge", "measure", "plan_errors", "replay", "residuals",
    "validate", "verify",
]  # fmt: skip


def audit(
    folder: str | Path,
    *,
    everything: bool = False,
    strict: bool = False,
    listing_proceeds: str = "0 HKD",
    unit: str = "",
    rates: Mapping[str, float] | None = None,
) -> Answer:
    """Recompute the printed tables of a report in a folder or workbook and say what does not hold.

    ``unit`` is that of tables which state none; ``rates`` gives the reporting currency per unit of another.
    """
    from clustersim.finance.audit.money import CURRENCIES
    from clustersim.report.pages.audit import audit_answer

    # The scale is read with the one currency that the units know; which currency it is stays with the amount.
    code = next((c for c in CURRENCIES if listing_proceeds.strip().endswith(c)), "HKD")
    amount = number_of(listing_proceeds.replace(code, "HKD"), "MHKD", "--listing-proceeds")
    return audit_answer(
        str(folder), everything=everything, strict=strict, proceeds=(amount, code), unit=unit, rates=rates
    )


def import_file(
    file: str | Path, *, kind: str = "", name: str = "", ignored: Sequence[str] = (),
    given: Mapping[str, str] | None = None, columns: Sequence[str] = (), skip: int = 0,
) -> Answer:  # fmt: skip
    """Read a file from outside by its content: a model's configuration, a benchmark's result, a log, a list of prices.

    ``given`` are columns of the rows that the file does not tell; ``columns`` and ``skip`` are for logs of requests.
    """
    from clustersim.report.pages.imports import import_answer

    return import_answer(
        str(file), kind=kind, name=name, ignored=ignored, given=given, columns=columns, skip=skip
    )


def doctor(folder: str | Path) -> Answer:
    """Say of each file of a folder what it is and what it is good for, or why it cannot be imported."""
    from clustersim.report.pages.imports import doctor_answer

    return doctor_answer(str(folder))


def calibrate(
    card: str, data: Sequence[str | Path], *, output: str | Path | None = None, seed: int = 0, draws: int = 400,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> Answer:  # fmt: skip
    """Find a card's factors from tables of measured rows: posterior, what the rows say nothing about, and its profile.

    With ``output`` the folder gets the profile, the draws, a study and the report; an interrupted call is taken up.
    """
    from clustersim.report.pages.calibration import calibration_answer

    folder = None if output is None else str(output)
    return calibration_answer(card, [str(f) for f in data], folder=folder, seed=seed, draws=draws, tell=tell)


def judge(
    card: str, data: Sequence[str | Path] = (), *, given: int = 20, trials: int = 20, most: int = 150, seed: int = 0,
    maker: bool = True, tell: Callable[[int, int], None] = lambda done, of: None,
) -> Answer:  # fmt: skip
    """Take a card as unknown, give some of its measured rows by lot, and predict the rest, over trials.

    Rows are those of ``data``, or the shipped ones; ``maker`` false: its maker's other cards are unknown too.
    """
    from clustersim.report.pages.judged import judged_answer

    return judged_answer(
        card, [str(f) for f in data], given=given, trials=trials, most=most, seed=seed, maker=maker, tell=tell
    )


def measure() -> Answer:
    """Return the kit that measures a server: one script that needs PyTorch or NumPy alone, and how to run it."""
    from clustersim.report.pages.measure import measure_answer

    return measure_answer()


def validate(
    domain: str, *, data: str | Path | None = None, as_scenario: str | None = None, coverage: bool = False,
    leave_out: str | None = None,
) -> Answer:  # fmt: skip
    """Predict a domain's measurements and give the errors; or write one row as a scenario file; or with ``coverage``
    say how many rows lie inside the bands that were made without them; or with ``leave_out`` (source, card, release)
    predict each such group with the constants found again without it."""
    from clustersim.report.pages.validation import (
        coverage_answer,
        leave_out_answer,
        row_as_scenario,
        validation_answer,
    )

    file = None if data is None else str(data)
    if leave_out is not None:
        return leave_out_answer(domain, leave_out, file)
    if coverage:
        return coverage_answer(domain, file)
    return (
        validation_answer(domain, file) if as_scenario is None else row_as_scenario(domain, as_scenario, file)
    )


def replay(
    trace: str | Path, servers: str | Path, *, layout: str = "", order: str = "arrival", what_if: bool = False
) -> Answer:
    """Replay the jobs of a cluster's trace on a table of servers; ``what_if``: one more server, other policies."""
    from clustersim.report.pages.jobs import replay_answer

    return replay_answer(str(trace), str(servers), layout=layout, order=order, ask=what_if)


def plan_errors() -> Answer:
    """Return the errors of step times by what plans shard, as ``plan: best`` uses them."""
    from clustersim.report.pages.validation import plan_errors_answer

    return plan_errors_answer()


def residuals() -> Answer:
    """Return the residuals of all shipped rows, as the bands of predictions use them."""
    from clustersim.report.pages.validation import residuals_answer

    return residuals_answer()


def anchors(*, write: bool = False) -> Answer:
    """Compare the recorded anchors of the product lines with a fresh run; ``write`` records them anew."""
    from clustersim.planner.anchors import anchors_text, fresh_anchors
    from clustersim.schema.anchors import anchors_path

    found = list(fresh_anchors())
    rows = [
        {"product": a.product, "scenario": a.scenario, "recorded_cny": a.recorded_cny, "fresh_cny": a.value.price_cny}
        for a in found
    ]  # fmt: skip
    if write:
        write_bytes(anchors_path(), anchors_text(found).encode())
    stale = [a.scenario for a in found if a.stale and not write]
    wrong = CheckFailed(f"the anchors of {', '.join(stale)} are stale; run `clustersim anchors --write`")
    return listed("anchors", rows, failed=wrong if stale else None)


def verify(bundle: str | Path) -> Answer:
    """Hold a bundle against itself recomputed from its own files: digests and every value of its outputs.

    The answer ends with CheckFailed where anything differs. Raises InputError for a folder that is no bundle.
    """
    from clustersim.report.evidence.verify import verify_answer

    return verify_answer(bundle)

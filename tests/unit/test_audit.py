"""The audit is silent on a right report, finds what is injected into it, and refuses what it cannot read."""

import csv
import io
import json

import pytest
from click.testing import CliRunner
from printed_company import make
from printed_faults import has_fault

from clustersim.cli.forecast import audit as command
from clustersim.errors import CheckFailed, InputError
from clustersim.finance.audit.figures import Interval, compare, half_digit, number
from clustersim.finance.audit.run import FAULTS, audit_texts

CLEAN = make()
#: Figures that stand once and enter no sum or ratio whose digits would show the change: nobody can check them.
#: The cost of capital is printed in two digits, and rounding of its parts covers most changes of one of them.
UNCHECKED = {
    "week52_low",
    "week52_high",
    "beta",
    "risk_free_rate",
    "market_risk",
    "cost_of_debt",
    "debt_to_equity",
    "tax_rate",
}


def faults(texts):
    return [f for f in audit_texts(texts).findings if f.verdict in FAULTS]


def edited(table, change):
    """The clean tables with one of them rewritten row by row (heading first)."""
    rows = list(csv.reader(io.StringIO(CLEAN[table])))
    change(rows)
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return {**CLEAN, table: out.getvalue()}


def places():
    for table, text in CLEAN.items():
        if table == "tickers":
            continue
        rows = list(csv.reader(io.StringIO(text)))
        at = rows[0].index("value")
        yield from ((table, k, at) for k in range(1, len(rows)) if number(rows[k][at]) is not None)


def test_a_right_report_gives_no_alarm():
    report = audit_texts(CLEAN)
    assert report.faults == ()
    assert report.counts["ok"] > 200
    assert {f.verdict for f in report.findings} <= {"ok", "rounding", "info"}


FACTORS = pytest.mark.parametrize(
    "factor", [0.0, 0.02, 0.3], ids=["five last digits", "2 per cent", "30 per cent"]
)


def injected(factor, some):
    """The share of changed numbers that is found, and the items in which one is missed."""
    missed = []
    for table, k, at in some:

        def change(rows, k=k, at=at):
            text = rows[k][at]
            value = float(number(text))
            step = max(10 * half_digit(text), abs(value) * factor)
            rows[k][at] = f"{value + step:.{len(text.partition('.')[2])}f}"

        texts = edited(table, change)
        if not has_fault(texts):
            missed.append(list(csv.reader(io.StringIO(texts[table])))[k][0])
    return 1 - len(missed) / len(some), set(missed)


@FACTORS
def test_share_of_injected_faults_that_is_found(factor):
    """Every twelfth number of the report is changed in turn, by at least five of its last digits."""
    share, missed = injected(factor, list(places())[5::12])
    assert share >= 0.95, (share, missed)
    assert not factor or missed <= UNCHECKED


@pytest.mark.full
@FACTORS
def test_share_of_all_injected_faults_that_is_found(factor):
    """The whole family: every number of the report."""
    share, missed = injected(factor, list(places()))
    assert share >= 0.95, (share, missed)
    assert not factor or missed <= UNCHECKED


def row_of(rows, item, period, table_unit=None):
    heading = rows[0]
    return next(
        k for k, row in enumerate(rows)
        if row[heading.index("item")] == item and row[heading.index("period")] == period
        and table_unit in {None, row[heading.index("unit")]}
    )  # fmt: skip


def put(item, period, value, column="value"):
    def change(rows):
        rows[row_of(rows, item, period)][rows[0].index(column)] = value

    return change


@pytest.mark.parametrize(
    ("table", "change", "check", "verdict"),
    [
        ("dcf", put("depreciation_and_amortisation", "2026E", "31000"),
         "depreciation_and_amortisation 2026", "inconsistent"),
        ("cash_flow", put("proceeds_from_disposal_of_ppe_and_intangibles", "2027E", "-500"),
         "sign of proceeds", "misprint"),
        ("wacc", put("cost_of_debt", "2026-05-04", "-4.0"), "sign of cost_of_debt", "misprint"),
        ("tickers", lambda rows: rows[2].__setitem__(1, "000009. SZ"), "ticker of Beta", "inconsistent"),
        ("tickers", lambda rows: rows[2].__setitem__(1, "600001. SH"), "ticker 600001.SH", "inconsistent"),
        ("tickers", lambda rows: rows[2].__setitem__(1, "12345. SH"), "ticker of Beta", "misprint"),
        ("income_statement", put("revenue", "2026E", "CNY_million", "unit"), "unit of revenue 2026E", "misprint"),
        ("claims", put("inventories_growth", "2025", ">500"), "inventories_growth 2025", "mismatch"),
        ("comps", lambda rows: rows[2].__setitem__(4, ""), "forward_price_to_sales 2027E of Beta", "omission"),
        ("cash_flow", lambda rows: rows.pop(row_of(rows, "other_operating", "2027E")),
         "other_operating 2027 is printed", "omission"),
        ("balance_sheet", put("total_equity", "2027E", "9999999"), "total_equity 2027E", "mismatch"),
        ("market", put("chip_market_cagr", "2024-2029E", "35.0"), "chip_market_cagr", "mismatch"),
    ],
)  # fmt: skip
def test_a_fault_is_named_as_what_it_is(table, change, check, verdict):
    found = {(f.check, f.verdict) for f in faults(edited(table, change))}
    assert any(name.startswith(check) and kind == verdict for name, kind in found), found


def test_the_omitted_proceeds_of_a_listing_are_seen():
    def convert(rows):
        for y in ("2023", "2024", "2025"):
            rows[row_of(rows, "other_non_current_liabilities", y)][4] = "9000000"

    found = {f.check: f.verdict for f in faults(edited("balance_sheet", convert))}
    assert found["financing 2026E with the conversion of redeemable shares"] == "omission"


def test_present_values_that_no_convention_gives_are_named_with_their_worth():
    def change(rows):
        rows[row_of(rows, "pv_of_terminal_value", "valuation")][4] = "3000000"

    report = audit_texts(edited("dcf", change))
    wrong = next(f for f in report.findings if f.check.startswith("pv_of_terminal_value"))
    assert wrong.verdict == "mismatch"
    assert wrong.materiality is not None and abs(wrong.materiality) > 0.1
    assert [step.step for step in report.steps][:2] == ["as printed", "present values recomputed"]
    total = sum(step.change for step in report.steps)
    assert report.steps[-1].target_price == pytest.approx(report.steps[0].target_price + total)


def test_some_tables_alone_are_audited_and_the_rest_is_said_once():
    report = audit_texts({"income_statement": CLEAN["income_statement"]})
    assert report.faults == ()
    assert sum("is absent" in f.check for f in report.findings) == len(CLEAN) - 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("item,period,value\nrevenue,2025,1\n", "no unit"),
        ("item,period,value,unit\nrevenue,2025,1,\n", "income_statement.csv:2: revenue 2025: no unit"),
        ("item,period,value,unit\nrevenue,last year,1,CNY\n", "is no year"),
        ("item,period,value,unit\nrevenue,2025,many,CNY\n", "'many' is not a number"),
        ("item,period,value,unit\nrevenue,2025,1,CNY\nrevenue,2025,2,CNY\n", "stands in line 2 already"),
    ],
)
def test_tables_that_cannot_be_read_are_named_by_line(text, message):
    with pytest.raises(InputError, match=message.replace(".", r"\.").replace("(", r"\(")):
        audit_texts({"income_statement": text})


def test_all_problems_come_at_once():
    text = "item,period,value,unit\nrevenue,2025,x,CNY\nrevenue,2026E,1,\n"
    with pytest.raises(InputError) as error:
        audit_texts({"income_statement": text})
    assert "income_statement.csv:2" in str(error.value) and "income_statement.csv:3" in str(error.value)


def test_intervals_carry_the_printed_digits():
    assert half_digit("33.80") == pytest.approx(0.005)
    printed = Interval(33.75, 33.85)
    assert compare("x", "", printed, Interval(33.6, 33.7)).verdict == "mismatch"
    assert compare("x", "", printed, Interval(33.6, 33.76)).verdict == "rounding"
    assert compare("x", "", printed, Interval(33.7, 33.86)).verdict == "ok"


def folder_of(tmp_path, texts):
    for name, text in texts.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return str(tmp_path)


def test_command(tmp_path):
    folder = folder_of(tmp_path, CLEAN)
    outcome = CliRunner().invoke(command, [folder, "--strict", "-f", "json"], catch_exceptions=False)
    result = json.loads(outcome.stdout)
    assert result["counts"]["mismatch"] == 0
    assert set(result["checks"][0]) >= {"check", "printed", "recomputed", "difference", "verdict", "note"}
    assert (
        CliRunner().invoke(command, [folder, "-f", "csv"]).stdout.startswith("check,where,printed,recomputed")
    )


def test_strict_fails_on_a_fault(tmp_path):
    folder = folder_of(tmp_path, edited("dcf", put("tax", "2027E", "-1")))
    with pytest.raises(CheckFailed):
        CliRunner().invoke(command, [folder, "--strict", "-f", "json"], catch_exceptions=False)


def test_a_folder_without_tables_is_refused(tmp_path):
    with pytest.raises(InputError, match="has none of"):
        CliRunner().invoke(command, [str(tmp_path)], catch_exceptions=False)

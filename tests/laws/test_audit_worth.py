"""Law: a finding is worth what the report's own price would move by, were the figure right from the start."""

import csv
import dataclasses
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from printed_company import DCF_YEARS, make

from clustersim.finance.audit.rerun import worth_per_share
from clustersim.finance.audit.run import FAULTS, audit_texts
from clustersim.finance.audit.tables import read_tables

CLEAN = make()
#: Line -> the sign of the target price in it, each raised by a tenth of its size.
SIGNS = {
    ("dcf", "ebit", "2030E"): 1, ("dcf", "depreciation_and_amortisation", "2027E"): 1,
    ("dcf", "capital_expenditure", "2028E"): -1, ("dcf", "change_in_working_capital", "2026E"): -1,
    ("dcf", "wacc", "valuation"): -1, ("dcf", "terminal_growth", "valuation"): 1,
    ("dcf", "net_cash_less_debt_and_minorities", "valuation"): 1, ("dcf", "enterprise_value", "valuation"): 1,
    ("wacc", "beta", "2026-05-04"): -1, ("wacc", "risk_free_rate", "2026-05-04"): -1,
    ("wacc", "cost_of_debt", "2026-05-04"): -1, ("wacc", "tax_rate", "2026-05-04"): -1,
    ("income_statement", "cost_of_sales", "2027E"): -1, ("income_statement", "revenue", "2027E"): 1,
    ("valuation", "valuation_discount", "2026-05-04"): -1, ("valuation", "peer_average_ps", "2027E"): 1,
    ("valuation", "value_ps", "2026-05-04"): 1, ("valuation", "value_blended", "2026-05-04"): 1,
    ("valuation", "target_price", "2026-05-04"): 1,
}  # fmt: skip


def price(texts):
    rows = csv.DictReader(io.StringIO(texts["valuation"]))
    return next(float(r["value"]) for r in rows if r["item"] == "target_price")


def mended(finding_of, factor=1.1):
    """What the price moves by when the printed figure of a line is a tenth larger in size."""
    tables = read_tables(CLEAN)
    table, item, period = finding_of
    record = next(r for r in tables.of(table) if (r.item, r.period) == (item, period))
    finding = audit_texts(CLEAN).findings[0]
    return worth_per_share(tables)(
        dataclasses.replace(finding, mends=((record.where, record.value * factor),))
    )


@given(
    item=st.sampled_from(["depreciation_and_amortisation", "capital_expenditure"]),
    year=st.sampled_from([2026, 2027, 2028]),
    shift=st.integers(-40_000, 40_000).filter(lambda s: abs(s) > 4_000),
)
@settings(max_examples=6, deadline=None)
@example(item="depreciation_and_amortisation", year=2027, shift=-40_000)  # printed as zero
def test_a_fault_that_runs_through_to_the_price_is_worth_its_mending(item, year, shift):
    texts = make({(item, year): shift})
    found = [
        f for f in audit_texts(texts).findings
        if f.verdict in FAULTS and f.check.startswith(item) and "printed twice" in f.check
    ]  # fmt: skip
    assert len(found) == 1
    # The printed prices are rounded to a cent, their legs to a million.
    assert found[0].materiality == pytest.approx(price(CLEAN) - price(texts), abs=0.02)


@pytest.mark.parametrize("line", SIGNS, ids=lambda line: f"{line[1]}-{line[2]}")
def test_a_figure_moves_the_price_the_way_that_it_must(line):
    moved = mended(line)
    assert moved is not None and moved * SIGNS[line] > 0.0


@pytest.mark.parametrize("year", DCF_YEARS[:3])
def test_a_misprint_beside_right_totals_is_worth_nothing(year):
    rows = list(csv.reader(io.StringIO(CLEAN["dcf"])))
    row = next(r for r in rows if r[0] == "depreciation_and_amortisation" and r[2] == f"{year}E")
    row[4] = str(round(1.3 * int(row[4])))
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    found = [
        f for f in audit_texts({**CLEAN, "dcf": out.getvalue()}).findings if f.check.endswith("printed twice")
    ]
    assert [f.materiality for f in found if f.verdict in FAULTS] == [0.0]


@pytest.mark.parametrize("year", DCF_YEARS[:3])
def test_a_misprint_of_ebit_beside_a_right_tax_is_worth_nothing(year):
    rows = list(csv.reader(io.StringIO(CLEAN["dcf"])))
    row = next(r for r in rows if r[0] == "ebit" and r[2] == f"{year}E")
    right = int(row[4])
    row[4] = str(round(1.7 * right))
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    tables = read_tables({**CLEAN, "dcf": out.getvalue()})
    record = next(r for r in tables.of("dcf") if (r.item, r.year) == ("ebit", year))
    finding = dataclasses.replace(audit_texts(CLEAN).findings[0], mends=((record.where, float(right)),))
    assert worth_per_share(tables)(finding) == 0.0


@pytest.mark.parametrize("off", [1.0, -0.7])
def test_a_mean_of_peers_that_runs_through_to_the_price_is_worth_its_mending(off):
    texts = make(peers_off=off)
    found = [f for f in audit_texts(texts).findings if f.check.startswith("average forward_price_to_sales")]
    # The mean is printed in a tenth, which is worth five cents a share; the prices are rounded to one.
    (worth,) = [f.materiality for f in found if f.verdict in FAULTS]
    assert worth == pytest.approx(price(CLEAN) - price(texts), abs=0.06)


def test_what_enters_no_step_is_worth_nothing_and_what_states_no_figure_has_no_worth():
    rows = CLEAN["cash_flow"].replace(
        "fx_effect,fx_effect,2027E,forecast,0", "fx_effect,fx_effect,2027E,forecast,-9000"
    )
    worth = {
        f.check: f.materiality
        for f in audit_texts({**CLEAN, "cash_flow": rows}).findings
        if f.verdict in FAULTS
    }
    assert worth and set(worth.values()) <= {0.0, None}

"""A company of one's own: thirty lines, defaults that are said, names by alias, mistakes that are named."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from clustersim.cli.forecast import command, export
from clustersim.errors import InputError
from clustersim.finance.ratios import ratio_rows
from clustersim.finance.statements import make_statements
from clustersim.planner.company import forecast_run

DOCS = Path(__file__).parents[2] / "docs" / "company.md"
#: The file of the docs, without its remarks.
MINIMAL = re.sub(r" +#.*", "", DOCS.read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0])


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "newco.yaml"
    path.write_text(MINIMAL, encoding="utf-8")
    return path


def run(*arguments: str) -> dict:
    outcome = CliRunner().invoke(command, [*arguments, "-f", "json"], catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    return json.loads(outcome.stdout)


def test_thirty_lines_give_a_target_price_in_its_own_currency(file) -> None:
    assert len(MINIMAL.splitlines()) <= 30
    shown = run("show", str(file))
    assert shown["currency"] == "CNY" and shown["target_price"] > 0
    assert shown["all_checks_ok"] is True
    said = "\n".join(shown["notes"])
    for default in ("gross margin is that of 2025A", "net cash is the opening cash", "tax at 15 %", "DCF alone",
                    "capex share is 5 % of revenue"):  # fmt: skip
        assert default in said
    text = CliRunner().invoke(command, ["show", str(file), "-f", "table"]).stdout
    assert "CNY a share" in text and "HKD" not in text


def test_its_workbook_is_exported_and_recalculates(file, tmp_path) -> None:
    from workbook_recalc import by_formualizer, stripped

    from clustersim.report.workbook.export import export_workbook

    assert CliRunner().invoke(export, ["xlsx", str(file), "-o", str(tmp_path / "out")]).exit_code == 0
    out = tmp_path / "out" / "newco.xlsx"
    book = export_workbook(out, {"base": forecast_run(str(file), ())}, selected="base")
    stripped(out, tmp_path / "s.xlsx")
    values = by_formualizer(tmp_path / "s.xlsx", [(c.sheet, c.row, c.column) for c in book.cells])
    for cell, value in zip(book.cells, values, strict=True):
        if isinstance(cell.value, str):
            assert value == cell.value
        else:
            assert value == pytest.approx(cell.value, rel=1e-9, abs=1e-9), cell


def test_the_first_year_may_be_taxed_and_assets_may_be_missing(file) -> None:
    taxed = forecast_run(str(file), ("company.drivers.first_taxed_year=2026E",))
    assert float(taxed.valuation.target_price) > 0
    statements = make_statements(taxed.company, taxed.forecast)
    assert statements.balance["right_of_use_assets"].tolist() == [0.0, 0.0, 0.0]


def test_capm_sets_the_wacc_where_none_is_given(tmp_path) -> None:
    text = MINIMAL.replace(
        "wacc: 12 %\n",
        "capm: {risk_free: 2 %, beta: 1.2, premium: 8 %, cost_of_debt: 4 %, debt_to_equity: 0}\n",
    )
    path = tmp_path / "capm.yaml"
    path.write_text(text, encoding="utf-8")
    found = forecast_run(str(path), ())
    assert float(np.asarray(found.valuation.wacc)) == pytest.approx(0.02 + 1.2 * 0.08)
    path.write_text(text + "wacc: 11 %\n", encoding="utf-8")
    assert "company.capm has no effect" in "\n".join(run("show", str(path))["notes"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  selling_share: 5 %\n", "", "give selling_share; add them under drivers"),
        ("    asp: {2026E: 60, 2027E: 55}\n", "", "sells units in 2026E and has no price"),
        ("存货: 100", "stocks of cards: 100", "unknown line 'stocks of cards'"),
        ("  receivable_days: 90\n", "  receivable_days: {values: [90, 80], tier: given}\n", "old form"),
        ("  receivable_days: 90\n", "  receivable_days: {2031E: 90}\n", "not a year of the forecast"),
        ("payables: 40}", "payables: 40, total_equity: 5}", "leave 1,045,000 kCNY"),
        ("  receivable_days: 90\n", "  receivable_days: -5\n", "receivable_days: -5 must be at least 0"),
        ("2027E: 20000,", "2027E: -5,", "units.2027E: -5 must be at least 0"),
        (
            "  selling_share: 5 %\n",
            "  selling_share: 5 %\n  services_share: 1\n",
            "services_share: 1 must be 0 to below 1",
        ),
        ("currency: CNY\n", "currency: HKD\n", "fx_per_cny: is needed for a listing in HKD"),
        ("wacc: 12 %\n", "", "give company.wacc, or all parts of company.capm"),
        ("shares_m: 100\n", "", "shares_m: is needed and missing"),
        ("wacc: 12 %\n", "wacc: 12 %\ndcf_weight: 50 %\n", "needs company.peers"),
        ("wacc: 12 %\n", "wacc: 12 %\nsupply: {card-two: {units: 5}}\n", "supply.card-two: no such line"),
    ],
)
def test_a_mistake_is_named(tmp_path, old: str, new: str, message: str) -> None:
    assert old in MINIMAL
    path = tmp_path / "wrong.yaml"
    path.write_text(MINIMAL.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=message.replace("(", r"\(")):
        forecast_run(str(path), ())


def test_an_override_of_anything_but_the_company_is_refused(file) -> None:
    with pytest.raises(InputError, match=r"only company\.… keys"):
        forecast_run(str(file), ("tco.pue=1.2",))


def test_cash_below_zero_is_refinanced_and_said(file) -> None:
    path = str(file)
    text = MINIMAL.replace("货币资金: 900", "货币资金: 10")
    file.write_text(text, encoding="utf-8")
    base = forecast_run(path, ())
    debt = make_statements(base.company, base.forecast)
    assert debt.shortfall_kcny.max() > 0 and debt.balance["cash_and_cash_equivalents"].min() >= -1e-6
    assert debt.balance["borrowings"].max() == pytest.approx(debt.shortfall_kcny.max())
    assert [c for c in debt.failed if "raised by debt at 3.5 %" in c.note]
    assert [c for c in debt.failed if c.check.startswith("assets")] == []
    shown = run("show", path, "--set", "company.refinancing.by=equity")
    plain = run("show", path)
    assert shown["target_price"] < plain["target_price"]  # new shares dilute
    assert plain["failed_checks"]


def test_ratios_of_a_year(file) -> None:
    one = forecast_run(str(file), ("company.options_m=10", "company.option_price=10"))
    statements = make_statements(one.company, one.forecast)
    rows = {row["item"]: row for row in ratio_rows(one.company, statements, one.valuation)}
    profit = float(statements.income["net_profit"][1])
    assert rows["earnings per share, diluted, CNY"]["2027E"] == pytest.approx(profit / 1e3 / 105)
    assert rows["P/E at the market price"]["2027E"] == pytest.approx(20 / (profit / 1e3 / 105))
    assert rows["dilution, %"]["2026E"] == pytest.approx(5.0)
    assert rows["revenue growth, %"]["2026E"] == pytest.approx(50.0)


def test_fx_is_that_of_the_last_date_up_to_the_market_data(tmp_path) -> None:
    path = tmp_path / "fx.yaml"
    path.write_text(
        MINIMAL + 'as_of: "2026-06-02"\nfx: {"2026-01-02": 1.10, "2026-06-01": 1.15, "2026-09-01": 1.2}\n',
        encoding="utf-8",
    )  # fmt: skip
    assert forecast_run(str(path), ()).company.fx_per_cny == 1.15


@pytest.mark.parametrize(
    ("years", "opening", "said"),
    [
        ("2027E, 2026E, 2028E", "2025A", "years: 2026E does not follow 2027E"),
        ("2026E, 2028E", "2025A", "years: 2028E does not follow 2026E"),
        ("2026E, 2026E, 2027E", "2025A", "years: 2026E does not follow 2026E"),
        ("FY26, 2027E", "2025A", "years: FY26 is no year"),
        ("2026E, 2027E, 2028E", "2023A", "opening.year: 2023A is not the year before 2026E"),
    ],
)
def test_years_follow_each_other(tmp_path, years, opening, said) -> None:
    """Flows are discounted from each to the next: in another order they gave another target price, and no word."""
    path = tmp_path / "years.yaml"
    text = MINIMAL.replace("2026E, 2027E, 2028E]", f"{years}]").replace("year: 2025A", f"year: {opening}")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        forecast_run(str(path), ())

"""The work of a year: halves, reported figures, the roll of the base, parts, peers, consensus; every command runs."""

import json

import click
import numpy as np
import pytest
from click.testing import CliRunner

from clustersim.cli.forecast import command
from clustersim.errors import InputError
from clustersim.finance.actuals import actuals_bridge
from clustersim.finance.consensus import read_consensus
from clustersim.finance.forecast import make_forecast
from clustersim.finance.valuation import expected_target
from clustersim.finance.year import halves, roll_forward, sum_of_parts
from clustersim.planner.company import forecast_run
from clustersim.reading.guarded import decode


@pytest.fixture(scope="module")
def biren():
    return forecast_run("biren", ())


@pytest.mark.parametrize("parts", [2, 4])
def test_halves_and_quarters_sum_to_the_year(biren, parts: int) -> None:
    rows = halves(biren.forecast, 0.4, parts)
    for i, year in enumerate(biren.forecast.years):
        own = [row for row in rows if row["period"].startswith(year[:4])]
        assert len(own) == parts
        for item, whole in (
            ("revenue", biren.forecast.revenue_kcny), ("operating_profit", biren.forecast.operating_profit_kcny),
            ("net_profit", biren.forecast.net_profit_kcny),
        ):  # fmt: skip
            assert sum(row[item] for row in own) == pytest.approx(float(whole[i]), rel=1e-9, abs=1e-6)
    with pytest.raises(InputError, match="halves or 4 quarters"):
        halves(biren.forecast, 0.4, 3)


def test_figures_as_expected_move_nothing(biren) -> None:
    expected = halves(biren.forecast, 0.4)[0]
    same = {k: expected[k] for k in ("revenue", "gross_profit", "research_and_development_expenses")}
    found = actuals_bridge(biren.company, biren.links, "2026H1", same, 0.4)
    assert found.after == pytest.approx(found.before, rel=1e-9)


def test_a_surprise_leads_from_before_to_after_step_by_step(biren) -> None:
    expected = halves(biren.forecast, 0.4)[0]
    reported = {
        "revenue": expected["revenue"] * 1.2, "gross_profit": expected["gross_profit"] * 1.1,
        "research_and_development_expenses": expected["research_and_development_expenses"] * 1.05,
        "closing_cash": 1_500_000.0,
    }  # fmt: skip
    found = actuals_bridge(biren.company, biren.links, "2026H1", reported, 0.4)
    assert found.before + sum(step["change"] for step in found.steps) == pytest.approx(found.after, rel=1e-12)
    by = {step["step"]: step["change"] for step in found.steps}
    assert by["revenue"] > 0 > by["gross margin"]
    assert by["research_and_development_expenses"] < 0
    assert [row["surprise_pct"] for row in found.rows][:2] == pytest.approx([20.0, 10.0])
    with pytest.raises(InputError, match="write a half of a forecast year"):
        actuals_bridge(biren.company, biren.links, "2024H1", reported, 0.4)
    with pytest.raises(InputError, match="no line 'widgets'"):
        actuals_bridge(biren.company, biren.links, "2026H1", {"widgets": 1.0}, 0.4)


@pytest.mark.parametrize("name", ["biren", "metax", "iluvatar"])
@pytest.mark.parametrize("later", [False, True])
def test_the_year_becomes_what_was_reported_and_what_was_expected_of_the_rest(name: str, later: bool) -> None:
    """Whatever a company's drivers are; costs may be typed as positive numbers; the second half follows the first."""
    run = forecast_run(name, ())
    reported = {
        "revenue": 800_000.0, "cost_of_sales": 350_000.0, "selling_and_marketing_expenses": 50_000.0,
        "general_and_administrative_expenses": -90_000.0, "research_and_development_expenses": 700_000.0,
        "other_income": 70_000.0, "operating_profit": -350_000.0, "net_profit": -300_000.0,
    }  # fmt: skip
    company, expected = run.company, halves(run.forecast, 0.4)
    for half in ("2026H1", "2026H2")[: 1 + later]:
        company = actuals_bridge(company, run.links, half, reported, 0.4, planned=run.company).company
    now = halves(make_forecast(company, run.links), 0.4)
    gross = reported["revenue"] - reported["cost_of_sales"]
    for line, value in (reported | {"gross_profit": gross}).items():
        if line == "net_profit":
            continue
        value = -abs(value) if expected[0][line] < 0 and line != "operating_profit" else value
        whole = 2 * value if later else value + expected[1][line]
        if line != "cost_of_sales":
            assert now[0][line] + now[1][line] == pytest.approx(whole, rel=1e-9), line


def test_a_year_on_the_flows_are_a_year_nearer(biren) -> None:
    found = roll_forward(biren.company, biren.forecast)
    now, then = found["now"], found["rolled"]
    whole = now["pv_fcf_kcny"] + now["pv_terminal_kcny"]
    later = then["pv_fcf_kcny"] + then["pv_terminal_kcny"]
    # EV x (1 + w) = flow of the year + EV a year later; and the flow is cash now.
    assert whole * 1.112 == pytest.approx(float(biren.forecast.fcf_kcny[0]) + later, rel=1e-12)
    assert then["net_cash_kcny"] == pytest.approx(now["net_cash_kcny"] + float(biren.forecast.fcf_kcny[0]))
    assert then["multiple_year"] == "2028E" and "no member" in then["multiple"]


def test_parts_by_the_peers_multiple_sum_to_the_leg(biren) -> None:
    rows = sum_of_parts(biren.company, biren.forecast, {})
    assert rows[-1]["value_m"] == pytest.approx(float(biren.valuation.ps_m), rel=1e-9)
    own = sum_of_parts(biren.company, biren.forecast, {"services": (5.0, "2028E")})
    assert own[-1]["value_m"] != pytest.approx(rows[-1]["value_m"])
    with pytest.raises(InputError, match="no such line"):
        sum_of_parts(biren.company, biren.forecast, {"toys": (1.0, "2027E")})


def test_probabilities_must_sum_to_one() -> None:
    with pytest.raises(InputError, match=r"sum to 0\.9"):
        expected_target({"base": 1.0}, {"base": 0.9})


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
def test_consensus_in_chinese_in_any_coding(coding: str) -> None:
    text = "科目,FY26E,FY27E\n营业收入（亿元）,21.5,70\n归母净利润（百万元）,(700),1400\n"
    source = decode(text.encode(coding), "c.csv")
    found = read_consensus(source.text, source.name)
    assert found["revenue", "2026E"] == pytest.approx(2_150_000)
    assert found["net_profit", "2026E"] == pytest.approx(-700_000)


def test_consensus_long_and_in_another_currency() -> None:
    text = (
        "Item;Period;Value;Unit\nSales;2027-12-31;1,000;USD mn\nEBIT;FY2027;200;USD mn\nPrice;FY2027;3;USD\n"
    )
    found = read_consensus(text, "c.csv", {"USD": 7.0})
    assert found == {
        ("revenue", "2027E"): pytest.approx(7e6),
        ("operating_profit", "2027E"): pytest.approx(1.4e6),
    }
    with pytest.raises(InputError, match="no rate of USD"):
        read_consensus(text, "c.csv")


def leaves(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    out: list[tuple[str, ...]] = []
    for name, one in group.commands.items():
        out += leaves(one, (*path, name)) if isinstance(one, click.Group) else [(*path, name)]
    return out


@pytest.mark.parametrize("name", [path[0] for path in leaves(command)])
@pytest.mark.parametrize("of", ["biren", "metax", "moore-threads", "iluvatar"])
def test_every_command_of_forecast_runs(name: str, of: str, tmp_path) -> None:
    half, comps, street = (tmp_path / f"{n}.csv" for n in ("half", "comps", "street"))
    half.write_text("line,value (CNY mn)\n营业收入,900\ngross profit,480\ncash,1500\n", encoding="utf-8")
    comps.write_text("company,item,period,value\nHygon,forward_price_to_sales,2027E,30\n", encoding="utf-8")
    street.write_text("Item,FY26E\nSales (CNY mn),2000\n", encoding="utf-8")
    extra = {"actuals": [str(half), "--half", "2026H1"], "comps": [str(comps)], "consensus": [str(street)],
             "mc": ["-n", "200"], "compare": ["metax"]}.get(name, [])  # fmt: skip
    outcome = CliRunner().invoke(command, [name, of, *extra, "-f", "json"])
    if name in {"recover", "calibrate"} and of != "biren":
        assert outcome.exit_code != 0  # nothing is printed of it: said
        assert isinstance(outcome.exception, InputError)
        return
    assert outcome.exit_code == 0, outcome.exception
    assert json.loads(outcome.stdout) is not None


def test_calibrate_writes_the_drivers_of_the_file() -> None:
    import yaml

    text = CliRunner().invoke(command, ["calibrate", "biren", "--write"]).stdout
    block = yaml.safe_load(text)["products"]
    company = forecast_run("biren", ()).company
    for line in company.printed.products:
        for year, units in line.units.items():
            assert block[line.name]["units"][year] == units
            assert block[line.name]["asp"][year] == pytest.approx(line.asp_kcny[year], rel=1e-7)


def test_printed_history_foots_in_every_year() -> None:
    """Three lines of the past that the forecast does not have belong to its sums."""
    shown = json.loads(CliRunner().invoke(command, ["show", "biren", "-f", "json"]).stdout)
    rows = {row["item"]: row for row in shown["income"]}
    parts = ["gross_profit", "selling_and_marketing_expenses", "general_and_administrative_expenses",
             "research_and_development_expenses", "depreciation_beyond_plan", "special_loss_on_certain_assets",
             "net_impairment_loss_on_financial_assets", "other_income", "other_expenses", "other_gains_losses_net",
             "net_finance_cost"]  # fmt: skip
    for year in ("2023A", "2024A", "2025A", "2026E", "2027E", "2028E", "2035E"):
        total = sum(rows[item][year] or 0.0 for item in parts)
        assert total == pytest.approx(rows["profit_before_income_tax"][year], abs=3), year
    flow = {row["item"]: row for row in shown["cash_flow"]}
    for year in ("2023A", "2024A", "2025A"):
        whole = sum(flow[f"net_cash_from_{kind}"][year] for kind in ("operating", "investing", "financing"))
        assert whole == pytest.approx(flow["net_change_in_cash"][year], abs=2)
        assert flow["opening_cash"][year] + whole + flow["fx_effect"][year] == pytest.approx(
            flow["closing_cash"][year], abs=3
        )


def test_ten_thousand_points_are_one_array(biren) -> None:
    from clustersim.finance.analysis import target_price

    rng = np.random.default_rng(1)
    prices = target_price(biren.company, (), {"asp_scale": rng.uniform(0.8, 1.2, 10_000)})
    assert prices.shape == (10_000,)


def test_peers_are_refreshed_from_any_vendors_table(tmp_path) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes("证券简称,FY26E,FY27E\nHygon,30,22x\n均值,30,22\n".encode("gbk"))
    outcome = CliRunner().invoke(command, ["comps", "metax", str(path), "-f", "json"], catch_exceptions=False)
    shown = json.loads(outcome.stdout)
    assert shown["members"]["Hygon"] == {"2026E": 30.0, "2027E": 22.0}
    assert shown["target_price_after"] > shown["target_price_before"]
    assert "kept as they are: Cambricon, Moore Threads, Iluvatar CoreX, Jingjia Micro" in outcome.stderr
    alone = CliRunner().invoke(command, ["comps", "metax", str(path), "--only", "-f", "json"])
    assert list(json.loads(alone.stdout)["members"]) == ["Hygon"] and "left out of the peers" in alone.stderr


def test_a_consensus_in_any_currency_whose_rate_is_given(tmp_path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("科目,2026E\n营业收入（百万欧元）,300\n", encoding="utf-8")
    with pytest.raises(InputError, match="give --rate EUR=CNY-PER-UNIT"):
        CliRunner().invoke(command, ["consensus", "biren", str(path)], catch_exceptions=False)
    outcome = CliRunner().invoke(
        command, ["consensus", "biren", str(path), "--rate", "EUR=7.8", "-f", "json"]
    )
    assert json.loads(outcome.stdout)[0]["consensus_kcny"] == pytest.approx(2_340_000)


def test_a_consensus_finds_its_items_units_and_brokers() -> None:
    """Items in any column, unit and currency in columns of their own, and never one broker over another."""
    wide = "证券代码;指标;FY26E;币种;单位\nX;营业收入;650;人民币;百万元\n"
    assert read_consensus(wide, "c.csv") == {("revenue", "2026E"): 650_000.0}
    long = "metric,year,value,currency,unit\nRevenue,2026E,90,USD,mn\n"
    assert read_consensus(long, "c.csv", {"USD": 7.0}) == {("revenue", "2026E"): pytest.approx(630_000.0)}
    brokers = "broker,metric,year,value\nA,Revenue,2026E,650\nB,Revenue,2026E,620\n"
    with pytest.raises(InputError, match=r"c.csv:3: Revenue of 2026E stands in line 2 as well"):
        read_consensus(brokers, "c.csv")


def test_a_peer_without_a_multiple_is_shown(tmp_path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("公司,2026E,2027E\n海光信息,-,20x\n", encoding="utf-8")
    outcome = CliRunner().invoke(
        command, ["comps", "biren", str(path), "-f", "table"], catch_exceptions=False
    )
    assert "海光信息: {2026E: null, 2027E: 20}" in outcome.stdout

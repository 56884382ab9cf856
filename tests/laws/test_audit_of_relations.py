# ruff: noqa: E501 (a sentence stays on its line)
"""Laws of the audit over relations that no name tells: dividends, bridges, growth, lists in sentences, bare sums."""

from itertools import pairwise

import pytest

from clustersim.finance.audit.run import audit_texts

YEARS = ["2023", "2024", "2025E", "2026E", "2027E"]
SALES = [830, 912, 1044, 1173, 1301]
COSTS = [-211, -256, -247, -305, -371]
PROFIT = [a + b for a, b in zip(SALES, COSTS, strict=True)]
WORN = [41, 47, 52, 66, 71]


def table(rows, head="USD million"):
    lines = [",".join([head, *YEARS])]
    return "\n".join([*lines, *(",".join([name, *map(str, values)]) for name, values in rows)]) + "\n"


def company(**more):
    income = [("Revenue", SALES), ("Plombing", COSTS), ("Gross profit", PROFIT)]
    return {"income statement": table(income), **more}


def checks(texts, **more):
    return [f.check for f in audit_texts(texts, **more).faults]


def spoiled(values, at):
    return [v + 3 if k == at else v for k, v in enumerate(values)]


@pytest.mark.parametrize("year", range(5))
def test_an_amount_of_no_known_kind_is_what_most_years_make_it(year):
    adjusted = [p + w for p, w in zip(PROFIT, WORN, strict=True)]
    made = company(bridge=table([("Vintle", WORN), ("Garsk", adjusted)]))
    assert checks(made) == []
    wrong = company(bridge=table([("Vintle", WORN), ("Garsk", spoiled(adjusted, year))]))
    assert any(YEARS[year][:4] in c for c in checks(wrong))


@pytest.mark.parametrize("year", range(1, 5))
def test_the_growth_of_any_line_is_held_in_every_year_with_its_sign(year):
    growth = [f"{100 * (b / a - 1):.1f}" for a, b in pairwise(PROFIT)]
    name = "Dorrow step (%)"
    right = "item," + ",".join(YEARS) + f"\n{name},," + ",".join(growth) + "\n"
    assert checks(company(ratios=right)) == []
    cells = [f"-{g}" if k == year - 1 else g for k, g in enumerate(growth)]
    wrong = "item," + ",".join(YEARS) + f"\n{name},," + ",".join(cells) + "\n"
    assert any(YEARS[year][:4] in c for c in checks(company(ratios=wrong)))


def test_a_sum_without_a_name_is_the_total_of_the_heading_above_it():
    def balance(total):
        rows = [("Inventories", 30, 40), ("Trade receivables", 50, 60)]
        lines = ["USD million,2023,2024", "Current assets,,", *(",".join(map(str, r)) for r in rows)]
        return "\n".join([*lines, f",80,{total}"]) + "\n"

    assert checks(company(**{"balance sheet": balance(100)})) == []
    assert checks(company(**{"balance sheet": balance(120)})) == ["total_current_assets 2024"]


def valuation(**spoil):
    paid = {"2025": 1.00, "2026": 1.10, "2027": 1.20}
    rows = {"Cost of equity": ("8.0", "%"), "Long-term growth": ("2.0", "%")}
    rows |= {f"Dividend per share {y}E": (f"{d:.2f}", "USD") for y, d in paid.items()}
    present = [d * 1.08 ** -(k + 1) for k, d in enumerate(paid.values())]
    rows |= {f"PV of dividend {y}E": (f"{p:.3f}", "USD") for y, p in zip(paid, present, strict=True)}
    after = 1.2 * 1.02 / 0.06
    rows["Terminal value per share"] = (f"{after:.2f}", "USD")
    rows["PV of terminal value per share"] = (f"{after * 1.08**-3:.2f}", "USD")
    rows["DDM value per share"] = (f"{sum(present) + after * 1.08**-3:.2f}", "USD")
    rows |= {k: (v, rows[k][1]) for k, v in spoil.items()}
    return "Item,Value,Unit\n" + "".join(f"{k},{v},{u}\n" for k, (v, u) in rows.items())


@pytest.mark.parametrize(
    "name",
    [
        "PV of dividend 2026E",
        "Terminal value per share",
        "PV of terminal value per share",
        "DDM value per share",
    ],
)
def test_every_step_of_discounted_dividends_is_held_to_the_one_before(name):
    assert checks(company(valuation=valuation())) == []
    assert checks(company(valuation=valuation(**{name: "7.77"}))) != []


SAID = {
    "a list of years": "For 2025, 2026 and 2027 we expect revenue of USD {}m, USD {}m and USD {}m, respectively.",
    "years that stand apart": "We see gross profit of USD 797m for 2025, USD 868m in 2026; by 2027 USD 930m."
    " Over 2025, 2026 and 2027 revenue is USD {}m, USD {}m and USD {}m, respectively.",
    "in Chinese": "我们预计2025/2026/2027年营业收入分别为{}百万美元、{}百万美元和{}百万美元。",
}


@pytest.mark.parametrize("kind", SAID)
@pytest.mark.parametrize("place", range(3))
def test_each_figure_of_a_list_is_of_its_own_year(kind, place):
    right = SALES[2:]
    assert checks(company(), prose={"a.txt": SAID[kind].format(*right)}) == []
    wrong = [v + 60 if k == place else v for k, v in enumerate(right)]
    assert checks(company(), prose={"a.txt": SAID[kind].format(*wrong)}) != []


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ("For 2025 we see revenue of USD 1044m and gross profit of USD 797m; for 2026, USD 1173m and USD {}m respectively.", "868", "898"),
        ("Revenue was USD 912m in 2024. We expect it to rise to USD {}m in 2025.", "1044", "1094"),
        ("Gross profit rose to USD 797m in 2025 from USD {}m in 2024.", "656", "686"),
        ("Plombing fell to 23.7% of revenue in 2025 from {}% in 2024.", "28.1", "38.1"),
    ],
)  # fmt: skip
def test_lines_of_the_sentence_before_and_what_a_rate_is_of_are_kept(text, right, wrong):
    assert checks(company(), prose={"a.txt": text.format(right)}) == []
    assert checks(company(), prose={"a.txt": text.format(wrong)}) != []

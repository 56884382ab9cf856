# ruff: noqa: E501 (names of one line in several languages stay on it)
"""Laws of the audit over words that no list holds: structure, proportions, roles; and tables as people fill them."""

import random

import pytest

from clustersim.finance.audit.figures import half_digit, number
from clustersim.finance.audit.mentions import figures, years
from clustersim.finance.audit.quantities import role_of
from clustersim.finance.audit.run import audit_texts
from clustersim.finance.audit.script import folded, unmarked

NONSENSE = ["Garsk", "Plomb", "Vintle", "Dorrow", "Heft", "Quill", "Marn", "Tosk"]


def checks(texts, **more):
    return [f.check for f in audit_texts(texts, **more).faults]


def table(head, rows, show=str):
    lines = [",".join(["USD million", *head])]
    return (
        "\n".join([*lines, *(",".join([name, *(f'"{show(v)}"' for v in values)]) for name, values in rows)])
        + "\n"
    )


# --- structure


@pytest.mark.parametrize("seed", range(4))
def test_what_most_years_add_up_to_is_a_sum_whatever_its_lines_are_called(seed):
    rng = random.Random(seed)
    head = ["2022", "2023", "2024", "2025E"]
    names = rng.sample(NONSENSE, 5)
    parts = [[rng.randint(50, 900) for _ in head] for _ in range(3)]
    whole = [sum(v) for v in zip(*parts, strict=True)]
    other = [rng.randint(50, 900) for _ in head]
    rows = [
        ("Revenue", [1000, 1100, 1200, 1300]), ("Cost of sales", [-400] * 4), ("Gross profit", [600, 700, 800, 900]),
        *zip(names, [*parts, whole, other], strict=True),
        ("Profit before tax", [g + w + o for g, w, o in zip([600, 700, 800, 900], whole, other, strict=True)]),
    ]  # fmt: skip
    assert checks({"income statement": table(head, rows)}) == []
    line, year = rng.randrange(3, 7), rng.randrange(4)
    rows[line][1][year] += 37
    found = checks({"income statement": table(head, rows)})
    assert found and all(head[year].rstrip("E") in name for name in found)


def test_a_rate_of_no_known_kind_is_the_proportion_that_most_years_follow():
    head = ["2021", "2022", "2023", "2024", "2025E"]
    sales, staff = [830, 912, 1044, 1173, 1301], [-211, -256, -247, -305, -371]
    rows = [
        ("Revenue", sales),
        ("Cost of sales", staff),
        ("Gross profit", [a + b for a, b in zip(sales, staff, strict=True)]),
    ]
    rates = [round(-100 * b / a, 1) for a, b in zip(sales, staff, strict=True)]
    ratio = "item," + ",".join(head) + "\nGarsk intensity," + ",".join(f"{r}%" for r in rates) + "\n"
    assert checks({"income": table(head, rows), "ratios": ratio}) == []
    wrong = ratio.replace(f"{rates[2]}%", f"{rates[2] + 1.3:.1f}%")
    (name,) = checks({"income": table(head, rows), "ratios": wrong})
    assert "2023" in name


# --- numbers and tables as people fill them


@pytest.mark.parametrize(
    "text", ["1,234.5", "1 234.5", "1\u202f234.5", "1'234.5", "1,234.5*", "1,234.5 [a]", "1,234.5²"]
)
def test_every_mark_of_thousands_and_of_a_note_is_the_same_number(text):
    assert number(text) == 1234.5 and half_digit(text) == 0.05
    for minus in (f"({text})", f"△{text}", f"-{text}"):
        inside = minus.startswith("(") and text.endswith(("*", "]"))
        assert number(minus) == -1234.5 or inside


INCOME = [("Revenue", [1500, 1650]), ("Cost of sales", [-900, -960]), ("Gross profit", [600, 690])]
WRONG = [("Revenue", [1500, 1650]), ("Cost of sales", [-900, -960]), ("Gross profit", [600, 790])]


def european(value):
    text = f"{abs(value):,.1f}".replace(",", "_").replace(".", ",").replace("_", ".")
    return f"({text})" if value < 0 else text


@pytest.mark.parametrize("rows", [INCOME, WRONG])
def test_a_table_means_the_same_however_it_is_laid_out(rows):
    head = ["2023", "2024"]
    plain = table(head, rows)
    lines = [line.split(",") for line in plain.replace('"', "").splitlines()]
    semicolons = "\n".join(
        ";".join([a, *(european(float(c)) if n else c for c in r)]) for n, (a, *r) in enumerate(lines)
    )
    down = "\n".join(",".join(cells) for cells in zip(*lines, strict=True))
    blank = "\n".join(",,".join(r) for r in lines)
    marked = plain.replace("Revenue", "Revenue (1)").replace("Gross profit", "Gross profit²")
    titled = f"A Company plc\nIncome statement\n{plain}(1) With grants.\n"
    spelled = (
        plain.replace("Revenue", "營業收入")
        .replace("Cost of sales", "銷售成本")
        .replace("Gross profit", "毛利")
    )
    scaled = plain.replace("Gross profit", "Gross profit (USD billion)")
    for value in (600, 690, 790):
        scaled = scaled.replace(f'"{value}"', f'"{value / 1000:.3f}"')
    told = table(head, [*rows, ("Income tax expense", [-100, -110]), ("Net income", [500, 580])])
    expected = checks({"income": plain})
    assert bool(expected) == (rows is WRONG)
    for text in (semicolons, down, blank, marked, titled, spelled, scaled):
        assert checks({"income": text}) == expected, text
    assert (checks({"some sheet": told}) == []) == (rows is INCOME)


@pytest.mark.parametrize("title", ["Balance sheet", "資產負債表", "Something else"])
def test_several_tables_of_a_sheet_are_each_read(title):
    balance = [("Inventories", [90, 99]), ("Trade receivables", [60, 71]), ("Total current assets", [150, 170]),
               ("Total assets", [150, 170]), ("Total liabilities", [50, 60]), ("Total equity", [100, 110])]  # fmt: skip
    sheet = table(["2023", "2024"], INCOME) + f"\n{title}\n" + table(["2023", "2024"], balance)
    report = audit_texts({"Sheet1": "Income statement\n" + sheet})
    assert {r.table for r in report.tables.records} == {"income_statement", "balance_sheet"}
    assert any("read as balance_sheet" in said for said in report.tables.conventions)
    assert list(report.faults) == []
    lines = {r.item: r.line for r in report.tables.records}
    assert (sheet.splitlines()[lines["total_assets"] - 2]).startswith("Total assets")


def test_a_table_that_nothing_tells_is_said_and_not_guessed():
    report = audit_texts(
        {"income": table(["2023", "2024"], INCOME), "notes": "Garsk,2023,2024\nPlomb,1,2\nHeft,3,4\n"}
    )
    assert any(text.startswith("notes:") for text in report.tables.unread)


# --- words


def test_folding_keeps_every_place_and_marks_are_no_digits():
    for text in ("綜合損益表二零二四年", "Revenue", "應佔聯營公司溢利", "2024年"):
        assert len(folded(text)) == len(text) and folded(folded(text)) == folded(text)
    assert unmarked("Revenue¹") == "Revenue" and unmarked("(400)") == "(400)" and unmarked("CO2") == "CO2"


@pytest.mark.parametrize(
    ("text", "year"),
    [("FY3/25", 2025), ("FY3/26E", 2026), ("FY12/24", 2024), ("fiscal 2024", 2024), ("2024年", 2024)],
)
def test_a_year_of_any_form_is_a_year_and_no_figure(text, year):
    said = f"Net sales were ¥97.3bn in {text}"
    assert [y.year for y in years(said)] == [year] and [f.number for f in figures(said)] == ["97.3"]


@pytest.mark.parametrize(
    ("verb", "right"), [("rose", True), ("fell", False), ("climbed", True), ("declined", False)]
)
@pytest.mark.parametrize("form", ["Revenue {} from USD 1,500 million in 2023 to USD 1,650 million in 2024",
                                  "Revenue {} to USD 1,650 million in 2024 from USD 1,500 million"])  # fmt: skip
def test_a_direction_is_that_of_its_two_years(verb, right, form):
    found = checks({"income": table(["2023", "2024"], INCOME)}, prose={"note.txt": form.format(verb)})
    assert (found == []) == right


@pytest.mark.parametrize("form", ["收入由2023年的{a}百万美元增至2024年的{b}百万美元", "收入2023年{a}百万美元→2024年{b}百万美元",
                                  "2024年收入由2023年的{a}百万美元增加至{b}百万美元"])  # fmt: skip
@pytest.mark.parametrize(("a", "b"), [(1500, 1650), (1500, 1700), (1400, 1650)])
def test_both_values_of_a_pair_are_held_to_their_years(form, a, b):
    found = checks({"income": table(["2023", "2024"], INCOME)}, prose={"note.txt": form.format(a=a, b=b)})
    assert len(found) == (a != 1500) + (b != 1650)


# --- valuations in any words

FLOWS = [120.0, 131.0, 144.0]
RATE, GROWTH = 0.09, 0.02
WORDS = {
    "flow": ("Free cash flow", "FCF to firm", "自由现金流"), "factor": ("Discount factor", "PV factor", "贴现系数"),
    "present": ("PV of FCF", "Discounted free cash flow", "自由现金流现值"), "wacc": ("WACC", "Discount rate", "加权平均资本成本"),
    "growth": ("Terminal growth", "Perpetuity growth rate", "永续增长率"), "sum": ("Sum of PV of FCF", "Present values of cash flows", "自由现金流现值合计"),
    "terminal": ("Terminal value", "Continuing value", "终值"), "pv": ("PV of terminal value", "Discounted terminal value", "终值现值"),
    "ev": ("Enterprise value", "Firm value", "企业价值"), "debt": ("Less: net debt", "Net borrowings", "减：净债务"),
    "equity": ("Equity value", "Value of equity", "股权价值"), "shares": ("Shares outstanding", "Diluted shares", "总股本"),
    "target": ("Target price", "Price target", "目标价"), "price": ("Last close", "Share price", "收盘价"), "upside": ("Upside", "Potential upside", "上涨空间"),
}  # fmt: skip


def valuation():
    factors = [round((1 + RATE) ** -t, 4) for t in (1, 2, 3)]
    rows = {
        "flow": FLOWS,
        "factor": factors,
        "present": [round(a * b, 1) for a, b in zip(FLOWS, factors, strict=True)],
    }
    one = {"wacc": 9.0, "growth": 2.0, "sum": round(sum(rows["present"]), 1)}
    one["terminal"] = round(FLOWS[-1] * (1 + GROWTH) / (RATE - GROWTH), 1)
    one["pv"] = round(one["terminal"] * factors[-1], 1)
    one["ev"] = round(one["sum"] + one["pv"], 1)
    one["debt"], one["shares"], one["price"] = 210.0, 80.0, 19.5
    one["equity"] = round(one["ev"] - one["debt"], 1)
    one["target"] = round(one["equity"] / one["shares"], 2)
    one["upside"] = round(100 * (one["target"] / one["price"] - 1), 1)
    return rows, one


UNITS = {
    "wacc": "%",
    "growth": "%",
    "upside": "%",
    "shares": "million shares",
    "target": "USD per share",
    "price": "USD per share",
}


def printed(rows, one, words):
    dcf = table(["2025E", "2026E", "2027E"], [(WORDS[k][words], v) for k, v in rows.items()])
    lines = [f"{WORDS[k][words]},{v},{UNITS.get(k, 'USD million')}" for k, v in one.items()]
    return {
        "income": table(["2023", "2024"], INCOME),
        "dcf": dcf,
        "valuation": "\n".join(["Item,Value,Unit", *lines]) + "\n",
    }


@pytest.mark.parametrize("words", range(3))
def test_a_valuation_is_held_to_its_laws_in_any_words(words):
    rows, one = valuation()
    report = audit_texts(printed(rows, one, words))
    assert [f.check for f in report.faults] == []
    for key in one:
        rows, wrong = valuation()
        wrong[key] = round(1.3 * wrong[key], 2)
        assert checks(printed(rows, wrong, words)), key
    for key in rows:
        for year in range(3):
            wrong, one = valuation()
            wrong[key] = list(wrong[key])
            wrong[key][year] = round(1.1 * wrong[key][year], 4 if key == "factor" else 1)
            assert checks(printed(wrong, one, words)), (key, year)


@pytest.mark.parametrize("words", range(3))
@pytest.mark.parametrize("key", ["sum", "pv", "ev", "equity"])
def test_a_fault_that_runs_through_is_worth_the_difference_of_the_two_targets(words, key):
    rows, right = valuation()
    wrong = dict(right)
    wrong[key] = round(right[key] + 40.0, 1)
    if key in {"sum", "pv"}:
        wrong["ev"] = round(wrong["sum"] + wrong["pv"], 1)
    if key != "equity":
        wrong["equity"] = round(wrong["ev"] - wrong["debt"], 1)
    wrong["target"] = round(wrong["equity"] / wrong["shares"], 2)
    wrong["upside"] = round(100 * (wrong["target"] / wrong["price"] - 1), 1)
    (found,) = audit_texts(printed(rows, wrong, words)).faults
    assert found.materiality == pytest.approx(right["target"] - wrong["target"], abs=0.02)


def test_one_misprint_of_a_figure_that_many_lines_use_is_one_finding_at_it():
    head = ["2023", "2024", "2025E"]
    income = [
        ("Revenue", [1500, 1650, 1800]),
        ("Cost of sales", [-900, -960, -1000]),
        ("Gross profit", [600, 690, 800]),
    ]
    eps = [2.0, 2.5, 3.2]
    rows = table(head, income) + "EPS (USD)," + ",".join(f"{e:.2f}" for e in eps) + "\n"
    ratios = "item," + ",".join(head) + "\nP/E," + ",".join(f"{48.0 / e:.1f}x" for e in eps) + "\n"
    for price in ("48.00", "44.00"):
        value = f"Item,Value,Unit\nShare price,{price},USD per share\nTarget price,60.00,USD per share\nUpside,25.0,%\n"
        report = audit_texts({"income": rows, "ratios": ratios, "valuation": value})
        assert [f.where for f in report.faults] == (["valuation.csv:2"] if price == "44.00" else [])


@pytest.mark.parametrize(
    ("label", "dimension", "role"),
    [("Cost of debt (after tax)", "percent", "after_tax_debt"), ("税后债务成本", "percent", "after_tax_debt"),
     ("Post-tax cost of debt", "percent", "after_tax_debt"), ("D/(D+E)", "percent", "debt_weight"),
     ("债务权重", "percent", "debt_weight"), ("稅前債務成本", "percent", "cost_of_debt"), ("Less: net debt", "money", "net_debt"),
     ("Present value of terminal value", "money", "pv_terminal"), ("目标市值", "money", "equity"), ("总市值", "money", "market_cap"),
     ("PE法每股价值", "per_share", "value"), ("Unlock shares", "shares", "")],
)  # fmt: skip
def test_a_role_is_what_a_label_says_in_its_dimension(label, dimension, role):
    assert role_of(label, dimension) == role

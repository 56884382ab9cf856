# ruff: noqa: E501 (a printed line stays on its line)
"""What a right company prints in words that no other test has: no alarm; and one figure changed in each: found."""

from __future__ import annotations

import pytest

from clustersim.finance.audit.run import audit_texts

INCOME = (
    "EUR million;FY2023;FY2024;FY2025e;FY2026e\nRevenue;1.852,6;1.890,4;1.969,8;2.073,1\n"
    "Personnel expenses;-535,4;-553,9;-573,2;-599,1\nOther expenses;-1.055,8;-1.055,9;-1.096,8;-1.143,6\n"
    "EBITDA;261,4;280,6;299,8;330,4\nDepreciation and amortisation;-97,4;-101,2;-104,5;-107,8\n"
    "EBIT;164,0;179,4;195,3;222,6\n"
)
SEGMENTS = (
    "EUR million;FY2023;FY2024;FY2025e;FY2026e\nMobility;905,7;882,1;901,5;940,2\n"
    "Process Industry;946,9;1.008,3;1.068,3;1.132,9\nGroup revenue;1.852,6;1.890,4;1.969,8;2.073,1\n"
)
WORTH = (
    "Item;Unit;Value\nEBITDA FY2025e;EUR million;299,8\nTarget EV/EBITDA;x;7,5x\nEnterprise value;EUR million;2.248,5\n"
    "Net financial debt;EUR million;156,0\nPension provisions;EUR million;118,6\nMinority interests;EUR million;49,7\n"
    "Equity value;EUR million;1.924,2\nNumber of shares;million;42,5\nFair value per share;EUR;45,28\n"
    "Closing price;EUR;48,60\nUpside potential;%;-6,8%\n"
)
TABLES = {
    "Statement of profit or loss": INCOME,
    "Segment revenue": SEGMENTS,
    "Fair value": WORTH,
    "Key figures": "in %;FY2023;FY2024;FY2025e;FY2026e\nEBIT margin;8,9%;9,5%;9,9%;10,7%\nPersonnel expense ratio;28,9%;29,3%;29,1%;28,9%\n",
}
SAID = (
    "Revenue rose to EUR 1,890.4 million in FY2024, while Process Industry rose 6.5% to EUR 1,008.3 million.",
    "EBITDA came in at EUR 280.6 million in FY2024, a margin of 14.8%.",
    "We model revenue of EUR 1,969.8 million and EUR 2,073.1 million for FY2025e and FY2026e respectively,"
    " a CAGR of 4.7% from FY2024.",
    "Mobility should account for 45.4% of group revenue in FY2026e, against 46.7% in FY2024.",
    "We expect the EBIT margin to widen by 1.2 percentage points to 10.7% between FY2024 and FY2026e.",
    "That is 6.8% below the closing price of EUR 48.60 per share.",
)
CHANGED = (
    (0, "6.5%", "8.5%"), (0, "1,008.3", "1,080.3"), (1, "14.8%", "18.4%"), (2, "4.7%", "7.4%"), (3, "46.7%", "64.7%"),
    (4, "1.2 percentage", "2.1 percentage"), (4, "10.7%", "11.7%"), (5, "below", "above"),
)  # fmt: skip


def alarms(said: tuple[str, ...], tables: dict[str, str] = TABLES) -> list[str]:
    return [f.check for f in audit_texts(tables, prose={"note.md": "\n\n".join(said)}).faults]


def test_a_right_company_in_new_words_has_no_alarm() -> None:
    assert alarms(SAID) == []


@pytest.mark.parametrize(("at", "old", "new"), CHANGED)
def test_a_changed_word_is_found(at: int, old: str, new: str) -> None:
    said = list(SAID)
    assert old in said[at]
    said[at] = said[at].replace(old, new)
    assert alarms(tuple(said))


@pytest.mark.parametrize(
    ("table", "old", "new"),
    [
        ("Fair value", "118,6", "181,6"),
        ("Fair value", "7,5x", "5,7x"),
        ("Segment revenue", "1.068,3", "1.608,3"),
    ],
)
def test_a_changed_figure_is_found(table: str, old: str, new: str) -> None:
    assert old in TABLES[table]
    assert alarms(SAID, {**TABLES, table: TABLES[table].replace(old, new, 1)})


def test_dividends_to_outside_owners_leave_equity_too() -> None:
    income = "HKD thousand,2024,2025E,2026E\nRevenue,900,950,990\nCost of sales,-700,-730,-760\nProfit for the year,200,220,230\n"
    balance = "HKD thousand,2024,2025E,2026E\nTotal assets,1500,1650,1795\nTotal liabilities,500,500,500\nTotal equity,1000,1150,1295\n"
    cash = (
        "HKD thousand,2024,2025E,2026E\nDividends paid to owners,-50,-60,-70\n"
        "Dividends paid to non-controlling interests,-10,-10,-15\nNet cash used in financing activities,-60,-70,-85\n"
    )
    tables = {"income_statement": income, "balance_sheet": balance, "cash_flow": cash}
    assert alarms((), tables) == []
    assert alarms((), {**tables, "balance_sheet": balance.replace("1650", "1660").replace("1150", "1160")})

"""What is remarked of an input and is no error is told on stderr, in the language that was chosen."""

import logging

import pytest

from clustersim.cli.remarks import remarks
from clustersim.report.language import speaking
from clustersim.schema.quantity import tell_once


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ("en", "tco.tariff: 9.5 CNY/kWh is outside the usual range, 0.05 CNY/kWh to 5 CNY/kWh; read as it is written"),
        ("zh", "tco.tariff: 9.5 CNY/kWh 在常见区间 0.05 CNY/kWh 至 5 CNY/kWh 之外;按所写读取"),
    ],
)  # fmt: skip
def test_a_remark_is_told_in_the_language_that_was_chosen(
    chosen: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with remarks(), speaking(chosen):
        logging.getLogger("clustersim").warning(
            "tco.tariff: 9.5 CNY/kWh is outside the usual range, 0.05 CNY/kWh to 5 CNY/kWh; read as it is written"
        )
        tell_once(f"told once, {chosen}")
        tell_once(f"told once, {chosen}")
    assert capsys.readouterr().err == f"{told}\ntold once, {chosen}\n"

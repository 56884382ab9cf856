"""Laws of bills and costs: parts sum, nothing dearer makes a total smaller, and size scales the linear parts."""

from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustersim.assemble.bill import price_cny
from clustersim.assemble.purchase import purchase
from clustersim.econ.bom import BillLine, bill_of_materials
from clustersim.econ.power import cluster_power, provisioned_power
from clustersim.econ.racks import count_racks
from clustersim.econ.tco import total_cost
from clustersim.errors import InfeasibleError
from clustersim.pipeline.site import run_site
from clustersim.provenance import Sourced
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.prices import PriceBook
from clustersim.workloads.work import StageCache

PRICES = st.floats(0.01, 1e6).map(lambda x: round(x, 2))
LINES = st.lists(st.tuples(st.integers(1, 5000), PRICES), min_size=1, max_size=8)
CACHE = StageCache()

TERMS = {
    "capex_cny": 1e8, "cards": 1024, "facility_power_w": 7e5, "provisioned_it_w": 6e5, "years": 5.0, "wacc": 0.08,
    "residual": 0.05, "tariff_cny_per_kwh": 0.5, "maintenance_share": 0.03, "staff_cny_per_year": 3e6,
    "sold_share": 0.8, "colocation_cny_per_kw_month": 100.0, "network_transit_cny_per_year": 1e5,
    "software_cny_per_year": 2e5,
}  # fmt: skip
DEARER = [k for k in TERMS if k not in {"cards", "years", "residual", "sold_share"}]


def bill(rows: list[tuple[int, float]], integration: float = 0.1, vat: float = 0.13):  # type: ignore[no-untyped-def]
    lines = [
        BillLine(group=f"g{i % 3}", part=f"p{i}", quantity=q, unit_price_cny=p)
        for i, (q, p) in enumerate(rows)
    ]
    return bill_of_materials(lines, integration_share=integration, vat=vat)


@given(LINES)
def test_parts_sum_to_the_total_to_the_fen(rows: list[tuple[int, float]]) -> None:
    made = bill(rows)
    assert abs(sum(made.group_totals().values()) - made.total_cny) < 0.01
    assert abs(made.hardware_cny + made.integration_cny + made.vat_cny - made.total_cny) < 0.01


@given(LINES, st.integers(2, 50))
def test_k_times_the_parts_are_k_times_the_bill(rows: list[tuple[int, float]], k: int) -> None:
    assert bill([(q * k, p) for q, p in rows]).total_cny == pytest.approx(k * bill(rows).total_cny)


@given(st.sampled_from(DEARER), st.floats(1.0, 10.0))
def test_a_dearer_input_never_lowers_the_cost(name: str, factor: float) -> None:
    base, dear = total_cost(**TERMS), total_cost(**{**TERMS, name: TERMS[name] * factor})
    assert dear.cost_cny_per_year >= base.cost_cny_per_year * (1 - 1e-12)
    if name != "wacc":  # a higher cost of capital discounts the running costs: the discounted total may fall
        assert dear.tco_discounted_cny >= base.tco_discounted_cny * (1 - 1e-12)
        assert dear.tco_cny >= base.tco_cny * (1 - 1e-12)


@given(st.sampled_from(sorted(TERMS)), st.floats(0.5, 0.99))
def test_the_terms_of_a_year_sum_to_its_cost(name: str, factor: float) -> None:
    cost = total_cost(**{**TERMS, name: TERMS[name] * factor})
    assert abs(sum(cost.terms().values()) - cost.cost_cny_per_year) < 0.01
    assert cost.cny_per_available_card_hour <= cost.cny_per_card_hour


@given(st.floats(1, 1e9), st.floats(0.05, 20))
def test_a_currency_round_trips(amount: float, rate: float) -> None:
    book = PriceBook.model_validate(
        {
            "kind": "prices", "name": "b", "date": "2026-06",
            "parts": {"x": {"value": "1 CNY", "source": "s", "tier": "given"}},
            "currencies": {"USD": {"value": rate, "source": "s", "tier": "given", "date": "2026-05"}},
        }
    )  # fmt: skip
    there = price_cny(Sourced(amount, "USD"), book, "x")
    assert there.unit == "CNY"
    assert there.value / rate == pytest.approx(amount, rel=1e-12)
    assert price_cny(there, book, "x") is there


@given(st.integers(1, 64))
def test_power_scales_with_the_cluster_and_average_stays_below_provisioned(k: int) -> None:
    one = {
        "cards": 8, "tdp_w": 400.0, "hosts": 1, "host_w": 1800.0, "nics": 8.0, "nic_w": 15.0, "switches": 2,
        "switch_w": 1500.0, "optics": 16, "optic_w": 9.0,
    }  # fmt: skip
    many = {n: v * k if n in {"cards", "hosts", "nics", "switches", "optics"} else v for n, v in one.items()}
    assert provisioned_power(**many) == pytest.approx(k * provisioned_power(**one))
    running = cluster_power(**many, card_w=380.0, card_idle_w=50.0, busy_share=0.9, pue=1.2)
    assert running.it_power_w < running.provisioned_it_w
    assert running.facility_power_w == pytest.approx(1.2 * running.it_power_w)


@given(st.integers(1, 500), st.floats(1e3, 15e3), st.floats(1, 12), st.floats(15e3, 150e3))
def test_racks_hold_what_they_are_given(servers: int, watts: float, height: float, rack: float) -> None:
    if watts > rack:
        with pytest.raises(InfeasibleError, match="cannot take one server"):
            count_racks(servers=servers, server_w=watts, server_u=height, switches=0, switch_w=0, switch_u=0,
                        other_racks=0, rack_w=rack, rack_u=42)  # fmt: skip
        return
    count = count_racks(
        servers=servers, server_w=watts, server_u=height, switches=0, switch_w=0, switch_u=0, other_racks=0,
        rack_w=rack, rack_u=42,
    )  # fmt: skip
    assert count.compute * count.servers_per_rack >= servers
    assert (count.compute - 1) * count.servers_per_rack < servers
    assert count.servers_per_rack * watts <= rack * (1 + 1e-9)
    assert count.servers_per_rack * height <= 42 * (1 + 1e-9)


@lru_cache(maxsize=256)
def cost(sets: tuple[str, ...]) -> tuple[float, float]:
    inputs = load_inputs("br166-1024", sets, with_incumbent=False)
    run = run_site(inputs, CACHE)
    return run.tco.cost_cny_per_year, run.bill.total_cny


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(
        ["server-oam8", "nic-200g", "switch-64x400g", "module-400g", "storage-per-pb", "rack-air"]
    ),
    st.floats(1.0, 5.0),
)
def test_a_dearer_part_never_lowers_a_real_bill(part: str, factor: float) -> None:
    inputs = load_inputs("br166-1024", (), with_incumbent=False)
    dear = inputs.prices.parts[part].price.value * factor
    base, changed = cost(()), cost((f"prices.parts.{part}={dear!r} CNY",))
    assert changed[0] >= base[0] * (1 - 1e-12)
    assert changed[1] >= base[1] * (1 - 1e-12)


def test_twice_the_cluster_is_twice_its_linear_parts() -> None:
    totals = []
    for cards in (512, 1024):
        sets = ("reliability.spares.hot=0", f"cluster.cards={cards}")
        inputs = load_inputs("nanjing-1024", sets, with_incumbent=False)
        groups = purchase(inputs).bill.group_totals()
        totals.append((groups["cards"], groups["servers"], groups["management"]))
    assert totals[1] == pytest.approx([2 * v for v in totals[0]])


@settings(max_examples=20, deadline=None)
@given(st.floats(0.1, 0.9))
def test_a_card_hour_is_dearer_where_hours_are_given_to_nobody(left: float) -> None:
    """Idle hours cost their capital and earn nothing."""
    whole = run_site(load_inputs("br166-1024", (), with_incumbent=False), CACHE)
    part = run_site(
        load_inputs("br166-1024", (f"demand.pretrain.share={left!r}",), with_incumbent=False), CACHE
    )
    assert part.tco.cny_per_card_hour > whole.tco.cny_per_card_hour
    assert part.power.facility_power_w < whole.power.facility_power_w

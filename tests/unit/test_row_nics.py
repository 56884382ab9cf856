"""The NIC rate of a row is that of a card of its node, whatever part of the node a coherent domain joins."""

import pytest

from clustersim.validation.sites import card_of, links_of


@pytest.mark.parametrize("card", ["H100-NVL", "BR166C", "BR104", "H100", "H20", "B200"])
@pytest.mark.parametrize("fabric", ["8x50 GB/s", "8x400G IB, 2 nodes", "3200 Gb/s per node"])
def test_a_nodes_nics_are_shared_by_its_cards_and_not_by_a_domains(card: str, fabric: str) -> None:
    assert links_of(card_of(card), fabric, "", 16).nic_rate == pytest.approx(50e9)
    assert links_of(card_of(card), fabric.replace("2 nodes", "4 nodes"), "", 32).nic_rate == pytest.approx(
        50e9
    )


def test_nodes_of_more_cards_share_their_nics_among_more() -> None:
    assert links_of(card_of("BR166C"), "8x400G IB, 2 nodes", "", 32).nic_rate == pytest.approx(25e9)

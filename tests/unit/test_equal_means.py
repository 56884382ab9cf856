"""Sites as large as racks, power or a budget allow: within the limit, one step from breaking it, ratios kept."""

from pathlib import Path

import pytest

from clustersim.api.scenario import Scenario
from clustersim.errors import InfeasibleError, InputError
from clustersim.planner.candidates import Limits
from clustersim.planner.comparison import Asked, compare
from clustersim.planner.equal import sized, takes_of
from clustersim.planner.subsets import site_of
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.sides import refuse_stated_plans

SITES = ("br166-1024", "jiangsu-four-vendors", "optical-br166-128", "old-a800-and-br166")
#: What the tests ask at a part of what the files' own sites take.
PARTS = (0.3, 1.0, 2.7)


@pytest.fixture(scope="module", params=SITES)
def site(request: pytest.FixtureRequest) -> Inputs:
    return load_inputs(request.param, with_incumbent=False)


@pytest.mark.parametrize("name", ["racks", "power_w", "budget_cny"])
def test_a_site_fills_a_limit_to_the_last_step(site: Inputs, name: str) -> None:
    own = takes_of(site)
    last = 0
    for part in PARTS:
        most = own[name] * part
        try:
            found = sized(site, Limits(**{name: most}))
        except InfeasibleError:
            assert part < 1
            continue
        again = load_inputs(site.name, dict(found.counts), with_incumbent=False)
        assert takes_of(again) == pytest.approx(dict(found.takes)), "the keys give the site that was counted"
        assert found.takes[name] <= most and found.binds in {name, ""}
        assert again.cards >= last
        last = again.cards
        if part == 1.0:
            assert again.cards >= site.cards, "a site meets what it takes itself"
        for now, was in zip(again.groups, site.groups, strict=True):
            assert now.cards <= was.cards or not was.owned, "nobody sells more of what is paid for"
        if site.groups and again.cards > 100 and (part <= 1 or not any(g.owned for g in site.groups)):
            shares = [g.cards / site.cards for g in site.groups]
            assert [g.cards / again.cards for g in again.groups] == pytest.approx(shares, abs=0.07)
    assert last > 0


def test_what_cannot_be_made_equal_says_so(site: Inputs) -> None:
    with pytest.raises(InfeasibleError, match=r"even .* takes a budget of .* above a budget of 0.001 M CNY"):
        sized(site, Limits(budget_cny=1000.0))
    with pytest.raises(InputError, match="give a limit"):
        sized(site, Limits())


def test_groups_of_equal_cards_are_asked_to_be_one_cluster() -> None:
    groups = {"a": {"card": "BR106M", "cards": 512}, "b": {"card": "BR106M", "cards": 512}}
    inputs = load_inputs("jiangsu-four-vendors", {"cluster.groups": groups}, with_incumbent=False)
    with pytest.raises(InputError, match="write them as one cluster"):
        sized(inputs, Limits(racks=30))


@pytest.mark.full
def test_a_comparison_at_equal_racks_says_what_each_makes_in_a_day() -> None:
    asked = Asked(
        names=("br166-1024", "jiangsu-four-vendors"),
        sets={"demand.pretrain.model": "llama3-8b"},
        demand="br166-1024",
    )
    found = compare(asked, limits=Limits(racks=40))
    rows = {row["side"]: row for row in found["sides"]}
    assert all(35 <= row["racks"] <= 40 for row in rows.values())
    equal = found["equal"]
    assert [row["binds"] for row in equal["sides"]] == ["racks", "racks"]
    for row in equal["per_day"]:
        work = next(w for w in found["workloads"] if w["side"] == row["side"])
        assert row["units_per_day"] == pytest.approx(
            work["training_goodput_tokens_per_s"] * 86_400 / 1e6, rel=0.2
        )


def test_faults_of_groups_name_the_groups_key() -> None:
    def asked(**group: object) -> Inputs:
        groups = {
            "a": {"card": "BR166M", "cards": 48, **group},
            "b": {"card": "H20", "cards": 16, "server": "hgx8"},
        }
        return load_inputs("jiangsu-four-vendors", {"cluster.groups": groups}, with_incumbent=False)

    with pytest.raises(InputError, match=r"cluster\.groups\.a\.cards=12 does not fill servers of 8"):
        takes_of(asked(cards=12))
    with pytest.raises(InputError, match=r"cluster\.groups\.a\.supernode\.cards: .* 16 would be"):
        takes_of(asked(supernode={"profile": "optical", "cards": 12}))
    for name in ("a.b", "a+b", " "):
        groups = {name: {"card": "BR166M", "cards": 8}, "c": {"card": "H20", "cards": 8, "server": "hgx8"}}
        with pytest.raises(InputError, match="a group's name has no"):
            load_inputs("jiangsu-four-vendors", {"cluster.groups": groups}, with_incumbent=False)


def test_what_no_command_can_buy_is_no_good_file() -> None:
    """`check` refuses a part of a server or of a domain in the words in which the bill does."""
    for key, cards, words in (
        ("cluster.groups.old.cards", 12, r"cluster\.groups\.old\.cards=12 does not fill servers of 8"),
        (
            "cluster.groups.new.supernode",
            {"profile": "optical", "cards": 48},
            r"supernode\.cards: .* 64 would be",
        ),
    ):
        with pytest.raises(InputError, match=words):
            Scenario("old-a800-and-br166", {key: cards}).check()


def test_wrong_cards_of_all_groups_are_told_at_once(tmp_path: Path) -> None:
    text = Path("scenarios/jiangsu-four-vendors.yaml").read_text(encoding="utf-8")
    file = tmp_path / "wrong.yaml"
    file.write_text(
        text.replace("MetaX-C550,", "MetaX-C5500,").replace("BI-V150,", "BI-V15x,"), encoding="utf-8"
    )
    with pytest.raises(InputError) as found:
        load_inputs(str(file))
    assert "MetaX-C5500" in str(found.value) and "BI-V15x" in str(found.value)


def test_wrong_counts_are_told_of_every_group_by_its_own_key() -> None:
    """A site of one group is a cluster of equal cards, and a message names what stands in the file all the same."""
    many = {
        "a": {"card": "B300", "cards": 129, "server": "hgx8"},
        "b": {"card": "Ascend-910C", "cards": 257, "server": "cm384"},
        "c": {"card": "BR166M", "cards": 64},
    }
    with pytest.raises(InputError) as found:
        Scenario("jiangsu-four-vendors", {"cluster.groups": many}).check()
    assert all(f"cluster.groups.{name}.cards=" in str(found.value) for name in "ab")
    one = load_inputs("jiangsu-four-vendors", {"cluster.groups": {"c": {"card": "BR166M", "cards": 1}}})
    with pytest.raises(InputError, match=r"cluster\.groups\.c\.cards=1 does not fill"):
        _ = one.servers
    groups = load_inputs("jiangsu-four-vendors", {"cluster.groups": many}, with_incumbent=False)
    with pytest.raises(InputError, match=r"cluster\.groups\.a\.cards=129 does not fill"):
        _ = site_of(groups, ["a"]).servers


def test_a_plan_that_a_group_states_is_not_held_against_a_searched_one() -> None:
    key = "cluster.groups.biren.plan"
    stated = load_inputs("jiangsu-four-vendors", {key: {"tp": 8, "pp": 8, "dp": 4}}, with_incumbent=False)
    searched = load_inputs("jiangsu-four-vendors", with_incumbent=False)
    with pytest.raises(InputError, match="plan is stated for jiangsu-four-vendors and searched for"):
        refuse_stated_plans([stated, searched], allowed=False)
    refuse_stated_plans([stated, stated], allowed=False)
    refuse_stated_plans([searched, searched], allowed=False)


def test_what_check_calls_good_is_bought_by_the_same_words_in_every_group() -> None:
    """A domain that nobody sells and a card of which nothing is known are told by `check`, of all groups at once."""
    groups = {
        "a": {"card": "BR166M", "cards": 64},
        "b": {"card": "Ascend-910C", "cards": 256, "server": "atlas8"},
        "c": {"card": "BR30X", "cards": 64},
    }
    with pytest.raises(InputError) as found:
        Scenario("jiangsu-four-vendors", {"cluster.groups": groups}).check()
    assert "name cluster.groups.b.supernode.profile" in str(found.value) and "cards.BR30X" in str(found.value)
    groups = {"a": groups["a"], "b": {**groups["b"], "server": "cm384", "cards": 384}}
    Scenario("jiangsu-four-vendors", {"cluster.groups": groups}).check()

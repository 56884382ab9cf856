"""A name means one profile: exact or declared, in either case, never a part of a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from clustersim.errors import InputError
from clustersim.schema.lookup import exact_name, find_file, known_names, plain, profile_name
from clustersim.schema.profiles import KINDS, load_card, load_profile

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _from_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLUSTERSIM_PATH", str(ROOT))


@pytest.mark.parametrize("kind", KINDS)
def test_no_two_profiles_of_a_kind_share_a_name(kind: str) -> None:
    owner: dict[str, str] = {}
    for name in known_names(KINDS[kind][0]):
        profile = load_profile(kind, name)
        for word in {plain(name), *map(plain, profile.aliases)}:
            assert owner.setdefault(word, name) == name, f"{word} is {owner[word]} and {name}"


@pytest.mark.parametrize("kind", KINDS)
def test_every_alias_finds_its_file_in_either_case(kind: str) -> None:
    folder = KINDS[kind][0]
    for name in known_names(folder):
        for alias in load_profile(kind, name).aliases:
            assert {exact_name(folder, a) for a in (alias, alias.upper(), alias.lower())} == {name}


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("br166m", "BR166M"), ("昇腾910B", "Ascend-910B"), ("910C", "Ascend-910C"), ("gb200", "GB200"),
        ("H100 PCIe", "H100-PCIe"), ("A100-40GB", "A100-40G"), ("a100_80gb", "A100-80G"), ("H100 NVL", "H100-NVL"),
        ("RTX PRO 6000 Blackwell SE", "RTX-PRO-6000"), ("Biren BR104-300W PCIe", "BR104"),
    ],
)  # fmt: skip
def test_cards_by_the_names_that_people_use(said: str, name: str) -> None:
    assert load_card(said).name == name


@pytest.mark.parametrize(
    "said", ["H100 with a fan", "GB2000", "A100 PCIe with NVLink", "H", "910", "banana", ""]
)
def test_a_part_of_a_name_is_no_name(said: str) -> None:
    assert exact_name("hwprofiles/cards", said) is None
    with pytest.raises(InputError, match=r"no profile of the card|the card is not named"):
        find_file("hwprofiles/cards", said)


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'MTT-S5000'"):
        load_card("MTT-S500O")


def test_an_alias_of_two_files_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "hwprofiles" / "cards"
    folder.mkdir(parents=True)
    for name in ("one", "two"):
        (folder / f"{name}.yaml").write_text(f"kind: card\nname: {name}\naliases: [mine]\n")
    monkeypatch.setenv("CLUSTERSIM_PATH", str(tmp_path))
    with pytest.raises(InputError, match="'Mine' is an alias of one and of two"):
        profile_name("hwprofiles/cards", "Mine")
    assert profile_name("hwprofiles/cards", "one") == "one"


def test_a_folder_that_is_looked_at_first_may_take_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "hwprofiles" / "cards"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text("kind: card\nname: mine\naliases: [H100]\n")
    monkeypatch.setenv("CLUSTERSIM_PATH", str(tmp_path))
    assert profile_name("hwprofiles/cards", "h100") == "mine"
    (folder / "mine.yaml").write_text("kind: card\nname: mine\n")
    assert profile_name("hwprofiles/cards", "h100") == "H100"


def test_a_folder_of_the_path_that_holds_nothing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CLUSTERSIM_PATH", f"{tmp_path}:{ROOT}")
    assert load_card("H100").name == "H100"
    assert [f"{tmp_path}: holds neither" in text for text in caplog.messages] == [True]

"""Every shipped profile can be shown and compared: whatever a field holds has a text."""

from typing import Any

import pytest

from clustersim.errors import InputError
from clustersim.provenance import Sourced
from clustersim.report.pages.profiles import diff_answer, fields_of, profile_answer
from clustersim.schema.lookup import known_names
from clustersim.schema.profiles import KINDS, load_profile

#: What a text of no field may hold: an object's own representation.
_REPR = ("Sourced(", "Profile(", "Section(", "=(", "<class", "object at")
SHIPPED = [(kind, name) for kind in KINDS for name in known_names(KINDS[kind][0])]


def _texts(rows: Any) -> list[str]:
    return [str(value) for row in rows for value in row.values()]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_shipped_profile_is_shown_in_plain_words(kind: str) -> None:
    for name in (name for at, name in SHIPPED if at == kind):
        rows = profile_answer(name).data
        shown = {row["field"] for row in rows}
        assert {"name", "kind"} <= shown, name
        assert not [text for text in _texts(rows) if any(mark in text for mark in _REPR)], name


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_number_of_a_profile_is_a_row_of_its_own(kind: str) -> None:
    for name in (name for at, name in SHIPPED if at == kind):
        leaves = list(fields_of(load_profile(kind, name)))
        assert len({key for key, _ in leaves}) == len(leaves), f"{name}: one key twice"
        if sum(other == name for _, other in SHIPPED) > 1:
            continue  # a name of two kinds shows the first kind's
        rows: dict[str, Any] = {}
        for row in profile_answer(name).data:
            rows.setdefault(row["field"], row)
        for key, value in leaves:
            assert not isinstance(value, Sourced) or rows[key]["tier"] == value.tier, (name, key)


def test_profiles_of_every_kind_are_compared() -> None:
    for kind in KINDS:
        names = [name for at, name in SHIPPED if at == kind][:2]
        assert diff_answer(names[0], names[-1]).name == "diff"


def test_a_name_of_several_kinds_says_the_others_and_shows_each() -> None:
    for name in {name for _, name in SHIPPED}:
        kinds = [kind for kind, other in SHIPPED if other == name]
        assert [said.split()[-1] for said in profile_answer(name).said] == kinds[1:]
        for kind in kinds:
            stated = next(row["value"] for row in profile_answer(name, kind).data if row["field"] == "kind")
            assert stated == type(load_profile(kind, name)).model_fields["kind"].annotation.__args__[0]
    with pytest.raises(InputError, match="no servers profile 'BR106M'"):
        profile_answer("BR106M", "servers")
    with pytest.raises(InputError, match="no kind of profile 'silicone'; did you mean 'silicon'"):
        profile_answer("BR106M", "silicone")

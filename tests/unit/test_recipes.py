"""A scaling recipe is one of a list, in any case, and belongs to the data type that it scales."""

from typing import get_args

import pytest

from clustersim.errors import InputError
from clustersim.schema.demand import TrainingWorkload
from clustersim.schema.formats import RECIPES
from clustersim.schema.load_inputs import load_inputs


def _recipe(dtype: str, recipe: str) -> str:
    inputs = load_inputs("h100-1024", {"demand.pretrain.dtype": dtype, "demand.pretrain.recipe": recipe})
    work = inputs.scenario.demand["pretrain"]
    assert isinstance(work, TrainingWorkload)
    return work.recipe


def test_the_list_is_that_of_the_formats() -> None:
    field = TrainingWorkload.model_fields["recipe"].annotation
    assert set(get_args(field)) - {""} == set(RECIPES)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("dtype", ["bf16", "fp8", "fp4"])
def test_a_recipe_stands_with_its_own_data_type_alone(recipe: str, dtype: str) -> None:
    if RECIPES[recipe] == dtype:
        assert _recipe(dtype, recipe.upper()) == recipe == _recipe(dtype, recipe)
        return
    with pytest.raises(InputError, match=f"recipe {recipe} scales {RECIPES[recipe]}, and dtype is {dtype}"):
        _recipe(dtype, recipe)


@pytest.mark.parametrize("word", ["banana", "mxfp9", "awq"])
def test_no_other_word_is_a_recipe(word: str) -> None:
    with pytest.raises(InputError, match=f"not '{word}'"):
        _recipe("fp8", word)

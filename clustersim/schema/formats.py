"""Number formats by their exact names: the data type that a card computes in, and the recipe that scales it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator

from clustersim.errors import InputError, suggest
from clustersim.schema.lookup import plain

__all__ = ["RECIPES", "DataType", "NumberFormat", "number_format", "recipe_name", "with_recipe"]


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A data type (a key of a card's peaks) and its scaling recipe; none where values carry their own exponents."""

    dtype: str
    recipe: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """What constants may ask for: the data type, and the recipe."""
        return (self.dtype, self.recipe) if self.recipe else (self.dtype,)


#: Format -> the exact names that it goes by.
_NAMES: dict[NumberFormat, tuple[str, ...]] = {
    NumberFormat("fp32"): ("fp32", "float32", "f32", "single"),
    NumberFormat("tf32"): ("tf32",),
    NumberFormat("bf16"): ("bf16", "bfloat16", "amp", "amp_bf16", "bf16-mixed"),
    NumberFormat("fp16"): ("fp16", "float16", "half", "amp_fp16", "fp16-mixed"),
    NumberFormat("fp8"): ("fp8", "float8", "bf16+fp8", "e4m3"),
    NumberFormat("fp8", "fp8-current"): ("fp8-cs", "fp8-current", "fp8 current scaling"),
    NumberFormat("fp8", "fp8-delayed"): ("fp8-ds", "fp8-delayed", "fp8 delayed scaling"),
    NumberFormat("fp8", "fp8-block"): ("fp8-sc", "fp8-block", "fp8_block", "fp8 sub-channel"),
    NumberFormat("fp8", "mxfp8"): ("mxfp8", "fp8-mx", "fp8-cs (fp8-mx)"),
    NumberFormat("fp4", "nvfp4"): ("nvfp4",),
    NumberFormat("fp4", "mxfp4"): ("mxfp4",),
    NumberFormat("fp4"): ("fp4",),
    NumberFormat("int8"): ("int8", "w8a8"),
    NumberFormat("int4", "w4a16"): ("int4", "w4a16", "int4_wo"),
    NumberFormat("int4", "awq"): ("awq",),
    NumberFormat("int4", "gptq"): ("gptq", "gptq-int4"),
}
_BY_NAME = {plain(name): found for found, names in _NAMES.items() for name in names}


def number_format(text: str) -> NumberFormat:
    """Return the format behind a name.

    >>> number_format("MXFP8"), number_format("FP8").recipe, number_format("tf32").dtype
    (NumberFormat(dtype='fp8', recipe='mxfp8'), '', 'tf32')

    Raises InputError with the nearest name for anything else.
    """
    found = _BY_NAME.get(plain(text))
    if found is None:
        hint = suggest(text.strip().lower(), sorted({name for form in _NAMES for name in form.names}))
        raise InputError(
            f"number format {text!r} is unknown; {hint}" if text.strip() else "no number format is stated"
        )
    return found


#: Recipe of a narrow format that steps are trained in -> the data type that it scales.
RECIPES = {f.recipe: f.dtype for f in _NAMES if f.recipe and f.dtype in {"fp8", "fp4"}}


def recipe_name(text: object) -> object:
    """Return the recipe that goes by a name, in any case; what is no name of one stays as it is.

    >>> recipe_name("MXFP8"), recipe_name("FP8-DS"), recipe_name("banana")
    ('mxfp8', 'fp8-delayed', 'banana')
    """
    found = _BY_NAME.get(plain(text)) if isinstance(text, str) else None
    return found.recipe if found is not None and found.recipe else text


def _data_type(text: object) -> object:
    """Return the data type behind a format's name; raises ValueError in the words of ``number_format``."""
    if not isinstance(text, str):
        return text
    try:
        return number_format(text).dtype
    except InputError as error:
        raise ValueError(str(error)) from None


#: A data type by any exact name of a format: those of files and those of published rows are the same.
DataType = Annotated[str, BeforeValidator(_data_type)]


def with_recipe(data: Any) -> Any:
    """Return the keys of a file with the recipe that its ``dtype`` names: ``MXFP8`` is fp8 by mxfp8.

    >>> with_recipe({"dtype": "MXFP8"}), with_recipe({"dtype": "bf16"})
    ({'dtype': 'MXFP8', 'recipe': 'mxfp8'}, {'dtype': 'bf16'})

    Raises ValueError where another recipe is stated beside it.
    """
    text = data.get("dtype") if isinstance(data, dict) else None
    found = _BY_NAME.get(plain(text)) if isinstance(text, str) else None
    if found is None or found.recipe not in RECIPES:
        return data
    stated = data.get("recipe") or found.recipe
    if recipe_name(stated) != found.recipe:
        raise ValueError(
            f"dtype {text} is the recipe {found.recipe}, and recipe says {stated}; state one of them"
        )
    return {**data, "recipe": found.recipe}

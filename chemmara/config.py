"""TOML to strict, frozen settings: every mistake at once, with its place and a "did you mean"."""

import difflib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo
from pydantic_core import ErrorDetails

from chemmara.errors import ConfigError


class Strict(BaseModel):
    """A section of settings that refuses what it does not know and never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)

    renamed: ClassVar[dict[str, str]] = {}
    """Keys of earlier versions and what they are called now, for the error message."""


def _beside_the_file(value: Any, info: ValidationInfo) -> Any:
    folder = (info.context or {}).get("folder")
    return (Path(folder) / value).resolve() if folder is not None and isinstance(value, str) else value


UserPath = Annotated[Path, BeforeValidator(_beside_the_file)]
"""A path in a settings file, taken relative to the folder of that file."""

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
"""A number from 0 to 1."""

Settings = TypeVar("Settings", bound=BaseModel)


def load(model: type[Settings], path: Path) -> Settings:
    """Read a TOML file as `model`; ConfigError names every mistake in it."""
    return parse(model, read_toml(path), source=str(path), folder=path.parent)


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file; ConfigError if it is missing, a folder or not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: is a folder; a TOML file is needed") from None
    except PermissionError:
        raise ConfigError(f"{path}: may not be read (permission denied)") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not a text file in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None


def parse(model: type[Settings], data: dict[str, Any], *, source: str, folder: Path | None = None) -> Settings:
    """Validate tables as `model`; `source` names them in errors, `folder` anchors their relative paths."""
    try:
        return model.model_validate(data, context={"folder": folder})
    except ValidationError as error:
        details = error.errors()
        # An item that was refused makes its list too short as well: that says nothing new.
        places = [detail["loc"][:-1] for detail in details]
        told = [
            d for d in details if d["type"] != "too_short" or not any(p[: len(d["loc"])] == d["loc"] for p in places)
        ]
        lines = [f"{source}: {_sentence(model, detail)}" for detail in told]
        raise ConfigError("\n".join(dict.fromkeys(lines))) from None


def _sentence(model: type[BaseModel], detail: ErrorDetails) -> str:
    """One mistake in words: what, where, what to do."""
    keys, models = _follow(model, detail["loc"])
    if detail["type"] == "extra_forbidden":
        key, known = str(detail["loc"][-1]), sorted({name for found in models for name in found.model_fields})
        for found in models:
            if issubclass(found, Strict) and key in found.renamed:
                return f"{key!r}{_inside(keys)} is now called {found.renamed[key]!r}; rename it"
        return f"unknown key {key!r}{_inside(keys)}{_did_you_mean(key, known)}"
    if detail["type"] == "missing":
        return f"{str(detail['loc'][-1])!r} is missing{_inside(keys[:-1])}"
    if detail["type"] in {"union_tag_invalid", "union_tag_not_found"}:
        context = detail.get("ctx", {})
        kind = context["discriminator"].strip("'")
        if detail["type"] == "union_tag_not_found":
            return f"{kind!r} is missing{_inside(keys)}"
        known = [tag.strip("'") for tag in context["expected_tags"].split(", ")]
        tag = str(context["tag"])
        return f"unknown {kind} {tag!r}{_inside(keys)}{_did_you_mean(tag, known)}"
    message = detail["msg"].removeprefix("Value error, ").replace("Input should", "should", 1)
    if detail["type"] in {"model_type", "model_attributes_type", "dict_type"}:
        message = "should be a table"
    value = detail["input"]
    got = f" (got {value!r})" if isinstance(value, str | int | float | bool) else ""
    return f"{message}{_inside(keys)}{got}"


def _did_you_mean(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known are: {', '.join(known)}" if known else ""


def _inside(keys: list[int | str]) -> str:
    """['component', 0, 'weight'] as ' in component[1].weight': counted from 1, as a person reads a file."""
    text = ""
    for key in keys:
        text += f"[{key + 1}]" if isinstance(key, int) else f".{key}" if text else str(key)
    return f" in {text}" if text else ""


def _follow(model: type[BaseModel], location: tuple[int | str, ...]) -> tuple[list[int | str], list[type[BaseModel]]]:
    """The keys of a file that lead to a place, and the models that could stand there.

    pydantic's own location also names the member of a union that it tried; a person's file has no such key.
    """
    keys: list[int | str] = []
    models: list[type[BaseModel]] = [model]
    for part in location:
        fields = [found.model_fields[part].annotation for found in models if part in found.model_fields]
        members = [found for found in models if part in _tags(found)]
        if isinstance(part, int):
            keys.append(part)
        elif fields:
            keys.append(part)
            models = [found for annotation in fields for found in _models_in(annotation)]
        elif members:
            models = members
    return keys, models


def _tags(model: type[BaseModel]) -> set[Any]:
    """Values that a union could tell this model by: those of its Literal fields."""
    return {
        tag
        for field in model.model_fields.values()
        if get_origin(field.annotation) is Literal
        for tag in get_args(field.annotation)
    }


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)

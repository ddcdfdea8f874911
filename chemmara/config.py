"""TOML to strict, frozen settings: every mistake at once, with its place and a "did you mean"."""

import codecs
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo
from pydantic_core import ErrorDetails

from chemmara.errors import ConfigError, nearest_name

_LIST, _WHOLE, _NUMBER, _SWITCH = (
    "should be a list, in square brackets", "should be a whole number", "should be a number",
    "should be true or false",
)  # fmt: skip
_PLAIN = {
    "tuple_type": _LIST, "list_type": _LIST, "string_type": "should be text in quotes",
    "int_type": _WHOLE, "int_parsing": _WHOLE, "int_from_float": _WHOLE,
    "float_type": _NUMBER, "float_parsing": _NUMBER, "bool_type": _SWITCH, "bool_parsing": _SWITCH,
    "model_type": "should be a table", "model_attributes_type": "should be a table", "dict_type": "should be a table",
}  # fmt: skip
"""Kinds of mistakes of pydantic's in words."""
_NO_TABLE = {"model_type", "model_attributes_type"}
_YES_OR_NO = ("yes", "no", "on", "off", "true", "false")


class Strict(BaseModel):
    """A section of settings that refuses what it does not know and never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)

    renamed: ClassVar[dict[str, str]] = {}
    """Keys of earlier versions and what they are called now, for the error message."""
    also_called: ClassVar[dict[str, str]] = {}
    """Everyday words, in lower case, for the name by which this section is chosen."""
    belongs_under: ClassVar[dict[str, str]] = {}
    """Keys that are easily put here by mistake, with the table under which they belong."""


def _beside_the_file(value: Any, info: ValidationInfo) -> Any:
    folder = (info.context or {}).get("folder")
    return (Path(folder) / value).resolve() if folder is not None and isinstance(value, str) else value


UserPath = Annotated[Path, BeforeValidator(_beside_the_file)]
"""A path in a settings file, taken relative to the folder of that file."""


def _python_beside_the_file(value: Any, info: ValidationInfo) -> Any:
    place, _, name = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    return f"{_beside_the_file(place, info)}:{name}" if place.endswith(".py") else value


OwnPython = Annotated[str, BeforeValidator(_python_beside_the_file)]
"""An object of the user's Python: "package.module:name", or "file.py:name" with the file beside the settings file."""

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
"""A number from 0 to 1."""

Settings = TypeVar("Settings", bound=BaseModel)


def load(model: type[Settings], path: Path) -> Settings:
    """Read a TOML file as `model`; ConfigError names every mistake in it."""
    return parse(model, read_toml(path), source=str(path), folder=path.parent)


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file; ConfigError if it is missing, a folder or not TOML."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: is a folder; a TOML file is needed") from None
    except PermissionError:
        raise ConfigError(f"{path}: may not be read (permission denied)") from None
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ConfigError(f"{path}: is text in UTF-16; save it as UTF-8")
    try:
        return tomllib.loads(data.decode("utf-8-sig"))  # some editors begin a file by a byte order mark
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not a text file in UTF-8") from None
    except (ValueError, RecursionError) as error:  # also integers of 5,000 digits and endless brackets
        raise ConfigError(f"{path}: not valid TOML: {error}{_hint(str(error))}") from None


def _hint(message: str) -> str:
    """What TOML's own message leaves out about the two commonest slips."""
    if "overwrite" in message:
        return "; a key or table is there twice, or a list of tables is written in single brackets instead of [[...]]"
    return "; numbers have a decimal point, texts have quotes" if "after a statement" in message else ""


def parse(model: type[Settings], data: dict[str, Any], *, source: str, folder: Path | None = None) -> Settings:
    """Validate tables as `model`; `source` names them in errors, `folder` anchors their relative paths."""
    try:
        return model.model_validate(data, context={"folder": folder})
    except ValidationError as error:
        lines = [f"{source}: {_sentence(model, detail)}" for detail in _causes(model, error.errors())]
        raise ConfigError("\n".join(dict.fromkeys(lines))) from None


def _causes(model: type[BaseModel], details: list[ErrorDetails]) -> list[ErrorDetails]:
    """The mistakes without those that only follow from others.

    A list is too short once an item of it was refused, and a key is missing that was misspelt or put elsewhere.
    """
    explained = set()
    for detail in details:
        if detail["type"] == "extra_forbidden":
            *place, key = detail["loc"]
            models = _follow(model, detail["loc"])[1]
            meant = [name] if (name := nearest_name(str(key), _fields(models))) else []
            table = _belonging(models, str(key))
            explained |= {(*place, *meant), (*place, table), (*place, table, key)}
    places = [detail["loc"][:-1] for detail in details]
    return [
        detail
        for detail in details
        if not (detail["type"] == "missing" and detail["loc"] in explained)
        and not (detail["type"] == "too_short" and any(p[: len(detail["loc"])] == detail["loc"] for p in places))
    ]


def _sentence(model: type[BaseModel], detail: ErrorDetails) -> str:
    """A mistake in words: what, where, what to do."""
    keys, models = _follow(model, detail["loc"])
    kind, value = detail["type"], detail["input"]
    if kind == "extra_forbidden":
        return _unknown_key(model, str(detail["loc"][-1]), keys, models, value)
    if kind == "missing":
        return f"{str(detail['loc'][-1])!r} is missing{_inside(keys[:-1])}"
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        context = detail.get("ctx", {})
        name = context["discriminator"].strip("'")
        if kind == "union_tag_not_found":
            return f"{name!r} is missing{_inside(keys)}"
        known = [tag.strip("'") for tag in context["expected_tags"].split(", ")]
        tag = str(context["tag"])
        return f"unknown {name} {tag!r}{_inside(keys)}{did_you_mean(tag, known, _words_of(models))}"
    if kind in {"tuple_type", "list_type"} and isinstance(value, dict):
        return f"{_path(keys)} should be a list of tables: write [[{_path(keys)}]] in double brackets"
    message = _PLAIN.get(kind) or detail["msg"].removeprefix("Value error, ").replace("Input should", "should", 1)
    got = f" (got {value!r})" if isinstance(value, str | int | float | bool) else ""
    switch = value in _YES_OR_NO and (message == _SWITCH or (kind in _NO_TABLE and _may_be_false(model, detail["loc"])))
    hint = "; true and false are written so, without quotes" if switch else ""
    return f"{message}{_inside(keys)}{got}{hint}"


def _may_be_false(model: type[BaseModel], location: tuple[int | str, ...]) -> bool:
    """Whether there need be nothing at a place, so that false may stand there in place of a table."""
    fields = [found.model_fields.get(str(location[-1])) for found in _follow(model, location[:-1])[1]]
    return any(type(None) in get_args(field.annotation) for field in fields if field)


def _unknown_key(
    model: type[BaseModel], key: str, keys: list[int | str], models: list[type[BaseModel]], value: Any
) -> str:
    for found in models:
        if issubclass(found, Strict) and key in found.renamed:
            return f"{key!r}{_inside(keys)} is now called {found.renamed[key]!r}; rename it"
    unknown = f"unknown key {key!r}{_inside(keys)}"
    if table := _belonging(models, key):
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return f"{unknown}; write [[{table}.{key}]] in place of [[{key}]]"
        return f"{unknown}; it belongs under [{table}]"
    if keys and key in model.model_fields:
        return f"{unknown}; it belongs to the file as a whole: move it above the first [table]"
    return f"{unknown}{did_you_mean(key, _fields(models))}"


def did_you_mean(word: str, known: Iterable[str], also_called: Mapping[str, str] | None = None) -> str:
    """The end of an error about an unknown word: the one that was probably meant, or all that are known.

    >>> did_you_mean("LogP", ["crippen_logp", "qed"], {"logp": "crippen_logp"}), did_you_mean("QEDD", ["qed"])
    ("; did you mean 'crippen_logp'?", "; did you mean 'qed'?")
    """
    known = list(known)
    everyday = (also_called or {}).get(word.lower().replace("-", "_").replace(" ", "_"))
    near = everyday or nearest_name(word, known)
    return f"; did you mean {near!r}?" if near else f"; known are: {', '.join(known)}" if known else ""


def _words_of(models: list[type[BaseModel]]) -> dict[str, str]:
    return {word: name for model in models for word, name in getattr(model, "also_called", {}).items()}


def _belonging(models: list[type[BaseModel]], key: str) -> str:
    """The table under which a key belongs that stands in one of these sections by mistake; "" if that is not known."""
    return next((table for m in models if (table := getattr(m, "belongs_under", {}).get(key))), "")


def _fields(models: list[type[BaseModel]]) -> list[str]:
    return sorted({name for model in models for name in model.model_fields})


def _inside(keys: list[int | str]) -> str:
    return f" in {_path(keys)}" if keys else ""


def _path(keys: list[int | str]) -> str:
    """['component', 0, 'weight'] as 'component[1].weight': counted from 1, as a person reads a file."""
    text = ""
    for key in keys:
        text += f"[{key + 1}]" if isinstance(key, int) else f".{key}" if text else str(key)
    return text


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

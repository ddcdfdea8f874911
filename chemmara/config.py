"""TOML to strict, frozen settings: every mistake at once, with its place and a "did you mean"."""

import difflib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo
from pydantic_core import ErrorDetails

from chemmara.errors import ConfigError


class Strict(BaseModel):
    """A section of settings that refuses what it does not know and never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)


def _beside_the_file(value: Any, info: ValidationInfo) -> Any:
    folder = (info.context or {}).get("folder")
    return Path(folder) / value if folder is not None and isinstance(value, str) else value


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
        lines = [f"{source}: {_sentence(model, detail)}" for detail in error.errors()]
        raise ConfigError("\n".join(dict.fromkeys(lines))) from None


def _sentence(model: type[BaseModel], detail: ErrorDetails) -> str:
    """One mistake in words: what, where, what to do."""
    place = _place(detail["loc"])
    where = f" in {place}" if place else ""
    if detail["type"] == "extra_forbidden":
        key = str(detail["loc"][-1])
        known = sorted(set(_known_keys(model, detail["loc"][:-1])))
        near = difflib.get_close_matches(key, known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; known are: {', '.join(known)}" if known else ""
        parent = _place(detail["loc"][:-1])
        return f"unknown key {key!r}" + (f" in {parent}" if parent else "") + hint
    if detail["type"] == "missing":
        parent = _place(detail["loc"][:-1])
        return f"{str(detail['loc'][-1])!r} is missing" + (f" in {parent}" if parent else "")
    message = detail["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:] if message[:2].istitle() else message
    value = detail["input"]
    got = f" (got {value!r})" if isinstance(value, str | int | float | bool) else ""
    return f"{message}{where}{got}"


def _place(location: tuple[int | str, ...]) -> str:
    """('component', 0, 'weight') as 'component[1].weight': counted from 1, as a person reads a file."""
    text = ""
    for part in location:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _known_keys(model: type[BaseModel], location: tuple[int | str, ...]) -> Iterator[str]:
    """Keys allowed at `location`, found by walking the model's annotations (unions and lists included)."""
    models = [model]
    for part in location:
        if isinstance(part, str):
            fields = [m.model_fields[part].annotation for m in models if part in m.model_fields]
            models = [found for annotation in fields for found in _models_in(annotation)] or models
    for found in models:
        yield from found.model_fields


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)

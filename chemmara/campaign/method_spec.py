"""A method on the command line: NAME, or NAME+KEY=VALUE+..., as in `mara+beta=0.02`."""

import re
import tomllib
from pathlib import Path
from typing import Any

from chemmara import config
from chemmara.campaign.settings import CampaignConfig, refuse_misfit
from chemmara.campaign.stages import stage_method
from chemmara.config import Strict
from chemmara.errors import ConfigError
from chemmara.rl.method import MethodConfig


class _Method(Strict):
    method: MethodConfig


def method_names(text: str) -> list[str]:
    """The methods of `--methods`, with commas, each once; a comma within brackets or quotes belongs to a method.

    ConfigError where there is none.

    >>> method_names('reinvent,mara+diversity_filter={kind="scaffold",bucket=25}, reinvent')
    ['reinvent', 'mara+diversity_filter={kind="scaffold",bucket=25}']
    """
    names = list(dict.fromkeys(name.strip() for name in _split(text, ",") if name.strip()))
    if not names:
        raise ConfigError(f"--methods: {text!r} names no method")
    return names


def with_method(campaign: CampaignConfig, spec: str, *, option: str = "--method") -> CampaignConfig:
    """The campaign with another method: NAME, or NAME+KEY=VALUE+... with keys of [method].

    A dot leads into a table, as in `mara+anchor.choose=lowest`; a value is written as in TOML. The campaign's own keys
    for the method are kept only if the name is the same. MARA's tau is always kept, since it belongs to the objective.

    Raises:
        ConfigError: there is no such method or key, or it does not fit the campaign; `option` names the option in the
            message.
    """
    name, *assignments = _split(spec, r"(?<![\d.][eE])\+")  # not the sign of an exponent
    own = campaign.method.model_dump(exclude_unset=True) if name == campaign.method.name else {}
    table: dict[str, Any] = {"tau": campaign.method.model_dump()["tau"]} | own | {"name": name}
    for assignment in assignments:
        key, found, value = assignment.partition("=")
        if not found:
            raise ConfigError(f"{option}: {spec!r}: {assignment!r} is not KEY=VALUE")
        place = table
        *tables, last = key.split(".")
        for inner in tables:
            if not isinstance(place.get(inner), dict):  # a number, such as tau, gives way to a table
                place[inner] = {}
            place = place[inner]
        place[last] = _value(value)
    method = config.parse(_Method, {"method": table}, source=option, folder=Path.cwd()).method
    try:
        for stage in campaign.stage:
            stage_method(method, stage.method)
    except ValueError as error:
        raise ConfigError(f"{option}: does not go with a stage's {error}") from None
    changed = campaign.model_copy(update={"method": method})
    try:
        refuse_misfit(changed)
    except ValueError as error:
        raise ConfigError(f"{option}: {error}") from None
    return changed


def _split(text: str, mark: str) -> list[str]:
    """The parts of a text between marks (a regular expression); one within quotes or brackets parts nothing."""
    parts, depth, start = list[str](), 0, 0
    for found in re.finditer(rf"""(?P<open>[\[{{])|(?P<close>[\]}}])|"[^"]*"|'[^']*'|(?P<mark>{mark})""", text):
        depth += bool(found["open"]) - bool(found["close"])
        if found["mark"] and not depth:
            parts.append(text[start : found.start()])
            start = found.end()
    return [*parts, text[start:]]


def _value(text: str) -> Any:
    """A value as TOML writes it; a bare word is a string."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text

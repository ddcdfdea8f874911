"""Settings as TOML text."""

import json
from typing import Any


def toml_inline(table: dict[str, Any]) -> str:
    """A table on one line.

    >>> toml_inline({"kind": "value_map", "values": {0: 1.0}})
    '{ kind = "value_map", values = { 0 = 1.0 } }'
    """
    return "{ " + toml_pairs(table) + " }"


def toml_pairs(table: dict[str, Any]) -> str:
    """Keys and values of a table, with commas between them."""
    return ", ".join(f"{key} = {toml_value(value)}" for key, value in table.items())


def toml_value(value: Any) -> str:
    r"""A TOML value: JSON writes these the same, but for tables, letters beyond U+FFFF, and U+007F.

    >>> import tomllib
    >>> tomllib.loads("x = " + toml_value("\U0001f600 \x7f"))["x"] == "\U0001f600 \x7f"
    True
    """
    if isinstance(value, dict):
        return toml_inline(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

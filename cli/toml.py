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
    """A TOML value: JSON writes these the same, but for tables."""
    return toml_inline(value) if isinstance(value, dict) else json.dumps(value)

"""The dial from most hits to most different hits."""

from typing import Any


def parts_of_the_dial(diversity: Any, kind: str | None) -> dict[str, dict[str, float]]:
    """What `diversity` sets in the parts of a method; nothing where it is left out, or no number from 0 to 1."""
    if isinstance(diversity, bool) or not isinstance(diversity, int | float) or not 0 <= diversity <= 1:
        return {}
    bucket = {"bucket": round(10_000 * 0.0002**diversity)}
    return {
        "screen": {"price": 0.1 * 10**diversity},
        "niching": {"price": float(diversity)},
        "diversity_filter": bucket | ({"similarity": 0.4 - 0.1 * diversity} if kind == "sphere" else {}),
    }

"""A transform's curve as a line of text."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chemmara.scoring.components.base import Base

_BLOCKS = " ▁▂▃▄▅▆▇█"


def curve_line(component: "Base") -> str:
    """A component's transform as a line of blocks, from nothing (0) to a full one (1), with the values at its ends."""
    from chemmara.scoring.breakdown import transform_curve

    values, heights = transform_curve(component, points=25)
    unit = f" {component.unit}" if component.unit else ""
    blocks = "".join(_BLOCKS[round(8 * height)] for height in heights)
    return f"{values[0]:g} |{blocks}| {values[-1]:g}{unit}"

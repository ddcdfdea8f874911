"""`chemmara oracle transforms`: every way from a value to a desirability, with its curve."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .curves import curve_line
from .options import JsonList
from .tables import print_json
from .toml import toml_inline

if TYPE_CHECKING:
    from chemmara.scoring.components.base import Base


def transforms(
    json: JsonList = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="As the sections of docs/transforms.md.")] = False,
) -> None:
    """Every transform: its meaning, its keys, an example to copy, and the example's curve.

    The curve runs from the value on the left to the one on the right; a full block is a desirability of 1.

    Example: chemmara oracle transforms
    """
    from chemmara.scoring.transforms import TRANSFORMS

    if json:
        print_json([_as_json(transform) for transform in TRANSFORMS])
        return
    for transform in TRANSFORMS:
        kind, definition = transform.example["kind"], _definition(transform)
        example = f"transform = {toml_inline(transform.example)}"
        curve = curve_line(_component(transform))
        if markdown:
            keys = "\n".join(f"- `{key}`: {words}" for key, words in _keys(transform).items())
            typer.echo(f"## {kind}\n\n{definition}\n\n{keys}\n\n```text\n{example}\n{curve}\n```\n")
        else:
            keys = "\n".join(f"  {key:<12}{words}" for key, words in _keys(transform).items())
            typer.echo(f"{kind}: {definition}\n{keys}\n  {example}\n  {curve}\n")


def _as_json(transform: Any) -> dict[str, Any]:
    from chemmara.scoring.breakdown import transform_curve

    values, heights = transform_curve(_component(transform), points=25)
    return {
        "kind": transform.example["kind"], "definition": _definition(transform), "keys": _keys(transform),
        "example": transform.example, "values": values.tolist(), "desirabilities": heights.tolist(),
    }  # fmt: skip


def _component(transform: Any) -> "Base":
    from chemmara.scoring.components.graph import DescriptorComponent

    return DescriptorComponent(oracle="crippen_logp", transform=transform(**transform.example))


def _definition(transform: Any) -> str:
    return (transform.__doc__ or "").splitlines()[0]


def _keys(transform: Any) -> dict[str, str]:
    fields = {key: field for key, field in transform.model_fields.items() if key != "kind"}
    return {key: (field.description or "").replace("\n", " ") for key, field in fields.items()}

"""The component that docks."""

import re
from importlib.util import find_spec
from typing import Any, ClassVar, Literal, Self

from pydantic import NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from chemmara.config import UserPath
from chemmara.oracles.docking import NEEDS, Docking, Pocket, receptor_text
from chemmara.oracles.interface import Oracle
from chemmara.scoring.components.base import Base

_Point = tuple[float, float, float]
_Size = tuple[PositiveFloat, PositiveFloat, PositiveFloat]


class DockingComponent(Base):
    """Binding energy of the best pose in a receptor's pocket, by AutoDock Vina; the lower the better."""

    oracle: Literal["docking"]
    """Vina's energy."""
    receptor: UserPath
    """PDBQT of the receptor, perhaps .gz."""
    box: UserPath | None = None
    """File with center_x = ... and size_x = ... lines, as Vina reads it; or else centre and size."""
    centre: _Point | None = None
    """Middle of the box, angstrom."""
    size: _Size | None = None
    """Edges of the box, angstrom."""
    exhaustiveness: PositiveInt = 8
    """Independent searches; the time grows with them."""
    stereoisomers: PositiveInt = 1
    """Most isomers to dock of a molecule whose stereo is not given; the best one counts."""
    seed: NonNegativeInt = 42
    """Of conformers and searches."""
    poses: UserPath | None = None
    """Folder that keeps the best pose of each molecule; hits' poses are gathered from it into hits.sdf."""
    values: ClassVar[str] = "any, mostly -14 to 0"
    example: ClassVar[dict[str, Any]] = {
        "oracle": "docking",
        "receptor": "receptor.pdbqt",
        "centre": [15.19, 53.903, 16.917],
        "size": [20.0, 20.0, 20.0],
        "exhaustiveness": 4,
        "transform": {"kind": "ramp", "worst": -5.0, "best": -11.0},
    }

    @model_validator(mode="after")
    def _can_dock(self) -> Self:
        if not self.receptor.is_file():
            raise ValueError(f"{self.receptor}: no such receptor")
        if b"ATOM" not in receptor_text(self.receptor)[:100_000] or ".pdbqt" not in self.receptor.suffixes:
            raise ValueError(f"{self.receptor}: is no receptor in PDBQT; make one with meeko's mk_prepare_receptor.py")
        if (self.box is None) == (self.centre is None or self.size is None):
            raise ValueError("docking needs a box: either a file of it, or centre and size")
        if self.box is not None and not self.box.is_file():
            raise ValueError(f"{self.box}: no such box")
        self.pocket()
        if find_spec("vina") is None or find_spec("meeko") is None:
            raise ValueError(NEEDS)
        return self

    @property
    def unit(self) -> str:
        """Of the energy."""
        return "kcal/mol"

    @property
    def cost(self) -> float:
        """Milliseconds a molecule."""
        return 5000.0 * self.exhaustiveness * self.stereoisomers

    def pocket(self) -> Pocket:
        """Receptor and box."""
        if self.box is None:
            assert self.centre is not None  # noqa: S101 - checked when it was read
            assert self.size is not None  # noqa: S101
            return Pocket(self.receptor, self.centre, self.size)
        text = self.box.read_text(encoding="utf-8")
        found = dict(re.findall(r"^\s*((?:center|size)_[xyz])\s*=\s*([-+.\deE]+)", text, flags=re.MULTILINE))
        try:
            centre, size = (tuple(float(found[f"{key}_{axis}"]) for axis in "xyz") for key in ("center", "size"))
        except (KeyError, ValueError) as error:
            raise ValueError(f"{self.box}: lacks {error}; it needs center_x, y, z and size_x, y, z") from None
        return Pocket(self.receptor, (centre[0], centre[1], centre[2]), (size[0], size[1], size[2]))

    def identity(self) -> dict[str, Any]:
        """Settings without where poses go, with the contents of the files, not their places."""
        known = super().identity()
        return {key: value for key, value in known.items() if key not in {"poses", "receptor", "box"}}

    def build(self) -> Oracle:
        """The oracle."""
        return Docking(self.pocket(), self.exhaustiveness, self.stereoisomers, self.seed, self.poses)

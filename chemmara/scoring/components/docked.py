"""The component that docks."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from chemmara.config import UserPath
from chemmara.errors import ChemmaraError
from chemmara.oracles.docking import NEEDS, Docking, check_receptor
from chemmara.oracles.interface import Oracle
from chemmara.oracles.receptor import Pocket, check_pocket, read_box
from chemmara.oracles.target import BOX, RECEPTOR
from chemmara.scoring.components.base import Base

_Point = tuple[float, float, float]
_Size = tuple[PositiveFloat, PositiveFloat, PositiveFloat]


class DockingComponent(Base):
    """Binding energy of the best pose in a receptor's pocket, by AutoDock Vina; the lower the better.

    Of a salt the largest organic fragment is docked.
    """

    oracle: Literal["docking"]
    """Vina's energy."""
    target: UserPath | None = None
    """Folder of `chemmara dock`, with receptor.pdbqt and box.txt: in place of receptor and box."""
    receptor: UserPath
    """PDBQT of the receptor, perhaps .gz; left out: the target's."""
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
    also_called: ClassVar[dict[str, str]] = dict.fromkeys(("vina", "autodock", "autodock_vina", "dock"), "docking")

    @model_validator(mode="before")
    @classmethod
    def _as_the_target_has_it(cls, table: Any) -> Any:
        if not isinstance(table, dict) or not isinstance(folder := table.get("target"), str | Path):
            return table
        box = {} if {"centre", "size"} & table.keys() else {"box": str(Path(folder) / BOX)}
        given = {key: value for key, value in table.items() if value is not None}
        return {"receptor": str(Path(folder) / RECEPTOR), **box, **given}

    @model_validator(mode="after")
    def _can_dock(self) -> Self:
        if not self.receptor.is_file():
            raise ValueError(f"{self.receptor}: no such receptor")
        if (self.box is None) == (self.centre is None or self.size is None):
            raise ValueError("docking needs a box: either a file of it, or centre and size")
        if self.box is not None and not self.box.is_file():
            raise ValueError(f"{self.box}: no such box")
        check_pocket(self.pocket())
        if find_spec("vina") is None or find_spec("meeko") is None:
            raise ValueError(NEEDS)
        try:
            check_receptor(self.receptor)
        except ChemmaraError as error:
            raise ValueError(str(error)) from None
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
        return Pocket(self.receptor, *read_box(self.box))

    def identity(self) -> dict[str, Any]:
        """Settings without where poses go, with the contents of the files, not their places."""
        known = super().identity()
        return {key: value for key, value in known.items() if key not in {"poses", "receptor", "box", "target"}}

    def build(self) -> Oracle:
        """The oracle."""
        return Docking(self.pocket(), self.exhaustiveness, self.stereoisomers, self.seed, self.poses)

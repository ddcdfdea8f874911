"""Components whose oracle is a trained model."""

from typing import Any, ClassVar, Final, Literal, Self

import numpy as np
from pydantic import field_validator, model_validator

from chemmara.config import UserPath
from chemmara.errors import ChemmaraError
from chemmara.oracles.interface import Oracle
from chemmara.oracles.qsar import NO_INTERVAL, QsarOracle, read_card
from chemmara.scoring.components.base import Base, checksum

_FILES: Final = ("model.json", "model.onnx", "arrays.safetensors")
_SHOWN: Final = 16  # digits of a checksum


class QsarComponent(Base):
    """What a model of `chemmara qsar train` predicts: probability of being active, or a value."""

    oracle: Literal["qsar"]
    """Prediction of a model."""
    model: UserPath
    """Folder of the model."""
    uncertain: Literal["keep", "lower"] = "keep"
    """keep: the prediction. lower: the end of its conformal interval that the transform wants less."""
    outside: Literal["keep", "none", "discount"] = "discount"
    """For a molecule outside the model's domain: discount draws the prediction towards the least wanted end of the
    values learned from, the more the less similar the molecule is; none: no score; keep: the prediction as it is."""
    values: ClassVar[str] = "0 to 1 of a classification, else any"
    example: ClassVar[dict[str, Any]] = {"oracle": "qsar", "model": "models/drd2"}
    also_called: ClassVar[dict[str, str]] = dict.fromkeys(("model", "qspr", "activity", "ml", "pic50", "onnx"), "qsar")

    @field_validator("model")
    @classmethod
    def _holds_a_model(cls, model: UserPath) -> UserPath:
        try:
            read_card(model)
        except ChemmaraError as error:
            raise ValueError(str(error)) from None
        return model

    @model_validator(mode="after")
    def _has_an_interval(self) -> Self:
        if self.uncertain == "lower" and read_card(self.model).half_width is None:
            raise ValueError(f"{self.model}: {NO_INTERVAL}")
        return self

    @model_validator(mode="after")
    def _knows_the_interval_on_the_side_that_is_wanted(self) -> Self:
        card = read_card(self.model)
        if self.uncertain == "lower" and card.format == 1 and card.task == "classification" and self.transform:
            inactive, active = self.transform(np.array([0.0, 1.0]))
            if inactive > active:
                raise ValueError(
                    f"{self.model}: was saved by an earlier version, which knows no interval for wanted inactives;"
                    ' train the model again, or leave uncertain = "lower" out'
                )
        return self

    @property
    def cost(self) -> float:
        """Milliseconds a molecule."""
        return 1.0

    def identity(self) -> dict[str, Any]:
        """Settings, with what the model's files hold."""
        settings = {**super().identity(), "model": ""}
        if self.transform is None or (self.uncertain == "keep" and self.outside != "discount"):
            return settings
        return {**settings, "transform": self.transform.model_dump(mode="json")}  # says which end is wanted less

    def files(self) -> dict[str, str]:
        """SHA-256 of each file that predictions are made from."""
        return {name: checksum(path) for name in _FILES if (path := self.model / name).is_file()}

    def origin(self) -> dict[str, str]:
        """What the model is, as lines for a report: what it learned from, with which versions, and its checksums."""
        card = read_card(self.model)
        learned = f"{card.task} of {card.target} by {card.kind}, learned from {card.molecules:,} molecules"
        return {
            "what it is": learned,
            "trained with": ", ".join(f"{name} {number}" for name, number in card.versions.items()),
            "sha256": ", ".join(f"{name} {sha256[:_SHOWN]}..." for name, sha256 in self.files().items()),
        }

    def build(self) -> Oracle:
        """The oracle."""
        return QsarOracle(self.model, self.uncertain, self.outside, self.transform)

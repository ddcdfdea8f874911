"""The settings of screening."""

from typing import Literal

from pydantic import NonNegativeInt, PositiveInt, ValidationInfo, field_validator, model_validator

from chemmara.config import Fraction, OwnPython, Strict, UserPath
from chemmara.oracles.python import contents_of
from chemmara.screening.acquisition import ACQUISITIONS
from chemmara.screening.surrogates import SURROGATES


class ScreenConfig(Strict):
    """Many candidates a step, of which a model of the calls so far chooses those that are measured."""

    candidates: NonNegativeInt = 512
    """Sequences that the policy samples in a step, up to four times as many where fewer than half of them are new
    molecules; and with choose = "hit" four times as many until there are a hundred hits. `batch_size` of all candidates
    are measured."""
    children: NonNegativeInt = 0
    """Genetic children of the best molecules so far that are candidates too, in every step."""
    library: UserPath | None = None
    """File of molecules that are candidates too."""
    drawn: PositiveInt = 512
    """Molecules of the library that are candidates in a step, drawn at random from those not measured yet."""
    others: Fraction = 0.5
    """Largest share of a step's calls that children and the library take; the policy's own samples have the rest."""
    surrogate: OwnPython = "gaussian-process"
    """The model: a Gaussian process, a random forest ("random-forest") or Bayesian linear regression ("linear"), all on
    counts of atom types and Morgan environments and on eleven properties; or your own class, "file.py:name"."""
    models: Literal["auto", "score", "costly"] = "auto"
    """What is modelled: the score; or the value of every costly component (docking, a program), the others being
    computed for every candidate. auto: the costly components where there are some, else the score."""
    choose: OwnPython = "hit"
    """What is preferred: the probability of a hit; the upper confidence bound ("ucb") mean + b sd with b = 10^U(-2, 0)
    drawn anew in every step; one draw from the model ("thompson"); or your own function, "file.py:name"."""
    price: Fraction = 0.3
    """Largest share of a step's expected hits that is given up for molecules unlike one another and the hits so far. 0:
    similarity plays no part."""
    start: PositiveInt = 256
    """Molecules with a score from which screening begins."""
    trained_on: PositiveInt = 2000
    """Most molecules that the model learns from: the best half, and the latest of the others."""

    @field_validator("surrogate", "choose")
    @classmethod
    def _is_known(cls, name: str, info: ValidationInfo) -> str:
        builtin = SURROGATES if info.field_name == "surrogate" else ACQUISITIONS
        if name not in builtin and ":" not in name:
            raise ValueError(f"is none of {', '.join(builtin)}, nor your own file.py:name")
        return name

    @model_validator(mode="after")
    def _there_are_candidates(self) -> "ScreenConfig":
        if not self.candidates and self.library is None:
            raise ValueError("screen has no candidates; give candidates = 512, or a library")
        return self

    def files(self) -> dict[str, str]:
        """SHA-256 of the user's files that a model or a preference is in, by the key that names them."""
        found = {key: contents_of(call) for key, call in (("surrogate", self.surrogate), ("choose", self.choose))}
        return {key: contents for key, contents in found.items() if contents}

    @property
    def has_other_sources(self) -> bool:
        """Whether there are candidates that the policy did not sample."""
        return self.children > 0 or self.library is not None

"""A prior as a folder: config.json, vocabulary.json, weights.safetensors, and a card.md for people. No pickle."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import PositiveInt, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load, save_file

from chemmara import assets
from chemmara.config import Strict
from chemmara.errors import CheckpointError, TokenError
from chemmara.language_model.build import NetworkConfig, build
from chemmara.language_model.device import existing_device
from chemmara.language_model.interface import LanguageModel
from chemmara.language_model.tokenizer import Tokenizer
from chemmara.language_model.transformer import TransformerConfig
from chemmara.molecules.notation import NOTATIONS
from chemmara.system.files import replacing, write_text

Randomisation = Literal["restricted", "unrestricted"]
"""Random SMILES: of renumbered atoms, side chains before the rest of a ring; or without that rule (c1cc(ccc1)C)."""


class PriorConfig(Strict):
    """config.json of a prior."""

    format: Literal[1] = 1
    """Version of this folder's layout."""
    network: NetworkConfig
    """Kind and sizes of the network."""
    max_length: PositiveInt
    """Tokens, end included, after which a sampled sequence is cut."""
    random_smiles: Randomisation | None = None
    """The random SMILES it was trained on, new ones in each epoch; absent where it was trained on canonical SMILES."""


class Vocabulary(Strict):
    """vocabulary.json of a prior."""

    notation: Literal["smiles", "selfies"]
    """How molecules are written."""
    tokens: tuple[str, ...]
    """In order of their ids, which start after padding, start and end."""


@dataclass(frozen=True)
class Prior:
    """A pretrained language model and what is needed to use it."""

    name: str
    config: PriorConfig
    tokenizer: Tokenizer
    model: LanguageModel
    sha256: str = ""  # of the weights' file it was loaded from; "" for a prior that was made in memory

    @property
    def parameters(self) -> int:
        """Number of its weights."""
        return sum(weight.numel() for weight in self.model.parameters())

    def encode(self, smiles: str) -> list[int]:
        """Ids of a SMILES, end token included; TokenError where this prior cannot write the molecule."""
        return within(self.tokenizer.encode_smiles(smiles), smiles, longest(self.config.network))


def longest(network: NetworkConfig) -> int | None:
    """Most tokens, end token included, that a network can take; None where there is no limit."""
    return network.positions if isinstance(network, TransformerConfig) else None


def within(row: list[Any], smiles: str, limit: int | None) -> list[Any]:
    """The row of tokens or ids of a molecule, end token included; TokenError where it is longer than the limit."""
    if limit is not None and len(row) > limit:
        raise TokenError(smiles, f"longer than {limit} tokens", f"({len(row)}, end included)")
    return row


def save_prior(prior: Prior, folder: Path) -> None:
    """Write the prior's three files; each replaces its predecessor whole."""
    write_text(folder / "config.json", prior.config.model_dump_json(indent=2, exclude_none=True) + "\n")
    vocabulary = Vocabulary(notation=prior.tokenizer.notation, tokens=prior.tokenizer.tokens)  # type: ignore[arg-type]
    write_text(folder / "vocabulary.json", vocabulary.model_dump_json(indent=1) + "\n")
    weights = {name: weight.detach().cpu().contiguous() for name, weight in prior.model.state_dict().items()}
    with replacing(folder / "weights.safetensors") as partial:
        save_file(weights, partial)


def load_prior(name: str | Path, device: str | torch.device = "cpu") -> Prior:
    """The prior of a folder or a bundled name on a device (cpu, cuda, cuda:N, mps; see `chosen_device` for auto).

    Raises:
        CheckpointError: in one line, if its files are not sound.
        ChemmaraError: this machine lacks the device.
    """
    place = existing_device(str(device))
    folder = assets.prior_folder(name)
    config = _read_json(PriorConfig, folder, "config.json")
    vocabulary = _read_json(Vocabulary, folder, "vocabulary.json")
    tokenizer = Tokenizer(NOTATIONS[vocabulary.notation].name, vocabulary.tokens)
    with torch.random.fork_rng(devices=[]):  # the first weights are drawn, and then replaced by the file's
        model = build(config.network, len(tokenizer))
    checksum = _load_weights(model, folder / "weights.safetensors")
    model.to(place)
    model.eval()
    return Prior(folder.name, config, tokenizer, model, checksum)


def _read_json(kind: type[Any], folder: Path, file: str) -> Any:
    path = folder / file
    try:
        return kind.model_validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise CheckpointError(f"{folder}: not a prior ({file} is missing)") from None
    except PermissionError:
        raise CheckpointError(f"{path}: may not be read (permission denied)") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise CheckpointError(
            f"{path}: not a prior's {file}: {first['msg']}{f' at {place}' if place else ''}"
        ) from None


def _load_weights(model: LanguageModel, path: Path) -> str:
    """Fill the model from a file; the file's sha256."""
    try:
        content = path.read_bytes()
        weights = load(content)
    except FileNotFoundError:
        raise CheckpointError(f"{path.parent}: not a prior ({path.name} is missing)") from None
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: truncated or corrupt ({error})") from None
    expected = {name: tuple(weight.shape) for name, weight in model.state_dict().items()}
    found = {name: tuple(weight.shape) for name, weight in weights.items()}
    if found != expected:
        name = next(name for name in sorted(expected | found) if expected.get(name) != found.get(name))
        raise CheckpointError(
            f"{path}: does not fit config.json and vocabulary.json "
            f"({name} is {found.get(name, 'missing')}, expected {expected.get(name, 'nothing')})"
        )
    if lost := [name for name, weight in weights.items() if not weight.isfinite().all()]:
        raise CheckpointError(
            f"{path}: holds weights that are no finite numbers ({lost[0]}); its training has diverged"
        )
    model.load_state_dict(weights)
    return sha256(content).hexdigest()

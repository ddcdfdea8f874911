"""`chemmara sample` with --core, --link or --like: molecules that hold given parts."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chemmara.errors import ChemmaraError

if TYPE_CHECKING:
    from chemmara.decoration.sampler import PatternSampler
    from chemmara.language_model.checkpoint import Prior


@dataclass(frozen=True)
class Request:
    """What the options say that is to be kept."""

    core: str | None
    atoms: list[str]
    allow_h: bool
    link: list[str]
    linker_atoms: str | None
    like: str | None
    similarity: str | None

    @property
    def is_made(self) -> bool:
        """Whether one of --core, --link and --like is there."""
        return self.core is not None or bool(self.link) or self.like is not None

    def check(self, top_p: float) -> None:
        """ChemmaraError for options that do not go together."""
        chosen = {"--core": self.core is not None, "--link": bool(self.link), "--like": self.like is not None}
        names = [name for name, given in chosen.items() if given]
        if len(names) > 1:
            raise ChemmaraError(f"{' and '.join(names)}: choose one of them")
        companions = {
            "--atoms": ("--core", self.atoms), "--allow-h": ("--core", self.allow_h),
            "--linker-atoms": ("--link", self.linker_atoms), "--similarity": ("--like", self.similarity),
        }  # fmt: skip
        for name, (owner, value) in companions.items():
            if value and owner not in names:
                raise ChemmaraError(f"{name} belongs to {owner}, which is not there")
        if names and top_p != 1.0:
            raise ChemmaraError(f"--top-p cannot be combined with {names[0]}")

    def sampler(self, prior: "Prior") -> "PatternSampler":
        """The sampler for a prior."""
        from chemmara.decoration.start import from_cores, from_fragments, from_molecule
        from chemmara.decoration.window import Window

        if self.core is not None:
            windows = [Window.read(text, "--atoms") for text in self.atoms]
            return from_cores(prior, _cores(self.core), windows, allow_hydrogen=self.allow_h)
        if self.link:
            return from_fragments(prior, self.link, Window.read(self.linker_atoms or "2..8", "--linker-atoms"))
        return from_molecule(prior, self.like or "", Window.read(self.similarity or "0.4..0.8", "--similarity"))


def sample_with_parts(
    name: str,
    request: Request,
    n: int,
    *,
    unique: bool,
    nll: bool,
    seed: int,
    temperature: float,
    batch_size: int,
    device: str,
    out: Path | None,
) -> None:
    """Draw the molecules and write their table; exit code 2 where there are fewer than n."""
    from chemmara.decoration import search
    from chemmara.decoration.tables import drawn_tables
    from chemmara.language_model.checkpoint import load_prior
    from chemmara.language_model.device import chosen_device

    from .output import tables_to
    from .progress import counter

    prior = load_prior(name, chosen_device(device, min(n, batch_size)))
    sampler = request.sampler(prior)
    once = unique or request.core is None
    tables = drawn_tables(
        sampler, prior.model, n, seed=seed, unique=once, like=request.like, temperature=temperature,
        side_by_side=batch_size,
    )  # fmt: skip
    found = 0
    with tables_to(out, ".csv", name="nll" if nll else None) as write, counter("sampling", n) as advance:
        for table in tables:
            write(table if nll else table.drop(columns="nll"))
            advance(len(table))
            found += len(table)
    if found < n:
        kind = "different molecules" if once else "molecules"
        raise ChemmaraError(
            f"{name}: {found} of {n} {kind} found, and none in the last {search.PATIENCE} tries; what there is was"
            " written: widen the window, or ask for fewer"
        )


def _cores(text: str) -> list[str]:
    """The cores of a file, or the one that the text is."""
    from chemmara.molecules.library import open_library

    if "*" in text and not Path(text).is_file():
        return [text]
    if not Path(text).is_file() and not Path(text).suffix:
        raise ChemmaraError(f"core {text!r}: has no place; mark with * where something is to be attached")
    cores = [smiles.strip() for smiles in open_library(text).smiles()]
    return [core for core in cores if core]

"""Public sets of molecules: where they are, under which licence, and the checksum that tells the real one."""

import urllib.request
from collections.abc import Callable
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from typing import IO

from pydantic import Field, TypeAdapter

from chemmara import assets, config
from chemmara.config import Strict
from chemmara.errors import ChemmaraError
from chemmara.system.files import new_folder, refusals_in_words, replacing

_BLOCK = 1 << 20


class DataSet(Strict):
    """One entry of the catalogue."""

    title: str
    """What it is."""
    url: str = Field(pattern="^https://")
    """Where it can be had."""
    file: str = Field(pattern=r"^[\w.-]+$")
    """Name to keep it under; its suffix tells how it is read."""
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    """Checksum of the file; absent where we have not verified one."""
    licence: str
    """Terms of use."""
    columns: tuple[str, ...]
    """What it holds."""
    citation: str
    """Whom to cite."""


def catalogue() -> dict[str, DataSet]:
    """Every data set by name."""
    return TypeAdapter(dict[str, DataSet]).validate_python(config.read_toml(assets.DATA / "catalogue.toml"))


def find(name: str) -> DataSet:
    """A data set; ChemmaraError with the nearest name if there is none."""
    known = catalogue()
    if name in known:
        return known[name]
    raise ChemmaraError(f"{name}: no such data set{config.did_you_mean(name, known)}")


def fetch(
    entry: DataSet,
    out: Path,
    *,
    source: Path | None = None,
    accept_unverified: bool = False,
    tell: Callable[[int, int], None] = lambda *_: None,
) -> str:
    """Put a data set at `out`, from the network or a local copy, and give its sha256.

    The file appears only once it is whole and its checksum is the catalogue's; where the catalogue has none,
    `accept_unverified` must allow it. `tell` hears bytes so far and in all (0 if unknown).
    """
    new_folder(out.parent)
    if entry.sha256 is None and not accept_unverified:
        raise ChemmaraError(f"{entry.url}: the catalogue has no checksum for it; allow that by --accept-unverified")
    with replacing(out) as partial:
        found = _copy(source, partial, tell) if source else _download(entry.url, partial, tell)
        if entry.sha256 is not None and found != entry.sha256:
            raise ChemmaraError(
                f"{source or entry.url}: has sha256 {found}, the catalogue says {entry.sha256}; refused"
            )
    return found


def _copy(source: Path, to: Path, tell: Callable[[int, int], None]) -> str:
    try:
        with source.open("rb") as file:
            return _write(file, to, source.stat().st_size, tell)
    except OSError as error:
        raise ChemmaraError(f"{source}: cannot be read ({error.strerror})") from None


def _download(url: str, to: Path, tell: Callable[[int, int], None]) -> str:
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 - the catalogue holds https alone
            return _write(answer, to, int(answer.headers.get("Content-Length", 0)), tell)
    except (OSError, HTTPException) as error:
        raise ChemmaraError(f"{url}: download failed ({error}); --from takes a copy you have") from None


def _write(file: IO[bytes], to: Path, size: int, tell: Callable[[int, int], None]) -> str:
    digest, done = sha256(), 0
    with refusals_in_words(to, to), to.open("wb") as out:
        while block := file.read(_BLOCK):
            out.write(block)
            digest.update(block)
            done += len(block)
            tell(done, size)
    return digest.hexdigest()

"""Bytes of a file, whatever it is packed in."""

import bz2
import gzip
import lzma
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Final, TypeVar, cast

from chemmara.errors import ChemmaraError

Member = TypeVar("Member")
_PACKED: Final = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}


def suffixes(path: Path) -> list[str]:
    """The suffix of the unpacked file, if it has one: ['.csv'] for x.csv.gz, ['.txt'] for x.txt.tar.gz."""
    inner = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in {*_PACKED, ".zip", ".tar", ".tgz"}]
    return inner[-1:]


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """The unpacked bytes of a plain, .gz, .xz, .bz2, .zip or .tar(.*) file; an archive must hold one file.

    Reads only: nothing is unpacked to disk, and no path inside an archive is used.
    """
    with ExitStack() as stack:
        endings = [suffix.lower() for suffix in path.suffixes]
        if ".tar" in endings or ".tgz" in endings:
            try:
                archive = stack.enter_context(tarfile.open(path))
            except tarfile.TarError as error:
                raise ChemmaraError(f"{path}: not a tar archive ({str(error).splitlines()[0]})") from None
            members = [member for member in archive if member.isfile()]
            yield cast("IO[bytes]", archive.extractfile(_only(path, members)))
        elif endings and endings[-1] == ".zip":
            try:
                zipped = stack.enter_context(zipfile.ZipFile(path))
            except zipfile.BadZipFile as error:
                raise ChemmaraError(f"{path}: not a zip archive ({error})") from None
            yield stack.enter_context(zipped.open(_only(path, [i for i in zipped.infolist() if not i.is_dir()])))
        else:
            opener = _PACKED.get(endings[-1] if endings else "", open)
            yield stack.enter_context(cast("IO[bytes]", opener(path, "rb")))


def _only(path: Path, members: list[Member]) -> Member:
    if len(members) != 1:
        raise ChemmaraError(f"{path}: holds {len(members)} files; one is needed, unpack it first")
    return members[0]

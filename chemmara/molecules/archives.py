"""The bytes of a file or of standard input, whatever they are packed in."""

import bz2
import gzip
import io
import lzma
import shutil
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final, TypeVar, cast

from chemmara.errors import ChemmaraError

Member = TypeVar("Member")

HEAD: Final = 1 << 16
"""Bytes that are looked at to tell what a file is."""
_LAYERS: Final = 3  # .csv.gz inside a .zip inside a .tar; deeper ones are made by hand, to do harm
_MAGIC: Final = {".gz": b"\x1f\x8b", ".xz": b"\xfd7zXZ\x00", ".bz2": b"BZh", ".zip": b"PK\x03\x04"}
_DECOMPRESSED: Final[dict[str, Callable[..., object]]] = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open}
_TAR_SUFFIXES: Final = {".tar", ".tgz", ".tbz2", ".txz"}
_TAR_MAGIC: Final = slice(257, 262)


@dataclass(frozen=True)
class Source:
    """A file's unpacked content, from its beginning."""

    name: str  # path, or "-" for stdin
    file: IO[bytes]
    head: bytes  # its first `HEAD` bytes, or all of them; they come again when `file` is read
    suffix: str  # what the name ends in, without that of a packing: ".csv" for x.csv.gz; "" if there is none
    rewinds: bool  # whether `file` can go back to its beginning


@contextmanager
def open_bytes(name: str) -> Iterator[Source]:
    """The content of a plain, .gz, .xz, .bz2, .zip or .tar(.*) file, told by its first bytes; "-" is stdin.

    An archive must hold one file. Reads only: no path inside an archive is used. ChemmaraError for an archive that is
    damaged or holds several files; OSError and what the decompressors raise otherwise.
    """
    with ExitStack() as stack:
        standard = name == "-"
        raw = cast("IO[bytes]", sys.stdin.buffer if standard else stack.enter_context(Path(name).open("rb")))
        suffixes = [] if standard else [suffix.lower() for suffix in Path(name).suffixes]
        claims = [suffix for suffix in suffixes if suffix in {*_MAGIC, *_TAR_SUFFIXES}]
        kinds = [suffix for suffix in suffixes if suffix not in claims]
        source = _from_the_top(Source(name, raw, b"", "".join(kinds[-1:]), not standard and raw.seekable()))
        for _ in range(_LAYERS):
            packing = _packing(source.head, claims)
            if packing is None:
                break
            source = _unpacked(source, packing, stack)
            claims = [] if packing in {".tar", ".zip"} else claims[:-1]
        else:
            raise ChemmaraError(f"{name}: is packed {_LAYERS} times over; unpack it first")
        yield source


@contextmanager
def rewindable(source: Source) -> Iterator[IO[bytes]]:
    """The content as a file that can be gone through twice: a pipe is copied to a temporary file for as long."""
    if source.rewinds:
        yield source.file
        return
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(source.file, copy)
        copy.seek(0)
        yield cast("IO[bytes]", copy)


def _packing(head: bytes, claims: list[str]) -> str | None:
    """What the content is packed in by its first bytes; by its name where these do not tell."""
    if _TAR_SUFFIXES & set(claims) or head[_TAR_MAGIC] == b"ustar":
        return ".tar"
    found = (suffix for suffix, magic in _MAGIC.items() if head.startswith(magic))
    return next(found, claims[-1] if head and claims else None)


def _unpacked(source: Source, packing: str, stack: ExitStack) -> Source:
    if packing in _DECOMPRESSED:
        file = stack.enter_context(cast("IO[bytes]", _DECOMPRESSED[packing](source.file, "rb")))
        return _from_the_top(replace(source, file=file))
    whole = stack.enter_context(rewindable(source))
    inner, file = (_from_tar if packing == ".tar" else _from_zip)(source.name, whole, stack)
    suffixes = [suffix.lower() for suffix in Path(inner).suffixes if suffix.lower() not in _MAGIC]
    return _from_the_top(replace(source, file=file, suffix=source.suffix or "".join(suffixes[-1:]), rewinds=True))


def _from_tar(name: str, file: IO[bytes], stack: ExitStack) -> tuple[str, IO[bytes]]:
    try:
        archive = stack.enter_context(tarfile.open(fileobj=file))  # noqa: SIM115 - the stack closes it
        member = _only(name, [member for member in archive if member.isfile()], lambda member: member.name)
        return member.name, stack.enter_context(cast("IO[bytes]", archive.extractfile(member)))
    except tarfile.TarError as error:
        raise ChemmaraError(f"{name}: not a tar archive ({str(error).splitlines()[0]})") from None


def _from_zip(name: str, file: IO[bytes], stack: ExitStack) -> tuple[str, IO[bytes]]:
    try:
        archive = stack.enter_context(zipfile.ZipFile(file))
        member = _only(name, [m for m in archive.infolist() if not m.is_dir()], lambda member: member.filename)
        if member.flag_bits & 1:
            raise ChemmaraError(f"{name}: is encrypted; unpack it first")
        return member.filename, stack.enter_context(archive.open(member))
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise ChemmaraError(f"{name}: not a zip archive ({error})") from None


def _only(name: str, members: list[Member], path: Callable[[Member], str]) -> Member:
    """The one member; what macOS adds about each file does not count."""
    found = [member for member in members if not path(member).startswith("__MACOSX/")]
    if len(found) != 1:
        raise ChemmaraError(f"{name}: holds {len(found)} files; one is needed, unpack it first")
    return found[0]


def _from_the_top(source: Source) -> Source:
    """The source with its head read, and its file at the beginning again."""
    head = source.file.read(HEAD)
    if source.rewinds:
        source.file.seek(0)
        return replace(source, head=head)
    return replace(source, head=head, file=io.BufferedReader(_Joined(head, source.file)))


class _Joined(io.RawIOBase):
    """Bytes already read and the stream they came from, as one stream."""

    def __init__(self, head: bytes, tail: IO[bytes]) -> None:
        self._head, self._tail = head, tail

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._head[: len(buffer)] if self._head else self._tail.read1(len(buffer))  # type: ignore[attr-defined]
        self._head = self._head[len(data) :] if self._head else b""
        buffer[: len(data)] = data
        return len(data)

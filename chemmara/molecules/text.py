"""Lines of text out of bytes: encodings, line ends, and bytes that are no text."""

import codecs
import io
import logging
import re
from collections.abc import Generator
from multiprocessing import parent_process
from typing import IO, Final

from chemmara.errors import ChemmaraError
from chemmara.molecules.archives import HEAD

_log = logging.getLogger(__name__)
_NOT_UTF8: Final = re.compile("[\udc80-\udcff]")  # how "surrogateescape" marks a byte that is not UTF-8


def _windows_1252(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:  # five bytes mean nothing there; in Latin-1 they are control characters
        return chr(byte)


_AS_WINDOWS_1252: Final = {0xDC00 + byte: _windows_1252(byte) for byte in range(0x80, 0x100)}


def text_lines(name: str, file: IO[bytes], head: bytes, *, quiet: bool = False) -> Generator[str]:
    r"""Lines of UTF-8 or, where it begins by its mark, of UTF-16, each with a "\n" at its end whatever it was.

    A byte that is not UTF-8 is read as Windows-1252 (printable Latin-1 and some more); the log says so, once, unless
    `quiet`. ChemmaraError names the line that holds a NUL byte. Leaves `file` open.
    """
    text = io.TextIOWrapper(file, *_encoding(head))
    try:
        for number, line in enumerate(text, 1):
            if "\0" in line:
                raise ChemmaraError(f"{name}: line {number} holds a NUL byte: not text, or damaged; save it as UTF-8")
            if line.isascii() or not _NOT_UTF8.search(line):
                yield line
                continue
            if not quiet and parent_process() is None:  # a worker process reads what its parent has read before
                _log.warning("%s: line %d is not UTF-8; its bytes are read as Windows-1252 (Latin-1)", name, number)
                quiet = True
            yield line.translate(_AS_WINDOWS_1252)
    finally:
        text.detach()


def first_lines(head: bytes) -> list[str]:
    r"""The whole lines that the head of a file holds, without line ends; what is cut off is left out."""
    decoder = codecs.getincrementaldecoder(_encoding(head)[0])("replace")
    lines = re.split("\r\n|\r|\n", decoder.decode(head))
    return lines if len(head) < HEAD else lines[: max(1, len(lines) - 1)]


def _encoding(head: bytes) -> tuple[str, str]:
    """Its name and how errors are treated."""
    utf16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return ("utf-16", "strict") if utf16 else ("utf-8-sig", "surrogateescape")

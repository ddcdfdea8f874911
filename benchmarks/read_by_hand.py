"""What Python's own csv module and str.split find in a damaged file of text."""

import csv
import re

from fuzzed_files import Fuzzed


def rows_by_hand(file: Fuzzed) -> list[list[str]] | None:
    """The names of the columns and the rows; None where there is no telling: a packed, binary or UTF-16 file."""
    if not file.mark or file.data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    text = file.data.removeprefix(b"\xef\xbb\xbf").decode(errors="surrogateescape")
    text = re.sub("[\udc80-\udcff]", lambda found: _windows_1252(found.group()), text)
    lines = re.split("\r\n|\r|\n", text)
    return _lines(lines) if file.mark == " " else _table(lines, file.mark)


def _lines(lines: list[str]) -> list[list[str]]:
    rows = [words for line in lines if (words := line.lstrip("\ufeff").strip().split(None, 1))]
    rows = rows[rows[:1] == [["smiles"]] :]
    width = max(map(len, rows), default=0)
    return [["smiles", "name"][:width], *(row + [""] * (width - len(row)) for row in rows)]


def _table(lines: list[str], mark: str) -> list[list[str]] | None:
    try:
        rows = list(csv.reader((f"{line}\n" for line in lines), delimiter=mark))
    except csv.Error:
        return None
    rows = [row for row in rows if row and not (len(row) == 1 and row[0].isspace())]
    width = len(rows[0]) if rows else 0
    while width > 1 and not rows[0][width - 1].strip():
        width -= 1
    return [[*row, *[""] * width][:width] for row in rows]


def _windows_1252(mark: str) -> str:
    byte = bytes([ord(mark) - 0xDC00])
    return byte.decode("cp1252", errors="ignore") or byte.decode("latin-1")

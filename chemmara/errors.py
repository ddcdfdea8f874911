"""Errors that a user can act on. Everything else is a bug and keeps its traceback."""

import difflib
from collections.abc import Iterable


class ChemmaraError(Exception):
    """A mistake in what the user gave us: printed as `error: ...`, one line a mistake, exit code 2."""


class ConfigError(ChemmaraError):
    """A TOML file that does not say what chemmara can do; one line per mistake, all of them at once."""


class CheckpointError(ChemmaraError):
    """A prior's folder that is missing, truncated, corrupt or not one of ours."""


class TokenError(ChemmaraError):
    """A molecule that a prior cannot write: it has no SELFIES, a token that the vocabulary lacks, or too many tokens.

    `reason` is the kind of obstacle ("unknown token '[Xe]'"), `detail` what belongs to this molecule alone.
    """

    def __init__(self, text: str, reason: str, detail: str = "") -> None:
        super().__init__(f"{text}: {reason} {detail}".rstrip())
        self.reason = reason
        self.detail = detail


def nearest_name(word: str, known: Iterable[str]) -> str | None:
    """The name that was probably meant by a word, whatever its capitals; None where no name is like it.

    >>> nearest_name("MARA", ["vanilla", "mara"]), nearest_name("pic50", ["pIC50"]), nearest_name("x", ["mara"])
    ('mara', 'pIC50', None)
    """
    names = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), names, n=1)
    return names[near[0]] if near else None


def reason_of(error: BaseException) -> str:
    r"""An exception in one line that is never empty: its type, and the first line of its text that has words.

    >>> reason_of(TypeError("\n\nPDBQT parsing error: Atom type B is not valid.\n > ATOM 2"))
    'TypeError: PDBQT parsing error: Atom type B is not valid.'
    >>> reason_of(ZeroDivisionError()), reason_of(SystemExit(3))
    ('ZeroDivisionError without a message', 'SystemExit: 3')
    """
    kind = type(error).__name__
    lines = (line.strip() for line in str(error).splitlines())
    words = next((line for line in lines if any(letter.isalnum() for letter in line)), "")
    return f"{kind}: {words}" if words else f"{kind} without a message"

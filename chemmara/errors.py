"""Errors that a user can act on. Everything else is a bug and keeps its traceback."""


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

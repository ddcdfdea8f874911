"""What became of the rows of a file of training molecules: how many were read, and which were left out, and why."""

from collections import Counter
from dataclasses import dataclass, field

_EXAMPLES = 5  # rows named in full


@dataclass
class Account:
    """The rows of one file; `lines` says in words what was left out."""

    source: str  # name of the file
    read: int = 0
    reasons: Counter[str] = field(default_factory=Counter)  # reason to number of rows left out
    examples: list[str] = field(default_factory=list)  # the first of them: row, SMILES, reason
    without_stereo: int = 0  # of those left out, how many could be written without their stereo

    def leave_out(self, row: int, smiles: str, reason: str, detail: str = "") -> None:
        """Count a row (the first is 1) that is not learned from."""
        self.reasons[reason] += 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append(": ".join(filter(None, (f"row {row}", smiles, f"{reason} {detail}".rstrip()))))

    @property
    def left_out(self) -> int:
        """Number of rows left out."""
        return self.reasons.total()

    def summary(self) -> str:
        """One sentence with all counts; "" where nothing was left out."""
        if not self.left_out:
            return ""
        reasons = ", ".join(f"{reason}: {number}" for reason, number in self.reasons.most_common())
        return f"{self.source}: left out {self.left_out} of {self.read} molecules ({reasons})"

    def lines(self) -> list[str]:
        """The summary, then the first rows left out, then what would help; empty where nothing was left out."""
        if not self.left_out:
            return []
        lines = [self.summary(), *(f"  {example}" for example in self.examples)]
        if self.left_out > len(self.examples):
            lines.append(f"  and {self.left_out - len(self.examples)} more")
        if self.without_stereo:
            lines.append(
                f"  {self.without_stereo} of them could be written without stereo: --stereo drop (of `pretrain` for a"
                " file, of `corpus prepare` for a corpus), or --extend-vocabulary with --from"
            )
        if self.reasons["unknown token '.'"]:
            lines.append("  of a salt or a mixture `corpus prepare` keeps the main fragment")
        return lines

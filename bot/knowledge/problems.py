"""What is wrong with a data file, told so that an editor can mend it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing to mend in a data file.

    ``file`` is relative to the data folder (``knowledge/tax.yml``), ``record`` the key of the record (``tax/vat``;
    empty when the whole file is meant), ``field`` the path inside it (``local.partners.koeln.text``), ``message`` says
    what is wrong, ``mend`` what to do. ``line`` counts from 1; 0 when unknown. A warning does not fail the check.
    """

    file: str
    record: str
    field: str
    message: str
    mend: str
    line: int = 0
    warning: bool = False

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        where = " ".join(part for part in (self.record, self.field) if part)
        kind = "warning: " if self.warning else ""
        return f"{place}: {kind}{where + ': ' if where else ''}{self.message} {self.mend}".rstrip()


class KnowledgeError(Exception):
    """Data files cannot be used. ``problems`` tells each reason; the message lists them, one a line."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems

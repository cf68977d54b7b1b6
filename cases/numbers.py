"""Case numbers: what people read aloud, type and quote, and what nobody can guess."""

import re
import secrets

# without 0/O and 1/I/L, which look alike on paper and on the phone
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
PREFIX = "NRW"
_GROUPS = (4, 4, 2)
NUMBER_PATTERN = re.compile(rf"{PREFIX}-[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}-[{ALPHABET}]{{2}}")


def new_number() -> str:
    """A fresh case number such as ``NRW-7KQM-4XWD-9H``: 31^10, about 49 bits from the system's random source."""
    return "-".join([PREFIX, *("".join(secrets.choice(ALPHABET) for _ in range(size)) for size in _GROUPS)])


def normalise_number(text: str) -> str | None:
    """The case number that a person meant, or None: case, spaces and hyphens do not matter, ``NRW`` may be missing."""
    plain = re.sub(r"[\s\-‐-―]", "", text).upper().removeprefix(PREFIX)
    if len(plain) != sum(_GROUPS):
        return None
    first, second = _GROUPS[0], _GROUPS[0] + _GROUPS[1]
    number = f"{PREFIX}-{plain[:first]}-{plain[first:second]}-{plain[second:]}"
    return number if NUMBER_PATTERN.fullmatch(number) else None

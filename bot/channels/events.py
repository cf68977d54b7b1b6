"""What browsers send, read with suspicion: each field checked, cleaned and cut, nothing else taken."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from bot.channels.sites import Site, origin_of
from bot.languages import LANGUAGES

ENTRIES = ("company", "contact_name", "email", "phone", "municipality", "concern")
LONGEST_ADDRESS = 500
LONGEST_CLIENT_ID = 64
LONGEST_TITLE = 300
_LARGEST_ID = 2**53  # what a number holds in a browser


def clean(value: str) -> str:
    """Text that every database and encoder takes: without NUL, with lone surrogates replaced."""
    return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def field(data: Any, name: str) -> Any:
    """A field of an event's data; None when there is none, or the data is no object."""
    return data.get(name) if isinstance(data, dict) else None


def language_of(value: Any, fallback: str) -> str:
    """A language of ours, also from forms such as ``de-DE``; else the fallback."""
    short = value[:2].lower() if isinstance(value, str) else ""
    return short if short in LANGUAGES else fallback


def client_id_of(value: Any) -> str | None:
    """The browser's own id of a message, None when it is missing or odd: then a repetition cannot be told."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_CLIENT_ID or not value.isprintable():
        return None
    return clean(value)


def last_id_of(value: Any) -> int | None:
    """The last message a browser knows, None for everything."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST_ID else None


def title_of(value: Any) -> str:
    """The label of a pressed button, empty without one."""
    return clean(value)[:LONGEST_TITLE].strip() if isinstance(value, str) else ""


def values_of(value: Any) -> dict[str, str] | None:
    """The entries of the handoff form; what is missing is empty, what is no text or unknown makes it None."""
    if not isinstance(value, dict) or value.keys() - set(ENTRIES):
        return None
    entries = {name: value.get(name) or "" for name in ENTRIES}
    if not all(isinstance(entry, str) for entry in entries.values()):
        return None
    return {name: clean(entry) for name, entry in entries.items()}


@dataclass(frozen=True)
class Page:
    """The page that a chat stands on: its language, and its address without what may name a person."""

    language: str | None
    url: str | None

    @classmethod
    def of(cls, data: Any, site: Site, own_origins: frozenset[str]) -> "Page":
        """Read ``page_language`` and ``page_url``; an address of another origin than the site's is left out."""
        language = language_of(field(data, "page_language"), "") or None
        return cls(language, _page_url(field(data, "page_url"), frozenset(site.origins) | own_origins))


def _page_url(value: Any, origins: frozenset[str]) -> str | None:
    if not isinstance(value, str) or len(value) > 10 * LONGEST_ADDRESS:
        return None
    try:
        parts = urlsplit(clean(value))
        origin = origin_of(value)
    except ValueError:
        return None
    if origin not in origins:
        return None
    # query and fragment may carry names, e-mail addresses or keys
    scheme, host = origin.split("://", 1)
    return urlunsplit((scheme, host, parts.path, "", ""))[:LONGEST_ADDRESS]

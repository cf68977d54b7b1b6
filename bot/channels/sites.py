"""The websites that may show the chat: ``data/directory/sites.yml``, read and checked as a whole."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import yaml

from bot.directory import DirectoryError, get_directory
from bot.languages import LANGUAGES
from bot.settings import get_settings

OWN_SITE = "demo"
_LOOK: Mapping[str, tuple[str, ...]] = {"position": ("right", "left"), "theme": ("auto", "light", "dark")}
_ADDRESSES = ("logo", "privacy_url")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Site:
    """A website with the chat. ``look`` and ``texts`` go to the widget as they are."""

    id: str
    origins: tuple[str, ...]
    partner: str
    default_language: str
    look: Mapping[str, Any]
    texts: Mapping[str, Any]


@dataclass(frozen=True)
class Sites:
    """All sites, and the one that serves the chat itself."""

    by_id: Mapping[str, Site]
    _by_origin: Mapping[str, Site]

    @property
    def own(self) -> Site:
        """The site of the server's own pages; also of clients that are no browser and send no origin."""
        return self.by_id[OWN_SITE]

    def of_origin(self, origin: str | None) -> Site | None:
        """The site of the header ``Origin``; None for an unknown one. Without the header the server's own.

        Browsers leave the header out only for requests to the page's own server (Fetch standard, section 3.2).
        """
        return self.own if origin is None else self._by_origin.get(origin)


@lru_cache(maxsize=1)
def get_sites() -> Sites:
    """The sites of this process, read once."""
    settings = get_settings()
    return load_sites(settings.data_dir / "directory" / "sites.yml", settings.browser_url, get_directory().partners)


def load_sites(path: Path, own_url: str, partners: Iterable[str]) -> Sites:
    """Read and check ``sites.yml``; ``own_url`` becomes an origin of the site ``demo``.

    Raises ``DirectoryError`` with one line for each problem.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DirectoryError(f"{path}: cannot be read as YAML: {error}.") from error
    records = content.get("sites") if isinstance(content, dict) else None
    if not isinstance(records, dict) or OWN_SITE not in records:
        raise DirectoryError(f"{path}: needs a mapping 'sites' with the site '{OWN_SITE}' in it.")
    known = frozenset(partners)
    sites: dict[str, Site] = {}
    by_origin: dict[str, Site] = {}
    problems: list[str] = []
    for site_id, record in records.items():
        try:
            site = _site(str(site_id), record, known)
        except (KeyError, TypeError, ValueError) as error:
            detail = f"missing field {error}; add it" if isinstance(error, KeyError) else str(error)
            problems.append(f"{path}: {site_id}: {detail}.")
            continue
        sites[site.id] = site
        for origin in site.origins:
            if origin in by_origin:
                problems.append(f"{path}: {site_id}: {origin} is {by_origin[origin].id}'s already; keep one.")
            by_origin.setdefault(origin, site)
    if problems:
        raise DirectoryError("\n".join(problems))
    for origin in _own_origins(own_url):
        by_origin.setdefault(origin, sites[OWN_SITE])
    return Sites(MappingProxyType(sites), MappingProxyType(by_origin))


def origin_of(url: str) -> str:
    """The origin of an address as browsers write it: lower case, without the scheme's usual port."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port and parts.port != usual else "")


def _own_origins(own_url: str) -> list[str]:
    own = origin_of(own_url)
    # the same machine under its other name
    other = own.replace("://127.0.0.1", "://localhost") if "://127.0.0.1" in own else own
    return [own, other] if other != own else [own]


def _site(site_id: str, record: Any, partners: frozenset[str]) -> Site:
    if not isinstance(record, dict):
        raise ValueError("is no mapping of fields")
    origins = tuple(str(origin) for origin in record["origins"] or ())
    for origin in origins:
        _check_origin(origin)
    if not origins and site_id != OWN_SITE:
        raise ValueError("origins: empty; name at least one, such as https://www.example.de")
    if record["partner"] not in partners:
        raise ValueError(f"partner: '{record['partner']}' is none of partners.yml")
    if record["default_language"] not in LANGUAGES:
        raise ValueError(f"default_language: '{record['default_language']}' is none of {', '.join(LANGUAGES)}")
    return Site(
        site_id,
        origins,
        record["partner"],
        record["default_language"],
        MappingProxyType(_look(record.get("look") or {})),
        MappingProxyType(_texts(record.get("texts") or {})),
    )


def _check_origin(origin: str) -> None:
    parts = urlsplit(origin)
    if parts.scheme not in ("http", "https") or not parts.hostname or origin != origin_of(origin):
        raise ValueError(f"origins: '{origin}' is not of the form https://www.example.de, without path or usual port")
    if "*" in origin:
        raise ValueError(f"origins: '{origin}' has a wildcard; name each origin")
    if parts.scheme == "http" and parts.hostname not in _LOCAL_HOSTS:
        raise ValueError(f"origins: '{origin}' is not encrypted; use https")


def _look(look: dict[str, Any]) -> dict[str, Any]:
    if strangers := sorted(look.keys() - {"colour", *_ADDRESSES, *_LOOK}):
        raise ValueError(f"look: unknown '{strangers[0]}'; there are colour, logo, privacy_url, position and theme")
    colour = look.get("colour")
    if colour is not None and not _COLOUR.fullmatch(str(colour)):
        raise ValueError(f"look: colour '{colour}' is not of the form #rrggbb")
    for name in _ADDRESSES:
        if look.get(name) is not None and not str(look[name]).startswith("https://"):
            raise ValueError(f"look: {name} '{look[name]}' is no https address")
    for name, allowed in _LOOK.items():
        if look.get(name, allowed[0]) not in allowed:
            raise ValueError(f"look: {name} '{look[name]}' is none of {', '.join(allowed)}")
    chosen = {name: look.get(name, allowed[0]) for name, allowed in _LOOK.items()}
    return {"colour": colour, **{name: look.get(name) for name in _ADDRESSES}, **chosen}


def _texts(texts: dict[str, Any]) -> dict[str, Any]:
    if strangers := sorted(texts.keys() - {"title"}):
        raise ValueError(f"texts: unknown '{strangers[0]}'; there is title")
    title = texts.get("title")
    if title is not None and not (isinstance(title, dict) and all(title.get(each) for each in LANGUAGES)):
        raise ValueError("texts: title needs a text in de, ja and en, or null")
    return {"title": title}

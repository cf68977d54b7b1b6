"""The directory of the network: partners, the municipalities they are responsible for, postcodes and place names.

Read from ``data/directory/`` (see the README there). Needs neither Rasa nor a database, so every process may import it.
"""

import csv
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from bot.languages import LANGUAGES
from bot.settings import get_settings

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
STATEWIDE_PARTNER = "nrw_global_business"
# the topic whose answer is the partner in charge of a place
PLACE_TOPIC = "network/responsible_partner"
JAPANESE_AREA = "tokyo/"  # its topics are about Japan: no place here makes a difference, nor do they hold there
# what the id of a partner's second contact ends with
SECOND_CONTACT = ".second"
# the staff's own messengers, both ways (staff.channels)
CHANNEL_KINDS = ("matrix", "slack", "email")
# Regional statistics count 396 municipalities in North Rhine-Westphalia; fewer or more is a mistake in the table.
MUNICIPALITY_COUNT = 396


class DirectoryError(Exception):
    """The directory's data is wrong. The message has one line a problem: file, entry, what is wrong, what to do."""


@dataclass(frozen=True)
class OfficeHours:
    """When a partner is staffed, Europe/Berlin. ``days``: one tuple of (from, to) for each weekday from Monday.

    ``confirmed`` is False where the hours are the default and not the partner's own word. ``answer_office_days``:
    within how many office days an answer is expected.
    """

    confirmed: bool
    answer_office_days: int
    days: tuple[tuple[tuple[time, time], ...], ...]


@dataclass(frozen=True)
class NoticeTarget:
    """Where notices of new cases go (environment variable with an Apprise address), and in which language."""

    url_env: str
    language: str


@dataclass(frozen=True)
class Partner:
    """A partner of the network. Contacts are None where they are not confirmed."""

    id: str
    name: Mapping[str, str] = field(hash=False)
    region: Mapping[str, str] = field(hash=False)
    aliases: tuple[str, ...]
    website: str | None
    phone: str | None
    email: str | None
    postal_address: str | None
    languages: tuple[str, ...]
    municipalities: frozenset[str]
    office_hours: OfficeHours
    notice: NoticeTarget
    escalation: str | None
    staff_name_shown: bool
    # the staff's own messenger, both ways: matrix:#room:server, slack:C0123 or email:address; None: notices only
    channel: str | None = None
    # where a case goes, in the same form, when nobody of the first desk takes it; None: there is no second contact
    second_contact: str | None = None

    @property
    def channel_env(self) -> str:
        """Environment variable that stands above ``channel``."""
        return f"NRWBOT_STAFF_CHANNEL_{self.id.upper()}"

    @property
    def second_contact_env(self) -> str:
        """Environment variable that stands above ``second_contact``."""
        return f"NRWBOT_SECOND_CONTACT_{self.id.upper()}"


@dataclass(frozen=True)
class Municipality:
    """A municipality: ``ags`` is the official 8-digit key, ``name`` has ``de``, ``ja`` and ``en`` (same as German)."""

    ags: str
    name: Mapping[str, str] = field(hash=False)
    district: str
    partner: str
    postcodes: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """A name by which people call a municipality or a part of it.

    ``kind``: ``name`` (official), ``ascii``, ``district``, ``exonym`` or ``variant``.
    """

    alias: str
    language: str
    ags: str
    kind: str


def desk_of(partner_id: str, *, second: bool) -> str:
    """The desk at which a partner's staff follow a case: the partner's id, or that of its second contact."""
    return f"{partner_id}{SECOND_CONTACT}" if second else partner_id


def is_second_contact(desk: str) -> bool:
    """Whether a desk is a partner's second contact."""
    return desk.endswith(SECOND_CONTACT)


def place_key(text: str) -> str:
    """The form in which place names are compared: NFKC, folded case, without spaces, hyphens, dots and middle dots."""
    return re.sub(r"[\s.\-‐-―・･=＝/'’]", "", unicodedata.normalize("NFKC", text).casefold())


@dataclass(frozen=True)
class Directory:
    """All partners and municipalities, complete and consistent: ``load_directory`` accepts nothing else."""

    partners: Mapping[str, Partner]
    municipalities: Mapping[str, Municipality]
    _places: Mapping[str, tuple[Place, ...]]
    _by_postcode: Mapping[str, tuple[Municipality, ...]]

    def partner(self, partner_id: str) -> Partner:
        """The partner of this id. Raises ``KeyError`` with the ids there are."""
        if partner_id not in self.partners:
            raise KeyError(f"No partner '{partner_id}'; there are: {', '.join(self.partners)}.")
        return self.partners[partner_id]

    def partner_of(self, desk: str) -> Partner:
        """The partner whose staff sit at a desk. Raises ``KeyError``."""
        return self.partner(desk.removesuffix(SECOND_CONTACT))

    def municipality(self, ags: str) -> Municipality:
        """The municipality with this official key. Raises ``KeyError`` for a key that is none of NRW's."""
        if ags not in self.municipalities:
            raise KeyError(f"No municipality of North Rhine-Westphalia has the key '{ags}'.")
        return self.municipalities[ags]

    def responsible_partner(self, ags: str | None) -> Partner:
        """The partner in charge of a municipality; without one (None) the statewide partner."""
        return self.partners[STATEWIDE_PARTNER if ags is None else self.municipality(ags).partner]

    def places(self, text: str) -> tuple[Place, ...]:
        """What a name may stand for, official names first; empty when unknown. Compared by ``place_key``."""
        return self._places.get(place_key(text), ())

    def by_postcode(self, postcode: str) -> tuple[Municipality, ...]:
        """Municipalities that share a five-digit postcode, mostly one; empty when it is none of NRW's."""
        return self._by_postcode.get(unicodedata.normalize("NFKC", postcode).strip(), ())

    def all_places(self) -> Iterator[Place]:
        """Every known name with its municipality, official names included."""
        for places in self._places.values():
            yield from places


@lru_cache(maxsize=1)
def get_directory() -> Directory:
    """The directory of this process, read once from the setting ``data_dir``."""
    return load_directory(get_settings().data_dir / "directory")


def load_directory(folder: Path) -> Directory:
    """Read and check ``partners.yml``, ``municipalities.csv`` and ``place_names.csv``. Raises ``DirectoryError``."""
    problems: list[str] = []
    rows = _municipality_rows(folder / "municipalities.csv", problems)
    partners = _partners(folder / "partners.yml", set(rows), problems)
    if not problems:
        _check_responsibility(partners, rows, problems)
    if problems:
        raise DirectoryError("\n".join(problems))
    places: dict[str, list[Place]] = defaultdict(list)
    by_postcode: dict[str, list[Municipality]] = defaultdict(list)
    for municipality in rows.values():
        for language in ("de", "ja"):
            name = municipality.name[language]
            places[place_key(name)].append(Place(name, language, municipality.ags, "name"))
        for postcode in municipality.postcodes:
            by_postcode[postcode].append(municipality)
    for place in _place_rows(folder / "place_names.csv", set(rows), problems):
        places[place_key(place.alias)].append(place)
        if place.kind == "name":
            # the name that a language uses in place of the German one
            names = MappingProxyType({**rows[place.ags].name, place.language: place.alias})
            rows[place.ags] = replace(rows[place.ags], name=names)
    if problems:
        raise DirectoryError("\n".join(problems))
    return Directory(
        MappingProxyType(partners),
        MappingProxyType(rows),
        MappingProxyType({key: tuple(found) for key, found in places.items()}),
        MappingProxyType({code: tuple(found) for code, found in by_postcode.items()}),
    )


def _rows(path: Path, columns: set[str], problems: list[str]) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{path}: cannot be read: {error}.")
        return []
    missing = columns - set(reader.fieldnames or ())
    if missing:
        problems.append(f"{path}: line 1: missing column {', '.join(sorted(missing))}; add it to the heading.")
        return []
    return rows


def _municipality_rows(path: Path, problems: list[str]) -> dict[str, Municipality]:
    found: dict[str, Municipality] = {}
    for line, row in enumerate(
        _rows(path, {"ags", "name_de", "name_ja", "kreis", "partner", "postcodes"}, problems), 2
    ):
        ags = row["ags"] or ""
        postcodes = tuple(code for code in (row["postcodes"] or "").split(";") if code)
        if not re.fullmatch(r"05\d{6}", ags):
            problems.append(f"{path}: line {line}: '{ags}' is no key of NRW; write 05 and six more digits.")
        elif ags in found:
            problems.append(f"{path}: line {line}: {ags} stands there already; remove one of the two.")
        elif not (row["name_de"] and row["name_ja"]):
            problems.append(f"{path}: line {line}: {ags} lacks its German or Japanese name; fill both in.")
        elif bad := [code for code in postcodes if not re.fullmatch(r"\d{5}", code)]:
            problems.append(f"{path}: line {line}: {', '.join(bad)} is no postcode; write five digits.")
        else:
            name = MappingProxyType({"de": row["name_de"], "ja": row["name_ja"], "en": row["name_de"]})
            found[ags] = Municipality(ags, name, row["kreis"], row["partner"], postcodes)
    if not problems and len(found) != MUNICIPALITY_COUNT:
        problems.append(f"{path}: {len(found)} municipalities, but NRW has {MUNICIPALITY_COUNT}; compare the table.")
    return found


def _place_rows(path: Path, known: set[str], problems: list[str]) -> list[Place]:
    found = []
    for line, row in enumerate(_rows(path, {"alias", "language", "ags", "kind"}, problems), 2):
        if row["ags"] not in known:
            problems.append(f"{path}: line {line}: no municipality has the key '{row['ags']}'; mend or remove it.")
        elif not place_key(row["alias"] or ""):
            problems.append(f"{path}: line {line}: the name is empty; fill it in or remove the line.")
        else:
            found.append(Place(row["alias"], row["language"], row["ags"], row["kind"]))
    return found


def _check_responsibility(partners: dict[str, Partner], rows: dict[str, Municipality], problems: list[str]) -> None:
    for ags, municipality in rows.items():
        claimed = [partner.id for partner in partners.values() if ags in partner.municipalities]
        if claimed != [municipality.partner]:
            problems.append(
                f"municipality {ags} ({municipality.name['de']}): municipalities.csv says '{municipality.partner}', "
                f"partners.yml says {' and '.join(claimed) or 'nobody'}; name one existing partner in both."
            )


def _partners(path: Path, known: set[str], problems: list[str]) -> dict[str, Partner]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        problems.append(f"{path}: cannot be read as YAML: {error}.")
        return {}
    if not isinstance(content, dict) or not isinstance(content.get("partners"), dict):
        problems.append(f"{path}: has no mapping 'partners'; list the partners there by id.")
        return {}
    records: dict[str, Any] = content["partners"]
    if STATEWIDE_PARTNER not in records:
        problems.append(f"{path}: lacks '{STATEWIDE_PARTNER}', which takes what nobody else does; add it.")
    listed = {ags for record in records.values() for ags in _listed(record)}
    partners = {}
    for partner_id, record in records.items():
        where = f"{path}: {partner_id}"
        try:
            partner = _partner(partner_id, record, content.get("default_office_hours"), known - listed)
        except (KeyError, TypeError, ValueError) as error:
            detail = f"missing field {error}; add it, null if unknown" if isinstance(error, KeyError) else str(error)
            problems.append(f"{where}: {detail}.")
            continue
        if strangers := sorted(partner.municipalities - known):
            problems.append(f"{where}: municipalities: {', '.join(strangers)} not in municipalities.csv; mend the key.")
        if partner.escalation is not None and (partner.escalation not in records or partner.escalation == partner_id):
            problems.append(f"{where}: escalation: '{partner.escalation}' is no other partner; name one or null.")
        partners[partner_id] = partner
    return partners


def _listed(record: Any) -> list[str]:
    rule = record.get("municipalities") if isinstance(record, dict) else None
    return [str(ags) for ags in rule] if isinstance(rule, list) else []


def _partner(partner_id: str, record: dict[str, Any], default_hours: Any, rest: set[str]) -> Partner:
    for name in ("name", "region"):
        if missing := [language for language in LANGUAGES if not (record[name] or {}).get(language)]:
            raise ValueError(f"{name}: no text in {', '.join(missing)}; write it in de, ja and en")
    rule = record["municipalities"]
    if rule != "all_others" and not isinstance(rule, list):
        raise ValueError(f"municipalities: '{rule}' is neither a list of keys nor all_others")
    notice = NoticeTarget(str(record["notice"]["url_env"]), str(record["notice"]["language"]))
    if notice.language not in LANGUAGES:
        raise ValueError(f"notice: language '{notice.language}' is none of {', '.join(LANGUAGES)}")
    if not notice.url_env.startswith("NRWBOT_NOTICE_URL_"):
        raise ValueError(f"notice: url_env '{notice.url_env}' must begin with NRWBOT_NOTICE_URL_")
    return Partner(
        id=partner_id,
        name=MappingProxyType(dict(record["name"])),
        region=MappingProxyType(dict(record["region"])),
        aliases=tuple(record["aliases"]),
        website=record["website"],
        phone=record["phone"],
        email=record["email"],
        postal_address=record["postal_address"],
        languages=tuple(record["languages"]),
        municipalities=frozenset(rest if rule == "all_others" else map(str, rule)),
        office_hours=_office_hours(record["office_hours"] or default_hours),
        notice=notice,
        escalation=record["escalation"],
        staff_name_shown=bool(record["staff_name_shown"]),
        channel=_channel(record, "channel"),
        second_contact=_channel(record, "second_contact"),
    )


def _channel(record: dict[str, Any], name: str) -> str | None:
    address = record.get(name)
    if address is None:
        return None
    kind, _, place = str(address).partition(":")
    if kind not in CHANNEL_KINDS or not place.strip():
        raise ValueError(f"{name}: '{address}' is none of {', '.join(f'{each}:<address>' for each in CHANNEL_KINDS)}")
    if name == "second_contact" and address == record.get("channel"):
        raise ValueError(f"{name}: '{address}' is the channel itself; name another one or null")
    return str(address)


def _office_hours(record: Any) -> OfficeHours:
    if not isinstance(record, dict):
        raise ValueError("office_hours: neither the partner nor default_office_hours has any")
    if strangers := sorted(record.keys() - {*WEEKDAYS, "confirmed", "answer_office_days"}):
        raise ValueError(f"office_hours: '{strangers[0]}' is no weekday; write monday to sunday")
    days = []
    for weekday in WEEKDAYS:
        blocks: list[tuple[time, time]] = []
        for block in record.get(weekday) or ():
            match = re.fullmatch(r"(\d\d):(\d\d)-(\d\d):(\d\d)", str(block))
            if not match:
                raise ValueError(f"office_hours: {weekday}: '{block}' is not of the form 09:00-16:00")
            hours = [int(part) for part in match.groups()]
            start, end = time(hours[0], hours[1]), time(hours[2], hours[3])
            if end <= start or (blocks and start < blocks[-1][1]):
                raise ValueError(f"office_hours: {weekday}: '{block}' ends before it begins, or overlaps")
            blocks.append((start, end))
        days.append(tuple(blocks))
    if not any(days):
        raise ValueError("office_hours: no day has any; an answer could never be expected")
    return OfficeHours(bool(record["confirmed"]), int(record["answer_office_days"]), tuple(days))

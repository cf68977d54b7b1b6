import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import time
from pathlib import Path

import pytest

from bot.directory import (
    STATEWIDE_PARTNER,
    Directory,
    DirectoryError,
    desk_of,
    get_directory,
    is_second_contact,
    load_directory,
    place_key,
)
from bot.languages import LANGUAGES
from bot.settings import PROJECT_ROOT

DATA = PROJECT_ROOT / "data" / "directory"
Spoil = Callable[[str, str, str], Path]


@pytest.fixture(scope="module")
def directory() -> Directory:
    return load_directory(DATA)


@pytest.fixture
def spoil(tmp_path: Path) -> Spoil:
    """A copy of the real data in which one thing is wrong: in a file, the first ``old`` becomes ``new``."""

    def spoiled(name: str, old: str, new: str) -> Path:
        for file in DATA.iterdir():
            shutil.copy(file, tmp_path)
        path = tmp_path / name
        path.chmod(0o644)
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return tmp_path

    return spoiled


def test_every_municipality_has_one_partner(directory: Directory) -> None:
    assert len(directory.municipalities) == 396
    assert len(directory.partners) == 8
    listed = [ags for partner in directory.partners.values() for ags in partner.municipalities]
    assert sorted(listed) == sorted(directory.municipalities)
    assert len(directory.partners[STATEWIDE_PARTNER].municipalities) == 373


@pytest.mark.parametrize(
    ("ags", "partner"),
    [
        ("05111000", "duesseldorf"),
        ("05162024", "rhein_kreis_neuss"),
        ("05334002", "staedteregion_aachen"),
        ("05315000", "koeln"),
        ("05114000", "krefeld"),
        ("05113000", "essen"),
        ("05911000", "bochum"),
        ("05711000", "nrw_global_business"),
        (None, "nrw_global_business"),
    ],
)
def test_responsible_partner(directory: Directory, ags: str | None, partner: str) -> None:
    assert directory.responsible_partner(ags).id == partner


def test_partners_have_names_in_all_languages_and_nobody_is_guessed(directory: Directory) -> None:
    for partner in directory.partners.values():
        assert set(partner.name) == set(partner.region) == set(LANGUAGES)
        assert partner.notice.url_env == f"NRWBOT_NOTICE_URL_{partner.id.upper()}"
        assert partner.website is None or partner.website.startswith("https://")
        assert not partner.office_hours.confirmed
    assert directory.partners["bochum"].phone is None
    assert directory.partners["essen"].phone == "+49 201 82024-0"
    assert directory.partners["krefeld"].escalation == STATEWIDE_PARTNER
    assert directory.partners[STATEWIDE_PARTNER].escalation is None


def test_default_office_hours(directory: Directory) -> None:
    hours = directory.partners["koeln"].office_hours
    assert hours.days == (((time(9), time(16)),),) * 5 + ((),) * 2


@pytest.mark.parametrize(
    ("typed", "ags"),
    [
        ("Düsseldorf", {"05111000"}),
        ("DUESSELDORF", {"05111000"}),
        ("デュッセルドルフ", {"05111000"}),
        ("ﾃﾞｭｯｾﾙﾄﾞﾙﾌ", {"05111000"}),
        ("Cologne", {"05315000"}),
        ("muelheim an der ruhr", {"05117000"}),
        ("Oberkassel", {"05111000", "05314000"}),
        ("Berlin", set()),
        ("", set()),
    ],
)
def test_places(directory: Directory, typed: str, ags: set[str]) -> None:
    assert {place.ags for place in directory.places(typed)} == ags


def test_official_names_come_first(directory: Directory) -> None:
    assert directory.places("Essen")[0].kind == "name"
    assert {place.ags for place in directory.all_places()} == set(directory.municipalities)


def test_place_key_ignores_spelling() -> None:
    assert place_key("Bergisch-Gladbach") == place_key(" bergisch gladbach ")
    assert place_key("ライン＝クライス・ノイス") == place_key("ラインクライスノイス")


def test_postcodes(directory: Directory) -> None:
    assert [found.ags for found in directory.by_postcode("40213")] == ["05111000"]
    assert [found.ags for found in directory.by_postcode(" ４０２１３")] == ["05111000"]
    assert directory.by_postcode("10115") == ()
    shared = [code for town in directory.municipalities.values() for code in town.postcodes]
    twice = {code for code in shared if shared.count(code) > 1}
    assert twice
    assert all(len(directory.by_postcode(code)) > 1 for code in twice)


def test_unknown_keys_say_what_there_is(directory: Directory) -> None:
    with pytest.raises(KeyError, match="09162000"):
        directory.municipality("09162000")
    with pytest.raises(KeyError, match="rhein_kreis_neuss"):
        directory.partner("berlin")


def test_cached_directory_is_the_projects() -> None:
    assert get_directory() is get_directory()
    assert len(get_directory().partners) == 8


def test_needs_neither_rasa_nor_database() -> None:
    code = "import sys, bot.directory; print([m for m in sys.modules if m.split('.')[0] in ('rasa', 'sqlalchemy')])"
    output = subprocess.run([sys.executable, "-c", code], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    assert output.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (
            "municipalities.csv",
            "05111000,",
            "05511000,",
            r"duesseldorf: municipalities: 05111000 not in municipalities",
        ),
        ("municipalities.csv", "05112000,Duisburg", "05111000,Duisburg", r"line 3: 05111000 stands there already"),
        ("municipalities.csv", "05112000,", "09112000,", r"line 3: '09112000' is no key of NRW"),
        ("municipalities.csv", ",47051;", ",4705;", r"line 3: 4705 is no postcode"),
        (
            "municipalities.csv",
            "Duisburg,デュースブルク",
            "Duisburg,",
            r"line 3: 05112000 lacks its German or Japanese name",
        ),
        ("municipalities.csv", "kreisfreie Stadt,duesseldorf", "kreisfreie Stadt,nobody", r"05111000 .*says 'nobody'"),
        ("municipalities.csv", "ags,name_de", "key,name_de", r"missing column ags"),
        ("place_names.csv", "05111000", "05999000", r"line 2: no municipality has the key '05999000'"),
        ("place_names.csv", "Duesseldorf,", ",", r"line 2: the name is empty"),
        ("partners.yml", 'municipalities: ["05315000"]', 'municipalities: ["05111000"]', r"duesseldorf|nrw_global"),
        (
            "partners.yml",
            "municipalities: all_others",
            "municipalities: the rest",
            r"neither a list of keys nor all_others",
        ),
        ("partners.yml", "      ja: ケルン・ビジネス（ケルン市経済振興公社）\n", "", r"koeln: name: no text in ja"),
        ("partners.yml", "    website: https://koeln.business\n", "", r"koeln: missing field 'website'"),
        ("partners.yml", "escalation: nrw_global_business", "escalation: nobody", r"'nobody' is no other partner"),
        (
            "partners.yml",
            "    staff_name_shown",
            "    channel: phone:1\n    staff_name_shown",
            r"channel: 'phone:1' is none of",
        ),
        (
            "partners.yml",
            "    staff_name_shown",
            "    second_contact: 'email:'\n    staff_name_shown",
            r"second_contact: ",
        ),
        (
            "partners.yml",
            "    staff_name_shown",
            "    channel: email:a@example.de\n    second_contact: email:a@example.de\n    staff_name_shown",
            r"second_contact: .* is the channel itself",
        ),
        ("partners.yml", "language: de}", "language: fr}", r"language 'fr' is none of de, ja, en"),
        ("partners.yml", "NRWBOT_NOTICE_URL_KOELN", "NOTICE_URL", r"must begin with NRWBOT_NOTICE_URL_"),
        ("partners.yml", 'monday: ["09:00-16:00"]', 'monday: ["9-16"]', r"'9-16' is not of the form 09:00-16:00"),
        ("partners.yml", 'monday: ["09:00-16:00"]', 'monday: ["16:00-09:00"]', r"ends before it begins"),
        ("partners.yml", "  monday:", "  someday:", r"'someday' is no weekday"),
        ("partners.yml", "  nrw_global_business:\n", "  other:\n", r"lacks 'nrw_global_business'"),
        ("partners.yml", "partners:\n", "people:\n", r"no mapping 'partners'"),
        ("partners.yml", "partners:", "partners: [", r"cannot be read as YAML"),
    ],
)
def test_bad_data_is_refused_with_the_place(spoil: Spoil, name: str, old: str, new: str, message: str) -> None:
    with pytest.raises(DirectoryError, match=message):
        load_directory(spoil(name, old, new))


def test_a_second_contact_is_a_desk_of_its_partner(spoil: Spoil) -> None:
    listed = "    second_contact: email:deputy@example.de\n    staff_name_shown"
    found = load_directory(spoil("partners.yml", "    staff_name_shown", listed))
    partner = found.partner_of("rhein_kreis_neuss.second")
    assert (partner.id, partner.second_contact) == ("rhein_kreis_neuss", "email:deputy@example.de")
    assert desk_of(partner.id, second=True) == "rhein_kreis_neuss.second"
    assert [is_second_contact(desk_of("koeln", second=second)) for second in (False, True)] == [False, True]
    assert all(each.second_contact is None for each in found.partners.values() if each.id != partner.id)


def test_missing_files_are_all_told(tmp_path: Path) -> None:
    with pytest.raises(DirectoryError) as error:
        load_directory(tmp_path)
    assert "municipalities.csv" in str(error.value)
    assert "partners.yml" in str(error.value)


def test_a_lost_municipality_is_noticed(spoil: Spoil) -> None:
    folder = spoil("municipalities.csv", "\n", "\n")
    path = folder / "municipalities.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(DirectoryError, match="395 municipalities, but NRW has 396"):
        load_directory(folder)


def test_the_open_data_is_credited() -> None:
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    assert "OpenStreetMap contributors" in readme
    assert "ODbL" in readme
    assert "GeoNames" in readme

"""The table of partner websites: what it says, and what it refuses."""

from pathlib import Path

import pytest

from bot.channels.sites import Sites, load_sites, origin_of
from bot.directory import DirectoryError, get_directory
from bot.settings import PROJECT_ROOT

OWN = "http://127.0.0.1:5005"
GOOD = """\
sites:
  demo: {origins: [], partner: essen, default_language: de}
  town: {origins: ["https://www.example.de"], partner: koeln, default_language: ja, look: {colour: "#123456"}}
"""


def read(tmp_path: Path, text: str, own: str = OWN) -> Sites:
    path = tmp_path / "sites.yml"
    path.write_text(text, encoding="utf-8")
    return load_sites(path, own, ["essen", "koeln"])


def test_the_project_s_own_table_is_sound_and_holds_every_partner() -> None:
    partners = get_directory().partners
    sites = load_sites(PROJECT_ROOT / "data" / "directory" / "sites.yml", OWN, partners)
    assert {site.partner for site in sites.by_id.values()} == set(partners)
    assert "*" not in {origin for site in sites.by_id.values() for origin in site.origins}


def test_an_origin_names_its_site(tmp_path: Path) -> None:
    sites = read(tmp_path, GOOD)
    town = sites.of_origin("https://www.example.de")
    assert town is not None
    assert (town.id, town.partner, town.default_language, town.look["colour"]) == ("town", "koeln", "ja", "#123456")
    assert town.look["position"] == "right"


@pytest.mark.parametrize(
    "origin",
    [
        "https://example.de",
        "http://www.example.de",
        "https://www.example.de:8443",
        "null",
        "",
        "https://www.example.de/",
    ],
)
def test_any_other_origin_is_unknown(tmp_path: Path, origin: str) -> None:
    assert read(tmp_path, GOOD).of_origin(origin) is None


def test_the_server_s_own_pages_are_the_demonstration_site(tmp_path: Path) -> None:
    sites = read(tmp_path, GOOD, "https://assistant.example/")
    assert sites.of_origin("https://assistant.example") is sites.own
    assert sites.of_origin(None) is sites.own


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("https://www.example.de", "https://www.example.de/", "not of the form"),
        ("https://www.example.de", "https://*.example.de", "wildcard"),
        ("https://www.example.de", "http://www.example.de", "not encrypted"),
        ("https://www.example.de", "*", "not of the form"),
        ('["https://www.example.de"]', "[]", "origins: empty"),
        ("partner: koeln", "partner: atlantis", "'atlantis' is none"),
        ("default_language: ja", "default_language: fr", "'fr' is none"),
        ("#123456", "red", "not of the form #rrggbb"),
        ('colour: "#123456"', "logo: http://example.de/x.png", "no https address"),
        ('colour: "#123456"', "position: middle", "position 'middle'"),
        ('colour: "#123456"', "color: red", "unknown 'color'"),
        ("partner: koeln, ", "", "missing field 'partner'"),
        ("  demo:", "  other:", "needs a mapping"),
    ],
)
def test_a_wrong_table_is_refused_with_words(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in GOOD
    with pytest.raises(DirectoryError, match=told.replace("*", r"\*")):
        read(tmp_path, GOOD.replace(old, new))


def test_an_origin_belongs_to_one_site(tmp_path: Path) -> None:
    twice = GOOD + '  twin: {origins: ["https://www.example.de"], partner: koeln, default_language: de}\n'
    with pytest.raises(DirectoryError, match="town's already"):
        read(tmp_path, twice)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Www.Example.de/path?x=1#y", "https://www.example.de"),
        ("https://example.de:443/", "https://example.de"),
        ("http://localhost:5005", "http://localhost:5005"),
        ("http://[::1]:80/", "http://[::1]"),
    ],
)
def test_origin_of(url: str, origin: str) -> None:
    assert origin_of(url) == origin

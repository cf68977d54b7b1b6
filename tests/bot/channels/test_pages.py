"""The widget's files and the demonstration page."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bot.channels import pages
from tests.bot.channels.conftest import ChatProcess


@pytest.fixture
def client(chat_server: ChatProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=chat_server.url) as opened:
        yield opened


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("ja,en;q=0.8", "ja"),
        ("fr, de-AT;q=0.7, en;q=0.3", "de"),
        ("fr", "en"),
        ("", "en"),
        ("de;q=0, en", "en"),
        ("de;q=x", "en"),
    ],
)
def test_the_start_page_leads_to_the_visitor_s_language(client: httpx.Client, header: str, language: str) -> None:
    answer = client.get("/", headers={"Accept-Language": header})
    assert (answer.status_code, answer.headers["location"]) == (302, f"/demo/{language}")


@pytest.mark.parametrize("language", ["de", "ja", "en"])
def test_the_page_has_nothing_inline_and_nothing_from_elsewhere(client: httpx.Client, language: str) -> None:
    page = client.get(f"/demo/{language}")
    policy = page.headers["content-security-policy"]
    assert page.status_code == 200
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert f'<html lang="{language}">' in page.text
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page.text)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page.text)
    assert "<nrw-chat" in page.text


def test_other_languages_have_no_page(client: httpx.Client) -> None:
    assert client.get("/demo/fr").status_code == 404


def test_a_file_is_compressed_and_not_sent_twice(client: httpx.Client) -> None:
    style = client.get("/demo/demo.css", headers={"Accept-Encoding": "gzip"})
    assert style.headers["content-encoding"] == "gzip"
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    again = client.get("/demo/demo.css", headers={"If-None-Match": style.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(("origin", "allowed"), [("https://www.ewg.de", True), ("https://evil.example", False)])
def test_only_known_origins_may_load_files(client: httpx.Client, origin: str, allowed: bool) -> None:
    headers = client.get("/demo/demo.css", headers={"Origin": origin}).headers
    assert (headers.get("access-control-allow-origin") == origin) is allowed
    assert "origin" in headers["vary"].lower()


@pytest.mark.parametrize("path", ["../pyproject.toml", "..%2fpyproject.toml", ".env", "a/../../x", "%00", "x" * 300])
def test_no_way_leads_out_of_the_widget_s_folder(client: httpx.Client, path: str) -> None:
    assert client.get(f"/widget/{path}").status_code in (400, 404)


def test_an_asset_is_read_from_its_folder_alone(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "secret.js").write_text("secret")
    (tmp_path / "dist" / "nrw-chat.js").write_text("export {}")
    (tmp_path / "dist" / "link.js").symlink_to(tmp_path / "secret.js")
    asset = pages._asset(tmp_path / "dist", "nrw-chat.js")
    assert asset is not None
    assert asset.zipped is not None
    assert (asset.content_type, gzip.decompress(asset.zipped)) == ("text/javascript; charset=utf-8", b"export {}")
    for path in ("../secret.js", "link.js", "", ".", "none.js", "/etc/passwd"):
        assert pages._asset(tmp_path / "dist", path) is None


@pytest.mark.parametrize(
    ("name", "for_ever"),
    [("nrw-chat.js", False), ("panel-B7xK2_aQ.js", True), ("panel.js", False), ("de.1a2b3c4d.js", True)],
)
def test_only_names_with_a_hash_are_kept_for_ever(name: str, for_ever: bool) -> None:
    assert bool(name != pages.WIDGET_ENTRY and pages._HASHED.search(name)) is for_ever

"""What the Rasa server hands to browsers beside the chat: the built widget, and the demonstration page."""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sanic import Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.sites import get_sites
from bot.knowledge.wording import text as wording_text
from bot.languages import LANGUAGES
from bot.settings import PROJECT_ROOT, get_settings

WIDGET_FOLDER = PROJECT_ROOT / "web" / "dist"
WIDGET_ENTRY = "nrw-chat.js"
DEMO_FOLDER = Path(__file__).parent / "demo"
# names that the bundler marks with a hash of the contents: they never change
_HASHED = re.compile(r"[-.][A-Za-z0-9_-]{8,}\.(js|css|json|svg|woff2)$")
_PATH = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")
_COMPRESSED = frozenset({".js", ".css", ".json", ".svg", ".map"})
FOR_EVER = "public, max-age=31536000, immutable"
# long enough to spare requests, short enough that a mended widget is everywhere within the hour
FOR_NOW = "public, max-age=600, stale-while-revalidate=3000"


@dataclass(frozen=True)
class Asset:
    """A file as it is sent."""

    body: bytes
    zipped: bytes | None
    content_type: str
    etag: str


def register(app: Sanic) -> None:
    """Add the routes. Rasa's own page at ``/`` gives way to the demonstration page."""
    app.add_route(widget, "/widget/<path:path>", methods=["GET", "HEAD"], name="webchat_widget")
    app.add_route(demo, "/demo/<language:(de|ja|en)>", methods=["GET", "HEAD"], name="webchat_demo")
    app.add_route(demo_style, "/demo/demo.css", methods=["GET", "HEAD"], name="webchat_demo_style")
    app.register_middleware(_start_page, "request")


async def _start_page(request: Request) -> HTTPResponse | None:
    if request.path != "/" or request.method not in ("GET", "HEAD"):
        return None
    language = preferred_language(request.headers.get("accept-language", ""))
    return response.redirect(f"/demo/{language}", headers={"Vary": "Accept-Language", "Cache-Control": "no-cache"})


async def widget(request: Request, path: str) -> HTTPResponse:
    """A file of the built widget, for pages of the known sites."""
    asset = _asset(WIDGET_FOLDER, path)
    if asset is None:
        built = (WIDGET_FOLDER / WIDGET_ENTRY).exists()
        words = "There is no such file." if built else "The widget is not built yet; run script/build-widget."
        return response.text(words, status=404, headers={"Cache-Control": "no-store"})
    return _send(request, asset, FOR_EVER if path != WIDGET_ENTRY and _HASHED.search(path) else FOR_NOW)


async def demo_style(request: Request) -> HTTPResponse:
    """The style of the demonstration page."""
    asset = _asset(DEMO_FOLDER, "demo.css")
    assert asset is not None
    return _send(request, asset, FOR_NOW)


async def demo(request: Request, language: str) -> HTTPResponse:
    """The demonstration page in one language."""
    headers = {
        "Content-Security-Policy": content_security_policy(get_settings().browser_url),
        "Content-Language": language,
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
    return response.html(demo_page(language), headers=headers)


def content_security_policy(own_url: str) -> str:
    """The policy of the demonstration page: own files and the own chat, nothing inline, nothing from elsewhere."""
    # older browsers do not count ws: as 'self'
    socket = re.sub(r"^http", "ws", own_url)
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            f"connect-src 'self' {socket}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )


@lru_cache(maxsize=len(LANGUAGES))
def demo_page(language: str) -> str:
    """The HTML of the demonstration page; its texts are those of ``data/responses/demo.yml``."""
    environment = Environment(
        loader=FileSystemLoader(DEMO_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )

    def words(key: str, **values: Any) -> str:
        return wording_text(f"demo_{key}", language, **values)

    return environment.get_template("page.html.j2").render(t=words, language=language, languages=LANGUAGES)


def preferred_language(header: str) -> str:
    """The best of our languages by ``Accept-Language`` (RFC 9110, section 12.5.4); English when none fits."""
    wishes = []
    for position, part in enumerate(header.split(",")):
        name, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        if weight > 0 and name[:2].lower() in LANGUAGES:
            wishes.append((-weight, position, name[:2].lower()))
    return min(wishes)[2] if wishes else "en"


def _send(request: Request, asset: Asset, caching: str) -> HTTPResponse:
    headers = {
        "Cache-Control": caching,
        "ETag": asset.etag,
        "Vary": "Accept-Encoding, Origin",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    origin = request.headers.get("origin")
    if origin is not None and get_sites().of_origin(origin) is not None:
        headers["Access-Control-Allow-Origin"] = origin
    if asset.etag in request.headers.get("if-none-match", ""):
        return response.empty(status=304, headers=headers)
    body = asset.body
    if asset.zipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["Content-Encoding"] = asset.zipped, "gzip"
    return response.raw(body, content_type=asset.content_type, headers=headers)


def _asset(folder: Path, path: str) -> Asset | None:
    """A file below a folder, None when there is none. Dot files and ways out of the folder do not match."""
    if not _PATH.fullmatch(path):
        return None
    file = folder / path
    try:
        changed = file.stat().st_mtime_ns
    except OSError:
        return None
    return _read(file, changed) if file.is_file() and file.resolve().is_relative_to(folder.resolve()) else None


@lru_cache(maxsize=64)
def _read(file: Path, _changed: int) -> Asset:
    body = file.read_bytes()
    kind = "text/javascript" if file.suffix == ".js" else mimetypes.guess_type(file.name)[0]
    text = bool(kind) and (kind or "").startswith("text/")
    return Asset(
        body,
        gzip.compress(body, 9, mtime=0) if file.suffix in _COMPRESSED else None,
        f"{kind}; charset=utf-8" if text else kind or "application/octet-stream",
        f'"{hashlib.sha256(body).hexdigest()[:24]}"',
    )

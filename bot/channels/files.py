"""Files that staff sent a user: who has the link may open the file, as a download, until the case is erased."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from cases.states import CaseLogUnavailable
from cases.store import CaseStore, open_store

_TOKEN = re.compile(r"^[\w-]{20,64}$")


class StaffFiles(InputChannel):
    """``GET /webhooks/files/<token>``. Takes no messages."""

    @classmethod
    def name(cls) -> str:
        return "files"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        routes = Blueprint("staff_files", "staff_files")
        stores: list[CaseStore] = []

        def store() -> CaseStore:
            # opened in the worker, not before a fork
            if not stores:
                stores.append(open_store())
            return stores[0]

        @routes.route("/<token>", methods=["GET"])
        async def download(_: Request, token: str) -> HTTPResponse:
            try:
                file = await asyncio.to_thread(store().file, token) if _TOKEN.match(token) else None
            except CaseLogUnavailable:
                return response.text("", status=503)
            if file is None:
                return response.text("", status=404)
            headers = {
                # never shown inside our own pages, whatever the content is
                "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name)}",
                "X-Content-Type-Options": "nosniff",
                "Content-Security-Policy": "default-src 'none'; sandbox",
                "Cache-Control": "private, no-store",
                "Referrer-Policy": "no-referrer",
            }
            return response.raw(file.content, content_type=file.media_type, headers=headers)

        return routes

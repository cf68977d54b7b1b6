"""Notices in a file a partner, for development and for partners without a messaging service.

``var/notices/<partner>.log`` holds the notices, each under a heading with its key; the console gets one line without
personal data. A notice stands in the file exactly once, however often it is delivered: the key is looked up before it
is written, under a lock, and a block that was cut off in writing is removed first. When a case is erased, its blocks
lose their text.
"""

import asyncio
import fcntl
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cases.states import OutboxKind
from staff.channels import OutgoingNotice, Undeliverable

logger = logging.getLogger(__name__)

# Bodies are indented, so nothing that a user writes can pass for a heading or an end.
_BLOCK = re.compile(rb"^=== (?P<key>\S+) [^\n]*\n(?P<body>(?:  [^\n]*\n|\n)*)=== end (?P=key)\n", re.MULTILINE)


class ConsoleChannel:
    """Writes notices below ``folder``. Exactly once, also when the process is killed at any point."""

    name = "console"
    deduplicates = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def deliver(self, notice: OutgoingNotice) -> str | None:
        """Append the notice to the partner's file unless it stands there; returns its key."""
        try:
            written = await asyncio.to_thread(self._write, notice)
        except OSError as error:
            raise Undeliverable(f"{self._path(notice)}: {error.strerror or error}.") from error
        if written:
            logger.info("%s for %s: see %s", notice.kind, notice.desk, self._path(notice))
        return notice.key

    def _path(self, notice: OutgoingNotice) -> Path:
        return self.folder / f"{notice.desk}.log"

    def _write(self, notice: OutgoingNotice) -> bool:
        path = self._path(notice)
        with self._locked(path):
            content = path.read_bytes() if path.exists() else b""
            whole, keys = _whole_blocks(content)
            if notice.key in keys:
                return False
            if notice.kind == OutboxKind.ERASED:
                _replace(path, _without_text(content[:whole], notice.case_number))
            elif whole < len(content):
                _replace(path, content[:whole])
            with path.open("ab") as file:
                file.write(_block(notice))
                file.flush()
                os.fsync(file.fileno())
        return True

    @contextmanager
    def _locked(self, path: Path) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        # a file of its own: the notices' file may be replaced while others wait
        with path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _block(notice: OutgoingNotice) -> bytes:
    lines = [notice.title, "", *notice.body.splitlines()]
    body = "".join(f"  {line}\n" if line.strip() else "\n" for line in lines)
    stamp = notice.created_at.isoformat(timespec="seconds")
    return f"=== {notice.key} {stamp}\n{body}=== end {notice.key}\n".encode()


def _whole_blocks(content: bytes) -> tuple[int, set[str]]:
    """Where the last whole block ends, and the keys of all whole blocks."""
    end, keys = 0, set()
    for match in _BLOCK.finditer(content):
        end = match.end()
        keys.add(match["key"].decode())
    return end, keys


def _without_text(content: bytes, case_number: str) -> bytes:
    def emptied(match: re.Match[bytes]) -> bytes:
        if not match["key"].decode().startswith(f"{case_number}/"):
            return match[0]
        heading = match[0].split(b"\n", 1)[0]
        return heading + b"\n=== end " + match["key"] + b"\n"

    return _BLOCK.sub(emptied, content)


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_suffix(".draft")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)

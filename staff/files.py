"""Which files of staff reach a user: by what their content is, not by what they are called."""

import re
import unicodedata

from cases.records import StaffFile
from staff.channels import FileProblem

# beginnings of files, and what they are then
_BEGINNINGS = (
    (b"%PDF-", "application/pdf", ".pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png", ".png"),
    (b"\xff\xd8\xff", "image/jpeg", ".jpg"),
)
_UNSAFE = re.compile(r"[^\w.\- ()]+")
LONGEST_NAME = 80


def checked(name: str, content: bytes, most_bytes: int) -> StaffFile | FileProblem:
    """The file with a safe name and its real type, or why a user cannot have it."""
    if len(content) > most_bytes:
        return "too_large"
    for beginning, media_type, ending in _BEGINNINGS:
        if content.startswith(beginning):
            return StaffFile(_safe(name, ending), media_type, content)
    return "wrong_type"


def _safe(name: str, ending: str) -> str:
    stem = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
    stem = _UNSAFE.sub("_", stem).strip("._ ")[:LONGEST_NAME]
    return (stem or "file") + ending

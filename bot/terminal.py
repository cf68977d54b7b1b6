"""``python -m bot.terminal``: a conversation in the terminal, over the REST channel of the running server."""

import json
import sys
import urllib.error
import urllib.request
import uuid
from typing import Any

from bot.launch import ensure_secrets
from bot.settings import get_settings, load_settings


def send(text: str, sender: str) -> list[dict[str, Any]]:
    """Send a message and return the replies of the turn. Raises ``URLError`` when the server is away."""
    settings = get_settings()
    request = urllib.request.Request(  # noqa: S310 - our own address
        f"{settings.rasa_url}/webhooks/rest/webhook",
        data=json.dumps({"sender": sender, "message": text}).encode(),
        headers={
            "Content-Type": "application/json",
            "Authorization": f"Bearer {settings.api_token.get_secret_value()}",
        },
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own address
        replies: list[dict[str, Any]] = json.loads(answer.read())
        return replies


def main() -> int:
    """Read lines until the input ends; a number presses the button of that number."""
    ensure_secrets(load_settings().var_dir)
    sender = uuid.uuid4().hex
    buttons: list[dict[str, Any]] = []
    print("Type a message, or the number of a button. Ctrl-D ends the conversation.")
    while True:
        try:
            line = input("> ").strip()
        except (EOFError, KeyboardInterrupt):
            print()
            return 0
        pressed = int(line) - 1 if line.isdigit() and 0 < int(line) <= len(buttons) else None
        try:
            replies = send(buttons[pressed]["payload"] if pressed is not None else line, sender)
        except urllib.error.HTTPError as error:
            print(f"The assistant refused the message ({error.code} {error.reason}).", file=sys.stderr)
            return 1
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            print(f"The assistant cannot be reached ({reason}). Start it with script/server.", file=sys.stderr)
            return 1
        buttons = []
        for reply in replies:
            if reply.get("text"):
                print(reply["text"])
            for button in reply.get("buttons", []):
                buttons.append(button)
                print(f"  [{len(buttons)}] {button['title']}")


if __name__ == "__main__":
    sys.exit(main())

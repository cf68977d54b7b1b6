"""``python -m bot.launch``: migrates, trains if needed, and runs Rasa server, action server and relay together.

honcho runs the three: their output is shown line by line, Ctrl-C stops them all, and when one ends the others end too.
"""

import os
import secrets
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from honcho.manager import Manager

from bot.settings import ENV_PREFIX, PROJECT_ROOT, SettingsError, get_settings, load_settings, secret_names

START_SECONDS = 120.0
GENERATED_SECRETS = ("secret_key", "api_token")


def ensure_secrets(folder: Path) -> None:
    """Put the secrets into the environment: those that are set stay, the rest are made once and kept in ``folder``."""
    path = folder / "secrets.env"
    kept = dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line) if path.exists() else {}
    missing = [name for name in GENERATED_SECRETS if name in secret_names() and _variable(name) not in kept]
    if missing:
        kept |= {_variable(name): secrets.token_urlsafe(32) for name in missing}
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text("".join(f"{name}={value}\n" for name, value in kept.items()))
    for name, value in kept.items():
        os.environ.setdefault(name, value)


def _variable(name: str) -> str:
    return f"{ENV_PREFIX}{name.upper()}"


def wait_until_up(addresses: list[str], seconds: float) -> bool:
    """Whether all addresses answer within ``seconds``."""
    end = time.monotonic() + seconds
    pending = list(addresses)
    while pending and time.monotonic() < end:
        try:
            with urllib.request.urlopen(pending[0], timeout=2):  # noqa: S310 - our own addresses
                pending.pop(0)
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    return not pending


def _announce() -> None:
    settings = get_settings()
    started = time.monotonic()
    actions = f"http://{settings.actions_host}:{settings.actions_port}/health"
    if wait_until_up([actions, f"{settings.rasa_url}/webhooks/rest/"], START_SECONDS):
        line = "─" * 72
        print(
            f"\n{line}\nThe assistant is up ({time.monotonic() - started:.0f} s).\n"
            f"  Demonstration page    {settings.browser_url}/\n"
            f"  Talk in the terminal  script/chat\n"
            f"  Cases                 .venv/bin/nrwbot cases list\n"
            f"  Notices to staff      {settings.var_dir / 'notices'}\n"
            f"Ctrl-C stops everything.\n{line}\n",
            flush=True,
        )
    else:
        print("The assistant did not come up; the lines above say why. Ctrl-C stops everything.", flush=True)


def main() -> int:
    """Prepare and run; returns the exit code of the first process that ended."""
    try:
        first = load_settings()
        ensure_secrets(first.var_dir)
        get_settings()
    except SettingsError as error:
        print(f"Settings: {error}", file=sys.stderr)
        return 2
    print("Case log: bringing the database up to date ...", flush=True)
    for arguments in (["bot", "cases", "migrate"], ["bot.training"]):
        step = subprocess.run([sys.executable, "-W", "ignore", "-m", *arguments], cwd=PROJECT_ROOT, check=False)  # noqa: S603
        if step.returncode:
            return step.returncode
    print("Starting Rasa server, action server and relay ...", flush=True)
    manager = Manager()
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore"}
    for name, module in (("rasa", "bot.server"), ("actions", "actions"), ("relay", "staff")):
        manager.add_process(name, f"exec {sys.executable} -m {module}", env=environment, cwd=str(PROJECT_ROOT))
    threading.Thread(target=_announce, daemon=True).start()
    manager.loop()
    return int(manager.returncode or 0)


if __name__ == "__main__":
    sys.exit(main())

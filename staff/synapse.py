"""A Matrix server of our own on this machine, for ``script/staff-demo`` and the tests: Synapse with SQLite.

Not for production: no TLS, no federation, no limits. Synapse lives in an environment of its own (``.synapse``, made by
``script/setup-synapse``).
"""

import hashlib
import hmac
import json
import secrets
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from bot.settings import PROJECT_ROOT

SERVER_NAME = "localhost"
PYTHON = PROJECT_ROOT / ".synapse" / "bin" / "python"
START_SECONDS = 90.0
_UNLIMITED = {"per_second": 10000, "burst_count": 10000}


class SynapseError(Exception):
    """The server does not run or refuses something. The message says what to do."""


class Synapse:
    """A server with its data in ``folder``, on 127.0.0.1:``port``."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.url = f"http://127.0.0.1:{port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers. Raises ``SynapseError``."""
        if not PYTHON.exists():
            raise SynapseError("Synapse is not installed. Run script/setup-synapse.")
        self._configure()
        config = str(self.folder / "homeserver.yaml")
        with (self.folder / "output.log").open("ab") as output:
            command = [str(PYTHON), "-m", "synapse.app.homeserver", "-c", config]
            if not (self.folder / "signing.key").exists():
                keys = [*command, "--generate-keys"]
                subprocess.run(keys, check=True, stdout=output, stderr=output, cwd=self.folder)  # noqa: S603
            self._process = subprocess.Popen(command, stdout=output, stderr=output, cwd=self.folder)  # noqa: S603
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            try:
                self.call("GET", "/_matrix/client/versions")
            except (OSError, SynapseError):
                time.sleep(0.1)
            else:
                return
        raise SynapseError(f"Synapse did not come up; see {self.folder / 'output.log'}.")

    def stop(self) -> None:
        """End the server; its data stay."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def kill(self) -> None:
        """End the server as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def account(self, name: str, password: str) -> tuple[str, str]:
        """Make an account, unless it is there, and log in: the account's id and an access token."""
        nonce = self.call("GET", "/_synapse/admin/v1/register")["nonce"]
        parts = (nonce, name, password, "notadmin")
        proof = hmac.new(self._secret().encode(), "\0".join(parts).encode(), hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": name, "password": password, "admin": False, "mac": proof}
        try:
            made = self.call("POST", "/_synapse/admin/v1/register", body)
        except SynapseError as error:
            if "M_USER_IN_USE" not in str(error):
                raise
            login = {"type": "m.id.user", "user": name}
            made = self.call(
                "POST",
                "/_matrix/client/v3/login",
                {"type": "m.login.password", "identifier": login, "password": password, "device_id": "NRWBOT"},
            )
        return str(made["user_id"]), str(made["access_token"])

    def room(self, token: str, alias: str, name: str, invite: list[str]) -> str:
        """Make a room, unless its alias is there; returns the alias in full."""
        full = f"#{alias}:{SERVER_NAME}"
        body = {"room_alias_name": alias, "name": name, "preset": "private_chat", "invite": invite}
        try:
            self.call("POST", "/_matrix/client/v3/createRoom", body, token)
        except SynapseError as error:
            if "M_ROOM_IN_USE" not in str(error):
                raise
        return full

    def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> Any:
        """One request. Raises ``SynapseError`` for an error of Matrix and ``OSError`` when nobody answers."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        request = urllib.request.Request(self.url + path, data, headers, method=method)  # noqa: S310 - our own server
        try:
            with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise SynapseError(f"{method} {path}: {error.code} {error.read()[:300].decode(errors='replace')}") from None

    def _secret(self) -> str:
        config = yaml.safe_load((self.folder / "homeserver.yaml").read_text())
        return str(config["registration_shared_secret"])

    def _configure(self) -> None:
        path = self.folder / "homeserver.yaml"
        self.folder.mkdir(parents=True, exist_ok=True)
        kept = yaml.safe_load(path.read_text()) if path.exists() else {}
        log = self.folder / "log.yaml"
        log.write_text("version: 1\nroot: {level: WARNING}\n")
        listener = {
            "port": self.port,
            "type": "http",
            "bind_addresses": ["127.0.0.1"],
            "resources": [{"names": ["client"]}],
        }
        path.touch(mode=0o600)
        settings = {
            "server_name": SERVER_NAME,
            "public_baseurl": f"{self.url}/",
            "pid_file": str(self.folder / "synapse.pid"),
            "listeners": [listener],
            "database": {"name": "sqlite3", "args": {"database": str(self.folder / "synapse.db")}},
            "media_store_path": str(self.folder / "media"),
            "signing_key_path": str(self.folder / "signing.key"),
            "log_config": str(log),
            "report_stats": False,
            "enable_registration": False,
            "trusted_key_servers": [],
            "federation_domain_whitelist": [],
            "presence": {"enabled": False},
            "rc_message": _UNLIMITED,
            "rc_joins": {"local": _UNLIMITED, "remote": _UNLIMITED},
            "rc_invites": {"per_room": _UNLIMITED, "per_user": _UNLIMITED},
            "rc_login": {"address": _UNLIMITED, "account": _UNLIMITED, "failed_attempts": _UNLIMITED},
            "rc_room_creation": _UNLIMITED,
            **{
                name: kept.get(name) or secrets.token_urlsafe(24)
                for name in ("registration_shared_secret", "macaroon_secret_key", "form_secret")
            },
        }
        path.write_text(yaml.safe_dump(settings))

"""Every setting of the project, in one place.

A setting comes from, in this order: the environment (``NRWBOT_<NAME>``), the file ``nrwbot.toml`` in the project's root
(or the path in ``NRWBOT_SETTINGS_FILE``), the default below. Secrets come from the environment only; a secret in the
file is refused. ``docs/operations.md`` describes each one, and a test holds both lists together.
"""

import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import tomli
from pydantic import BaseSettings, Field, SecretStr, ValidationError, validator

PROJECT_ROOT = Path(__file__).resolve().parent.parent
ENV_PREFIX = "NRWBOT_"
SETTINGS_FILE_VARIABLE = "NRWBOT_SETTINGS_FILE"


class SettingsError(Exception):
    """A setting is missing, unknown or wrong. The message names the setting, where it came from and what to write."""


class Settings(BaseSettings):
    """The project's settings. Times are in the unit that the name says; paths are absolute."""

    # where the processes listen
    host: str = Field("127.0.0.1", description="Address the Rasa server listens on.")
    port: int = Field(5005, ge=1, le=65535, description="Port of the Rasa server: web chat, widget and demo page.")
    actions_host: str = Field("127.0.0.1", description="Address the action server listens on; keep it private.")
    actions_port: int = Field(5055, ge=1, le=65535, description="Port of the action server.")
    public_url: str = Field("", description="Address under which browsers reach the Rasa server; empty: host and port.")

    # the web chat
    trusted_proxies: int = Field(
        0,
        ge=0,
        description="Own proxies in front of the Rasa server, whose X-Forwarded-For entries are believed.",
    )
    redis_url: str = Field(
        "", description="Redis address that carries replies of the web chat between several Rasa servers; empty: one."
    )
    chat_messages_per_minute: float = Field(20, gt=0, description="Messages a chat may send in a minute.")
    chat_messages_at_once: int = Field(10, ge=1, description="Messages a chat may send in one go.")
    chat_address_messages_per_minute: float = Field(
        300, gt=0, description="Messages all chats of one network address may send in a minute."
    )
    chat_address_sessions_per_hour: float = Field(
        120, gt=0, description="Chats that may begin from one network address in an hour."
    )

    # where things lie
    data_dir: Path = Field(PROJECT_ROOT / "data", description="Folder of answers, phrases, directory and wording.")
    var_dir: Path = Field(PROJECT_ROOT / "var", description="Folder for databases, secrets and console notices.")
    database_url: str = Field("", description="SQLAlchemy address of the case log; empty: SQLite in var_dir.")
    tracker_database_url: str = Field(
        "", description="SQLAlchemy address of Rasa's conversations; empty: SQLite in var_dir."
    )

    # understanding
    encoder: str = Field(
        "use-multilingual", description="Sentence encoder: use-multilingual, or sentence-transformers:<model>."
    )

    # staff and their channels
    pickup_minutes: int = Field(
        45, ge=1, description="Minutes of office hours within which somebody should take a case; then it escalates."
    )
    matrix_url: str = Field("", description="Address of the Matrix server on which the relay has its account.")
    matrix_user: str = Field("", description="The relay's Matrix account, such as @assistant:example.org.")
    mail_address: str = Field(
        "", description="Mail address the relay writes from and is answered at; empty: the project sends no mail."
    )
    file_megabytes: float = Field(10, gt=0, description="Largest file that staff may send to a user.")
    translation_url: str = Field(
        "", description="Translation service: libretranslate+https://... or deepl+https://...; empty: none."
    )
    translation_seconds: float = Field(10, gt=0, description="How long a translation may take before it is given up.")

    # privacy
    retention_case_days: int = Field(
        365, ge=1, description="Days after closing until contact data and texts of a case are erased."
    )
    retention_conversation_days: int = Field(
        30, ge=1, description="Days without a message until a conversation without open case is erased."
    )

    # secrets: environment only
    secret_key: SecretStr = Field(
        SecretStr(""), description="Signs sessions and buttons. script/server makes one on first start."
    )
    api_token: SecretStr = Field(
        SecretStr(""), description="Lets relay and operators use Rasa's HTTP API. script/server makes one."
    )
    matrix_token: SecretStr = Field(SecretStr(""), description="Access token of the relay's Matrix account.")
    slack_bot_token: SecretStr = Field(SecretStr(""), description="Slack bot token (xoxb-...).")
    slack_app_token: SecretStr = Field(SecretStr(""), description="Slack app token for Socket Mode (xapp-...).")
    smtp_url: SecretStr = Field(
        SecretStr(""),
        description="Mail server for sending: smtp://, smtp+starttls:// or smtps://user:password@host:port.",
    )
    imap_url: SecretStr = Field(
        SecretStr(""),
        description="Mailbox in which staff's answers arrive: imap:// or imaps://user:password@host:port.",
    )
    translation_key: SecretStr = Field(SecretStr(""), description="Key of the translation service, if it wants one.")

    class Config:
        env_prefix = ENV_PREFIX
        allow_mutation = False
        extra = "forbid"

        @classmethod
        def customise_sources(
            cls, init_settings: Any, env_settings: Any, file_secret_settings: Any
        ) -> tuple[Callable[..., Any], ...]:
            return init_settings, env_settings, settings_file_source

    @validator("data_dir", "var_dir")
    def _absolute(cls, value: Path) -> Path:
        return value if value.is_absolute() else PROJECT_ROOT / value

    @property
    def case_log_url(self) -> str:
        """SQLAlchemy address of the case log."""
        return self.database_url or f"sqlite:///{self.var_dir / 'cases.db'}"

    @property
    def tracker_store_url(self) -> str:
        """SQLAlchemy address of Rasa's conversations."""
        return self.tracker_database_url or f"sqlite:///{self.var_dir / 'conversations.db'}"

    @property
    def rasa_url(self) -> str:
        """Address under which the project's own processes reach the Rasa server."""
        return f"http://{'127.0.0.1' if self.host in ('0.0.0.0', '::') else self.host}:{self.port}"  # noqa: S104

    @property
    def browser_url(self) -> str:
        """Address under which browsers reach the Rasa server, without a slash at the end."""
        return (self.public_url or self.rasa_url).rstrip("/")

    def masked(self) -> dict[str, str]:
        """All settings as text, fit for printing: secrets and passwords within addresses are masked."""
        return {name: _mask(value) for name, value in self.dict().items()}


def secret_names() -> frozenset[str]:
    """Names of the settings that may come from the environment only."""
    return frozenset(name for name, field in Settings.__fields__.items() if field.type_ is SecretStr)


def settings_file() -> Path:
    """Path of the settings file, whether it exists or not."""
    return Path(os.environ.get(SETTINGS_FILE_VARIABLE) or PROJECT_ROOT / "nrwbot.toml")


def settings_file_source(_: BaseSettings) -> dict[str, Any]:
    """Read the settings file. Raises ``SettingsError`` for a file that cannot be read or that holds a secret."""
    path = settings_file()
    if not path.exists():
        if os.environ.get(SETTINGS_FILE_VARIABLE):
            raise SettingsError(f"{SETTINGS_FILE_VARIABLE} names {path}, but there is no such file.")
        return {}
    try:
        values = tomli.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomli.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read as TOML: {error}.") from error
    for name in secret_names() & values.keys():
        raise SettingsError(
            f"{path}: '{name}' is a secret and may not stand in a file. Set {ENV_PREFIX}{name.upper()} instead."
        )
    return values


def _mask(value: object) -> str:
    if isinstance(value, SecretStr):
        return "(set)" if value.get_secret_value() else "(not set)"
    text = str(value)
    if "://" in text and "@" in text:
        scheme, rest = text.split("://", 1)
        return f"{scheme}://***@{rest.rsplit('@', 1)[1]}"
    return text


def load_settings(**overrides: Any) -> Settings:
    """Read the settings afresh. Raises ``SettingsError`` with one line for each wrong setting."""
    known = {f"{ENV_PREFIX}{name.upper()}" for name in Settings.__fields__} | {SETTINGS_FILE_VARIABLE}
    # made from the names of partners (data/directory/partners.yml), or of Rasa's own (endpoints.yml)
    others = tuple(f"{ENV_PREFIX}{name}_" for name in ("NOTICE_URL", "STAFF_CHANNEL", "SECOND_CONTACT", "RASA"))
    unknown = sorted(
        name for name in os.environ if name.startswith(ENV_PREFIX) and name not in known and not name.startswith(others)
    )
    if unknown:
        raise SettingsError(f"Unknown setting in the environment: {', '.join(unknown)}. See docs/operations.md.")
    try:
        return Settings(**overrides)
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = str(problem["loc"][0])
            lines.append(f"{name} ({_origin(name)}): {problem['msg']}.")
        raise SettingsError("\n".join(lines) + "\nSee docs/operations.md for what each setting takes.") from error


def _origin(name: str) -> str:
    variable = f"{ENV_PREFIX}{name.upper()}"
    return f"from {variable}" if variable in os.environ else f"from {settings_file()}"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read once."""
    return load_settings()

"""Which channel a partner has: its own messenger where one is named, else its Apprise address, else a file.

The messenger is named by ``channel`` in ``data/directory/partners.yml`` or by ``NRWBOT_STAFF_CHANNEL_<PARTNER>``:
``matrix:<room id or alias>``, ``slack:<channel id>`` or ``email:<address>``. A partner's second contact is a desk of
its own, named in the same way by ``second_contact`` or ``NRWBOT_SECOND_CONTACT_<PARTNER>``.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from bot.directory import CHANNEL_KINDS, Directory, Partner, desk_of, is_second_contact
from bot.settings import Settings, SettingsError, get_settings
from staff.channels import StaffChannel, TwoWayChannel
from staff.channels.console import ConsoleChannel
from staff.postbox import IMAP_SCHEMES, SMTP_SCHEMES, MailServer

KINDS = CHANNEL_KINDS
STAFF_CHANNEL, SECOND_CONTACT = "NRWBOT_STAFF_CHANNEL_", "NRWBOT_SECOND_CONTACT_"


class Targets:
    """The channels of all desks. ``environment`` holds the addresses (secrets) under each partner's ``url_env``."""

    def __init__(
        self,
        directory: Directory,
        var_dir: Path,
        environment: Mapping[str, str] | None = None,
        settings: Settings | None = None,
    ) -> None:
        """Raises ``SettingsError`` for an address that makes no sense, or one for a partner there is not."""
        environment = os.environ if environment is None else environment
        console = ConsoleChannel(var_dir / "notices")
        partners = directory.partners.values()
        _refuse_strangers(environment, "NRWBOT_NOTICE_URL_", {partner.notice.url_env for partner in partners})
        _refuse_strangers(environment, STAFF_CHANNEL, {partner.channel_env for partner in partners})
        _refuse_strangers(environment, SECOND_CONTACT, {partner.second_contact_env for partner in partners})
        self._channels: dict[str, StaffChannel] = {
            partner.id: _channel(partner, environment.get(partner.notice.url_env, "").strip(), console)
            for partner in partners
        }
        addresses: dict[str, dict[str, str]] = {}
        for partner in partners:
            named = {
                False: (partner.channel_env, partner.channel),
                True: (partner.second_contact_env, partner.second_contact),
            }
            for second, (variable, listed) in named.items():
                target = environment.get(variable, "").strip() or listed
                if target:
                    desk = desk_of(partner.id, second=second)
                    kind, address = _address(desk, target, variable)
                    # a mail says itself which desk it is about; a room cannot
                    if address in addresses.setdefault(kind, {}).values() and kind != "email":
                        raise SettingsError(f"{variable}: '{target}' is another desk's; name a room of its own.")
                    addresses[kind][desk] = address
        self._two_way: list[TwoWayChannel] = []
        for kind, mapping in addresses.items():
            channel = _two_way(kind, mapping, settings or get_settings())
            self._two_way.append(channel)
            for desk in mapping:
                self._channels[desk] = channel

    def channel(self, desk: str) -> StaffChannel:
        """The channel of a desk. Raises ``KeyError`` for a second contact that is not named any more."""
        return self._channels[desk]

    def second_contacts(self) -> frozenset[str]:
        """The desks that are second contacts."""
        return frozenset(desk for desk in self._channels if is_second_contact(desk))

    def two_way(self) -> list[TwoWayChannel]:
        """The channels in which staff answer, each once."""
        return self._two_way


def _address(desk: str, target: str, variable: str) -> tuple[str, str]:
    """Kind and address of what the setting names. Raises ``SettingsError``."""
    kind, _, address = target.partition(":")
    if kind not in KINDS or not address:
        wanted = ", ".join(f"{each}:<address>" for each in KINDS)
        raise SettingsError(f"The channel of {desk} is '{target}' ({variable} or partners.yml). Write one of {wanted}.")
    return kind, address


def _refuse_strangers(environment: Mapping[str, str], prefix: str, known: set[str]) -> None:
    strangers = sorted(name for name in environment if name.startswith(prefix) and name not in known)
    if strangers:
        raise SettingsError(
            f"{', '.join(strangers)}: no partner in data/directory/partners.yml has this address. "
            f"There are: {', '.join(sorted(known))}."
        )


def _channel(partner: Partner, url: str, console: ConsoleChannel) -> StaffChannel:
    if not url:
        return console
    # Apprise takes a while to import and is not needed without an address
    from staff.channels.apprise_notice import AppriseChannel

    try:
        return AppriseChannel(url, origin=partner.notice.url_env)
    except ValueError as error:
        raise SettingsError(str(error)) from error


def _two_way(kind: str, addresses: Mapping[str, str], settings: Settings) -> TwoWayChannel:
    """A channel for all partners that use it; only what is used is imported."""
    most_bytes = int(settings.file_megabytes * 1_000_000)
    if kind == "matrix":
        _require(kind, settings, "matrix_url", "matrix_user", "matrix_token")
        from staff.channels.matrix import MatrixChannel

        token = settings.matrix_token.get_secret_value()
        return MatrixChannel(settings.matrix_url, settings.matrix_user, token, addresses, most_bytes=most_bytes)
    if kind == "email":
        _require(kind, settings, "mail_address", "smtp_url", "imap_url", "secret_key")
        from staff.channels.email import EmailChannel
        from staff.channels.email_reading import References

        return EmailChannel(
            MailServer.parse(settings.smtp_url.get_secret_value(), "NRWBOT_SMTP_URL", SMTP_SCHEMES),
            MailServer.parse(settings.imap_url.get_secret_value(), "NRWBOT_IMAP_URL", IMAP_SCHEMES),
            settings.mail_address,
            addresses,
            References(settings.secret_key.get_secret_value()),
            most_bytes=most_bytes,
        )
    _require(kind, settings, "slack_bot_token", "slack_app_token")
    from staff.channels.slack import SlackChannel

    bot_token, app_token = settings.slack_bot_token.get_secret_value(), settings.slack_app_token.get_secret_value()
    return SlackChannel(bot_token, app_token, addresses, most_bytes=most_bytes)


def _require(kind: str, settings: Settings, *names: str) -> None:
    missing = []
    for name in names:
        value = getattr(settings, name)
        if not (value.get_secret_value() if hasattr(value, "get_secret_value") else value):
            missing.append(f"NRWBOT_{name.upper()}")
    if missing:
        raise SettingsError(f"A partner's staff use {kind}, so these must be set: {', '.join(missing)}.")

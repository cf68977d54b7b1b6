"""Which channel a partner's notices take: its Apprise address when one is set, else the file in ``var/notices``."""

import os
from collections.abc import Mapping
from pathlib import Path

from bot.directory import Directory, Partner
from bot.settings import SettingsError
from staff.channels import StaffChannel
from staff.channels.console import ConsoleChannel


class Targets:
    """The channels of all partners. ``environment`` holds the addresses (secrets) under each partner's ``url_env``."""

    def __init__(self, directory: Directory, var_dir: Path, environment: Mapping[str, str] | None = None) -> None:
        """Raises ``SettingsError`` for an address that Apprise does not know, or one for a partner there is not."""
        environment = os.environ if environment is None else environment
        console = ConsoleChannel(var_dir / "notices")
        known = {partner.notice.url_env for partner in directory.partners.values()}
        strangers = sorted(name for name in environment if name.startswith("NRWBOT_NOTICE_URL_") and name not in known)
        if strangers:
            raise SettingsError(
                f"{', '.join(strangers)}: no partner in data/directory/partners.yml has this address. "
                f"There are: {', '.join(sorted(known))}."
            )
        self._channels: dict[str, StaffChannel] = {
            partner.id: _channel(partner, environment.get(partner.notice.url_env, "").strip(), console)
            for partner in directory.partners.values()
        }

    def channel(self, partner_id: str) -> StaffChannel:
        """The channel of a partner's notices."""
        return self._channels[partner_id]


def _channel(partner: Partner, url: str, console: ConsoleChannel) -> StaffChannel:
    if not url:
        return console
    # Apprise takes a while to import and is not needed without an address
    from staff.channels.apprise_notice import AppriseChannel

    try:
        return AppriseChannel(url, origin=partner.notice.url_env)
    except ValueError as error:
        raise SettingsError(str(error)) from error

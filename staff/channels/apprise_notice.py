"""Notices through Apprise: e-mail, Matrix, Slack, Teams and about a hundred other services by one address.

Apprise knows no idempotency key. The relay notes an attempt before it begins and its confirmation after it has ended; a
process that dies in between leaves an attempt whose outcome nobody knows. The notice is then sent again, marked as a
possible repetition, because a doubled notice costs a minute and a lost one a customer. In every other case it arrives
once.
"""

import asyncio
import logging

import apprise

from staff.channels import DELIVERY_SECONDS, OutgoingNotice, Undeliverable

# below warnings Apprise logs addresses and contents
logging.getLogger("apprise").setLevel(logging.WARNING)


class AppriseChannel:
    """Sends to the one service behind ``url``. ``origin`` names the setting in messages; the address is a secret."""

    name = "apprise"
    deduplicates = False

    def __init__(self, url: str, *, origin: str, seconds: float = DELIVERY_SECONDS) -> None:
        self._origin, self._seconds = origin, seconds
        self._service = apprise.Apprise()
        # more than one: when one fails and is tried again, the others would get the notice twice
        if not self._service.add(url) or len(self._service) != 1:
            raise ValueError(
                f"{origin} is not one address that Apprise knows. Write one, such as mailtos://... or matrixs://...; "
                "see the list of services in Apprise's documentation."
            )

    async def deliver(self, notice: OutgoingNotice) -> str | None:
        """Send the notice. Apprise tells no id of it."""
        try:
            result = await asyncio.wait_for(
                self._service.async_notify(
                    title=notice.title, body=notice.body, body_format=apprise.NotifyFormat.TEXT, interpret_escapes=False
                ),
                self._seconds,
            )
        except asyncio.TimeoutError as error:
            raise Undeliverable(
                f"The service behind {self._origin} did not answer within {self._seconds:g} s.", uncertain=True
            ) from error
        if not result:
            raise Undeliverable(f"The service behind {self._origin} refused the notice or cannot be reached.")
        return None

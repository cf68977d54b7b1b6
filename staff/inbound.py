"""What staff write, turned into changes of the case log: plain text goes to the user, commands do what they say.

Every change and the reply to it are one transaction of the case log, named by the message's own id: a message that a
channel brings twice, or to two relays, is acted on once.
"""

import logging
from collections.abc import Callable
from dataclasses import replace

from bot.directory import Directory, Partner
from bot.knowledge.wording import Wording
from cases.models import Case
from cases.states import CaseLogUnavailable, CaseNotFound, CaseState, IllegalTransition, NotTheOwner, Unstorable
from cases.store import CaseStore
from staff.channels import IncomingMessage
from staff.commands import LONGEST_TEXT, parse
from staff.orders import Orders, Refused
from staff.sending import Context, desk_name, send_file, send_text

logger = logging.getLogger(__name__)


class Inbound:
    """Acts on messages of staff. Synchronous; raises nothing but ``CaseLogUnavailable``."""

    def __init__(
        self, store: CaseStore, directory: Directory, wording: Wording, orders: Orders, file_link: Callable[[str], str]
    ) -> None:
        self._store, self._directory, self._wording = store, directory, wording
        self._orders, self._file_link = orders, file_link

    def handle(self, channel: str, message: IncomingMessage) -> None:
        """Act on one message that came in through the channel of this name."""
        try:
            self._handle(channel, message)
        except Unstorable:
            logger.error("A message of staff is not one that the case log can hold; it was left out.")
        except CaseLogUnavailable:
            raise
        except Exception as error:
            # one message must not keep those behind it from being read
            logger.error("A message of staff was left out: %s.", type(error).__name__)

    def _handle(self, channel: str, message: IncomingMessage) -> None:
        if message.kind != "message":
            found = self._store.staff_message(channel, message.target or "")
            if found is None:
                return
            message = replace(message, case_number=found[0].number)
        if message.case_number is None:
            return
        try:
            case = self._store.case(message.case_number)
        except CaseNotFound:
            logger.warning("A message of staff names a case that does not exist.")
            return
        partner = self._directory.partner_of(message.partner)
        context = Context(
            self._store, case, partner, channel, message, f"staff:{message.by}", self._directory, self._wording
        )
        try:
            self._act(context)
        except Refused as refused:
            self._store.answer_staff(case.number, context.receipt(refused.reply, **refused.values))
        except NotTheOwner as error:
            self._refuse(context, "not_owner", owner=desk_name(error.desk, context))
        except IllegalTransition:
            self._refuse(context, "wrong_state", state=self._state(case, partner))
        except Exception as error:
            if isinstance(error, CaseLogUnavailable) and not isinstance(error, Unstorable):
                raise
            # whatever it is, staff must know that their message did nothing; the log holds no contents
            logger.error("A message of staff for %s could not be acted on: %s.", case.number, type(error).__name__)
            self._refuse(context, "fault")

    def _act(self, context: Context) -> None:
        message = context.message
        if message.kind == "retraction":
            self._store.retract(context.channel, message.target or "", receipt=context.receipt("retracted"))
            return
        if message.kind == "edit":
            self._edit(context)
            return
        command = parse(message.text)
        if command is not None:
            # a file beside a command stays with staff
            self._orders.carry_out(context, command)
            return
        if message.file_problem is not None:
            raise Refused(f"file_{message.file_problem}")
        text = _checked(message.text)
        if message.file is not None:
            send_file(context, message.file, self._file_link, caption=text)
        elif text:
            send_text(context, text)

    def _edit(self, context: Context) -> None:
        """A corrected message reaches the user as a correction; a corrected command is not carried out again."""
        found = self._store.staff_message(context.channel, context.message.target or "")
        if parse(context.message.text) is not None or found is None:
            raise Refused("edit_command")
        text = _checked(context.message.text)
        if found[1].author == "staff" and text:
            send_text(context, text, corrects=True)

    def _state(self, case: Case, partner: Partner) -> str:
        return self._wording.text(f"staff_state_{CaseState(case.state)}", partner.notice.language)

    def _refuse(self, context: Context, reply: str, **values: object) -> None:
        self._store.answer_staff(context.case.number, context.receipt(reply, **values))


def _checked(text: str) -> str:
    """What staff wrote, trimmed. Raises ``Refused`` when it is too long for the chat."""
    if len(text) > LONGEST_TEXT:
        raise Refused("too_long", most=LONGEST_TEXT)
    return text.strip()

"""The only door to the case log. Every other package opens it here and nowhere else."""

from bot.settings import get_settings
from cases.channels import ChannelSide
from cases.escalation import Escalation
from cases.outbox import Outbox
from cases.queries import Queries
from cases.retention import Retention
from cases.staff_side import StaffSide
from cases.unanswered import Unanswered
from cases.user_side import UserSide


class CaseStore(UserSide, Escalation, ChannelSide, StaffSide, Retention, Outbox, Queries, Unanswered):
    """The case log at a SQLAlchemy address. Synchronous, safe to share between threads; each method is a transaction.

    The tables must be there: see ``cases.migrate``. Every method raises ``CaseLogUnavailable`` when the database cannot
    be reached, and nothing of the call was stored then.
    """


def open_store() -> CaseStore:
    """The case log of the settings."""
    return CaseStore(get_settings().case_log_url)

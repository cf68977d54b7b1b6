"""``nrwbot relay``: run the relay, deliver once, or look how the outbox stands."""

import asyncio
import math
import signal
import statistics
from collections.abc import Callable, Coroutine
from datetime import timedelta
from functools import lru_cache
from typing import Any

import typer

from bot.directory import desk_of, get_directory
from bot.knowledge.loader import Knowledge, load_knowledge
from bot.knowledge.problems import KnowledgeError
from bot.knowledge.roadmap import Roadmap, load_roadmap
from bot.knowledge.wording import get_wording
from bot.settings import get_settings
from cases.migrate import require_current
from cases.models import OutboxEntry
from cases.operator import log_to_console, operator_errors
from cases.states import Direction
from cases.store import CaseStore, open_store
from staff.cards import Cards, topic_key
from staff.inbound import Inbound
from staff.orders import Orders
from staff.phrases import get_phrases
from staff.postbox import SMTP_SCHEMES, MailServer
from staff.relay import Relay
from staff.targets import Targets
from staff.translation import Translator
from staff.user_mail import UserMail
from staff.users import UserChannel
from staff.watch import Watch

app = typer.Typer(no_args_is_help=True, help="Take the outbox to the partners' staff.")


@lru_cache(maxsize=1)
def _knowledge() -> Knowledge | None:
    """The answers, read at the first notice that needs a title; None when they cannot be read."""
    try:
        return load_knowledge(get_settings().data_dir)
    except KnowledgeError:
        return None


def topic_title(topic: str, language: str) -> str:
    """The title of a topic's answer in ``language``; its key when there is no answer of that name."""
    knowledge = _knowledge()
    answer = knowledge.get(topic) if knowledge is not None else None
    return answer.title.get(language) if answer else topic_key(topic, language)


@lru_cache(maxsize=1)
def roadmap() -> Roadmap:
    """Questions and steps of the guided way, read at the first checklist."""
    return load_roadmap(get_settings().data_dir)


def make_targets() -> Targets:
    """The channels of all partners for the settings and the environment. Raises ``SettingsError``."""
    return Targets(get_directory(), get_settings().var_dir)


def make_inbound(store: CaseStore) -> Inbound:
    """What acts on staff's messages, with the project's answers, phrases and words."""
    orders = Orders(_knowledge, get_phrases)
    return Inbound(store, get_directory(), get_wording(), orders, file_link)


def file_link(token: str) -> str:
    """The address at which a user opens a file of staff (``bot.channels.files``)."""
    return f"{get_settings().browser_url}/webhooks/files/{token}"


def make_user_mail(store: CaseStore) -> Callable[[OutboxEntry], Coroutine[Any, Any, str | None]] | None:
    """What sends users copies by mail; None while no mail server is set."""
    settings = get_settings()
    url = settings.smtp_url.get_secret_value()
    if not settings.mail_address or not url:
        return None
    server = MailServer.parse(url, "NRWBOT_SMTP_URL", SMTP_SCHEMES)
    return UserMail(store, get_directory(), get_wording(), server, settings.mail_address).deliver


def make_translator(store: CaseStore) -> Callable[[OutboxEntry], Coroutine[Any, Any, None]] | None:
    """What adds translations; None while no service is set."""
    settings = get_settings()
    if not settings.translation_url:
        return None
    # takes a while to import
    from bot.nlu.language import detect

    key = settings.translation_key.get_secret_value()
    url, seconds = settings.translation_url, settings.translation_seconds
    return Translator(store, get_directory(), url, key, seconds, detect).after_delivery


def make_relay(store: CaseStore) -> Relay:
    """A relay for the settings and the environment, both ways. Raises ``SettingsError``."""
    settings = get_settings()
    directory = get_directory()
    token = settings.api_token.get_secret_value()
    targets = make_targets()
    return Relay(
        store,
        targets,
        Cards(directory, get_wording(), topic_title, roadmap),
        # without the token nothing can be said to users: it waits, and `nrwbot relay status` shows it
        users=UserChannel(store, settings.rasa_url, token) if token else None,
        mail=make_user_mail(store),
        translate=make_translator(store),
        inbound=make_inbound(store),
        watch=Watch(store, directory, timedelta(minutes=settings.pickup_minutes), targets.second_contacts()),
    )


@app.command()
def run() -> None:
    """Deliver notices as they come, until SIGTERM."""
    log_to_console()
    with operator_errors():
        asyncio.run(_run())


async def _run() -> None:
    relay = make_relay(open_store())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, relay.stop)
    await relay.run()


@app.command()
def once() -> None:
    """Deliver everything that is due now, and end. Fails when something could not be delivered."""
    log_to_console()
    with operator_errors():
        require_current(get_settings().case_log_url)
        store = open_store()
        tried = asyncio.run(_once(store))
        failing = store.failing_entries(limit=1000)
        typer.echo(f"{tried} tried, {len(failing)} waiting after a failure.")
        if failing:
            raise typer.Exit(1)


async def _once(store: CaseStore) -> int:
    relay = make_relay(store)
    tried = 0
    try:
        while count := await relay.deliver_due():
            tried += count
    finally:
        await relay.close()
    return tried


@app.command()
def status() -> None:
    """Show what was delivered, what waits, what fails and why, and which channel each partner has."""
    with operator_errors():
        require_current(get_settings().case_log_url)
        store, targets = open_store(), make_targets()
        for count in store.outbox_counts():
            since = f", oldest since {count.oldest_pending:%Y-%m-%d %H:%M} UTC" if count.oldest_pending else ""
            typer.echo(
                f"{count.direction}: {count.delivered} delivered, {count.pending} waiting "
                f"({count.failing} after a failure){since}"
            )
            seconds = store.delivery_seconds(Direction(count.direction), timedelta(days=1))
            if seconds:
                p95 = seconds[math.ceil(len(seconds) * 0.95) - 1]
                typer.echo(f"  last day: median {statistics.median(seconds):.2f} s, p95 {p95:.2f} s")
        for entry in store.failing_entries():
            again = f"{entry.attempts} attempts, next {entry.due_at:%Y-%m-%d %H:%M} UTC"
            typer.echo(f"  {entry.key}: {again}: {entry.last_error}")
        for partner in get_directory().partners.values():
            typer.echo(f"{partner.id}: {targets.channel(partner.id).name} ({partner.notice.url_env})")
            second = desk_of(partner.id, second=True)
            if second in targets.second_contacts():
                typer.echo(f"  second contact: {targets.channel(second).name} ({partner.second_contact_env})")

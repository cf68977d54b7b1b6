"""The editors' report: one self-contained, accessible HTML page with every answer in its three languages."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import jinja2
import yaml

from bot.directory import load_directory
from bot.knowledge.check import address_fault
from bot.knowledge.loader import DIRECTORY_FOLDER, Knowledge, load_knowledge, load_topics
from bot.knowledge.problems import Problem
from bot.knowledge.records import Answer, LocalPart

_HERE = Path(__file__).parent
# how far ahead "due soon" looks
SOON = timedelta(days=60)


def write_report(data_dir: Path, path: Path, today: date, problems: list[Problem]) -> None:
    """Write the report on the answers under ``data_dir`` to ``path``. Raises ``OSError`` where that fails."""
    page = render_report(data_dir, today, problems)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


def render_report(data_dir: Path, today: date, problems: list[Problem]) -> str:
    """The report as HTML: what is overdue first, then what is due, unconfirmed or wrong, then every answer."""
    knowledge = load_knowledge(data_dir)
    topics = load_topics(data_dir)
    regions = {
        partner.id: partner.region["de"] for partner in load_directory(data_dir / DIRECTORY_FOLDER).partners.values()
    }
    words = yaml.safe_load((_HERE / "report.yml").read_text(encoding="utf-8"))
    by_date = sorted(knowledge.values(), key=lambda answer: answer.review_by)
    overdue = [answer for answer in by_date if answer.is_overdue(today)]
    soon = [answer for answer in by_date if today <= answer.review_by <= today + SOON]
    unconfirmed = [(answer, each) for answer in knowledge.values() for each in answer.volatile if not each.confirmed]
    errors = sum(not problem.warning for problem in problems)
    everything = [f"{area}/{topic}" for area, names in topics.items() for topic in names]
    values: dict[str, Any] = {
        "words": words,
        "knowledge": knowledge,
        "today": today,
        "overdue": overdue,
        "soon": soon,
        "unconfirmed": unconfirmed,
        "problems": problems,
        "missing": [key for key in everything if key not in knowledge],
        "regions": regions,
        "summary": _summary(words["summary"], knowledge, overdue, unconfirmed, errors, len(problems) - errors),
    }
    functions = {"anchor": _anchor, "day": _day, "local_parts": _local_parts, "safe": _safe}
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE), autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("report.html.j2").render(**values, **functions)


def _summary(
    form: str, knowledge: Knowledge, overdue: list[Any], unconfirmed: list[Any], errors: int, warnings: int
) -> str:
    counts = {"answers": len(knowledge), "areas": len(knowledge.areas), "errors": errors, "warnings": warnings}
    return form.format(overdue=len(overdue), unconfirmed=len(unconfirmed), **counts)


def _anchor(key: str) -> str:
    return key.replace("/", "--")


def _day(day: date) -> str:
    return f"{day.day}.{day.month}.{day.year}"


def _safe(url: str) -> bool:
    """Whether the address may become a link: escaping alone does not disarm ``javascript:``."""
    return address_fault(url) is None


def _local_parts(answer: Answer) -> list[LocalPart]:
    if answer.local is None:
        return []
    parts = []
    for partner in dict.fromkeys([*answer.local.partners, *(key for key, _ in answer.local.municipalities)]):
        if partner in answer.local.partners:
            parts.append(answer.local.partners[partner])
        parts += [part for (owner, _), part in answer.local.municipalities.items() if owner == partner]
    return parts

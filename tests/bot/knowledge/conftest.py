"""A small data folder with two areas, sound in every way; tests break one thing in it and look at what is said."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import PROJECT_ROOT

TODAY = date(2026, 11, 23)
TOPICS = {"company": ["share_capital", "bank_account"], "tax": ["vat", "trade_tax"]}


def texts(de: str = "Text", ja: str = "本文です。", en: str = "Words") -> dict[str, str]:
    return {"de": de, "ja": ja, "en": en}


def record(number: int = 1) -> dict[str, Any]:
    """A sound record; ``number`` tells records apart and stands in its text."""
    return {
        "title": texts(f"Titel {number}", f"題名{number}", f"Title {number}"),
        "text": texts(
            f"Es kostet **25.000 €** (§ {number} GmbHG), Stand 2026.\n\n1. zahlen\n2. melden",
            f"費用は**2万5,000ユーロ**です（GmbHG第{number}条、2026年時点）。\n\n1. 支払う\n2. 届け出る",
            f"It costs **€25,000** (section {number} GmbHG) as of 2026.\n\n1. pay\n2. report",
        ),
        "aspects": {"cost": texts("100 €", "100ユーロ", "100 euros"), "papers": {"topic": "tax/vat"}},
        "sources": [{"title": "GmbH-Gesetz", "url": "https://www.example.de/gmbhg/"}],
        "reviewed_on": "2026-11-23",
        "review_by": "2027-05-23",
        "volatile": [
            {
                "figure": "25000",
                "what": "Stammkapital",
                "year": 2026,
                "confirmed": False,
                "page": "https://www.example.de/gmbhg/",
            }
        ],
        "related": ["company/bank_account", "tax/trade_tax"],
        "local": {
            "comparison": texts("Überall anders.", "地域によって違います。", "It differs."),
            "partners": {
                "koeln": {"text": texts("In Köln 475 %.", "ケルンは475％です。", "In Cologne 475%.")},
                "rhein_kreis_neuss": {
                    "text": texts("Im Kreis verschieden.", "郡内で違います。", "It differs in the district."),
                    "sources": [{"title": "Kreis", "url": "https://kreis.example.de/"}],
                    "municipalities": {
                        "Neuss": {
                            "text": texts("Neuss: 455 %.", "ノイスは455％です。", "Neuss: 455%."),
                            "sources": [{"title": texts("Stadt", "市", "Town"), "url": "https://stadt.example.de/"}],
                        }
                    },
                },
            },
        },
    }


class DataFolder:
    """A data folder that tests change. ``areas`` and ``phrases`` are written by :meth:`write`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.areas: dict[str, Any] = {}
        self.phrases: dict[tuple[str, str], dict[str, list[str]]] = {}
        number = 0
        for area, topics in TOPICS.items():
            records = {}
            for topic in topics:
                number += 1
                records[topic] = record(number)
                records[topic]["related"] = [
                    f"{each}/{name}"
                    for each, names in TOPICS.items()
                    for name in names
                    if f"{each}/{name}" != f"{area}/{topic}"
                ]
            self.areas[area] = {"version": 1, "area": area, "title": texts(area, "分野", area), "topics": records}
            for language in ("de", "ja", "en"):
                self.phrases[language, area] = {
                    f"{area}/{topic}": [f"{language} {topic} {each}" for each in range(12)] for topic in topics
                }
        # a record may not lead to itself
        self.areas["tax"]["topics"]["vat"]["aspects"]["papers"] = {"topic": "company/share_capital"}

    def record(self, key: str) -> dict[str, Any]:
        area, topic = key.split("/")
        found: dict[str, Any] = self.areas[area]["topics"][topic]
        return found

    def write(self) -> Path:
        for folder in ("knowledge", "responses", "rules", "nlu/de", "nlu/ja", "nlu/en"):
            (self.path / folder).mkdir(parents=True, exist_ok=True)
        if not (self.path / "directory").exists():
            (self.path / "directory").symlink_to(PROJECT_ROOT / "data" / "directory")
        self.dump("topics.yml", TOPICS)
        for area, content in self.areas.items():
            self.dump(f"knowledge/{area}.yml", content)
        for (language, area), intents in self.phrases.items():
            entries = [
                {"intent": intent, "examples": "".join(f"- {phrase}\n" for phrase in phrases)}
                for intent, phrases in intents.items()
            ]
            self.dump(f"nlu/{language}/{area}.yml", {"version": "3.1", "nlu": entries})
        return self.path

    def dump(self, name: str, content: Any) -> None:
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
        (self.path / name).write_text(text, encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


@pytest.fixture
def make_texts() -> Callable[..., dict[str, str]]:
    return texts


@pytest.fixture
def today() -> date:
    return TODAY

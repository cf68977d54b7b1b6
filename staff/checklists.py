"""The checklist that a user made, as staff read it: answers and steps in the staff's own language."""

from collections.abc import Callable
from typing import Any

from bot.directory import Directory
from bot.knowledge.roadmap import UNKNOWN, Roadmap
from bot.knowledge.wording import Wording


class Checklists:
    """Writes checklists as lines. ``roadmap`` gives questions and steps; None when they cannot be read."""

    def __init__(self, directory: Directory, wording: Wording, roadmap: Callable[[], Roadmap | None]) -> None:
        self._directory, self._wording, self._roadmap = directory, wording, roadmap

    def lines(self, checklist: dict[str, Any], language: str) -> list[str]:
        """What was answered, then the steps. What the data know no more is shown as the user saw it."""
        roadmap = self._roadmap()
        lines = []
        for question, shown in (checklist.get("answers") or {}).items():
            answer = self._answer(roadmap, question, (checklist.get("choices") or {}).get(question), language) or shown
            label = self._wording.text(f"notice_roadmap_{question}", language)
            lines.append(f"- {self._wording.text('notice_line', language, label=label, value=answer)}")
        items = checklist.get("items") or []
        keys = checklist.get("steps") or [None] * len(items)
        for number, (key, item) in enumerate(zip(keys, items, strict=False), start=1):
            step = roadmap.steps.get(key) if roadmap is not None and key is not None else None
            lines.append(f"{number}. {step.title[language] if step is not None else item.get('title', '')}")
        return lines

    def _answer(self, roadmap: Roadmap | None, question: str, choice: str | None, language: str) -> str | None:
        asked = roadmap.questions.get(question) if roadmap is not None else None
        chosen = asked.choices.get(choice or "") if asked is not None else None
        if chosen is not None:
            return chosen.label[language]
        if choice == UNKNOWN:
            return self._wording.text("notice_none", language)
        if question == "place":
            if choice is not None and choice in self._directory.municipalities:
                return self._directory.municipality(choice).name[language]
            partner = self._directory.partners.get(choice or "")
            return partner.region[language] if partner is not None else None
        return None

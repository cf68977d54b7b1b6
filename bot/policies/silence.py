"""Keeps the program silent while a person has the case: whatever is typed goes to that person."""

from typing import Any, Dict, List, Optional

from rasa.core.policies.policy import Policy, PolicyPrediction
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.generator import TrackerWithCachedStates
from rasa.shared.core.trackers import DialogueStateTracker

from bot.nlu.text import is_command

FORWARD_ACTION = "action_forward_to_person"
ERASE_ACTION, ERASE_INTENT = "action_delete_data", "delete_data"
STAFF_INTENT = "staff_event"
# what holds no readable text has nothing for a person in it: the user is told so
HEARD_INTENTS = frozenset({STAFF_INTENT, "too_long", "unreadable"})
# the user's own rights do not wait for anybody; a sentence on an application that was withdrawn is not one of them
HEARD_BUTTONS = frozenset({"withdraw", ERASE_INTENT})


def _is_heard(intent: Optional[str], tracker: DialogueStateTracker) -> bool:
    # whoever asked for erasure must be able to confirm it
    confirms = tracker.get_slot("pending") == ERASE_INTENT and intent in ("affirm", "deny")
    return intent in HEARD_INTENTS or confirms or (intent in HEARD_BUTTONS and _is_pressed(tracker))


def _is_pressed(tracker: DialogueStateTracker) -> bool:
    return is_command(str(tracker.latest_message.text or "")) if tracker.latest_message else False


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class SilencePolicy(Policy):
    """Predicts ``action_forward_to_person`` for every user turn while the slot ``case_state`` is ``with_person``.

    Buttons included: a pressed button names its intent and would otherwise be answered by a rule. Buttons that take the
    case back or erase the data keep working. A typed wish for erasure is forwarded like everything, and then the
    question is asked that the user must confirm.
    """

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        # above rules and forms
        return {"priority": 9}

    def train(self, training_trackers: List[TrackerWithCachedStates], domain: Domain, **kwargs: Any) -> Resource:
        return self._resource

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: Optional[Dict[str, Any]] = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """Certain about the next action while a person has the case, silent otherwise."""
        probabilities = self._default_predictions(domain)
        latest = tracker.latest_message
        intent = (latest.intent or {}).get("name") if latest else None
        if tracker.get_slot("case_state") == "with_person" and not _is_heard(intent, tracker):
            if tracker.latest_action_name == ACTION_LISTEN_NAME:
                probabilities[domain.index_for_action(FORWARD_ACTION)] = 1.0
            elif tracker.latest_action_name == FORWARD_ACTION and intent == ERASE_INTENT:
                probabilities[domain.index_for_action(ERASE_ACTION)] = 1.0
            elif tracker.latest_action_name in (FORWARD_ACTION, ERASE_ACTION):
                probabilities[domain.index_for_action(ACTION_LISTEN_NAME)] = 1.0
        return self._prediction(probabilities)

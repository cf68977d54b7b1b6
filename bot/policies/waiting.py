"""The rules, and while a case waits for a person one step more: the person who will take it reads along."""

from typing import Any, Dict, Optional

from rasa.core.policies.policy import PolicyPrediction
from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker

from bot.policies.silence import STAFF_INTENT

TELL_ACTION = "action_tell_person"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class WaitingRulePolicy(RulePolicy):
    """Rasa's rules. While the slot ``case_state`` is ``waiting``, ``action_tell_person`` ends each turn of the user.

    Only the rules know when a turn is over, so it is they who are asked; what they answered the user stays as it is.
    """

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: Optional[Dict[str, Any]] = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """What the rules predict; in place of the end of the turn first the step more."""
        prediction = super().predict_action_probabilities(tracker, domain, rule_only_data, **kwargs)
        latest = tracker.latest_message
        intent = (latest.intent or {}).get("name") if latest else None
        if tracker.get_slot("case_state") != "waiting" or intent in (None, STAFF_INTENT):
            return prediction
        if tracker.latest_action_name == TELL_ACTION:
            return self._certainly(ACTION_LISTEN_NAME, prediction, domain)
        listen = domain.index_for_action(ACTION_LISTEN_NAME)
        if tracker.latest_action_name != ACTION_LISTEN_NAME and prediction.probabilities[listen] == 1.0:
            return self._certainly(TELL_ACTION, prediction, domain)
        return prediction

    def _certainly(self, action: str, prediction: PolicyPrediction, domain: Domain) -> PolicyPrediction:
        probabilities = [0.0] * domain.num_actions
        probabilities[domain.index_for_action(action)] = 1.0
        return PolicyPrediction(
            probabilities,
            prediction.policy_name,
            prediction.policy_priority,
            # outranks other policies where the rules would have done so
            is_no_user_prediction=prediction.is_no_user_prediction,
            hide_rule_turn=prediction.hide_rule_turn,
        )

"""The rules, and while a case waits for a person one step more: the person who will take it reads along."""

from collections import defaultdict
from typing import Any, Dict, List, Optional, Set, Tuple

from rasa.core.policies.policy import PolicyPrediction
from rasa.core.policies.rule_policy import RULES, RULES_FOR_LOOP_UNHAPPY_PATH, RulePolicy
from rasa.engine.graph import ExecutionContext
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.constants import ACTION_LISTEN_NAME, PREVIOUS_ACTION, SHOULD_NOT_BE_SET, USER
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ACTION_NAME, INTENT

from bot.histories import History
from bot.policies.silence import STAFF_INTENT

TELL_ACTION = "action_tell_person"

# what the latest state of a rule asks for: the action before, and the intent; None where it asks for neither
Signature = Tuple[Optional[str], Optional[str]]


def _signature(state: State) -> Signature:
    named = (state.get(PREVIOUS_ACTION, {}).get(ACTION_NAME), state.get(USER, {}).get(INTENT))
    action, intent = (None if each in (None, "", SHOULD_NOT_BE_SET) else str(each) for each in named)
    return action, intent


class RuleIndex:
    """Which rules can match at all, by the latest state: Rasa would compare that state with every rule there is."""

    def __init__(self, rules: Dict[str, str], states_of: Any) -> None:
        self._rules = rules
        self._by_signature: Dict[Signature, List[str]] = defaultdict(list)
        self.longest = 1
        for key in rules:
            states = states_of(key)
            self.longest = max(self.longest, len(states))
            self._by_signature[_signature(states[-1])].append(key)

    def candidates(self, state: State) -> Dict[str, str]:
        """The rules whose latest state asks for nothing that this one contradicts."""
        action, intent = _signature(state)
        wanted = {(action, intent), (action, None), (None, intent), (None, None)}
        return {key: self._rules[key] for each in wanted for key in self._by_signature.get(each, ())}

    @property
    def reads_text(self) -> bool:
        """Whether a rule could match right after the user spoke without naming an intent."""
        return any(intent is None and action in (None, ACTION_LISTEN_NAME) for action, intent in self._by_signature)


class LatestStates:
    """A tracker, as far as featurizing it goes, that remembers only its latest states."""

    def __init__(self, tracker: DialogueStateTracker, count: int) -> None:
        self._tracker, self._count = tracker, count

    def past_states(self, domain: Domain, **kwargs: Any) -> List[State]:
        """As Rasa's tracker gives them, but only so many of the latest."""
        if any(kwargs.get(name) for name in ("omit_unset_slots", "ignore_rule_only_turns")):
            states: List[State] = self._tracker.past_states(domain, **kwargs)[-self._count :]
            return states
        return History.of(self._tracker, domain, self._count).states()


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class WaitingRulePolicy(RulePolicy):
    """Rasa's rules. While the slot ``case_state`` is ``waiting``, ``action_tell_person`` ends each turn of the user.

    Only the rules know when a turn is over, so it is they who are asked; what they answered the user stays as it is.
    Once loaded it looks only at rules that can match and at states that a rule can reach; the predictions are Rasa's.
    """

    _indexes: Optional[Dict[str, RuleIndex]] = None

    @classmethod
    def load(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "WaitingRulePolicy":
        """A trained policy, whose rules no longer change."""
        policy = super().load(config, model_storage, resource, execution_context, **kwargs)
        assert isinstance(policy, cls)
        names = [name for name in (RULES, RULES_FOR_LOOP_UNHAPPY_PATH) if name in policy.lookup]
        policy._indexes = {name: RuleIndex(policy.lookup[name], policy._rule_key_to_state) for name in names}
        return policy

    def _find_action_from_rules(
        self, tracker: DialogueStateTracker, domain: Domain, use_text_for_last_user_input: bool
    ) -> Tuple[Optional[str], Optional[str], bool]:
        if use_text_for_last_user_input and self._indexes and not self._indexes[RULES].reads_text:
            return None, None, False
        found: Tuple[Optional[str], Optional[str], bool] = super()._find_action_from_rules(
            tracker, domain, use_text_for_last_user_input
        )
        return found

    def _prediction_states(
        self, tracker: DialogueStateTracker, domain: Domain, *args: Any, **kwargs: Any
    ) -> List[State]:
        if self._indexes:
            longest = max(index.longest for index in self._indexes.values())
            tracker = LatestStates(tracker, longest + 1)
        states: List[State] = super()._prediction_states(tracker, domain, *args, **kwargs)
        return states

    def _get_possible_keys(self, lookup: Dict[str, str], states: List[State]) -> Set[str]:
        for name, index in (self._indexes or {}).items():
            if lookup is self.lookup[name] and states:
                lookup = index.candidates(states[-1])
        keys: Set[str] = super()._get_possible_keys(lookup, states)
        return keys

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

"""The case log: every concern of a conversation, with its messages and its outbox."""

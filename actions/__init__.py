"""Custom actions: thin, one module for each kind of conversation."""

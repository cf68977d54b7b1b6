"""The relay between the case log and the channels in which partners' staff work."""

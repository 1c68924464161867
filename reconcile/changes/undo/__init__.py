"""The reverse of a change set, which is a change set."""

"""The operator's pages of change sets and their changes."""

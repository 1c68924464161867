"""The operator's pages of availability."""

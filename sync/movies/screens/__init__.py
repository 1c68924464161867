"""The operator's pages of movies."""

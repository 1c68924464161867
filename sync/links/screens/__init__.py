"""The operator's pages of titles and their media links."""

"""What persons decide of changes, and that it gets into master."""

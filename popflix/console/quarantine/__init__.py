"""Quarantine: rows that could not be taken, to be mended and taken after all, or discarded."""

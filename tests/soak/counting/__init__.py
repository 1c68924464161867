"""An app with units that count, for the campaigns of several workers."""

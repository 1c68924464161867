"""The pages of units: all of them, one of them, and run, pause and resume."""

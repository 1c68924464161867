"""An app with a unit that does nothing, for `tests.benchmarks.engine`."""

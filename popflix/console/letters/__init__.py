"""Dead letters: what failed for good, grouped by its error, to be retried or discarded.

reading   the groups and the letters of one, as the pages show them
ledger    what a retry has done so far, in words; shown on its run's page too
pages     the list of groups, one group
actions   retry, and discard with its confirmation
"""

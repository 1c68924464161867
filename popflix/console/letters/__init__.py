"""Dead letters: what failed for good, grouped by its error, to be retried or discarded.

reading   the groups, as the pages show them
paging    the letters of one group
ledger    what a retry has done so far, in words; shown on its run's page too
pages     the list of groups, one group
actions   retry, and discard with its confirmation
"""

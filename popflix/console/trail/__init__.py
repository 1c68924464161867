"""The audit trail as it is read: by day, with its details in words, linked, as a file.

days      which days a word or a date means; pure
details   what an entry kept, as changes and facts; pure
targets   where to look at what was acted on: apps register how
export    the filtered trail as CSV
"""

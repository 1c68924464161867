"""What may become of differences, decided purely: moves, guards, locks, groups, their reverse."""

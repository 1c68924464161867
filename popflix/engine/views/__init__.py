"""What the console shows of the engine and does to it; each command makes one call in here."""

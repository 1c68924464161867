"""What of a staged programme cannot be, or hardly."""

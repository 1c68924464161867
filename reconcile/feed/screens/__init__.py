"""What operators see of feeds: cinemas, loads, staging and master. Looked at, never touched."""

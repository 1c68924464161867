"""Another time zone of a cinema, as a change set."""

"""Master's rows as changes write them; nothing else of this app writes them but by hand."""

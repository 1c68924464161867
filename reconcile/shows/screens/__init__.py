"""The pages of master's shows and of their locks."""

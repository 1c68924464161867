"""The cinema programme: feeds into staging, and from there, change by change, into master."""

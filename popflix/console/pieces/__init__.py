"""The pieces that every page is composed of; docs/screens.md shows how an app uses them."""

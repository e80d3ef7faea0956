"""Parsers of a text, and the JSON reader below them."""

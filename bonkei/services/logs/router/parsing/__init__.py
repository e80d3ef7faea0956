"""Parsers of one text (`parsers`) and of texts that belong together (`multiline`)."""

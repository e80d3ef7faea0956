"""Lambda functions, their layers and their event sources."""

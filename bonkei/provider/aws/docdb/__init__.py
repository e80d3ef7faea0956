"""Amazon DocumentDB."""

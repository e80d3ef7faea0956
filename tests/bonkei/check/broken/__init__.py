"""What is broken in the sound stack: parts are changes, tables say what a rule then finds."""

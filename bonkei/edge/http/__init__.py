"""HTTP as every layer speaks it: messages, parsers, heads, exchanges, patterns, deadlines."""

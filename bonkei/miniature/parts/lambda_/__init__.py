"""Functions and topics as the miniature uses them."""

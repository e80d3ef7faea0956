"""The side of the clients: their connections, what they may send, and how slowly."""

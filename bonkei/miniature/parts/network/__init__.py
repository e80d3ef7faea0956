"""The network as the miniature uses it: an address for each caller, the gates, and discovery."""

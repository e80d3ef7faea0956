"""The backend as this program sees it: its values, its client, and a cache of its answers."""

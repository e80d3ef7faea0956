"""The backend as this program sees it: its values, its client, and what is kept of its answers."""

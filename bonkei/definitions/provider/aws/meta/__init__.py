"""Data sources and functions that belong to no AWS service."""

"""Stands in for the function that tells Slack."""


def handler(event: object, context: object) -> None:
    """Do nothing."""

"""Targets, their health, and a request on its way to one of them."""

"""Terraform's state: backend, state_server, lock, and the account and workspace."""

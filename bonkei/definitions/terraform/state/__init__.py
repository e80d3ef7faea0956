"""Terraform's state: backend, state_server, lock, the account and workspace."""

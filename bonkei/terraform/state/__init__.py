"""Terraform's state: backend, state_server (and its requests), lock, the account and workspace."""

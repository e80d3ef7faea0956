"""Where Terraform keeps its state: backend, state_server, lock, and the account and workspace."""

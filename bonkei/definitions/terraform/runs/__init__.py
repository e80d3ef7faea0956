"""The processes of one run: Terraform's own (run, embedded), the provider's, and their endings."""

"""The processes of one run: Terraform's own (run, embedded) and the provider's."""

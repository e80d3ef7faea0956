"""HashiCorp's small providers, which need no account: one module each, named as the provider is."""

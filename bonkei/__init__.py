"""Bonkei: the system that Terraform describes, in miniature, on this machine."""

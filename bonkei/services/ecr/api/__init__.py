"""Amazon ECR's API over the registry.

Source: the Amazon ECR API Reference. The definitions create repositories and their settings: calls
that would are refused by name.

service   repositories, images, logins
scanning  scans of images
lookup    what a call names
"""

from bonkei.services.ecr.api.service import service

__all__ = ["service"]

"""What belongs to no AWS service."""

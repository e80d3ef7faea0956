"""Amazon API Gateway, by both versions of its API."""

"""A distribution: cache behaviors, the cache, fetches from the origin, error pages."""

"""The pages for everybody: read only, the same for all, cacheable."""

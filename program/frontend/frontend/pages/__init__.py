"""The public pages: read only, the same for all visitors, cacheable."""

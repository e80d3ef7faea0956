"""HTTP: the contract (`models`), its routes, and the handling of errors, caching and requests."""

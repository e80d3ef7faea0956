"""HTTP: the contract (`models`), its routes, and how errors, caching and requests are treated."""

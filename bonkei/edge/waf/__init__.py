"""Web ACLs: rules over the parts of a request."""

"""From the blueprint to diagrams: one module a picture."""

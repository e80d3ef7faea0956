"""From the blueprint to diagrams: one module for each picture."""

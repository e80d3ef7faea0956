"""The migration: there is nothing to do."""

print("migrated")

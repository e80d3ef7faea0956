"""The migration. An older one finds a newer schema, and leaves it."""

from database import execute

execute("CREATE TABLE IF NOT EXISTS visits (number bigserial PRIMARY KEY)")
print("migrated")

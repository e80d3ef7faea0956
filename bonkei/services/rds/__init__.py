"""Aurora PostgreSQL, as a real PostgreSQL: that of the wheel, or that of BONKEI_DATABASE_URL."""

"""SQL: the tables, the database's connections, and the queries; no HTTP."""

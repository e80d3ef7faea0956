"""SQL: the tables, the database's connections, and the queries; knows nothing of HTTP."""

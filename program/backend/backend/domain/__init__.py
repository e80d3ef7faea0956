"""The domain of a status page as pure values and functions: no HTTP, no SQL, no clock."""

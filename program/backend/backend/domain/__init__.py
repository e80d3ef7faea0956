"""What a status page is about, as pure values and functions: no HTTP, no SQL, no clock."""

"""The administrators' area: plain forms, never cached, guarded against forged requests."""

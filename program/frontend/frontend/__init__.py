"""The status page: server-rendered public pages, and forms for its administrators."""

"""The status page: server-rendered pages for everybody, forms for its administrators."""

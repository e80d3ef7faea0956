"""HTTP for every page: headers, request ids, static files, rendering, errors."""

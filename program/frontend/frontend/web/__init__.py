"""What every page needs of HTTP: headers, request ids, static files, rendering, errors."""

"""HTTP for every page.

envelope       the outermost layer: ids, access records, headers, unexpected errors
rendering, writer    templates become bytes, in one language
content              what pages are made of, read again on SIGHUP
headers, conditional, static    security headers, ETags, files
errors         error pages
"""

"""What the user reads about a miniature.

status       `bonkei status`: a plain value for JSON, and its text
functions    the functions and topics in it
announce     the last lines of a start: addresses, and the files of secrets
"""

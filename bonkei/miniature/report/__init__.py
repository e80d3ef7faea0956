"""The texts about a miniature for the user.

status       `bonkei status` as a plain value for JSON
status_text  the text of that value
functions    the functions and topics in it
announce     the last lines of a start: addresses, and the files of secrets
"""

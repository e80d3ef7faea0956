"""Reads the buildspec's text into values.

document   YAML with lines
model      the values
reader     from the document to the values
"""

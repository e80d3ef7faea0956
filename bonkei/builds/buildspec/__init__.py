"""The buildspec's text, read into values.

document   YAML with lines
model      the values
reader     from one to the other
"""

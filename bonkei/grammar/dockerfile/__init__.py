"""Dockerfiles: how a container runs, and which files it has.

image         the final stage as a value
copies        its copied files, and the requirements that it installs
instructions  the text in the form that the parser reads
"""

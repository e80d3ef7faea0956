"""What a container's image holds here, by its Dockerfile. Reads files and starts nothing.

content   where its files are on this machine
local     which containers of a task definition run here, and with what command
"""

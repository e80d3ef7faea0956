"""The content of a container's image, from its Dockerfile. Reads files and starts nothing.

image     a Dockerfile's instructions
copies    its copied files, and the requirements that it installs
content   where those files are on this machine
local     which containers of a task definition run here, and with what command
"""

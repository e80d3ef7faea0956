"""What a container is made of on AWS, as its Dockerfile says. Reads files and starts nothing.

image     a Dockerfile's instructions
copies    what it copies, and the requirements that it installs
content   where those files are on this machine
local     which containers of a task definition run here, and with what command
"""

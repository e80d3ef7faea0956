"""What a repository has, by its files alone: for `bonkei init`.

tree      the files that tell something
roots     root modules, and their variable files
images    which folder is built into which image
"""

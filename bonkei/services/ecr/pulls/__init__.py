"""Images from elsewhere, for containers whose sources are not here.

outside   the images by the containers' names: brought once, kept by digest
remote    a registry that is asked, by the distribution API, with the passwords of `docker login`
archive   an image in a file: `docker save`, or an OCI layout
"""

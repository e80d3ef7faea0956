"""Amazon ECR: the registry of images, on loopback.

names      repositories, tags, digests, and references to images
values     an image as the registry knows it
store      blobs, manifests and tags, on disk
uploads    blobs in transfer
manifest   the references of a manifest
lifecycle  the images that a lifecycle policy expires
tokens     a docker login's password
registry   the entrance: it follows the declared repositories, and asks IAM
http       the distribution API (docker push, docker pull)
api/       the AWS API
scans/     scans of pushed images
layout     an image as files, for Trivy
running    a program's process, to its end
package    packages a program's sources as an image, without a builder
unpacking  an image's files, for the tasks that run from it
layers     a built image's layers, applied safely
image_config  how a container of a built image is started
docker/    the `docker` command of a machine that has none
pulls/     images from elsewhere
engines/   real container engines, which carry out a Dockerfile
"""

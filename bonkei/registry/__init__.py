"""Amazon ECR: the registry of images, on loopback.

names      repositories, tags, digests, and references to images
values     an image as the registry knows it
store      blobs, manifests and tags, on disk
uploads    blobs that are on their way
manifest   what a manifest refers to
lifecycle  which images a lifecycle policy expires
tokens     a docker login's password
room       the front: it follows the declared repositories, and asks IAM
http       the distribution API (docker push, docker pull)
ecr        the AWS API
package    a program's sources as an image, where no builder is
unpacking  an image's files, for the tasks that run from it
docker/    the `docker` command of a machine that has none
"""

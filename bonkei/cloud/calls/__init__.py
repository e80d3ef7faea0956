"""A call, as it arrived.

request          its service and operation
s3_operations    the operation of S3, from method, resource and parameters
s3_limits        what S3 refuses by its size
resource         the resource that it names
record           the bounded log of calls
"""

"""A call, as it arrived.

request          its service and operation
s3_operations    the operation of S3, from method, resource and parameters
resource         the resource that it names
record           the bounded log of calls
"""

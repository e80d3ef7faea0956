"""A call, as it arrived.

request          its service and operation
s3_operations    S3's operation, from method, resource and parameters
s3_limits        S3's limits of size
resource         the resource that the call names
record           the bounded log of calls
"""

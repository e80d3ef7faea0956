"""S3 buckets: their settings, and their declared objects.

values         the values for checks, drawings and the AWS endpoint
reader         aws_s3_bucket and the resources that configure it
settings       these resources in the form of S3's API (lifecycle)
stored_object  aws_s3_object
"""

from bonkei.blueprint.s3.values import Bucket, BucketSetting, Document, StoredObject

__all__ = ["Bucket", "BucketSetting", "Document", "StoredObject"]

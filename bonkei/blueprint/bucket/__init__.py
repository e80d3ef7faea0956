"""S3 buckets: their settings, and declared objects.

values         the values for checks, drawings and the AWS endpoint
reader         aws_s3_bucket with its satellites
settings       the satellites in the words of S3's API (lifecycle)
stored_object  aws_s3_object
"""

from bonkei.blueprint.bucket.values import Bucket, BucketSetting, Document, StoredObject

__all__ = ["Bucket", "BucketSetting", "Document", "StoredObject"]

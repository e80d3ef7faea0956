# Where logs go that are not errors: the bucket of program logs, and the bucket of access logs that
# AWS itself writes. The router that sorts them (FireLens) runs in every task; its image is here.

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  account_id = data.aws_caller_identity.current.account_id
  region     = data.aws_region.current.region

  # A bucket's name is unique among all of AWS, so the account's number is in it.
  buckets = {
    programs = "${var.name}-program-logs-${local.account_id}"
    access   = "${var.name}-access-logs-${local.account_id}"
  }
}

module "key" {
  source = "../key"

  name        = "${var.name}-logging"
  description = "Program logs and the log router's images of ${var.name}"
}

module "router_repository" {
  source = "../repository"

  name                = "${var.name}/fluentbit"
  kms_key_arn         = module.key.arn
  deletion_protection = var.deletion_protection
}

# ---------------------------------------------------------------------------------------------
# Buckets
# ---------------------------------------------------------------------------------------------

# The bucket of access logs takes no key but S3's own; the other has one.
#trivy:ignore:AWS-0132
resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV2_AWS_62:nobody waits for its objects
  #checkov:skip=CKV_AWS_144:logs are not worth a second region
  #checkov:skip=CKV_AWS_145:the bucket of access logs takes no key but S3's own; the other has one
  #checkov:skip=CKV_AWS_18:the bucket of access logs does not log itself; the other does
  for_each = local.buckets

  bucket        = each.value
  force_destroy = !var.deletion_protection
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.buckets

  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "programs" {
  bucket = aws_s3_bucket.this["programs"].id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = module.key.arn
    }
  }
}

# A load balancer writes its access log to a bucket with S3's own key alone:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
resource "aws_s3_bucket_server_side_encryption_configuration" "access" {
  bucket = aws_s3_bucket.this["access"].id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_logging" "programs" {
  bucket        = aws_s3_bucket.this["programs"].id
  target_bucket = aws_s3_bucket.this["access"].id
  target_prefix = "s3/"
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    id     = "age"
    status = "Enabled"

    filter {}

    # Below 30 days the infrequent-access class would cost more than it saves.
    dynamic "transition" {
      for_each = var.bucket_retention_days > 60 ? [30] : []

      content {
        days          = transition.value
        storage_class = "STANDARD_IA"
      }
    }

    expiration {
      days = var.bucket_retention_days
    }

    noncurrent_version_expiration {
      noncurrent_days = 7
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 2
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

data "aws_iam_policy_document" "bucket" {
  for_each = local.buckets

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = ["arn:aws:s3:::${each.value}", "arn:aws:s3:::${each.value}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  dynamic "statement" {
    for_each = each.key == "access" ? ["load-balancer"] : []

    content {
      sid       = "LoadBalancerWrites"
      actions   = ["s3:PutObject"]
      resources = ["arn:aws:s3:::${each.value}/${statement.value}/AWSLogs/${local.account_id}/*"]

      principals {
        type        = "Service"
        identifiers = ["logdelivery.elasticloadbalancing.amazonaws.com"]
      }

      condition {
        test     = "ArnLike"
        variable = "aws:SourceArn"
        values   = ["arn:aws:elasticloadbalancing:${local.region}:${local.account_id}:loadbalancer/app/${var.name}/*"]
      }
    }
  }

  dynamic "statement" {
    for_each = each.key == "access" ? ["s3"] : []

    content {
      sid       = "S3Writes"
      actions   = ["s3:PutObject"]
      resources = ["arn:aws:s3:::${each.value}/${statement.value}/*"]

      principals {
        type        = "Service"
        identifiers = ["logging.s3.amazonaws.com"]
      }

      condition {
        test     = "ArnEquals"
        variable = "aws:SourceArn"
        values   = ["arn:aws:s3:::${local.buckets.programs}"]
      }

      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [local.account_id]
      }
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id
  policy = data.aws_iam_policy_document.bucket[each.key].json

  depends_on = [aws_s3_bucket_public_access_block.this]
}

# Buckets for logs other than errors: one for program logs, one for access logs that AWS itself
# writes. The router that sorts them (FireLens) runs in every task; its image is here.

locals {
  # A bucket's name must be unique in all of AWS, so it contains the account's number.
  program_log_bucket = "${var.name}-program-logs-${var.account.id}"
  access_log_bucket  = "${var.name}-access-logs-${var.account.id}"
}

module "router_repository" {
  source = "../repository"

  name                = "${var.name}/fluentbit"
  kms_key_arn         = var.kms_key_arn
  deletion_protection = var.deletion_protection
}

# ---------------------------------------------------------------------------------------------
# Buckets
# ---------------------------------------------------------------------------------------------

module "program_logs" {
  source = "../bucket"

  name              = local.program_log_bucket
  kms_key_arn       = var.kms_key_arn
  access_log_bucket = module.access_logs.name
  retention_days    = var.bucket_retention_days
  force_destroy     = !var.deletion_protection
}

# A load balancer writes its access log to a bucket with S3's own key alone:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
module "access_logs" {
  source = "../bucket"

  name             = local.access_log_bucket
  sse_algorithm    = "AES256"
  retention_days   = var.bucket_retention_days
  force_destroy    = !var.deletion_protection
  policy_documents = [data.aws_iam_policy_document.access_logs.json]
}

data "aws_iam_policy_document" "access_logs" {
  statement {
    sid       = "LoadBalancerWrites"
    actions   = ["s3:PutObject"]
    resources = ["arn:${var.account.partition}:s3:::${local.access_log_bucket}/load-balancer/AWSLogs/${var.account.id}/*"]

    principals {
      type        = "Service"
      identifiers = ["logdelivery.elasticloadbalancing.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = [for name in [var.name, "${var.name}--internal"] : "arn:${var.account.partition}:elasticloadbalancing:${var.account.region}:${var.account.id}:loadbalancer/app/${name}/*"]
    }
  }

  statement {
    sid       = "S3Writes"
    actions   = ["s3:PutObject"]
    resources = ["arn:${var.account.partition}:s3:::${local.access_log_bucket}/s3/*"]

    principals {
      type        = "Service"
      identifiers = ["logging.s3.amazonaws.com"]
    }

    # From every bucket of this environment.
    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${var.account.partition}:s3:::${var.name}-*"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account.id]
    }
  }
}

# Who has called AWS in this account (CloudTrail), and what looks like an attack (GuardDuty). Both watch the whole
# account, not only this environment, and an account needs each once.

locals {
  trail     = "${var.name}-trail"
  trail_arn = "arn:${var.account.partition}:cloudtrail:${var.account.region}:${var.account.id}:trail/${local.trail}"
  bucket    = "${local.trail}-${var.account.id}"
}

data "aws_iam_policy_document" "trail" {
  statement {
    sid       = "CloudTrailChecks"
    actions   = ["s3:GetBucketAcl"]
    resources = ["arn:${var.account.partition}:s3:::${local.bucket}"]

    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [local.trail_arn]
    }
  }

  statement {
    sid       = "CloudTrailWrites"
    actions   = ["s3:PutObject"]
    resources = ["arn:${var.account.partition}:s3:::${local.bucket}/AWSLogs/${var.account.id}/*"]

    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [local.trail_arn]
    }
  }
}

module "trail_bucket" {
  source = "../bucket"
  count  = var.cloudtrail ? 1 : 0

  name              = local.bucket
  sse_algorithm     = "AES256"
  access_log_bucket = var.access_log_bucket
  retention_days    = var.retention_days
  force_destroy     = !var.deletion_protection
  policy_documents  = [data.aws_iam_policy_document.trail.json]
}

# The reasons for no key and no log group of its own are below.
#trivy:ignore:AWS-0015
#trivy:ignore:AWS-0162
resource "aws_cloudtrail" "this" {
  #checkov:skip=CKV_AWS_35:S3's own key; only this trail writes to the bucket, and its files are signed
  #checkov:skip=CKV_AWS_252:nothing waits for each file
  #checkov:skip=CKV2_AWS_10:the bucket keeps it; a log group would cost for each event
  count = var.cloudtrail ? 1 : 0

  name                       = local.trail
  s3_bucket_name             = module.trail_bucket[0].name
  is_multi_region_trail      = true
  enable_log_file_validation = true
}

resource "aws_guardduty_detector" "this" {
  #checkov:skip=CKV2_AWS_3:of this account; an organization enables it in its own administrator's account
  count = var.guardduty ? 1 : 0

  enable = true
}

# Severity 4 and more is medium: something is wrong.
resource "aws_cloudwatch_event_rule" "finding" {
  count = var.guardduty ? 1 : 0

  name        = "${var.name}-guardduty"
  description = "GuardDuty has found something in this account"

  event_pattern = jsonencode({
    source      = ["aws.guardduty"]
    detail-type = ["GuardDuty Finding"]
    detail      = { severity = [{ numeric = [">=", 4] }] }
  })
}

resource "aws_cloudwatch_event_target" "finding" {
  count = var.guardduty ? 1 : 0

  rule      = aws_cloudwatch_event_rule.finding[0].name
  target_id = "alarms"
  arn       = var.topic_arn
}

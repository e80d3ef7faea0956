# A canary: it asks the site's pages from outside, as a visitor does, however few visitors there are. It is in no VPC, so
# it takes the visitors' way: DNS, CloudFront, the load balancer, the programs.

locals {
  # Synthetics makes the function, and names it: cwsyn, the canary, and an identifier of its own.
  function_name = element(split(":", aws_synthetics_canary.this.engine_arn), 6)

  schedule = var.minutes == 1 ? "rate(1 minute)" : "rate(${var.minutes} minutes)"
}

# The provider sends the package again only if it has another path.
data "archive_file" "function" {
  type             = "zip"
  source_dir       = var.function_directory
  output_path      = "${path.root}/build/canary-${substr(filesha256("${var.function_directory}/python/canary.py"), 0, 12)}.zip"
  output_file_mode = "0644" # the same package wherever it is made
  excludes         = ["**/__pycache__/**"]
}

# S3's own key: the reports say no more than every visitor sees.
module "reports" {
  source = "../bucket"

  name              = "${var.name}-canary-${var.account.id}"
  sse_algorithm     = "AES256"
  access_log_bucket = var.access_log_bucket
  retention_days    = var.log_retention_days
  force_destroy     = true
}

resource "aws_synthetics_canary" "this" {
  name                     = var.name
  runtime_version          = "syn-python-selenium-12.0" # Python alone, without a browser, is not offered
  handler                  = "canary.handler"
  zip_file                 = data.archive_file.function.output_path
  execution_role_arn       = module.role.arn
  artifact_s3_location     = "s3://${module.reports.name}/reports/"
  success_retention_period = min(var.log_retention_days, 455)
  failure_retention_period = min(var.log_retention_days, 455)
  start_canary             = true
  delete_lambda            = true

  schedule {
    expression = local.schedule
  }

  run_config {
    memory_in_mb       = 960
    timeout_in_seconds = 60

    environment_variables = {
      SITE_URL = var.site_url
      PAGES    = jsonencode(var.pages)
    }
  }
}

# The canary's role may not create it, so no run before this makes one without key or retention.
resource "aws_cloudwatch_log_group" "function" {
  name              = "/aws/lambda/${local.function_name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

# As "Required roles and permissions for canaries" (Amazon CloudWatch User Guide) has it, less the creation of logs.
data "aws_iam_policy_document" "run" {
  statement {
    sid       = "WriteReports"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${module.reports.arn}/reports/*"]
  }

  statement {
    sid       = "FindReports"
    actions   = ["s3:GetBucketLocation"]
    resources = [module.reports.arn]
  }

  # Synthetics' library asks where its bucket is by listing all.
  statement {
    sid       = "ListBuckets"
    actions   = ["s3:ListAllMyBuckets"]
    resources = ["*"]
  }

  statement {
    sid       = "WriteLog"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:${var.account.partition}:logs:${var.account.region}:${var.account.id}:log-group:/aws/lambda/cwsyn-${var.name}-*"]
  }

  statement {
    sid       = "CountRuns"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = ["CloudWatchSynthetics"]
    }
  }
}

module "role" {
  source = "../role"

  name                     = "${var.name}-canary"
  description              = "What the canary of ${var.name} may do"
  service_principal        = "lambda.amazonaws.com"
  source_account_id        = null
  policies                 = { run = data.aws_iam_policy_document.run.json }
  permissions_boundary_arn = var.permissions_boundary_arn
}

# Two runs: one alone may be an accident on the way. A canary that no longer runs says nothing good about the site.
resource "aws_cloudwatch_metric_alarm" "this" {
  alarm_name          = "${var.name}-canary"
  alarm_description   = "[page] Twice in a row the site's pages have not all answered from outside, or the canary does not run.${var.runbook_url == null ? "" : " What to do: ${var.runbook_url}#canary"}"
  namespace           = "CloudWatchSynthetics"
  metric_name         = "SuccessPercent"
  dimensions          = { CanaryName = aws_synthetics_canary.this.name }
  statistic           = "Average"
  period              = 60 * var.minutes
  evaluation_periods  = 2
  comparison_operator = "LessThanThreshold"
  threshold           = 100
  treat_missing_data  = "breaching"
  alarm_actions       = [var.topic_arn]
  ok_actions          = [var.topic_arn]
}

# Alarms, their thresholds, and the dashboard.

locals {
  # The dimensions of the metrics, by namespace.
  service_dimensions = {
    for program, service in var.services : program => {
      ClusterName = var.cluster_name
      ServiceName = service.service_name
    }
  }

  load_balancer_dimensions = { LoadBalancer = var.load_balancer_arn_suffix }

  # Of each target group of a program. Where deployments shift requests, one of two groups may be empty.
  target_dimensions = {
    for program, service in var.services : program => [
      for suffix in service.target_group_arn_suffixes : merge(local.load_balancer_dimensions, { TargetGroup = suffix })
    ]
  }

  # CloudFront's metrics are in this region alone.
  cloudfront_region = "us-east-1"

  instance_dimensions = [for identifier in var.database.instance_identifiers : { DBInstanceIdentifier = identifier }]
}

module "notification" {
  source = "../notification"

  name                        = var.name
  account                     = var.account
  function_directory          = var.function_directory
  fallback_emails             = var.fallback_emails
  page_mention                = var.page_mention
  runbook_url                 = var.runbook_url
  record_log_group_names      = distinct([for filter in values(local.log_filters) : filter.log_group])
  pipeline_names              = var.pipeline_names
  secret_recovery_window_days = var.secret_recovery_window_days
  log_retention_days          = var.log_retention_days
  permissions_boundary_arn    = var.permissions_boundary_arn
}

# ---------------------------------------------------------------------------------------------
# Pipelines
# ---------------------------------------------------------------------------------------------

# The failed action's event, since the pipeline's own says neither where it failed nor why.
resource "aws_cloudwatch_event_rule" "pipeline_failed" {
  name        = "${var.name}-pipeline-failed"
  description = "An action of a pipeline of ${var.name} failed"

  event_pattern = jsonencode({
    source      = ["aws.codepipeline"]
    detail-type = ["CodePipeline Action Execution State Change"]
    detail = {
      pipeline = var.pipeline_names
      state    = ["FAILED"]
    }
  })
}

resource "aws_cloudwatch_event_target" "pipeline_failed" {
  rule      = aws_cloudwatch_event_rule.pipeline_failed.name
  target_id = "alarms"
  arn       = module.notification.topic_arn
}

# A plan waits at most 7 days for an approval.
resource "aws_cloudwatch_event_rule" "pipeline_waits" {
  name        = "${var.name}-pipeline-waits"
  description = "A pipeline of ${var.name} waits for an approval"

  event_pattern = jsonencode({
    source      = ["aws.codepipeline"]
    detail-type = ["CodePipeline Action Execution State Change"]
    detail = {
      pipeline = var.pipeline_names
      state    = ["STARTED"]
      type     = { category = ["Approval"] }
    }
  })
}

resource "aws_cloudwatch_event_target" "pipeline_waits" {
  rule      = aws_cloudwatch_event_rule.pipeline_waits.name
  target_id = "alarms"
  arn       = module.notification.topic_arn
}

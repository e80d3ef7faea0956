# What is watched, from which value on somebody is told, and the dashboard that shows it.

data "aws_region" "current" {}

locals {
  region = data.aws_region.current.region

  # Whose metrics they are, as each namespace has it.
  service_dimensions = {
    for program, service in var.services : program => {
      ClusterName = var.cluster_name
      ServiceName = service.service_name
    }
  }

  load_balancer_dimensions = { LoadBalancer = var.load_balancer_arn_suffix }

  target_dimensions = {
    for program, service in var.services :
    program => merge(local.load_balancer_dimensions, { TargetGroup = service.target_group_arn_suffix })
  }

  instance_dimensions = [for identifier in var.database.instance_identifiers : { DBInstanceIdentifier = identifier }]
}

module "notification" {
  source = "../notification"

  name                        = var.name
  function_directory          = var.function_directory
  fallback_emails             = var.fallback_emails
  secret_recovery_window_days = var.secret_recovery_window_days
  log_retention_days          = var.log_retention_days
  permissions_boundary_arn    = var.permissions_boundary_arn
}

# ---------------------------------------------------------------------------------------------
# Alarms, by the end of their names. Each says what differs from local.alarm_defaults.
# ---------------------------------------------------------------------------------------------

locals {
  # Most count something in a minute; when nothing comes there is no data, and that means all is well.
  alarm_defaults = {
    statistic           = "Sum"
    period              = 60
    evaluation_periods  = 1
    comparison_operator = "GreaterThanOrEqualToThreshold"
    treat_missing_data  = "notBreaching"
  }

  service_alarms = merge([
    for program, dimensions in local.service_dimensions : {
      for suffix, metric_name in { cpu = "CPUUtilization", memory = "MemoryUtilization" } :
      "${program}-${suffix}" => {
        description        = "${metric_name} of ${program} has been at ${var.thresholds.service_percent} % or more for 3 minutes. Auto scaling should have brought it down: look for its maximum, and for a leak."
        namespace          = "AWS/ECS"
        metric_name        = metric_name
        dimensions         = dimensions
        statistic          = "Average"
        evaluation_periods = 3
        threshold          = var.thresholds.service_percent
        treat_missing_data = "missing"
      }
    }
  ]...)

  target_alarms = merge([
    for program, dimensions in local.target_dimensions : {
      "${program}-5xx" = {
        description = "${program} answered ${var.thresholds.target_5xx_per_minute} requests or more in a minute with 5xx. Read its ERROR stream."
        namespace   = "AWS/ApplicationELB"
        metric_name = "HTTPCode_Target_5XX_Count"
        dimensions  = dimensions
        threshold   = var.thresholds.target_5xx_per_minute
      }

      "${program}-unhealthy" = {
        description        = "A task of ${program} has failed its health check for 3 minutes. Look at the service's events and at the task's log."
        namespace          = "AWS/ApplicationELB"
        metric_name        = "UnHealthyHostCount"
        dimensions         = dimensions
        statistic          = "Maximum"
        evaluation_periods = 3
        threshold          = 1
      }

      # Silence is the worst news here: without any target this metric stops coming.
      "${program}-down" = {
        description         = "No task of ${program} has been healthy for 2 minutes: it is down."
        namespace           = "AWS/ApplicationELB"
        metric_name         = "HealthyHostCount"
        dimensions          = dimensions
        statistic           = "Maximum"
        evaluation_periods  = 2
        comparison_operator = "LessThanThreshold"
        threshold           = 1
        treat_missing_data  = "breaching"
      }
    }
  ]...)

  edge_alarms = {
    load-balancer-5xx = {
      description = "The load balancer itself answered ${var.thresholds.load_balancer_5xx_per_minute} requests or more in a minute with 5xx: no healthy target, or one that cuts connections."
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_ELB_5XX_Count"
      dimensions  = local.load_balancer_dimensions
      threshold   = var.thresholds.load_balancer_5xx_per_minute
    }

    # After a rotation gone wrong everything is blocked while every target stays healthy.
    web-acl-blocks = {
      description = "The web ACL blocked ${var.thresholds.web_acl_blocks_per_5_minutes} requests or more in 5 minutes. If the site is down: do CloudFront's header and the web ACL's values agree? Otherwise somebody is trying the load balancer, or known bad inputs."
      namespace   = "AWS/WAFV2"
      metric_name = "BlockedRequests"
      dimensions  = { WebACL = var.web_acl_metric_name, Region = local.region, Rule = "ALL" }
      period      = 300
      threshold   = var.thresholds.web_acl_blocks_per_5_minutes
    }
  }

  database_alarms = {
    for index, dimensions in local.instance_dimensions : "database-${index + 1}-cpu" => {
      description        = "CPU of a database instance has been at ${var.thresholds.database_cpu_percent} % or more for 5 minutes. Look at the statements in Database Insights; raise its capacity or class."
      namespace          = "AWS/RDS"
      metric_name        = "CPUUtilization"
      dimensions         = dimensions
      statistic          = "Average"
      evaluation_periods = 5
      threshold          = var.thresholds.database_cpu_percent
      treat_missing_data = "missing"
    }
  }

  # One record is enough to tell.
  log_alarms = {
    for metric in local.log_metrics : metric => {
      description = "At least one ${upper(split("-", metric)[1])} record of ${split("-", metric)[0]} in a minute. Read the log stream of that name."
      namespace   = local.log_namespace
      metric_name = metric
      dimensions  = null
      threshold   = 1
    }
  }

  alarms = merge(local.service_alarms, local.target_alarms, local.edge_alarms, local.database_alarms, local.log_alarms)
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = { for name, alarm in local.alarms : name => merge(local.alarm_defaults, alarm) }

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric_name
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = each.value.period
  evaluation_periods  = each.value.evaluation_periods
  comparison_operator = each.value.comparison_operator
  threshold           = each.value.threshold
  treat_missing_data  = each.value.treat_missing_data
  alarm_actions       = [module.notification.topic_arn]
  ok_actions          = [module.notification.topic_arn]
}

# The only alarm that calculates: FreeableMemory is in bytes, and what is told is what is used, in
# percent. For a serverless instance it is measured against its most capacity.
resource "aws_cloudwatch_metric_alarm" "database_memory" {
  count = length(local.instance_dimensions)

  alarm_name          = "${var.name}-database-${count.index + 1}-memory"
  alarm_description   = "Memory of a database instance has been in use to ${var.thresholds.database_memory_percent} % or more for 5 minutes. Look for many connections or large sorts; raise its capacity or class."
  evaluation_periods  = 5
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.thresholds.database_memory_percent
  treat_missing_data  = "missing"
  alarm_actions       = [module.notification.topic_arn]
  ok_actions          = [module.notification.topic_arn]

  metric_query {
    id          = "used"
    label       = "Memory in use (%)"
    expression  = "100 * (1 - freeable / ${format("%.0f", var.database.instance_memory_bytes)})"
    return_data = true
  }

  metric_query {
    id          = "freeable"
    return_data = false

    metric {
      namespace   = "AWS/RDS"
      metric_name = "FreeableMemory"
      dimensions  = local.instance_dimensions[count.index]
      stat        = "Average"
      period      = 60
    }
  }
}

# ---------------------------------------------------------------------------------------------
# Pipelines
# ---------------------------------------------------------------------------------------------

resource "aws_cloudwatch_event_rule" "pipeline_failed" {
  name        = "${var.name}-pipeline-failed"
  description = "A pipeline of ${var.name} failed"

  event_pattern = jsonencode({
    source      = ["aws.codepipeline"]
    detail-type = ["CodePipeline Pipeline Execution State Change"]
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

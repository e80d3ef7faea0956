# What is watched, from which value on somebody is told, and the dashboard that shows it.

data "aws_region" "current" {}

locals {
  # Metrics of our own: one for each program and level, counted from its log.
  log_namespace = "${var.name}/logs"

  program_levels = {
    for pair in setproduct(keys(var.services), ["FATAL", "ERROR"]) :
    "${pair[0]}-${lower(pair[1])}" => { program = pair[0], level = pair[1] }
  }

  # A program's one-off tasks log elsewhere and count as well.
  program_filters = merge([
    for name, counted in local.program_levels : {
      for index, log_group in var.services[counted.program].log_group_names :
      "${name}-${index}" => { metric = name, log_group = log_group, pattern = "{ $.level = \"${counted.level}\" }" }
    }
  ]...)

  # Aurora writes %t:%r:%u@%d:[%p]: before a record; a bare ERROR would match statements as well.
  database_filters = {
    for level in ["FATAL", "ERROR"] : "postgresql-${lower(level)}" => {
      metric    = "postgresql-${lower(level)}"
      log_group = var.database.log_group_name
      pattern   = "\"]:${level}:\""
    }
  }

  log_filters = merge(local.program_filters, local.database_filters)
  log_metrics = toset([for filter in values(local.log_filters) : filter.metric])

  service_metrics = {
    for pair in setproduct(keys(var.services), ["CPU", "Memory"]) :
    "${pair[0]}-${lower(pair[1])}" => { program = pair[0], metric = "${pair[1]}Utilization" }
  }
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
# Programs
# ---------------------------------------------------------------------------------------------

resource "aws_cloudwatch_metric_alarm" "service" {
  for_each = local.service_metrics

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "${each.value.metric} of ${each.value.program} has been at ${var.thresholds.service_percent} % or more for 3 minutes. Auto scaling should have brought it down: look for its maximum, and for a leak."
  namespace           = "AWS/ECS"
  metric_name         = each.value.metric
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 3
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.thresholds.service_percent
  treat_missing_data  = "missing"
  alarm_actions       = [module.notification.topic_arn]
  ok_actions          = [module.notification.topic_arn]

  dimensions = {
    ClusterName = var.cluster_name
    ServiceName = var.services[each.value.program].service_name
  }
}

# ---------------------------------------------------------------------------------------------
# Records of level FATAL and ERROR
# ---------------------------------------------------------------------------------------------

resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each = local.log_filters

  name           = "${var.name}-${each.key}"
  log_group_name = each.value.log_group
  pattern        = each.value.pattern

  metric_transformation {
    namespace     = local.log_namespace
    name          = each.value.metric
    value         = "1"
    default_value = "0"
    unit          = "Count"
  }
}

# One record is enough to tell. When none comes there is no data, and that means all is well again.
resource "aws_cloudwatch_metric_alarm" "log_record" {
  for_each = local.log_metrics

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "At least one ${upper(split("-", each.key)[1])} record of ${split("-", each.key)[0]} in a minute. Read the log stream of that name."
  namespace           = local.log_namespace
  metric_name         = each.key
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [module.notification.topic_arn]
  ok_actions          = [module.notification.topic_arn]

  depends_on = [aws_cloudwatch_log_metric_filter.this]
}

# ---------------------------------------------------------------------------------------------
# Database
# ---------------------------------------------------------------------------------------------

resource "aws_cloudwatch_metric_alarm" "database_cpu" {
  count = length(var.database.instance_identifiers)

  alarm_name          = "${var.name}-database-${count.index + 1}-cpu"
  alarm_description   = "CPU of a database instance has been at ${var.thresholds.database_cpu_percent} % or more for 5 minutes. Look at the statements in Database Insights; raise its capacity or class."
  namespace           = "AWS/RDS"
  metric_name         = "CPUUtilization"
  dimensions          = { DBInstanceIdentifier = var.database.instance_identifiers[count.index] }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.thresholds.database_cpu_percent
  treat_missing_data  = "missing"
  alarm_actions       = [module.notification.topic_arn]
  ok_actions          = [module.notification.topic_arn]
}

# FreeableMemory is in bytes: what is used, in percent, is a matter of arithmetic. For a serverless
# instance it is measured against its most capacity.
resource "aws_cloudwatch_metric_alarm" "database_memory" {
  count = length(var.database.instance_identifiers)

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
      dimensions  = { DBInstanceIdentifier = var.database.instance_identifiers[count.index] }
      stat        = "Average"
      period      = 60
    }
  }
}

# ---------------------------------------------------------------------------------------------
# Edge
# ---------------------------------------------------------------------------------------------

resource "aws_cloudwatch_metric_alarm" "load_balancer_5xx" {
  alarm_name          = "${var.name}-load-balancer-5xx"
  alarm_description   = "The load balancer itself answered ${var.thresholds.load_balancer_5xx_per_minute} requests or more in a minute with 5xx: no healthy target, or one that cuts connections."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_ELB_5XX_Count"
  dimensions          = { LoadBalancer = var.load_balancer_arn_suffix }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.thresholds.load_balancer_5xx_per_minute
  treat_missing_data  = "notBreaching"
  alarm_actions       = [module.notification.topic_arn]
  ok_actions          = [module.notification.topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "target_5xx" {
  for_each = var.services

  alarm_name          = "${var.name}-${each.key}-5xx"
  alarm_description   = "${each.key} answered ${var.thresholds.target_5xx_per_minute} requests or more in a minute with 5xx. Read its ERROR stream."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_Target_5XX_Count"
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.thresholds.target_5xx_per_minute
  treat_missing_data  = "notBreaching"
  alarm_actions       = [module.notification.topic_arn]
  ok_actions          = [module.notification.topic_arn]

  dimensions = {
    LoadBalancer = var.load_balancer_arn_suffix
    TargetGroup  = each.value.target_group_arn_suffix
  }
}

resource "aws_cloudwatch_metric_alarm" "unhealthy_targets" {
  for_each = var.services

  alarm_name          = "${var.name}-${each.key}-unhealthy"
  alarm_description   = "A task of ${each.key} has failed its health check for 3 minutes. Look at the service's events and at the task's log."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "UnHealthyHostCount"
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 3
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [module.notification.topic_arn]
  ok_actions          = [module.notification.topic_arn]

  dimensions = {
    LoadBalancer = var.load_balancer_arn_suffix
    TargetGroup  = each.value.target_group_arn_suffix
  }
}

# Silence is the worst news here: without any target this metric stops coming.
resource "aws_cloudwatch_metric_alarm" "no_healthy_target" {
  for_each = var.services

  alarm_name          = "${var.name}-${each.key}-down"
  alarm_description   = "No task of ${each.key} has been healthy for 2 minutes: it is down."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HealthyHostCount"
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 2
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = [module.notification.topic_arn]
  ok_actions          = [module.notification.topic_arn]

  dimensions = {
    LoadBalancer = var.load_balancer_arn_suffix
    TargetGroup  = each.value.target_group_arn_suffix
  }
}

# After a rotation gone wrong everything is blocked while every target stays healthy.
resource "aws_cloudwatch_metric_alarm" "web_acl_blocks" {
  alarm_name          = "${var.name}-web-acl-blocks"
  alarm_description   = "The web ACL blocked ${var.thresholds.web_acl_blocks_per_5_minutes} requests or more in 5 minutes. If the site is down: do CloudFront's header and the web ACL's values agree? Otherwise somebody is trying the load balancer, or known bad inputs."
  namespace           = "AWS/WAFV2"
  metric_name         = "BlockedRequests"
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.thresholds.web_acl_blocks_per_5_minutes
  treat_missing_data  = "notBreaching"
  alarm_actions       = [module.notification.topic_arn]
  ok_actions          = [module.notification.topic_arn]

  dimensions = {
    WebACL = var.web_acl_metric_name
    Region = data.aws_region.current.region
    Rule   = "ALL"
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

# ---------------------------------------------------------------------------------------------
# Dashboard
# ---------------------------------------------------------------------------------------------

locals {
  region = data.aws_region.current.region

  alarm_arns = concat(
    values(aws_cloudwatch_metric_alarm.service)[*].arn,
    values(aws_cloudwatch_metric_alarm.log_record)[*].arn,
    aws_cloudwatch_metric_alarm.database_cpu[*].arn,
    aws_cloudwatch_metric_alarm.database_memory[*].arn,
    [aws_cloudwatch_metric_alarm.load_balancer_5xx.arn, aws_cloudwatch_metric_alarm.web_acl_blocks.arn],
    values(aws_cloudwatch_metric_alarm.target_5xx)[*].arn,
    values(aws_cloudwatch_metric_alarm.unhealthy_targets)[*].arn,
    values(aws_cloudwatch_metric_alarm.no_healthy_target)[*].arn,
    module.notification.alarm_arns,
  )

  # Title, metrics and statistic of each graph, in reading order: three in a row.
  graphs = [
    {
      title   = "Requests"
      stat    = "Sum"
      metrics = [for name, service in var.services : ["AWS/ApplicationELB", "RequestCount", "LoadBalancer", var.load_balancer_arn_suffix, "TargetGroup", service.target_group_arn_suffix, { label = name }]]
    },
    {
      title   = "Response time, 99th percentile (s)"
      stat    = "p99"
      metrics = [for name, service in var.services : ["AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", var.load_balancer_arn_suffix, "TargetGroup", service.target_group_arn_suffix, { label = name }]]
    },
    {
      title   = "5xx"
      stat    = "Sum"
      metrics = concat([["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "LoadBalancer", var.load_balancer_arn_suffix, { label = "load balancer" }]], [for name, service in var.services : ["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "LoadBalancer", var.load_balancer_arn_suffix, "TargetGroup", service.target_group_arn_suffix, { label = name }]])
    },
    {
      title   = "CPU of the programs (%)"
      stat    = "Average"
      metrics = [for name, service in var.services : ["AWS/ECS", "CPUUtilization", "ClusterName", var.cluster_name, "ServiceName", service.service_name, { label = name }]]
    },
    {
      title   = "Memory of the programs (%)"
      stat    = "Average"
      metrics = [for name, service in var.services : ["AWS/ECS", "MemoryUtilization", "ClusterName", var.cluster_name, "ServiceName", service.service_name, { label = name }]]
    },
    {
      title   = "Healthy tasks"
      stat    = "Minimum"
      metrics = [for name, service in var.services : ["AWS/ApplicationELB", "HealthyHostCount", "LoadBalancer", var.load_balancer_arn_suffix, "TargetGroup", service.target_group_arn_suffix, { label = name }]]
    },
    {
      title   = "CPU of the database (%)"
      stat    = "Average"
      metrics = [for identifier in var.database.instance_identifiers : ["AWS/RDS", "CPUUtilization", "DBInstanceIdentifier", identifier]]
    },
    {
      title   = "Freeable memory of the database (bytes)"
      stat    = "Average"
      metrics = [for identifier in var.database.instance_identifiers : ["AWS/RDS", "FreeableMemory", "DBInstanceIdentifier", identifier]]
    },
    {
      title   = "FATAL and ERROR records"
      stat    = "Sum"
      metrics = [for metric in sort(local.log_metrics) : [local.log_namespace, metric]]
    },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name

  dashboard_body = jsonencode({
    widgets = concat(
      [
        {
          type       = "alarm"
          x          = 0
          y          = 0
          width      = 24
          height     = 4
          properties = { title = "Alarms", alarms = local.alarm_arns }
        },
      ],
      [
        for index, graph in local.graphs : {
          type   = "metric"
          x      = index % 3 * 8
          y      = 4 + floor(index / 3) * 6
          width  = 8
          height = 6
          properties = {
            title   = graph.title
            region  = local.region
            stat    = graph.stat
            period  = 60
            view    = "timeSeries"
            metrics = graph.metrics
          }
        }
      ],
    )
  })
}

# Alarms, by the end of their names. Each lists its differences from local.alarm_defaults. Dimensions that
# are a list are those of several target groups: the alarm is on their sum, or on the highest.

locals {
  # Most alarms count events in a minute. Without events there is no data, and all is well.
  # An alarm on a measured value keeps its state while no data comes ("ignore"). With "missing" it would
  # become INSUFFICIENT_DATA, and the next OK would not show whether anything has recovered.
  alarm_defaults = {
    severity            = "ticket"
    statistic           = "Sum" # or a percentile
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
        treat_missing_data = "ignore"
      }
    }
  ]...)

  target_alarms = merge([
    for program, groups in local.target_dimensions : {
      "${program}-5xx" = {
        description = "${program} answered ${var.thresholds.target_5xx_per_minute} requests or more in a minute with 5xx. Read its ERROR stream."
        namespace   = "AWS/ApplicationELB"
        metric_name = "HTTPCode_Target_5XX_Count"
        groups      = groups
        threshold   = var.thresholds.target_5xx_per_minute
      }

      # One request in a hundred is slower than this. A single slow one in a quiet minute is normal; five
      # such minutes in a row are not.
      "${program}-latency" = {
        description        = "One request in a hundred to ${program} has taken ${var.thresholds.latency_seconds} seconds or more for 5 minutes. Look at its CPU, then at the database's."
        namespace          = "AWS/ApplicationELB"
        metric_name        = "TargetResponseTime"
        groups             = groups
        statistic          = "p99"
        evaluation_periods = 5
        threshold          = var.thresholds.latency_seconds
      }

      "${program}-unhealthy" = {
        description        = "A task of ${program} has failed its health check for 3 minutes. Look at the service's events and at the task's log."
        namespace          = "AWS/ApplicationELB"
        metric_name        = "UnHealthyHostCount"
        groups             = groups
        statistic          = "Maximum"
        evaluation_periods = 3
        threshold          = 1
      }

      # Missing data is the worst case here: without any target this metric stops.
      "${program}-down" = {
        severity            = "page"
        description         = "No task of ${program} has been healthy for 2 minutes: it is down."
        namespace           = "AWS/ApplicationELB"
        metric_name         = "HealthyHostCount"
        groups              = groups
        statistic           = "Maximum"
        evaluation_periods  = 2
        comparison_operator = "LessThanThreshold"
        threshold           = 1
        treat_missing_data  = "breaching"
      }
    }
  ]...)

  # At its maximum a service cannot grow with its load. This alarm begins before the others.
  capacity_alarms = {
    for program, service in var.services : "${program}-capacity" => {
      description        = "${program} has run at its maximum of ${service.scaling.max_capacity} tasks for 15 minutes, and auto scaling can add no more. Raise scaling.max_capacity, or look for what keeps it busy."
      namespace          = "AWS/ApplicationELB"
      metric_name        = "HealthyHostCount"
      groups             = local.target_dimensions[program]
      statistic          = "Maximum"
      evaluation_periods = 15
      threshold          = service.scaling.max_capacity
    } if try(service.scaling.max_capacity > service.scaling.min_capacity, false)
  }

  edge_alarms = {
    load-balancer-5xx = {
      description = "The load balancer itself answered ${var.thresholds.load_balancer_5xx_per_minute} requests or more in a minute with 5xx: no healthy target, or one that cuts connections."
      namespace   = "AWS/ApplicationELB"
      metric_name = "HTTPCode_ELB_5XX_Count"
      dimensions  = local.load_balancer_dimensions
      threshold   = var.thresholds.load_balancer_5xx_per_minute
    }

    # After a failed rotation everything is blocked while every target stays healthy.
    web-acl-blocks = {
      description = "The web ACL blocked ${var.thresholds.web_acl_blocks_per_5_minutes} requests or more in 5 minutes. If the site is down: do CloudFront's header and the web ACL's values agree? Otherwise someone is trying the load balancer, or known bad inputs."
      namespace   = "AWS/WAFV2"
      metric_name = "BlockedRequests"
      dimensions  = { WebACL = var.web_acl_metric_name, Region = var.account.region, Rule = "ALL" }
      period      = 300
      threshold   = var.thresholds.web_acl_blocks_per_5_minutes
    }
  }

  # ACM renews a certificate at the latest 45 days before its end. It publishes the days left once or
  # twice a day.
  certificate_alarms = {
    for name, certificate in { certificate-expiry = var.certificate } : name => {
      description                                 = "The certificate ends in ${var.thresholds.certificate_days} days or less, and ACM has not renewed it. Are its validation records still in the domain's hosted zone?"
      namespace                                   = "AWS/CertificateManager"
      metric_name                                 = "DaysToExpiry"
      dimensions                                  = { CertificateArn = certificate.arn }
      statistic                                   = "Minimum"
      period                                      = 86400
      comparison_operator                         = "LessThanOrEqualToThreshold"
      threshold                                   = var.thresholds.certificate_days
      treat_missing_data                          = "ignore"
    } if certificate != null
  }

  database_alarms = merge([
    for index, dimensions in local.instance_dimensions : {
      "database-${index + 1}-cpu" = {
        description        = "CPU of a database instance has been at ${var.thresholds.database_cpu_percent} % or more for 5 minutes. Look at the statements in Database Insights; raise its capacity or class."
        namespace          = "AWS/RDS"
        metric_name        = "CPUUtilization"
        dimensions         = dimensions
        statistic          = "Average"
        evaluation_periods = 5
        threshold          = var.thresholds.database_cpu_percent
        treat_missing_data = "ignore"
      }

      "database-${index + 1}-connections" = {
        description        = "A database instance has had ${var.thresholds.database_connections_percent} % or more of the connections that its memory allows for 5 minutes. Look for tasks that keep many; raise its capacity or class."
        namespace          = "AWS/RDS"
        metric_name        = "DatabaseConnections"
        dimensions         = dimensions
        statistic          = "Maximum"
        evaluation_periods = 5
        threshold          = floor(var.database.max_connections * var.thresholds.database_connections_percent / 100)
        treat_missing_data = "ignore"
      }
    }
  ]...)

  # One record is enough for an alarm.
  log_alarms = {
    for metric in local.log_metrics : metric => {
      description = "At least one ${upper(split("-", metric)[1])} record of ${split("-", metric)[0]} in a minute. Read the log stream of that name."
      namespace   = local.log_namespace
      metric_name = metric
      threshold   = 1
    }
  }

  alarms = merge(
    local.service_alarms,
    local.target_alarms,
    local.capacity_alarms,
    local.edge_alarms,
    local.certificate_alarms,
    local.database_alarms,
    local.log_alarms, local.delivery_alarms,
  )
}

locals {
  # On one metric, or by metric math on those of two target groups.
  all_alarms = {
    for name, alarm in local.alarms : name => merge(local.alarm_defaults, alarm, {
      dimensions = try(one(alarm.groups), alarm.dimensions, null)
      percentile = startswith(try(alarm.statistic, local.alarm_defaults.statistic), "p")
      plain      = try(length(alarm.groups), 0) < 2
    })
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.all_alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = local.descriptions[each.key]
  namespace           = each.value.plain ? each.value.namespace : null
  metric_name         = each.value.plain ? each.value.metric_name : null
  dimensions          = each.value.plain ? each.value.dimensions : null
  statistic           = each.value.plain && !each.value.percentile ? each.value.statistic : null
  extended_statistic  = each.value.plain && each.value.percentile ? each.value.statistic : null
  period              = each.value.plain ? each.value.period : null
  evaluation_periods  = each.value.evaluation_periods
  comparison_operator = each.value.comparison_operator
  threshold           = each.value.threshold
  treat_missing_data  = each.value.treat_missing_data
  alarm_actions       = local.topic_arns[each.key]
  ok_actions          = local.topic_arns[each.key]

  dynamic "metric_query" {
    for_each = each.value.plain ? [] : [each.value.statistic == "Sum" ? "SUM" : "MAX"]

    content {
      id          = "both"
      label       = each.value.metric_name
      expression  = "${metric_query.value}(METRICS())"
      return_data = true
    }
  }

  dynamic "metric_query" {
    for_each = each.value.plain ? [] : each.value.groups

    content {
      id          = "group${metric_query.key + 1}"
      return_data = false

      metric {
        namespace   = each.value.namespace
        metric_name = each.value.metric_name
        dimensions  = metric_query.value
        stat        = each.value.statistic
        period      = each.value.period
      }
    }
  }
}

# The only alarm on what visitors get: it sees also what no load balancer or task has answered. It stands by
# itself, because deployments heed some of the alarms above and must not wait for the distribution.
resource "aws_cloudwatch_metric_alarm" "visitors_5xx" {
  region              = local.cloudfront_region
  alarm_name          = "${var.name}-visitors-5xx"
  alarm_description   = "[page] CloudFront has answered ${var.thresholds.cloudfront_5xx_percent} % or more of all requests with 5xx for 2 minutes: this is what visitors see. If no other alarm rings, CloudFront does not reach the load balancer: look at the origin's name, certificate and security group.${local.runbook["visitors-5xx"]}"
  namespace           = "AWS/CloudFront"
  metric_name         = "5xxErrorRate"
  dimensions          = { DistributionId = var.distribution_id, Region = "Global" }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 2
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.thresholds.cloudfront_5xx_percent
  treat_missing_data  = "notBreaching"
  alarm_actions       = [module.notification.cloudfront_topic_arn]
  ok_actions          = [module.notification.cloudfront_topic_arn]
}

# FreeableMemory is in bytes, the alarm reports used memory in percent.
# For a serverless instance this is relative to its maximum capacity.
resource "aws_cloudwatch_metric_alarm" "database_memory" {
  count = length(local.instance_dimensions)

  alarm_name          = "${var.name}-database-${count.index + 1}-memory"
  alarm_description   = "[ticket] Memory of a database instance has been in use to ${var.thresholds.database_memory_percent} % or more for 5 minutes. Look for many connections or large sorts; raise its capacity or class.${local.runbook["database-n-memory"]}"
  evaluation_periods  = 5
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = var.thresholds.database_memory_percent
  treat_missing_data  = "ignore"
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

# Objectives, and how fast their error budgets are used up. The windows and factors are those of "Alerting on
# SLOs" in Google's SRE workbook: at 14.4 times the allowed rate 2 % of a month's budget are gone in an hour, at
# 6 times 5 % in six hours. The short window ends an alarm soon after its cause. Latency has no fast pair,
# because no one has to get up for it.

locals {
  burns = {
    fast = { factor = 14.4, windows = { "1h" = 3600, "5m" = 300 } }
    slow = { factor = 6, windows = { "6h" = 21600, "30m" = 1800 } }
  }

  objectives = {
    availability = { percent = var.objectives.availability_percent, severity = "page", burns = ["fast", "slow"], what = "have failed" }
    latency      = { percent = var.objectives.latency_percent, severity = "ticket", burns = ["slow"], what = "have taken more than ${var.thresholds.latency_seconds} seconds" }
  }

  objective_metrics = {
    availability = {
      balancer = { name = "HTTPCode_ELB_5XX_Count", stat = "Sum" }
      program  = { name = "HTTPCode_Target_5XX_Count", stat = "Sum" }
      requests = { name = "RequestCount", stat = "Sum" }
    }
    latency = {
      slow     = { name = "TargetResponseTime", stat = "TC(${var.thresholds.latency_seconds}:)" } # how many take longer
      requests = { name = "RequestCount", stat = "Sum" }
    }
  }

  # Percent of the requests that are bad. Zeros are not reported, so a metric without data is 0. A request for
  # which no target was found is not in RequestCount. Below 10 bad requests a share says nothing.
  objective_expressions = {
    for name, bad in { availability = "(FILL(balancer, 0) + FILL(program, 0))", latency = "FILL(slow, 0)" } :
    name => "IF(${bad} >= 10, 100 * ${bad} / MAX([FILL(requests, 1), ${bad}]), 0)"
  }

  burn_alarms = merge(flatten([
    for name, objective in local.objectives : [
      for burn in objective.burns : {
        for window, seconds in local.burns[burn].windows : "${name}-${window}" => {
          objective = name
          period    = seconds
          factor    = local.burns[burn].factor
          threshold = floor(local.burns[burn].factor * (100 - objective.percent) * 1000 + 0.5) / 1000
        }
      }
    ]
  ])...)

  window_is_on = { for name, alarm in aws_cloudwatch_metric_alarm.burn : name => "ALARM(\"${alarm.alarm_name}\")" }

  # Both windows of a pair, in CloudWatch's language of rules.
  burn_rules = {
    for name, objective in local.objectives : name => join(" OR ", [
      for burn in objective.burns :
      format("(%s)", join(" AND ", [for window in keys(local.burns[burn].windows) : local.window_is_on["${name}-${window}"]]))
    ])
  }
}

# The composite alarms of storms.tf tell for them.
resource "aws_cloudwatch_metric_alarm" "burn" {
  for_each = local.burn_alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "[${local.objectives[each.value.objective].severity}] ${each.value.threshold} % of the requests or more ${local.objectives[each.value.objective].what} in ${split("-", each.key)[1]}: ${each.value.factor} times what the objective of ${local.objectives[each.value.objective].percent} % allows.${local.runbook[each.key]}"
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = each.value.threshold
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "bad"
    label       = "Bad requests (%)"
    expression  = local.objective_expressions[each.value.objective]
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.objective_metrics[each.value.objective]

    content {
      id          = metric_query.key
      return_data = false

      metric {
        namespace   = "AWS/ApplicationELB"
        metric_name = metric_query.value.name
        dimensions  = local.load_balancer_dimensions
        stat        = metric_query.value.stat
        period      = each.value.period
      }
    }
  }
}

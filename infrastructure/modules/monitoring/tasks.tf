# Services with fewer tasks than they should have. A healthy rest answers all requests, and no other alarm sees it.

locals {
  task_minutes = 10 # longer than a release or auto scaling takes to start tasks
}

resource "aws_cloudwatch_metric_alarm" "tasks" {
  for_each = var.container_insights ? local.service_dimensions : {}

  alarm_name          = "${var.name}-${each.key}-tasks"
  alarm_description   = "[ticket] Fewer tasks of ${each.key} than desired have run for ${local.task_minutes} minutes. Read the service's events: ECS says there why it starts none.${local.runbook["${each.key}-tasks"]}"
  evaluation_periods  = local.task_minutes
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  treat_missing_data  = "ignore"

  metric_query {
    id          = "missing"
    label       = "Missing tasks"
    expression  = "desired - running"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { desired = "DesiredTaskCount", running = "RunningTaskCount" }

    content {
      id          = metric_query.key
      return_data = false

      metric {
        namespace   = "ECS/ContainerInsights"
        metric_name = metric_query.value
        dimensions  = each.value
        stat        = "Average"
        period      = 60
      }
    }
  }
}

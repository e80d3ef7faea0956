# The dashboard: every alarm, and below it the graphs to look at first.

locals {
  alarm_arns = concat(
    [aws_cloudwatch_metric_alarm.visitors_5xx.arn],
    values(aws_cloudwatch_metric_alarm.this)[*].arn,
    values(aws_cloudwatch_metric_alarm.burn)[*].arn,
    values(aws_cloudwatch_metric_alarm.tasks)[*].arn,
    [aws_cloudwatch_composite_alarm.outage.arn, aws_cloudwatch_composite_alarm.degraded.arn],
    aws_cloudwatch_metric_alarm.database_memory[*].arn,
    module.notification.alarm_arns,
  )

  # The dimensions of a graph's line: names and values in turn, then the line's label.
  service_lines = [for program, dimensions in local.service_dimensions : concat(flatten([for name, value in dimensions : [name, value]]), [{ label = program }])]
  target_lines = flatten([
    for program, groups in local.target_dimensions : [
      for index, dimensions in groups : {
        line = concat(flatten([for name, value in dimensions : [name, value]]), [{ label = index == 0 ? program : "${program} ${index + 1}" }])
      }
    ]
  ])
  load_balancer_line = ["LoadBalancer", var.load_balancer_arn_suffix, { label = "load balancer" }]
  instance_lines     = [for identifier in var.database.instance_identifiers : ["DBInstanceIdentifier", identifier]]

  # Of the last 28 days; below 0 the objective is missed.
  budget = {
    title                = "Error budget left: failed requests, 28 days (%)"
    region               = var.account.region
    view                 = "singleValue"
    start                = "-P28D"
    setPeriodToTimeRange = true
    stat                 = "Sum"
    metrics = concat(
      [[{ expression = "100 - 100 * (${local.objective_expressions["availability"]}) / ${100 - var.objectives.availability_percent}", label = "left" }]],
      [for id, metric in local.objective_metrics["availability"] : ["AWS/ApplicationELB", metric.name, "LoadBalancer", var.load_balancer_arn_suffix, { id = id, visible = false }]],
    )
  }

  # In reading order: three in a row.
  graphs = [
    { title = "Requests", stat = "Sum", metrics = [for each in local.target_lines : concat(["AWS/ApplicationELB", "RequestCount"], each.line)] },
    { title = "Response time, 99th percentile (s)", stat = "p99", metrics = [for each in local.target_lines : concat(["AWS/ApplicationELB", "TargetResponseTime"], each.line)] },
    {
      title = "5xx"
      stat  = "Sum"
      metrics = concat(
        [concat(["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count"], local.load_balancer_line)],
        [for each in local.target_lines : concat(["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count"], each.line)],
      )
    },
    { title = "CPU of the programs (%)", stat = "Average", metrics = [for line in local.service_lines : concat(["AWS/ECS", "CPUUtilization"], line)] },
    { title = "Memory of the programs (%)", stat = "Average", metrics = [for line in local.service_lines : concat(["AWS/ECS", "MemoryUtilization"], line)] },
    { title = "Healthy tasks", stat = "Minimum", metrics = [for each in local.target_lines : concat(["AWS/ApplicationELB", "HealthyHostCount"], each.line)] },
    { title = "CPU of the database (%)", stat = "Average", metrics = [for line in local.instance_lines : concat(["AWS/RDS", "CPUUtilization"], line)] },
    { title = "Freeable memory of the database (bytes)", stat = "Average", metrics = [for line in local.instance_lines : concat(["AWS/RDS", "FreeableMemory"], line)] },
    { title = "Connections of the database", stat = "Maximum", metrics = [for line in local.instance_lines : concat(["AWS/RDS", "DatabaseConnections"], line)] },
    { title = "FATAL and ERROR records", stat = "Sum", metrics = [for metric in sort(local.log_metrics) : [local.log_namespace, metric]] },
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
        {
          type       = "metric"
          x          = 0
          y          = 4
          width      = 24
          height     = 3
          properties = local.budget
        },
      ],
      [
        for index, graph in local.graphs : {
          type   = "metric"
          x      = index % 3 * 8
          y      = 7 + floor(index / 3) * 6
          width  = 8
          height = 6
          properties = {
            title   = graph.title
            region  = var.account.region
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

# Deliveries of the log routers. What they cannot deliver waits on the task's disk, and ends with the task.

locals {
  # Fluent Bit's own words. A retry that succeeds is one or two of these; a right that is missing is one or more
  # each minute.
  delivery_pattern = "?\"[error] [output:\" ?\"failed to flush chunk\""

  delivery_alarms = {
    log-deliveries = {
      description = "The log routers failed to deliver 3 times or more in 5 minutes. Records wait on the tasks' disks, and are lost with them."
      namespace   = "${var.name}/log-routers"
      metric_name = "failed-deliveries"
      period      = 300
      threshold   = 3
    }
  }
}

resource "aws_cloudwatch_log_metric_filter" "deliveries" {
  for_each = merge([
    for program, service in var.services : { for index, log_group in service.log_group_names : "${program}-${index}" => log_group }
  ]...)

  name           = "${var.name}-log-deliveries-${each.key}"
  log_group_name = each.value
  pattern        = local.delivery_pattern

  metric_transformation {
    namespace     = local.delivery_alarms["log-deliveries"].namespace
    name          = local.delivery_alarms["log-deliveries"].metric_name
    value         = "1"
    default_value = "0"
    unit          = "Count"
  }
}

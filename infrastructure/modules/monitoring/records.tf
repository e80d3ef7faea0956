# Records of level FATAL and ERROR: metrics of our own, one for each program and level

locals {
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
}

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

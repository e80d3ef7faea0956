# Saved queries of Logs Insights, for the first look at an alarm

locals {
  program_log_groups = distinct(flatten([for service in values(var.services) : service.log_group_names]))

  queries = {
    # The same error a thousand times is one row.
    errors = {
      log_groups = local.program_log_groups
      query      = <<-EOT
        fields coalesce(message, @message) as record
        | stats count(*) as records, earliest(@timestamp) as first, latest(@timestamp) as last by level, record
        | sort records desc
        | limit 50
      EOT
    }

    errors-over-time = {
      log_groups = local.program_log_groups
      query      = <<-EOT
        stats count(*) as records by bin(5m) as time, level
        | sort time desc
      EOT
    }

    one-request = {
      log_groups = local.program_log_groups
      query      = <<-EOT
        filter request_id = "the x-request-id of the answer"
        | fields @timestamp, level, message, @logStream
        | sort @timestamp
      EOT
    }

    slow-statements = {
      log_groups = [var.database.log_group_name]
      query      = <<-EOT
        parse @message /duration: (?<ms>[0-9.]+) ms +(?:statement|execute [^:]*): (?<sql>.*)/
        | filter ispresent(ms)
        | stats count(*) as times, max(ms), avg(ms) by sql
        | sort times desc
        | limit 50
      EOT
    }
  }
}

resource "aws_cloudwatch_query_definition" "this" {
  for_each = local.queries

  name            = "${var.name}/${each.key}"
  log_group_names = each.value.log_groups
  query_string    = each.value.query
}

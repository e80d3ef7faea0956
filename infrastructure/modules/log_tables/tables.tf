# The tables: where their files are, and what a line has

locals {
  json = {
    library    = "org.openx.data.jsonserde.JsonSerDe"
    parameters = { "ignore.malformed.json" = "true" }
  }

  # As programs and the log router write them. What a record lacks is null.
  record_columns = [
    ["time", "string"],
    ["level", "string"],
    ["type", "string"],
    ["logger", "string"],
    ["message", "string"],
    ["request_id", "string"],
    ["exception", "string"],
    ["source", "string"],
    ["container_id", "string"],
    ["container_name", "string"],
  ]

  # Of a failed sign-in, and of what was away and is back.
  application_columns = [
    ["address", "string"],
    ["failures", "int"],
    ["seconds", "double"],
  ]

  access_columns = [
    ["method", "string"],
    ["path", "string"],
    ["query", "string"],
    ["status", "int"],
    ["duration_ms", "double"],
    ["bytes", "bigint"],
    ["client", "string"],
    ["forwarded_for", "string"],
    ["user_agent", "string"],
    ["trace_id", "string"],
    ["database_ms", "double"],
    ["statements", "int"],
  ]

  bare   = " ([^ ]*)"
  number = " ([-.0-9]*)" # "-" where there is none, which becomes null
  quoted = " \"([^\"]*)\""

  # Name, type, and expression of each field, in their order:
  # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
  load_balancer_fields = [
    ["type", "string", "([^ ]*)"],
    ["time", "string", local.bare],
    ["elb", "string", local.bare],
    ["client_ip", "string", local.bare],
    ["client_port", "int", ":([0-9]*)"],
    ["target", "string", local.bare],
    ["request_processing_time", "double", local.number],
    ["target_processing_time", "double", local.number],
    ["response_processing_time", "double", local.number],
    ["elb_status_code", "int", local.number],
    ["target_status_code", "int", local.number],
    ["received_bytes", "bigint", local.number],
    ["sent_bytes", "bigint", local.number],
    ["request_verb", "string", " \"([^ \"]*)"],
    ["request_url", "string", " ([^\"]*)"],
    ["request_protocol", "string", " ([^ \"]*)\""],
    ["user_agent", "string", local.quoted],
    ["ssl_cipher", "string", local.bare],
    ["ssl_protocol", "string", local.bare],
    ["target_group_arn", "string", local.bare],
    ["trace_id", "string", local.quoted],
    ["domain_name", "string", local.quoted],
    ["chosen_cert_arn", "string", local.quoted],
    ["matched_rule_priority", "int", local.number],
    ["request_creation_time", "string", local.bare],
    ["actions_executed", "string", local.quoted],
    ["redirect_url", "string", local.quoted],
    ["error_reason", "string", local.quoted],
    ["target_list", "string", local.quoted],
    ["target_status_code_list", "string", local.quoted],
    ["classification", "string", local.quoted],
    ["classification_reason", "string", local.quoted],
    ["conn_trace_id", "string", "(?: ([^ ]*))?"],
  ]

  # Hours and days are in UTC, as in the keys.
  by_hour = {
    "projection.program.type"       = "enum"
    "projection.program.values"     = join(",", var.programs)
    "projection.hour.type"          = "date"
    "projection.hour.format"        = "yyyy/MM/dd/HH"
    "projection.hour.range"         = "NOW-${var.retention_days}DAYS,NOW"
    "projection.hour.interval"      = "1"
    "projection.hour.interval.unit" = "HOURS"
  }

  by_day = {
    "projection.day.type"          = "date"
    "projection.day.format"        = "yyyy/MM/dd"
    "projection.day.range"         = "NOW-${var.retention_days}DAYS,NOW"
    "projection.day.interval"      = "1"
    "projection.day.interval.unit" = "DAYS"
  }

  load_balancer_location = "s3://${var.access_log_bucket}/load-balancer/AWSLogs/${var.account.id}/elasticloadbalancing/${var.account.region}/"

  # The keys of program logs are program/fluentbit's.
  tables = {
    access = {
      description = "A record of each request that a program has answered"
      location    = "s3://${var.program_log_bucket}/access/"
      template    = "s3://${var.program_log_bucket}/access/$${program}/$${hour}/"
      partitions  = ["program", "hour"]
      projection  = local.by_hour
      serde       = local.json
      columns     = concat(local.record_columns, local.access_columns)
    }

    application = {
      description = "What programs say besides, without FATAL and ERROR, which are in CloudWatch"
      location    = "s3://${var.program_log_bucket}/application/"
      template    = "s3://${var.program_log_bucket}/application/$${program}/$${hour}/"
      partitions  = ["program", "hour"]
      projection  = local.by_hour
      serde       = local.json
      columns     = concat(local.record_columns, local.application_columns)
    }

    load_balancer = {
      description = "A record of each request that has reached the load balancer"
      location    = local.load_balancer_location
      template    = "${local.load_balancer_location}$${day}/"
      partitions  = ["day"]
      projection  = local.by_day
      columns     = [for field in local.load_balancer_fields : slice(field, 0, 2)]

      # AWS adds fields at the end of a line.
      serde = {
        library    = "org.apache.hadoop.hive.serde2.RegexSerDe"
        parameters = { "input.regex" = "${join("", [for field in local.load_balancer_fields : field[2]])}(?: .*)?" }
      }
    }
  }
}

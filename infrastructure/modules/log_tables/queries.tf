# Saved queries. A question mark stands for a value: an hour such as '2026/12/03/06' (UTC), a day, an id.

locals {
  queries = {
    errors-of-an-hour = {
      description = "Failed requests. ?: an hour, such as '2026/12/03/06'"
      query       = <<-EOT
        SELECT time, program, method, path, status, duration_ms, request_id
        FROM access
        WHERE hour = ? AND status >= 500
        ORDER BY time
        LIMIT 1000
      EOT
    }

    slowest-requests = {
      description = "The slowest requests. ?: an hour, such as '2026/12/03/06'"
      query       = <<-EOT
        SELECT duration_ms, database_ms, statements, time, program, method, path, status, request_id
        FROM access
        WHERE hour = ?
        ORDER BY duration_ms DESC
        LIMIT 50
      EOT
    }

    one-request = {
      description = "All records of a request. ?: its x-request-id and its hour, then both again"
      query       = <<-EOT
        SELECT time, program, level, message, duration_ms
        FROM access
        WHERE request_id = ? AND hour = ?
        UNION ALL
        SELECT time, program, level, message, NULL
        FROM application
        WHERE request_id = ? AND hour = ?
        ORDER BY time
      EOT
    }

    failures-of-a-day = {
      description = "Requests that failed at the load balancer or behind it. ?: a day, such as '2026/12/03'"
      query       = <<-EOT
        SELECT time, elb_status_code, target_status_code, error_reason, target, request_verb, request_url, trace_id
        FROM load_balancer
        WHERE day = ? AND elb_status_code >= 500
        ORDER BY time
        LIMIT 1000
      EOT
    }
  }
}

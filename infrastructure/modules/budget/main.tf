# The costs of the whole account, which the environment should have for itself: more than a month's budget,
# and more in a day than is usual. Both only tell; nothing is stopped.

resource "aws_budgets_budget" "this" {
  count = var.usd_per_month == null ? 0 : 1

  name         = var.name
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_unit   = "USD"
  limit_amount = var.usd_per_month

  # What AWS expects of the whole month, which comes early, and what has been spent.
  dynamic "notification" {
    for_each = { FORECASTED = 100, ACTUAL = 80 }

    content {
      comparison_operator        = "GREATER_THAN"
      notification_type          = notification.key
      threshold                  = notification.value
      threshold_type             = "PERCENTAGE"
      subscriber_email_addresses = var.emails
    }
  }
}

# An account has one monitor of its services, no more: AWS makes it when Cost Explorer is opened.
resource "aws_ce_anomaly_monitor" "this" {
  count = try(var.anomaly.monitor_arn, "") == null ? 1 : 0

  name              = var.name
  monitor_type      = "DIMENSIONAL"
  monitor_dimension = "SERVICE"
}

resource "aws_ce_anomaly_subscription" "this" {
  count = var.anomaly == null ? 0 : 1

  name             = var.name
  frequency        = "DAILY" # AWS compares three times a day
  monitor_arn_list = [coalesce(var.anomaly.monitor_arn, one(aws_ce_anomaly_monitor.this[*].arn))]

  dynamic "subscriber" {
    for_each = var.emails

    content {
      type    = "EMAIL"
      address = subscriber.value
    }
  }

  threshold_expression {
    dimension {
      key           = "ANOMALY_TOTAL_IMPACT_ABSOLUTE"
      match_options = ["GREATER_THAN_OR_EQUAL"]
      values        = [tostring(var.anomaly.usd)]
    }
  }
}

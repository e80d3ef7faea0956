# A budget of the whole account, which the environment should have for itself. It only tells; nothing is stopped.

resource "aws_budgets_budget" "this" {
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

variable "name" {
  description = "Name of the budget, and of what watches for anomalies"
  type        = string
}

variable "usd_per_month" {
  description = "Costs of the account in a month, in US dollars; null: no budget"
  type        = number
  default     = null

  validation {
    condition     = var.usd_per_month == null ? true : var.usd_per_month > 0
    error_message = "usd_per_month must be above 0."
  }
}

variable "anomaly" {
  description = "US dollars above what is usual, and the account's monitor of services if it has one already; null: not watched"
  type        = object({ usd = number, monitor_arn = optional(string) })
  default     = null

  validation {
    condition     = var.anomaly == null ? true : var.anomaly.usd > 0
    error_message = "anomaly: usd must be above 0."
  }

  validation {
    condition     = can(regex("^arn:[a-z-]+:ce::[0-9]{12}:anomalymonitor/.+$", coalesce(try(var.anomaly.monitor_arn, null), "arn:aws:ce::123456789012:anomalymonitor/none")))
    error_message = "anomaly: monitor_arn must be the ARN of a monitor, as aws ce get-anomaly-monitors prints it."
  }
}

variable "emails" {
  description = "E-mail addresses to notify, ten at most"
  type        = set(string)

  validation {
    condition     = length(var.emails) >= 1 && length(var.emails) <= 10
    error_message = "emails must have one to ten addresses: AWS Budgets takes no more, and a budget that notifies no one is useless."
  }
}

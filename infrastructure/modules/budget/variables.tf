variable "name" {
  description = "Name of the budget"
  type        = string
}

variable "usd_per_month" {
  description = "Costs of the account in a month, in US dollars"
  type        = number

  validation {
    condition     = var.usd_per_month > 0
    error_message = "usd_per_month must be above 0."
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

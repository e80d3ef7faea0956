variable "name" {
  description = "Prefix of every name, usually <service name>-<environment identifier>"
  type        = string
}

variable "account" {
  description = "Where everything is: the number of the AWS account, the region, and the partition, such as aws"
  type = object({
    id        = string
    region    = string
    partition = string
  })
}

variable "function_directory" {
  description = "Directory of the function's package, with the module alarm and its handler"
  type        = string
}

variable "fallback_emails" {
  description = "E-mail addresses to notify when the way to Slack fails; may be empty"
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.fallback_emails : can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", address))])
    error_message = "fallback_emails must be e-mail addresses."
  }
}

variable "record_log_group_names" {
  description = "Log groups whose records a message shows when an alarm counts them"
  type        = list(string)
  default     = []
}

variable "pipeline_names" {
  description = "Pipelines whose approvals a message describes"
  type        = list(string)
  default     = []
}

variable "page_mention" {
  description = "Whom a message of severity page calls, as Slack writes it; null: no one"
  type        = string
  default     = null

  validation {
    condition     = var.page_mention == null || can(regex("^<(!here|!channel|@[UW][A-Z0-9]+|!subteam\\^S[A-Z0-9]+)>$", var.page_mention))
    error_message = "page_mention must be <!here>, <!channel>, <@U...> with a member's ID, or <!subteam^S...> with a user group's."
  }
}

variable "runbook_url" {
  description = "Page with a section for each alarm, which its message links; null: no link"
  type        = string
  default     = null
}

variable "secret_recovery_window_days" {
  description = "Days that a deleted secret can be recovered; 0: not at all"
  type        = number

  validation {
    condition     = var.secret_recovery_window_days == 0 || (var.secret_recovery_window_days >= 7 && var.secret_recovery_window_days <= 30)
    error_message = "secret_recovery_window_days must be 0, or from 7 to 30."
  }
}

variable "log_retention_days" {
  description = "Days that the function's log is kept"
  type        = number
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of every role; null: none"
  type        = string
  default     = null
}

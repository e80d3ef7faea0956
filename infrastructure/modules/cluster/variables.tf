variable "name" {
  description = "Name of the cluster and of its Service Connect namespace"
  type        = string
}

variable "container_insights" {
  description = "Container Insights: disabled, enabled (a metric set per service), or enhanced (per task, at a price)"
  type        = string
  default     = "enabled"

  validation {
    condition     = contains(["disabled", "enabled", "enhanced"], var.container_insights)
    error_message = "container_insights must be disabled, enabled or enhanced."
  }
}

variable "log_retention_days" {
  description = "For how many days the log of shells in tasks is kept"
  type        = number
  default     = 365

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a retention that CloudWatch Logs offers, such as 7, 30, 90 or 365."
  }
}

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

variable "cluster_name" {
  description = "Name of the ECS cluster"
  type        = string
}

variable "container_insights" {
  description = "Whether Container Insights counts the services' tasks"
  type        = bool
}

variable "services" {
  description = "The programs, by name: their service, with its minimum and maximum of tasks (null: it does not scale), their log groups (of one-off tasks too) and the values of CloudWatch's dimension TargetGroup of their groups (two, where deployments shift requests)"
  type = map(object({
    service_name              = string
    scaling                   = object({ min_capacity = number, max_capacity = number })
    log_group_names           = list(string)
    target_group_arn_suffixes = list(string)
  }))

  validation {
    condition     = alltrue([for name in keys(var.services) : can(regex("^[a-z]+$", name))])
    error_message = "services: a name must be lower-case letters alone; alarms are named after it."
  }
}

variable "database" {
  description = "The database: its instances, the memory of each in bytes, the connections that this allows, and its log group"
  type = object({
    instance_identifiers  = list(string)
    instance_memory_bytes = number
    max_connections       = number
    log_group_name        = string
  })
}

variable "distribution_id" {
  description = "The distribution's value of CloudWatch's dimension DistributionId"
  type        = string
}

variable "load_balancer_arn_suffix" {
  description = "The load balancer's value of CloudWatch's dimension LoadBalancer"
  type        = string
}

variable "certificate" {
  description = "The load balancer's certificate, to watch its renewal; null: none"
  type        = object({ arn = string })
  default     = null
}

variable "web_acl_metric_name" {
  description = "Name of the web ACL in its metrics"
  type        = string
}

variable "pipeline_names" {
  description = "Pipelines whose failures are reported"
  type        = list(string)

  validation {
    condition     = length(var.pipeline_names) > 0
    error_message = "pipeline_names must name at least one pipeline: an empty list would match all of the account's."
  }
}

variable "thresholds" {
  description = "Values from which on alarms are raised"
  type = object({
    service_percent              = optional(number, 80)
    database_cpu_percent         = optional(number, 80)
    database_memory_percent      = optional(number, 95)
    database_connections_percent = optional(number, 70)
    cloudfront_5xx_percent       = optional(number, 5)
    load_balancer_5xx_per_minute = optional(number, 5)
    target_5xx_per_minute        = optional(number, 5)
    latency_seconds              = optional(number, 2)
    certificate_days             = optional(number, 30)
    web_acl_blocks_per_5_minutes = optional(number, 100)
  })
  default = {}

  validation {
    condition = alltrue([
      for percent in [var.thresholds.service_percent, var.thresholds.database_cpu_percent, var.thresholds.database_memory_percent, var.thresholds.database_connections_percent, var.thresholds.cloudfront_5xx_percent] :
      percent > 0 && percent < 100
    ])
    error_message = "thresholds: a percentage must be above 0 and below 100, or its alarm never ends or never begins."
  }

  validation {
    condition = alltrue([
      for count in [var.thresholds.load_balancer_5xx_per_minute, var.thresholds.target_5xx_per_minute, var.thresholds.web_acl_blocks_per_5_minutes] : count >= 1
    ])
    error_message = "thresholds: a count must be 1 at least, or its alarm never ends."
  }

  validation {
    condition     = var.thresholds.latency_seconds > 0
    error_message = "thresholds: latency_seconds must be above 0, or its alarm never ends."
  }

  validation {
    condition     = var.thresholds.certificate_days >= 1 && var.thresholds.certificate_days < 45
    error_message = "thresholds: certificate_days must be from 1 to 44: ACM renews a certificate 45 days before its end."
  }
}

variable "objectives" {
  description = "Percent of the requests that have to succeed, and that have to be answered within thresholds.latency_seconds"
  type = object({
    availability_percent = optional(number, 99.9)
    latency_percent      = optional(number, 99)
  })
  default = {}

  validation {
    condition     = alltrue([for percent in values(var.objectives) : percent >= 95 && percent < 100])
    error_message = "objectives: a percentage must be from 95 to below 100. An objective of 100 leaves no error budget, and below 93 a total outage would not use it up 14.4 times too fast."
  }
}

variable "function_directory" {
  description = "Directory of the function that posts to Slack"
  type        = string
}

variable "fallback_emails" {
  description = "E-mail addresses to notify when the way to Slack fails"
  type        = set(string)
  default     = []
}

variable "page_mention" {
  description = "Whom a message of severity page calls, as Slack writes it; null: no one"
  type        = string
  default     = null
}

variable "runbook_url" {
  description = "Page with a section for each alarm, which its message links; null: no link"
  type        = string
  default     = null
}

variable "secret_recovery_window_days" {
  description = "Days that a deleted secret can be recovered; 0: not at all"
  type        = number
}

variable "log_retention_days" {
  description = "Days that the notifying function's log is kept"
  type        = number
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of every role; null: none"
  type        = string
  default     = null
}

variable "name" {
  description = "Name of the cluster and of its Service Connect namespace"
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

variable "kms_key_arn" {
  description = "Key that encrypts the shells' channel and their log"
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

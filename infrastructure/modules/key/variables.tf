variable "name" {
  description = "Name of the key's alias, without alias/"
  type        = string
}

variable "account" {
  description = "Where everything is: the number of the AWS account, the region, and the partition, such as aws"
  type = object({
    id        = string
    region    = string
    partition = string
  })

  validation {
    condition = alltrue([
      can(regex("^[0-9]{12}$", var.account.id)),
      can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.account.region)),
      can(regex("^aws(-[a-z]+)*$", var.account.partition)),
    ])
    error_message = "account must be as AWS names it: id twelve digits, region a code such as ap-northeast-1, partition a name such as aws."
  }
}

variable "description" {
  description = "Data that the key encrypts"
  type        = string
}

variable "log_group_names" {
  description = "Log groups that CloudWatch Logs may encrypt with the key"
  type        = list(string)
  default     = []
}

variable "copying_account_ids" {
  description = "Other accounts that may copy what the key encrypts, such as snapshots"
  type        = list(string)
  default     = []
}

variable "service_principals" {
  description = "AWS services, such as sns.amazonaws.com, that may use the key on behalf of this account"
  type        = list(string)
  default     = []
}

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

variable "cluster_arn" {
  description = "The database cluster"
  type        = string
}

variable "kms_key_arn" {
  description = "Key of the vault in which a snapshot waits for its copy"
  type        = string
}

variable "copy" {
  description = "The vault that keeps the copies, in another region or another account, and for how many days"
  type = object({
    vault_arn      = string
    retention_days = number
  })

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:backup:[a-z0-9-]+:[0-9]{12}:backup-vault:[A-Za-z0-9_-]{2,50}$", var.copy.vault_arn))
    error_message = "copy: vault_arn must be the ARN of a vault of AWS Backup, such as arn:aws:backup:ap-northeast-3:123456789012:backup-vault:statuspage-copies."
  }

  validation {
    condition     = !strcontains(var.copy.vault_arn, ":${var.account.region}:${var.account.id}:")
    error_message = "copy: vault_arn must name a vault of another region or another account: a copy beside the original is lost with it."
  }

  validation {
    condition     = var.copy.retention_days >= 1 && floor(var.copy.retention_days) == var.copy.retention_days
    error_message = "copy: retention_days must be a whole number, 1 at least."
  }
}

variable "topic_arn" {
  description = "Topic that hears of a failed snapshot or copy"
  type        = string
}

variable "deletion_protection" {
  description = "Whether the vault refuses to be deleted while a snapshot waits in it"
  type        = bool
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of every role; null: none"
  type        = string
  default     = null
}

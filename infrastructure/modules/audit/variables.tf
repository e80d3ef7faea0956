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

variable "cloudtrail" {
  description = "Whether a trail of every region keeps who has called AWS"
  type        = bool
}

variable "guardduty" {
  description = "Whether GuardDuty watches this account in this region"
  type        = bool
}

variable "topic_arn" {
  description = "Topic that is told what GuardDuty finds"
  type        = string
}

variable "access_log_bucket" {
  description = "Bucket for S3's access log of the trail"
  type        = string
}

variable "retention_days" {
  description = "Days that the trail is kept"
  type        = number
}

variable "deletion_protection" {
  description = "Whether the trail outlives a destroy"
  type        = bool
}

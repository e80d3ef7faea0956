variable "name" {
  description = "Name of the key's alias, without alias/"
  type        = string
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

variable "service_principals" {
  description = "AWS services, such as sns.amazonaws.com, that may use the key on behalf of this account"
  type        = list(string)
  default     = []
}

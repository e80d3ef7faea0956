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

variable "kms_key_arn" {
  description = "Key that encrypts the flow log"
  type        = string
}

variable "cidr_block" {
  description = "IPv4 range of the VPC, /16 to /19"
  type        = string
  default     = "10.0.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.cidr_block))
    error_message = "cidr_block is not an IPv4 range: write it like 10.0.0.0/16."
  }

  validation {
    condition     = try(tonumber(split("/", var.cidr_block)[1]) >= 16 && tonumber(split("/", var.cidr_block)[1]) <= 19, false)
    error_message = "cidr_block must be between /16 and /19: a subnet is the VPC's prefix + 8 bits, and a load balancer needs a /27."
  }
}

variable "availability_zones" {
  description = "Availability Zones of the subnets, at least two, as an ALB and Aurora require. Add new ones at the end: the order determines the addresses"
  type        = list(string)

  validation {
    condition     = contains([2, 3], length(var.availability_zones)) && length(distinct(var.availability_zones)) == length(var.availability_zones)
    error_message = "availability_zones must be two or three different zones."
  }

  validation {
    condition     = alltrue([for zone in var.availability_zones : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9][a-z]$", zone))])
    error_message = "availability_zones must be names of zones, such as ap-northeast-1a."
  }
}

variable "endpoint_availability_zone_count" {
  description = "Number of these zones, from the first, in which each interface endpoint has an address: 1 is cheap, all is highly available"
  type        = number
  default     = 1

  validation {
    condition     = var.endpoint_availability_zone_count >= 1 && var.endpoint_availability_zone_count <= length(var.availability_zones) && floor(var.endpoint_availability_zone_count) == var.endpoint_availability_zone_count
    error_message = "endpoint_availability_zone_count must be a whole number, from 1 to the number of availability_zones."
  }
}

variable "log_retention_days" {
  description = "Days that flow logs are kept"
  type        = number
  default     = 30
}

variable "permissions_boundary_arn" {
  description = "Permissions boundary of every role; null: none"
  type        = string
  default     = null
}

variable "name" {
  description = "Prefix of every name, usually <service name>-<environment identifier>"
  type        = string

  validation {
    condition     = length(var.name) <= 22
    error_message = "name must have at most 22 characters: a target group's name, with a hyphen and the target's name, may have 32."
  }
}

variable "vpc_id" {
  description = "VPC of the load balancer"
  type        = string
}

variable "internal" {
  description = "Whether the load balancer has no public address, and CloudFront reaches it as a VPC origin"
  type        = bool
  default     = false
}

variable "subnet_ids" {
  description = "Subnets of the load balancer, in at least two zones: public ones, or private ones if it is internal"
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids must name subnets in at least two Availability Zones: an Application Load Balancer requires it."
  }
}

variable "targets" {
  description = "Targets of the load balancer, by name: the port of their tasks, the path of the health check, and the paths they serve (none: all others) with the rule's priority"
  type = map(object({
    port                 = number
    health_check_path    = string
    path_patterns        = optional(list(string), [])
    priority             = optional(number)
    deregistration_delay = optional(number, 30)
  }))

  validation {
    condition     = length([for target in var.targets : target if length(target.path_patterns) == 0]) == 1
    error_message = "targets must have exactly one target without path_patterns: it serves every other path."
  }

  validation {
    condition     = alltrue([for target in var.targets : target.priority != null if length(target.path_patterns) > 0])
    error_message = "targets: one with path_patterns needs the priority of its listener rule."
  }

  validation {
    condition     = alltrue([for target in var.targets : try(target.priority >= 1 && target.priority < 49999, target.priority == null)])
    error_message = "targets: a priority must be from 1 to 49998; the last two are the default target's."
  }

  validation {
    condition = length(distinct([for target in var.targets : target.priority if target.priority != null])) == length([
      for target in var.targets : target.priority if target.priority != null
    ])
    error_message = "targets: two listener rules cannot have the same priority."
  }

  validation {
    condition     = alltrue([for target in var.targets : startswith(target.health_check_path, "/")])
    error_message = "targets: health_check_path must begin with /."
  }

  validation {
    condition     = alltrue([for target in var.targets : target.port >= 1 && target.port <= 65535])
    error_message = "targets: a port must be from 1 to 65535."
  }

  validation {
    condition     = alltrue([for target in var.targets : target.deregistration_delay >= 0 && target.deregistration_delay <= 3600])
    error_message = "targets: deregistration_delay must be from 0 to 3600 seconds."
  }

  validation {
    condition     = alltrue([for name in keys(var.targets) : length(name) <= 9])
    error_message = "targets: a name must have at most 9 characters, so that the target group's name fits in 32."
  }

  validation {
    condition     = !var.shifting || alltrue([for name in keys(var.targets) : length(name) <= 8 && !endswith(name, "2")])
    error_message = "targets: with shifting a name must have at most 8 characters and not end with 2, which marks the second group."
  }
}

variable "shifting" {
  description = "Whether deployments shift requests from one target group to another: each target then has two"
  type        = bool
  default     = false
}

variable "interface_path_patterns" {
  description = "Paths of programs' interfaces; every method, header, cookie and query string is forwarded. CloudFront caches what the program calls public, for at most a minute, by path, query string and Authorization. An answer that depends on a cookie must be private or no-store"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for pattern in var.interface_path_patterns : startswith(pattern, "/")])
    error_message = "interface_path_patterns: every pattern must begin with /."
  }
}

variable "uncached_path_patterns" {
  description = "Paths that CloudFront never caches; every method, header, cookie and query string is forwarded"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for pattern in var.uncached_path_patterns : startswith(pattern, "/")])
    error_message = "uncached_path_patterns: every pattern must begin with /."
  }
}

variable "static_path_patterns" {
  description = "Paths of files that never change under their name; cached for long"
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for pattern in var.static_path_patterns : startswith(pattern, "/")])
    error_message = "static_path_patterns: every pattern must begin with /."
  }
}

variable "web_acl_arn" {
  description = "Web ACL of the load balancer, from module web_acl: it allows requests with the secret header"
  type        = string
}

variable "visitor_acl_arn" {
  description = "Web ACL of the distribution, from module visitor_acl: how often one address may ask; null: none"
  type        = string
  default     = null
}

variable "origin_header" {
  description = "The secret header that CloudFront adds, from module web_acl: its name, and a value that the web ACL accepts already"
  type = object({
    name  = string
    value = string
  })
  sensitive = true
}

variable "domain" {
  description = "Domain of the site and its Route 53 hosted zone. Null: CloudFront's own domain, and plain HTTP from CloudFront to the load balancer. If it is not internal, passwords, cookies and the secret header then cross the internet unencrypted: only for a trial"
  type = object({
    name           = string
    hosted_zone_id = string
  })
  default = null
}

variable "price_class" {
  description = "CloudFront locations that serve the site; PriceClass_200 includes Japan"
  type        = string
  default     = "PriceClass_200"

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "price_class must be PriceClass_100, PriceClass_200 or PriceClass_All."
  }
}

variable "access_log_bucket" {
  description = "Bucket for the load balancer's access logs; null: no logs"
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Whether the load balancer refuses to be deleted"
  type        = bool
}

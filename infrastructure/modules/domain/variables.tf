variable "name" {
  description = "Domain of the site, such as status.example.com"
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.name))
    error_message = "The domain must be in lower case, such as status.example.com."
  }
}

variable "hosted_zone_id" {
  description = "Route 53 hosted zone of the domain"
  type        = string

  validation {
    condition     = can(regex("^Z[A-Z0-9]+$", var.hosted_zone_id))
    error_message = "hosted_zone_id must be the id of a Route 53 hosted zone, such as Z0123456789ABCDEFGHIJ."
  }
}

variable "distribution" {
  description = "The CloudFront distribution that the domain leads to"
  type = object({
    domain_name    = string
    hosted_zone_id = string
  })
}

variable "load_balancer" {
  description = "The load balancer that the origin's name leads to"
  type = object({
    dns_name = string
    zone_id  = string
  })
}

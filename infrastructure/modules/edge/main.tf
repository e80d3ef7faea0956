# CloudFront -> WAF -> ALB: every request enters here, and only through CloudFront.

locals {
  has_domain = var.domain != null

  # One port, because CloudFront's prefix list counts as 55 of a security group's 60 rules.
  listener_port     = local.has_domain ? 443 : 80
  listener_protocol = local.has_domain ? "HTTPS" : "HTTP"

  default_target = one([for name, target in var.targets : name if length(target.path_patterns) == 0])
  routed_targets = { for name, target in var.targets : name => target if length(target.path_patterns) > 0 }
}

module "domain" {
  source = "../domain"
  count  = local.has_domain ? 1 : 0

  name           = var.domain.name
  hosted_zone_id = var.domain.hosted_zone_id

  distribution = {
    domain_name    = aws_cloudfront_distribution.this.domain_name
    hosted_zone_id = aws_cloudfront_distribution.this.hosted_zone_id
  }

  load_balancer = {
    dns_name = aws_lb.this.dns_name
    zone_id  = aws_lb.this.zone_id
  }
}

# ---------------------------------------------------------------------------------------------
# The secret header: CloudFront adds it, the web ACL requires it
# ---------------------------------------------------------------------------------------------

locals {
  # The new one first. Both are accepted while CloudFront's locations change from one to the other.
  header_versions = [for version in [var.origin_header.current_version, var.origin_header.previous_version] : version if version != null]
}

resource "random_password" "origin_header" {
  for_each = toset([for version in local.header_versions : tostring(version)])

  length  = 48
  special = false
  keepers = { version = each.key }
}

module "web_acl" {
  source = "../web_acl"

  name               = var.name
  account            = var.account
  load_balancer_arn  = aws_lb.this.arn
  log_retention_days = var.log_retention_days

  origin_header = {
    name     = var.origin_header.name
    accepted = [for version in local.header_versions : { version = version, value = random_password.origin_header[version].result }]
  }
}

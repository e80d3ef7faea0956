# CloudFront -> ALB: every request enters here, and only through CloudFront. Module web_acl makes what stands between them.

locals {
  has_domain = var.domain != null

  # One port, because CloudFront's prefix list counts as 55 of a security group's 60 rules.
  listener_port     = local.has_domain ? 443 : 80
  listener_protocol = local.has_domain ? "HTTPS" : "HTTP"

  # How CloudFront speaks to the load balancer, public or a VPC origin.
  origin_connection = {
    http_port       = 80
    https_port      = 443
    protocol_policy = local.has_domain ? "https-only" : "http-only"
    ssl_protocols   = ["TLSv1.2"]
  }

  origin_timeouts = {
    read      = 30
    keepalive = 30 # below the load balancer's idle_timeout
  }

  # Where deployments shift requests, each target has two groups, which take turns.
  target_groups = merge(
    var.targets,
    var.shifting ? { for name, target in var.targets : "${name}2" => target } : {},
  )

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

output "url" {
  description = "URL of the site"
  value       = "https://${local.has_domain ? var.domain.name : aws_cloudfront_distribution.this.domain_name}"
}

output "distribution_id" {
  description = "The distribution's value of CloudWatch's dimension DistributionId"
  value       = aws_cloudfront_distribution.this.id
}

output "vpc_origin_id" {
  description = "CloudFront's VPC origin; null if the load balancer is public"
  value       = one(aws_cloudfront_vpc_origin.this[*].id)
}

output "load_balancer_arn_suffix" {
  description = "The load balancer's value of CloudWatch's dimension LoadBalancer"
  value       = aws_lb.this.arn_suffix
}

output "load_balancer_dns_name" {
  description = "DNS name of the load balancer; it serves only CloudFront"
  value       = aws_lb.this.dns_name
}

output "load_balancer_security_group_id" {
  description = "Security group of the load balancer, for the rules of its targets"
  value       = aws_security_group.load_balancer.id
}

output "target_groups" {
  description = "Each target's group, by the target's name; where deployments shift requests, also the alternate one and the rule for both"
  value = {
    for name in keys(var.targets) : name => {
      arn           = aws_lb_target_group.this[name].arn
      alternate_arn = var.shifting ? aws_lb_target_group.this["${name}2"].arn : null
      rule_arn      = var.shifting ? aws_lb_listener_rule.this[name].arn : null
    }
  }

  # A service may join a target group only after the group belongs to a load balancer.
  depends_on = [aws_lb_listener.this, aws_lb_listener_rule.this]
}

output "target_group_arn_suffixes" {
  description = "The values of CloudWatch's dimension TargetGroup of each target's groups, by the target's name"
  value = {
    for name in keys(var.targets) : name => [
      for key in [name, "${name}2"] : aws_lb_target_group.this[key].arn_suffix if contains(keys(local.target_groups), key)
    ]
  }
}

output "certificate" {
  description = "The load balancer's certificate, as an object with its ARN; null without a domain"
  value       = local.has_domain ? { arn = module.domain[0].load_balancer_certificate_arn } : null
}

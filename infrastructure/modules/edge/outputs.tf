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

output "target_group_arns" {
  description = "ARN of each target group, by the target's name"
  value       = { for name, group in aws_lb_target_group.this : name => group.arn }

  # A service may join a target group only after the group belongs to a load balancer.
  depends_on = [aws_lb_listener.this, aws_lb_listener_rule.this]
}

output "target_group_arn_suffixes" {
  description = "Each target group's value of CloudWatch's dimension TargetGroup, by the target's name"
  value       = { for name, group in aws_lb_target_group.this : name => group.arn_suffix }
}

output "certificate" {
  description = "The load balancer's certificate, as an object with its ARN; null without a domain"
  value       = local.has_domain ? { arn = module.domain[0].load_balancer_certificate_arn } : null
}

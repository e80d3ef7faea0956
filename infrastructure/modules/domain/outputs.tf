output "origin_name" {
  description = "Name that CloudFront uses for the load balancer; the load balancer's certificate covers it"
  value       = local.origin_name
}

output "distribution_certificate_arn" {
  description = "Validated certificate for CloudFront"
  value       = aws_acm_certificate_validation.distribution.certificate_arn
}

output "load_balancer_certificate_arn" {
  description = "Validated certificate for the load balancer"
  value       = aws_acm_certificate_validation.load_balancer.certificate_arn
}

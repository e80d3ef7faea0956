output "origin_name" {
  description = "Name under which CloudFront calls the load balancer; the load balancer's certificate covers it"
  value       = local.origin_name
}

output "distribution_certificate_arn" {
  description = "Certificate for CloudFront, once it is valid"
  value       = aws_acm_certificate_validation.distribution.certificate_arn
}

output "load_balancer_certificate_arn" {
  description = "Certificate for the load balancer, once it is valid"
  value       = aws_acm_certificate_validation.load_balancer.certificate_arn
}

# A site's own domain: the names of the distribution and of its origin, and the certificates of both.

locals {
  origin_name = "origin.${var.name}"

  # CloudFront takes certificates only from this region.
  cloudfront_region = "us-east-1"
}

# ---------------------------------------------------------------------------------------------
# Certificates
# ---------------------------------------------------------------------------------------------

resource "aws_acm_certificate" "distribution" {
  region            = local.cloudfront_region
  domain_name       = var.name
  validation_method = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

# CloudFront forwards the viewer's Host header, so the load balancer's certificate covers both names.
resource "aws_acm_certificate" "load_balancer" {
  domain_name               = var.name
  subject_alternative_names = [local.origin_name]
  validation_method         = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

# ACM asks for the same record in every region, so the records of one certificate serve both.
resource "aws_route53_record" "certificate_validation" {
  for_each = toset([var.name, local.origin_name])

  zone_id = var.hosted_zone_id
  name    = one([for option in aws_acm_certificate.load_balancer.domain_validation_options : option.resource_record_name if option.domain_name == each.key])
  type    = one([for option in aws_acm_certificate.load_balancer.domain_validation_options : option.resource_record_type if option.domain_name == each.key])
  records = [one([for option in aws_acm_certificate.load_balancer.domain_validation_options : option.resource_record_value if option.domain_name == each.key])]
  ttl     = 300
}

resource "aws_acm_certificate_validation" "distribution" {
  region                  = local.cloudfront_region
  certificate_arn         = aws_acm_certificate.distribution.arn
  validation_record_fqdns = [aws_route53_record.certificate_validation[var.name].fqdn]
}

resource "aws_acm_certificate_validation" "load_balancer" {
  certificate_arn         = aws_acm_certificate.load_balancer.arn
  validation_record_fqdns = [for record in aws_route53_record.certificate_validation : record.fqdn]
}

# ---------------------------------------------------------------------------------------------
# Names
# ---------------------------------------------------------------------------------------------

resource "aws_route53_record" "distribution" {
  for_each = toset(["A", "AAAA"])

  zone_id = var.hosted_zone_id
  name    = var.name
  type    = each.key

  alias {
    name                   = var.distribution.domain_name
    zone_id                = var.distribution.hosted_zone_id
    evaluate_target_health = false
  }
}

resource "aws_route53_record" "load_balancer" {
  zone_id = var.hosted_zone_id
  name    = local.origin_name
  type    = "A"

  alias {
    name                   = var.load_balancer.dns_name
    zone_id                = var.load_balancer.zone_id
    evaluate_target_health = false
  }
}

# A domain: its names, and the certificates that cover them.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name           = "status.example.com"
  hosted_zone_id = "Z0123456789ABCDEFGHIJ"
  distribution   = { domain_name = "d111111abcdef8.cloudfront.net", hosted_zone_id = "Z2FDTNDATAQYW2" }
  load_balancer  = { dns_name = "test-development-1234567890.ap-northeast-1.elb.amazonaws.com", zone_id = "Z14GRHDCWA56QT" }
}

run "domain" {
  command = apply

  module {
    source = "./modules/domain"
  }

  assert {
    condition     = startswith(output.distribution_certificate_arn, "arn:aws:acm:us-east-1:")
    error_message = "CloudFront takes certificates from us-east-1 alone."
  }

  assert {
    condition     = startswith(output.load_balancer_certificate_arn, "arn:aws:acm:ap-northeast-1:")
    error_message = "A load balancer takes certificates of its own region."
  }

  assert {
    condition     = aws_acm_certificate.load_balancer.domain_name == "status.example.com" && contains(aws_acm_certificate.load_balancer.subject_alternative_names, output.origin_name)
    error_message = "The load balancer's certificate covers the viewer's Host header and the origin's own name."
  }

  assert {
    condition     = keys(aws_route53_record.certificate_validation) == ["origin.status.example.com", "status.example.com"]
    error_message = "Each name is proven by a record."
  }

  assert {
    condition     = { for type, record in aws_route53_record.distribution : type => one(record.alias).name } == { A = "d111111abcdef8.cloudfront.net", AAAA = "d111111abcdef8.cloudfront.net" }
    error_message = "The site is at CloudFront, by IPv4 and IPv6."
  }

  assert {
    condition     = aws_route53_record.load_balancer.name == "origin.status.example.com" && one(aws_route53_record.load_balancer.alias).name == var.load_balancer.dns_name
    error_message = "The origin's name leads to the load balancer."
  }
}

# Each refusal costs a plan, so values that do not depend on each other share one.
run "refuses_wrong_values" {
  command = plan

  module {
    source = "./modules/domain"
  }

  variables {
    name           = "https://status.example.com" # a scheme
    hosted_zone_id = "example.com"                # no hosted zone
  }

  expect_failures = [var.name, var.hosted_zone_id]
}

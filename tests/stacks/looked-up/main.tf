provider "aws" {
  region = "eu-west-1"
}

data "aws_route53_zone" "this" {
  name = "example.com"
}

data "aws_acm_certificate" "this" {
  domain   = "example.com"
  statuses = ["ISSUED"]
}

resource "aws_route53_record" "this" {
  zone_id = data.aws_route53_zone.this.zone_id
  name    = "www.example.com"
  type    = "CNAME"
  ttl     = 60
  records = [data.aws_acm_certificate.this.domain]
}

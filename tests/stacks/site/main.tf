provider "aws" {
  region = "eu-west-1"
}

resource "aws_s3_bucket" "this" {
  for_each = toset(["example-site", "example-assets"])
  bucket   = each.key
}

resource "aws_s3_object" "this" {
  for_each     = aws_s3_bucket.this
  bucket       = each.value.id
  key          = "index.html"
  source       = "${path.module}/pages/index.html"
  content_type = "text/html"
}

resource "aws_cloudfront_origin_access_control" "this" {
  name                              = "site"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this["example-site"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "cloudfront.amazonaws.com" }
      Action    = "s3:GetObject"
      Resource  = "${aws_s3_bucket.this["example-site"].arn}/*"
      Condition = {
        StringEquals = { "AWS:SourceArn" = aws_cloudfront_distribution.this["example-site"].arn }
      }
    }]
  })
}

resource "aws_cloudfront_distribution" "this" {
  for_each            = aws_s3_bucket.this
  enabled             = true
  default_root_object = "index.html"
  origin {
    origin_id                = "bucket"
    domain_name              = each.value.bucket_regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.this.id
  }
  default_cache_behavior {
    target_origin_id       = "bucket"
    viewer_protocol_policy = "redirect-to-https"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    cache_policy_id        = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  }
  dynamic "custom_error_response" {
    for_each = each.key == "example-site" ? [403] : []
    content {
      error_code         = custom_error_response.value
      response_code      = 200
      response_page_path = "/index.html"
    }
  }
  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }
  viewer_certificate {
    cloudfront_default_certificate = true
  }
}

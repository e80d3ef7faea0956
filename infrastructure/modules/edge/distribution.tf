# CloudFront: how long which paths are cached, and the header that proves a request's origin.

data "aws_cloudfront_cache_policy" "disabled" {
  name = "Managed-CachingDisabled"
}

data "aws_cloudfront_cache_policy" "optimized" {
  name = "Managed-CachingOptimized"
}

data "aws_cloudfront_origin_request_policy" "all_viewer" {
  name = "Managed-AllViewer"
}

data "aws_cloudfront_origin_request_policy" "host_header" {
  name = "Managed-HostHeaderOnly"
}

# Pages: the application sets the seconds (Cache-Control), and how long a stale copy may replace a page
# while it is down (stale-if-error); max_ttl limits both. Without Cache-Control nothing is cached. Only
# the path is the key: no header, cookie or query string may change a page here.
resource "aws_cloudfront_cache_policy" "pages" {
  name        = "${var.name}-pages"
  comment     = "Public pages, for as long as the application says"
  min_ttl     = 0
  default_ttl = 0
  max_ttl     = 86400

  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_brotli = true
    enable_accept_encoding_gzip   = true

    cookies_config {
      cookie_behavior = "none"
    }

    headers_config {
      header_behavior = "none"
    }

    query_strings_config {
      query_string_behavior = "none"
    }
  }
}

# An interface: its program says for how many seconds an answer is public; without a word nothing is
# cached. CloudFront forwards Authorization with a GET only if it is in the key. So an answer to a
# caller with credentials is never another caller's, even if its program calls it public.
resource "aws_cloudfront_cache_policy" "interface" {
  name        = "${var.name}-interface"
  comment     = "Public answers of an interface, for as long as the application says"
  min_ttl     = 0
  default_ttl = 0
  max_ttl     = 60 # also the limit of stale-if-error

  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_brotli = true
    enable_accept_encoding_gzip   = true

    cookies_config {
      cookie_behavior = "none"
    }

    headers_config {
      header_behavior = "whitelist"

      headers {
        items = ["Authorization"]
      }
    }

    query_strings_config {
      query_string_behavior = "all"
    }
  }
}

# The application itself sets Content-Security-Policy: only it knows what its pages load.
resource "aws_cloudfront_response_headers_policy" "this" {
  #checkov:skip=CKV_AWS_259:preloading binds a domain for years; its owner decides
  name    = "${var.name}-security"
  comment = "Security headers for every response"

  security_headers_config {
    # Without subdomains: where the domain is an organisation's own, they are other teams' sites.
    strict_transport_security {
      access_control_max_age_sec = 31536000
      include_subdomains         = false
      override                   = true
    }

    content_type_options {
      override = true
    }

    frame_options {
      frame_option = "DENY"
      override     = true
    }

    referrer_policy {
      referrer_policy = "strict-origin-when-cross-origin"
      override        = false
    }
  }
}

# CloudFront refuses to change (409) or delete a VPC origin in use. So another load balancer or port gets
# another VPC origin, the distribution moves to it, and then the old one goes.
resource "terraform_data" "endpoint" {
  count = var.internal ? 1 : 0

  triggers_replace = [aws_lb.this.arn, local.origin_connection]

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudfront_vpc_origin" "this" {
  count = var.internal ? 1 : 0

  vpc_origin_endpoint_config {
    name                   = "${var.name}-${local.listener_port}"
    arn                    = aws_lb.this.arn
    http_port              = local.origin_connection.http_port
    https_port             = local.origin_connection.https_port
    origin_protocol_policy = local.origin_connection.protocol_policy

    origin_ssl_protocols {
      items    = local.origin_connection.ssl_protocols
      quantity = length(local.origin_connection.ssl_protocols)
    }
  }

  lifecycle {
    create_before_destroy = true
    replace_triggered_by  = [terraform_data.endpoint]
  }
}

# The reason for no log, and who decides about the web ACL, are below.
#trivy:ignore:AWS-0010
#trivy:ignore:AWS-0011
resource "aws_cloudfront_distribution" "this" {
  #checkov:skip=CKV2_AWS_47:the load balancer's web ACL has the rule group of known bad inputs
  #checkov:skip=CKV_AWS_68:the environment decides about the visitors' web ACL
  #checkov:skip=CKV_AWS_86:the load balancer logs all requests to the origin; the rest are copies of public pages
  #checkov:skip=CKV_AWS_174:CloudFront's own certificate fixes its own minimum; with a domain it is TLS 1.2
  #checkov:skip=CKV_AWS_305:the frontend answers /
  #checkov:skip=CKV_AWS_310:there is one origin; stale pages replace it
  #checkov:skip=CKV_AWS_374:a status page is for all countries
  comment         = var.name
  enabled         = true
  is_ipv6_enabled = true
  http_version    = "http2and3"
  price_class     = var.price_class
  aliases         = local.has_domain ? [var.domain.name] : []
  web_acl_id      = var.visitor_acl_arn

  origin {
    origin_id   = "load-balancer"
    domain_name = local.has_domain ? module.domain[0].origin_name : aws_lb.this.dns_name

    dynamic "custom_origin_config" {
      for_each = var.internal ? [] : [local.origin_connection]

      content {
        http_port                = custom_origin_config.value.http_port
        https_port               = custom_origin_config.value.https_port
        origin_protocol_policy   = custom_origin_config.value.protocol_policy
        origin_ssl_protocols     = custom_origin_config.value.ssl_protocols
        origin_read_timeout      = local.origin_timeouts.read
        origin_keepalive_timeout = local.origin_timeouts.keepalive
      }
    }

    dynamic "vpc_origin_config" {
      for_each = aws_cloudfront_vpc_origin.this

      content {
        vpc_origin_id            = vpc_origin_config.value.id
        origin_read_timeout      = local.origin_timeouts.read
        origin_keepalive_timeout = local.origin_timeouts.keepalive
      }
    }

    custom_header {
      name  = var.origin_header.name
      value = var.origin_header.value
    }
  }

  default_cache_behavior {
    target_origin_id           = "load-balancer"
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = ["GET", "HEAD", "OPTIONS"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    cache_policy_id            = aws_cloudfront_cache_policy.pages.id
    origin_request_policy_id   = data.aws_cloudfront_origin_request_policy.host_header.id
    response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
  }

  # Public answers are cached; every method and everything else is forwarded.
  dynamic "ordered_cache_behavior" {
    for_each = var.interface_path_patterns

    content {
      path_pattern               = ordered_cache_behavior.value
      target_origin_id           = "load-balancer"
      viewer_protocol_policy     = "redirect-to-https"
      allowed_methods            = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
      cached_methods             = ["GET", "HEAD"]
      compress                   = true
      cache_policy_id            = aws_cloudfront_cache_policy.interface.id
      origin_request_policy_id   = data.aws_cloudfront_origin_request_policy.all_viewer.id
      response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
    }
  }

  # Answers for one viewer: everything is forwarded, nothing is cached.
  dynamic "ordered_cache_behavior" {
    for_each = var.uncached_path_patterns

    content {
      path_pattern               = ordered_cache_behavior.value
      target_origin_id           = "load-balancer"
      viewer_protocol_policy     = "redirect-to-https"
      allowed_methods            = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
      cached_methods             = ["GET", "HEAD"]
      compress                   = true
      cache_policy_id            = data.aws_cloudfront_cache_policy.disabled.id
      origin_request_policy_id   = data.aws_cloudfront_origin_request_policy.all_viewer.id
      response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
    }
  }

  # Files that never change under their name.
  dynamic "ordered_cache_behavior" {
    for_each = var.static_path_patterns

    content {
      path_pattern               = ordered_cache_behavior.value
      target_origin_id           = "load-balancer"
      viewer_protocol_policy     = "redirect-to-https"
      allowed_methods            = ["GET", "HEAD"]
      cached_methods             = ["GET", "HEAD"]
      compress                   = true
      cache_policy_id            = data.aws_cloudfront_cache_policy.optimized.id
      origin_request_policy_id   = data.aws_cloudfront_origin_request_policy.host_header.id
      response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
    }
  }

  # Errors are cached for one second instead of ten: the page is back as soon as the application is.
  dynamic "custom_error_response" {
    for_each = toset([500, 502, 503, 504])

    content {
      error_code            = custom_error_response.value
      error_caching_min_ttl = 1
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  # CloudFront's own certificate fixes its own minimum of TLS; only a domain lets us raise it.
  viewer_certificate {
    cloudfront_default_certificate = !local.has_domain
    acm_certificate_arn            = local.has_domain ? module.domain[0].distribution_certificate_arn : null
    ssl_support_method             = local.has_domain ? "sni-only" : null
    minimum_protocol_version       = local.has_domain ? "TLSv1.2_2021" : null
  }

  # The load balancer gets requests only once it is protected.
  depends_on = [aws_wafv2_web_acl_association.this]
}

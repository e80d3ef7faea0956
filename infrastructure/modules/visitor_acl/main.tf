# CloudFront's web ACL: it sees visitors' own addresses, and slows down or blocks the bad ones. What enters at the
# load balancer is module web_acl's matter.

locals {
  name = "${var.name}-visitors"

  # A rate over all requests, and Amazon's list of addresses, only count until their metrics have been read.
  enforces = var.limits.enforced

  # POST to one of these is a sign-in.
  sign_in_paths = toset(var.sign_in_paths)
}

resource "aws_wafv2_web_acl" "this" {
  #checkov:skip=CKV2_AWS_31:its metrics count; what it lets through is in the programs' access logs
  #checkov:skip=CKV_AWS_192:the load balancer's web ACL has the rule group of known bad inputs
  region      = "us-east-1" # a web ACL for CloudFront is there, wherever the rest is
  name        = local.name
  description = "How often one address may ask, and which addresses are known to be bad"
  scope       = "CLOUDFRONT"

  default_action {
    allow {}
  }

  # Guessing passwords. The programs count attempts by account; this counts them by address.
  rule {
    name     = "sign-ins"
    priority = 0

    action {
      block {
        custom_response {
          response_code = 429
        }
      }
    }

    statement {
      rate_based_statement {
        limit              = var.limits.sign_ins_per_5_minutes
        aggregate_key_type = "IP"

        scope_down_statement {
          and_statement {
            statement {
              byte_match_statement {
                search_string         = "POST"
                positional_constraint = "EXACTLY"

                field_to_match {
                  method {}
                }

                text_transformation {
                  priority = 0
                  type     = "NONE"
                }
              }
            }

            statement {
              or_statement {
                dynamic "statement" {
                  for_each = local.sign_in_paths

                  content {
                    byte_match_statement {
                      search_string         = statement.value
                      positional_constraint = "STARTS_WITH"

                      field_to_match {
                        uri_path {}
                      }

                      # The programs decode a path once, too.
                      text_transformation {
                        priority = 0
                        type     = "URL_DECODE"
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }
    }

    # Sampled requests would show visitors' cookies; so nowhere here.
    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "sign-ins"
      sampled_requests_enabled   = false
    }
  }

  rule {
    name     = "requests"
    priority = 1

    action {
      dynamic "count" {
        for_each = local.enforces ? [] : [1]

        content {}
      }

      dynamic "block" {
        for_each = local.enforces ? [1] : []

        content {
          custom_response {
            response_code = 429
          }
        }
      }
    }

    statement {
      rate_based_statement {
        limit              = var.limits.requests_per_5_minutes
        aggregate_key_type = "IP"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "requests"
      sampled_requests_enabled   = false
    }
  }

  rule {
    name     = "ip-reputation"
    priority = 2

    override_action {
      dynamic "count" {
        for_each = local.enforces ? [] : [1]

        content {}
      }

      dynamic "none" {
        for_each = local.enforces ? [1] : []

        content {}
      }
    }

    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesAmazonIpReputationList"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "ip-reputation"
      sampled_requests_enabled   = false
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = local.name
    sampled_requests_enabled   = false
  }
}

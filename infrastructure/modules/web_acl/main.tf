# The load balancer's web ACL: allows requests with the secret header that CloudFront adds, and logs the
# blocked ones. It is REGIONAL: CloudFront adds the header only after a web ACL of its own has run.

locals {
  name           = "${var.name}-origin"
  log_group_name = "aws-waf-logs-${var.name}" # WAF takes no other beginning

  # The new one first. Both are accepted while CloudFront's locations change from one to the other.
  header_versions = [for version in [var.origin_header.current_version, var.origin_header.previous_version] : version if version != null]
}

resource "random_password" "origin_header" {
  for_each = toset([for version in local.header_versions : tostring(version)])

  length  = 48
  special = false
  keepers = { version = each.key }
}

resource "aws_wafv2_web_acl" "this" {
  name        = local.name
  description = "Lets in what came through CloudFront and nothing else"
  scope       = "REGIONAL"

  default_action {
    block {}
  }

  rule {
    name     = "known-bad-inputs"
    priority = 0

    override_action {
      none {}
    }

    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesKnownBadInputsRuleSet"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "known-bad-inputs"
      sampled_requests_enabled   = true
    }
  }

  dynamic "rule" {
    for_each = local.header_versions

    content {
      name     = "origin-header-${rule.value}"
      priority = 10 + rule.key

      action {
        allow {}
      }

      statement {
        byte_match_statement {
          search_string         = random_password.origin_header[tostring(rule.value)].result
          positional_constraint = "EXACTLY"

          field_to_match {
            single_header {
              name = lower(var.origin_header.name)
            }
          }

          text_transformation {
            priority = 0
            type     = "NONE"
          }
        }
      }

      # Sampled requests would show this header too.
      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = "origin-header-${rule.value}"
        sampled_requests_enabled   = false
      }
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = local.name
    sampled_requests_enabled   = true
  }
}

# ---------------------------------------------------------------------------------------------
# Log
# ---------------------------------------------------------------------------------------------

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:the environment decides for how long
  name              = local.log_group_name
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

data "aws_iam_policy_document" "log" {
  statement {
    sid       = "WafDelivers"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]

    principals {
      type        = "Service"
      identifiers = ["delivery.logs.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account.id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${var.account.partition}:logs:${var.account.region}:${var.account.id}:*"]
    }
  }
}

resource "aws_cloudwatch_log_resource_policy" "this" {
  policy_name     = "${var.name}-waf"
  policy_document = data.aws_iam_policy_document.log.json
}

# The application logs allowed requests. This log has the blocked ones, without secrets.
resource "aws_wafv2_web_acl_logging_configuration" "this" {
  resource_arn            = aws_wafv2_web_acl.this.arn
  log_destination_configs = [aws_cloudwatch_log_group.this.arn]

  logging_filter {
    default_behavior = "DROP"

    filter {
      behavior    = "KEEP"
      requirement = "MEETS_ANY"

      condition {
        action_condition {
          action = "BLOCK"
        }
      }

      condition {
        action_condition {
          action = "COUNT"
        }
      }
    }
  }

  dynamic "redacted_fields" {
    for_each = toset([
      lower(var.origin_header.name), "authorization", "cookie", "proxy-authorization", "x-api-key",
    ])

    content {
      single_header {
        name = redacted_fields.value
      }
    }
  }

  depends_on = [aws_cloudwatch_log_resource_policy.this]
}

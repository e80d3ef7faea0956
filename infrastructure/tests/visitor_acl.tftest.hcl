# The visitors' web ACL: what it blocks at once, and what it only counts until it is told otherwise.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name          = "test-development"
  sign_in_paths = ["/admin/sign-in", "/api/v1/sessions"]
}

run "visitor_acl" {
  command = apply

  module {
    source = "./modules/visitor_acl"
  }

  assert {
    condition     = aws_wafv2_web_acl.this.scope == "CLOUDFRONT" && startswith(output.arn, "arn:aws:wafv2:us-east-1:123456789012:global/webacl/") && length(aws_wafv2_web_acl.this.default_action[0].allow) == 1
    error_message = "A web ACL for CloudFront is in us-east-1, and lets visitors in."
  }

  assert {
    condition     = { for rule in aws_wafv2_web_acl.this.rule : rule.name => length(flatten([rule.action[*].block, rule.override_action[*].none])) > 0 } == { sign-ins = true, requests = false, ip-reputation = false }
    error_message = "Guessing passwords is blocked at once; the rest only counts."
  }

  assert {
    condition     = alltrue([for rule in aws_wafv2_web_acl.this.rule : !rule.visibility_config[0].sampled_requests_enabled])
    error_message = "Sampled requests would show visitors' cookies."
  }
}

run "enforced" {
  command = plan

  module {
    source = "./modules/visitor_acl"
  }

  variables {
    limits = { enforced = true }
  }

  assert {
    condition     = alltrue([for rule in aws_wafv2_web_acl.this.rule : length(flatten([rule.action[*].block, rule.override_action[*].none])) > 0])
    error_message = "Every rule acts."
  }
}

run "refuses_a_rate_that_aws_waf_lacks_and_paths_that_are_none" {
  command = plan

  module {
    source = "./modules/visitor_acl"
  }

  variables {
    limits        = { sign_ins_per_5_minutes = 9 }
    sign_in_paths = ["admin"]
  }

  expect_failures = [var.limits, var.sign_in_paths]
}

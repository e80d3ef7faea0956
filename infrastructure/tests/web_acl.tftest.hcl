# The web ACL: which requests it allows, by which header, and which ones it logs.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name               = "test-development"
  account            = { id = "123456789012", region = "ap-northeast-1", partition = "aws" }
  kms_key_arn        = "arn:aws:kms:ap-northeast-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  log_retention_days = 7
}

run "web_acl" {
  command = apply

  module {
    source = "./modules/web_acl"
  }

  assert {
    condition     = aws_wafv2_web_acl.this.scope == "REGIONAL" && length(aws_wafv2_web_acl.this.default_action[0].block) == 1
    error_message = "The web ACL is the load balancer's, and blocks by default."
  }

  assert {
    condition = [
      for rule in aws_wafv2_web_acl.this.rule : {
        header   = rule.statement[0].byte_match_statement[0].field_to_match[0].single_header[0].name
        value    = rule.statement[0].byte_match_statement[0].search_string
        position = rule.statement[0].byte_match_statement[0].positional_constraint
      } if length(rule.action) > 0 && length(rule.action[0].allow) == 1
    ] == [{ header = "x-origin-verify", value = output.origin_header.value, position = "EXACTLY" }]
    error_message = "Exactly the value that CloudFront sends opens the door, and nothing else does."
  }

  assert {
    condition     = contains([for field in aws_wafv2_web_acl_logging_configuration.this.redacted_fields : field.single_header[0].name], "x-origin-verify")
    error_message = "The secret must not be in the log."
  }

  assert {
    condition     = alltrue([for rule in aws_wafv2_web_acl.this.rule : !rule.visibility_config[0].sampled_requests_enabled if startswith(rule.name, "origin-header")])
    error_message = "A sample of a request would show the secret."
  }
}

run "a_rotation_accepts_both_values" {
  command = apply

  module {
    source = "./modules/web_acl"
  }

  variables {
    origin_header = { current_version = 2, previous_version = 1 }
  }

  assert {
    condition = {
      for rule in aws_wafv2_web_acl.this.rule : rule.name => rule.statement[0].byte_match_statement[0].search_string if length(rule.action) > 0
    } == { for version, password in random_password.origin_header : "origin-header-${version}" => password.result }
    error_message = "The web ACL accepts both while CloudFront changes over."
  }

  assert {
    condition     = output.origin_header == { name = "X-Origin-Verify", value = random_password.origin_header["2"].result } && random_password.origin_header["1"].result != random_password.origin_header["2"].result
    error_message = "CloudFront sends the new value, which is another."
  }

  assert {
    condition     = length(distinct([for rule in aws_wafv2_web_acl.this.rule : rule.priority])) == 3
    error_message = "No two rules have the same priority."
  }
}

run "refuses_a_header_that_is_not_our_own" {
  command = plan

  module {
    source = "./modules/web_acl"
  }

  variables {
    origin_header = { name = "Authorization" }
  }

  expect_failures = [var.origin_header]
}

run "refuses_a_rotation_to_itself" {
  command = plan

  module {
    source = "./modules/web_acl"
  }

  variables {
    origin_header = { current_version = 1, previous_version = 1 }
  }

  expect_failures = [var.origin_header]
}

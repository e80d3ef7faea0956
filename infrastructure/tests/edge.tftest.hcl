# The edge: who may connect, and which path goes to which service.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name                    = "test-development"
  vpc_id                  = "vpc-0123456789abcdef0"
  subnet_ids              = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  visitor_acl_arn         = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/test-development-visitors/11111111-2222-3333-4444-555555555555"
  web_acl_arn             = "arn:aws:wafv2:ap-northeast-1:123456789012:regional/webacl/test-development-origin/11111111-2222-3333-4444-555555555555"
  origin_header           = { name = "X-Origin-Verify", value = "the value" }
  deletion_protection     = false
  interface_path_patterns = ["/api/*"]
  uncached_path_patterns  = ["/admin*"]
  static_path_patterns    = ["/static/*"]

  targets = {
    backend  = { port = 8000, health_check_path = "/api/v1/healthcheck", path_patterns = ["/api/*"], priority = 100 }
    frontend = { port = 8000, health_check_path = "/healthcheck" }
  }
}

run "without_a_domain" {
  command = apply

  module {
    source = "./modules/edge"
  }

  assert {
    condition     = one([for header in one(aws_cloudfront_distribution.this.origin).custom_header : "${header.name}: ${header.value}"]) == "X-Origin-Verify: the value"
    error_message = "CloudFront has to send the header that the web ACL requires."
  }

  assert {
    condition     = aws_wafv2_web_acl_association.this.resource_arn == aws_lb.this.arn && aws_wafv2_web_acl_association.this.web_acl_arn == var.web_acl_arn
    error_message = "The web ACL has to guard the load balancer."
  }

  assert {
    condition     = aws_cloudfront_distribution.this.web_acl_id == var.visitor_acl_arn
    error_message = "Visitors' own addresses are seen at CloudFront alone."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.load_balancer_from_cloudfront.prefix_list_id == data.aws_ec2_managed_prefix_list.cloudfront.id && aws_vpc_security_group_ingress_rule.load_balancer_from_cloudfront.from_port == 80 && aws_vpc_security_group_ingress_rule.load_balancer_from_cloudfront.to_port == 80
    error_message = "Only CloudFront reaches the load balancer, on the listener's one port."
  }

  assert {
    condition     = aws_lb_listener.this.port == 80 && aws_lb_listener.this.default_action[0].target_group_arn == aws_lb_target_group.this["frontend"].arn
    error_message = "What no rule takes goes to the frontend."
  }

  assert {
    condition     = keys(aws_lb_listener_rule.this) == ["backend"] && one(one(aws_lb_listener_rule.this["backend"].condition).path_pattern).values == toset(["/api/*"])
    error_message = "/api/* goes to the backend."
  }

  assert {
    condition     = one(one(aws_cloudfront_distribution.this.origin).custom_origin_config).origin_keepalive_timeout < aws_lb.this.idle_timeout
    error_message = "CloudFront must let go of a connection before the load balancer does."
  }

  assert {
    condition     = [for behavior in aws_cloudfront_distribution.this.ordered_cache_behavior : behavior.path_pattern] == ["/api/*", "/admin*", "/static/*"]
    error_message = "The interface comes first, then what is not cached."
  }

  assert {
    condition = alltrue([
      for behavior in aws_cloudfront_distribution.this.ordered_cache_behavior :
      behavior.cache_policy_id == aws_cloudfront_cache_policy.interface.id && behavior.origin_request_policy_id == data.aws_cloudfront_origin_request_policy.all_viewer.id if behavior.path_pattern == "/api/*"
    ])
    error_message = "The interface gets everything, and its public answers are cached."
  }

  assert {
    condition     = aws_cloudfront_cache_policy.interface.min_ttl == 0 && aws_cloudfront_cache_policy.interface.default_ttl == 0 && aws_cloudfront_cache_policy.interface.max_ttl <= 60
    error_message = "Only the program makes an answer of the interface last, and not for long."
  }

  assert {
    condition     = one(one(one(aws_cloudfront_cache_policy.interface.parameters_in_cache_key_and_forwarded_to_origin).headers_config).headers).items == toset(["Authorization"])
    error_message = "Callers with credentials must not share answers."
  }

  assert {
    condition     = aws_lb.this.drop_invalid_header_fields && length(module.domain) == 0
    error_message = "Invalid headers are dropped, and without a domain there is no certificate."
  }
}

run "with_shifting_each_target_has_two_groups_and_a_rule" {
  command = apply

  variables {
    shifting = true
  }

  module {
    source = "./modules/edge"
  }

  assert {
    condition     = keys(aws_lb_target_group.this) == ["backend", "backend2", "frontend", "frontend2"]
    error_message = "A deployment starts its tasks in the group that is free."
  }

  assert {
    condition = { for name, rule in aws_lb_listener_rule.this : name => {
      paths   = one(one(rule.condition).path_pattern).values
      weights = { for group in one(one(rule.action).forward).target_group : group.arn => group.weight }
      } } == {
      backend  = { paths = toset(["/api/*"]), weights = { (aws_lb_target_group.this["backend"].arn) = 100, (aws_lb_target_group.this["backend2"].arn) = 0 } }
      frontend = { paths = toset(["*"]), weights = { (aws_lb_target_group.this["frontend"].arn) = 100, (aws_lb_target_group.this["frontend2"].arn) = 0 } }
    }
    error_message = "ECS writes the weights of a rule; a listener's default action has none."
  }

  assert {
    condition     = aws_lb_listener_rule.this["backend"].priority < aws_lb_listener_rule.this["frontend"].priority
    error_message = "The rule for every path comes last."
  }
}

run "with_a_domain" {
  command = apply

  module {
    source = "./modules/edge"
  }

  variables {
    domain = { name = "status.example.com", hosted_zone_id = "Z0123456789ABCDEFGHIJ" }
  }

  assert {
    condition     = aws_lb_listener.this.port == 443 && aws_lb_listener.this.protocol == "HTTPS" && aws_vpc_security_group_ingress_rule.load_balancer_from_cloudfront.to_port == 443
    error_message = "With a domain, CloudFront speaks TLS to the load balancer."
  }

  assert {
    condition     = one(one(aws_cloudfront_distribution.this.origin).custom_origin_config).origin_protocol_policy == "https-only" && one(aws_cloudfront_distribution.this.origin).domain_name == "origin.status.example.com"
    error_message = "The origin has a name that its certificate covers."
  }

  assert {
    condition     = aws_cloudfront_distribution.this.viewer_certificate[0].minimum_protocol_version == "TLSv1.2_2021"
    error_message = "Viewers need TLS 1.2."
  }

  assert {
    condition     = output.url == "https://status.example.com"
    error_message = "The site is at its domain."
  }
}

run "as_a_vpc_origin" {
  command = apply

  module {
    source = "./modules/edge"
  }

  variables {
    internal = true
  }

  assert {
    condition     = aws_lb.this.name == "test-development--internal" && length(aws_lb.this.name) <= 32
    error_message = "The load balancer of the other form exists beside it for a while."
  }

  assert {
    condition     = aws_lb.this.internal && aws_cloudfront_vpc_origin.this[0].vpc_origin_endpoint_config[0].arn == aws_lb.this.arn
    error_message = "The load balancer has no public address, and is CloudFront's VPC origin."
  }

  assert {
    condition     = one(one(aws_cloudfront_distribution.this.origin).vpc_origin_config).vpc_origin_id == aws_cloudfront_vpc_origin.this[0].id && length(one(aws_cloudfront_distribution.this.origin).custom_origin_config) == 0
    error_message = "An origin is of one kind."
  }

  assert {
    condition     = one([for header in one(aws_cloudfront_distribution.this.origin).custom_header : header.name]) == "X-Origin-Verify"
    error_message = "The header stays."
  }

  assert {
    condition     = aws_wafv2_web_acl_association.this.resource_arn == aws_lb.this.arn && aws_vpc_security_group_ingress_rule.load_balancer_from_cloudfront.prefix_list_id == data.aws_ec2_managed_prefix_list.cloudfront.id
    error_message = "The web ACL and the security group stay."
  }
}

# CloudFront does not change a VPC origin in use: each connection has its own.
run "a_vpc_origin_with_a_domain" {
  command = apply

  module {
    source = "./modules/edge"
  }

  variables {
    internal = true
    domain   = { name = "status.example.com", hosted_zone_id = "Z0123456789ABCDEFGHIJ" }
  }

  assert {
    condition     = aws_cloudfront_vpc_origin.this[0].id != run.as_a_vpc_origin.vpc_origin_id && aws_cloudfront_vpc_origin.this[0].vpc_origin_endpoint_config[0].origin_protocol_policy == "https-only"
    error_message = "Another port needs another VPC origin."
  }
}

# CloudFront refuses to delete a VPC origin in use: the distribution leaves it first.
run "no_vpc_origin_any_more" {
  command = apply

  module {
    source = "./modules/edge"
  }

  assert {
    condition     = !aws_lb.this.internal && aws_lb.this.name == "test-development" && output.vpc_origin_id == null
    error_message = "The load balancer is public again."
  }
}

# Each refusal costs a plan, so values that do not depend on each other share one.
run "refuses_wrong_values" {
  command = plan

  module {
    source = "./modules/edge"
  }

  variables {
    name                    = "a-name-much-too-long-for-it" # too long
    subnet_ids              = ["subnet-0123456789abcdef0"]  # only one
    interface_path_patterns = ["api/*"]                     # no path
    uncached_path_patterns  = ["admin*"]                    # no path
    static_path_patterns    = ["static/*"]                  # no path
    price_class             = "PriceClass_300"              # unknown

    # Two targets for everything else.
    targets = {
      backend  = { port = 8000, health_check_path = "/" }
      frontend = { port = 8000, health_check_path = "/" }
    }
  }

  expect_failures = [
    var.name,
    var.subnet_ids,
    var.interface_path_patterns,
    var.uncached_path_patterns,
    var.static_path_patterns,
    var.price_class,
    var.targets,
  ]
}

run "refuses_paths_without_priority" {
  command = plan

  module {
    source = "./modules/edge"
  }

  variables {
    targets = {
      backend  = { port = 8000, health_check_path = "/", path_patterns = ["/api/*"] }
      frontend = { port = 8000, health_check_path = "/" }
    }
  }

  expect_failures = [var.targets]
}

run "refuses_a_priority_out_of_range" {
  command = plan

  module {
    source = "./modules/edge"
  }

  variables {
    targets = {
      backend  = { port = 8000, health_check_path = "/", path_patterns = ["/api/*"], priority = 50001 }
      frontend = { port = 8000, health_check_path = "/" }
    }
  }

  expect_failures = [var.targets]
}

run "refuses_two_rules_of_one_priority" {
  command = plan

  module {
    source = "./modules/edge"
  }

  variables {
    targets = {
      backend  = { port = 8000, health_check_path = "/", path_patterns = ["/api/*"], priority = 1 }
      reports  = { port = 8000, health_check_path = "/", path_patterns = ["/reports/*"], priority = 1 }
      frontend = { port = 8000, health_check_path = "/" }
    }
  }

  expect_failures = [var.targets]
}

run "refuses_a_health_check_path_that_is_none" {
  command = plan

  module {
    source = "./modules/edge"
  }

  variables {
    targets = {
      frontend = { port = 8000, health_check_path = "healthcheck" }
    }
  }

  expect_failures = [var.targets]
}

run "refuses_a_port_out_of_range" {
  command = plan

  module {
    source = "./modules/edge"
  }

  variables {
    targets = {
      frontend = { port = 70000, health_check_path = "/" }
    }
  }

  expect_failures = [var.targets]
}

run "refuses_too_long_a_deregistration" {
  command = plan

  module {
    source = "./modules/edge"
  }

  variables {
    targets = {
      frontend = { port = 8000, health_check_path = "/", deregistration_delay = 4000 }
    }
  }

  expect_failures = [var.targets]
}

run "refuses_a_target_with_a_long_name" {
  command = plan

  module {
    source = "./modules/edge"
  }

  variables {
    targets = {
      storefront = { port = 8000, health_check_path = "/" }
    }
  }

  expect_failures = [var.targets]
}

run "refuses_a_target_whose_name_has_no_place_for_a_second_group" {
  command = plan

  variables {
    shifting = true
    targets  = { frontend2 = { port = 8000, health_check_path = "/healthz" } }
  }

  module {
    source = "./modules/edge"
  }

  expect_failures = [var.targets]
}

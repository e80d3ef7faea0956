# The root module, and the values that its variables refuse.

variables {
  service_name           = "test"
  environment_identifier = "development"
  source_repository      = { codecommit_repository_name = "test" }
  deletion_protection    = false
  backend                = { cpu = 256, memory = 512, scaling = { min_capacity = 1, max_capacity = 2 } }
  frontend               = { cpu = 256, memory = 512, scaling = { min_capacity = 1, max_capacity = 2 } }
}

# Each refusal costs a plan of the whole, so values that do not depend on each other share one.
run "refuses_wrong_names_and_warns_of_plain_http_where_somebody_relies_on_it" {
  command = plan

  variables {
    environment_identifier   = "Dev"      # capitals
    region                   = "tokyo"    # no region
    permissions_boundary_arn = "boundary" # no policy
    deletion_protection      = true       # someone relies on it, and there is no domain
  }

  expect_failures = [
    var.environment_identifier,
    var.region,
    var.permissions_boundary_arn,
    check.origin_is_encrypted,
  ]
}

run "refuses_capitals_zones_of_another_region_and_a_deployment_that_outlasts_the_pipeline" {
  command = plan

  variables {
    service_name       = "Test"
    availability_zones = ["us-east-1a", "us-east-1b"]
    deployment         = { strategy = "LINEAR", step_percent = 5 }
  }

  expect_failures = [var.service_name, var.availability_zones, var.deployment]
}

run "refuses_a_name_that_aws_keeps_for_itself" {
  command = plan

  variables {
    service_name = "internal-status"
  }

  expect_failures = [var.service_name]
}

run "refuses_names_too_long_for_a_load_balancer_and_wrong_settings_of_logs" {
  command = plan

  variables {
    service_name       = "a-service-name-too-long"
    log_level          = "FATAL" # it would blind the alarms
    log_retention_days = 10      # CloudWatch Logs lacks it
  }

  expect_failures = [
    var.service_name,
    var.log_level,
    var.log_retention_days,
  ]
}

run "needs_no_domain_to_be_tried" {
  command = plan

  assert {
    condition     = output.dashboard_name == "test-development"
    error_message = "A plan without a domain is a whole plan."
  }
}

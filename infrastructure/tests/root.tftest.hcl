# The root module, and the values that its variables refuse.

variables {
  service_name           = "test"
  environment_identifier = "development"
  source_repository      = { codecommit_repository_name = "test" }
  deletion_protection    = false
  backend                = { cpu = 256, memory = 512, scaling = { min_capacity = 1, max_capacity = 2 } }
  frontend               = { cpu = 256, memory = 512, scaling = { min_capacity = 1, max_capacity = 2 } }
}

run "refuses_a_service_name_in_capitals" {
  command = plan

  variables {
    service_name = "Test"
  }

  expect_failures = [var.service_name]
}

run "refuses_names_too_long_for_a_load_balancer" {
  command = plan

  variables {
    service_name = "a-service-name-too-long"
  }

  expect_failures = [var.service_name]
}

run "refuses_an_environment_in_capitals" {
  command = plan

  variables {
    environment_identifier = "Dev"
  }

  expect_failures = [var.environment_identifier]
}

run "refuses_what_is_no_region" {
  command = plan

  variables {
    region = "tokyo"
  }

  expect_failures = [var.region]
}

run "refuses_what_is_no_policy" {
  command = plan

  variables {
    permissions_boundary_arn = "boundary"
  }

  expect_failures = [var.permissions_boundary_arn]
}

run "refuses_a_level_that_blinds_the_alarms" {
  command = plan

  variables {
    log_level = "FATAL"
  }

  expect_failures = [var.log_level]
}

run "refuses_a_retention_that_cloudwatch_lacks" {
  command = plan

  variables {
    log_retention_days = 10
  }

  expect_failures = [var.log_retention_days]
}

run "refuses_zones_of_another_region" {
  command = plan

  variables {
    availability_zones = ["us-east-1a", "us-east-1b"]
  }

  expect_failures = [var.availability_zones]
}

run "warns_of_plain_http_where_somebody_relies_on_it" {
  command = plan

  variables {
    deletion_protection = true
  }

  expect_failures = [check.origin_is_encrypted]
}

run "needs_no_domain_to_be_tried" {
  command = plan

  assert {
    condition     = output.dashboard_name == "test-development"
    error_message = "A plan without a domain is a whole plan."
  }
}

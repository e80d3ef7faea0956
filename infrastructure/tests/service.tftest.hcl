# A service: who may connect to it, where it may connect to, and how it is deployed.

provider "aws" {
  region = "ap-northeast-1"
}

variables {
  name                            = "test-development-backend"
  task_definition_arn             = "arn:aws:ecs:ap-northeast-1:123456789012:task-definition/test-development-backend:1"
  account                         = { id = "123456789012", region = "ap-northeast-1", partition = "aws" }
  container_name                  = "backend"
  container_port                  = 8000
  exec_enabled                    = false
  cluster_name                    = "test-development"
  cluster_arn                     = "arn:aws:ecs:ap-northeast-1:123456789012:cluster/test-development"
  namespace_arn                   = "arn:aws:servicediscovery:ap-northeast-1:123456789012:namespace/ns-abcdefghijklmnop"
  service_connect_name            = "backend"
  vpc_id                          = "vpc-0123456789abcdef0"
  subnet_ids                      = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
  target_group                    = { arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/test/0123456789abcdef" }
  load_balancer_security_group_id = "sg-0123456789abcdef0"
  client_security_group_ids       = { frontend = "sg-0123456789abcdef1" }
  endpoint_security_group_id      = "sg-0123456789abcdef2"
  s3_prefix_list_id               = "pl-0123456789abcdef0"
  scaling                         = { min_capacity = 2, max_capacity = 4 }
}

run "service" {
  command = apply

  module {
    source = "./modules/service"
  }

  assert {
    condition     = !one(aws_ecs_service.this.network_configuration).assign_public_ip
    error_message = "Tasks have no public address."
  }

  assert {
    condition     = one(aws_ecs_service.this.deployment_circuit_breaker).enable && one(aws_ecs_service.this.deployment_circuit_breaker).rollback && aws_ecs_service.this.deployment_minimum_healthy_percent == 100
    error_message = "A deploy that fails is rolled back, and none takes tasks away first."
  }

  assert {
    condition     = aws_ecs_service.this.wait_for_steady_state
    error_message = "An apply that ECS rolls back must not look as if it had succeeded."
  }

  assert {
    condition     = aws_ecs_service.this.force_new_deployment
    error_message = "Without it the AWS provider refuses another capacity provider."
  }

  assert {
    condition     = one(one(one(aws_ecs_service.this.service_connect_configuration).service).timeout).idle_timeout_seconds > 60
    error_message = "The proxy must keep idle connections for longer than the load balancer in front of it."
  }

  assert {
    condition     = output.release == { name = aws_ecs_service.this.name, arn = aws_ecs_service.this.id, min_capacity = 2 }
    error_message = "What the pipeline is told before the service is there is true of it."
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 2
    error_message = "It begins with as many tasks as auto scaling keeps at least."
  }

  assert {
    condition = {
      for name, rule in aws_vpc_security_group_ingress_rule.from_client : name => rule.referenced_security_group_id
    } == { load-balancer = "sg-0123456789abcdef0", frontend = "sg-0123456789abcdef1" }
    error_message = "Only the load balancer and the named clients reach the tasks."
  }

  assert {
    condition     = alltrue([for name, rule in aws_vpc_security_group_egress_rule.client_to_this : rule.security_group_id == aws_vpc_security_group_ingress_rule.from_client[name].referenced_security_group_id && rule.from_port == 8000])
    error_message = "Each client has the rule of the other side."
  }

  assert {
    condition     = output.url == "http://backend:8000"
    error_message = "Others call it by its Service Connect name."
  }
}

run "bootstrap_begins_without_tasks" {
  command = apply

  module {
    source = "./modules/service"
  }

  # Another service: the existing one keeps its number of tasks.
  state_key = "bootstrap"

  variables {
    bootstrap = true
  }

  assert {
    condition     = aws_ecs_service.this.desired_count == 0 && length(aws_appautoscaling_target.this) == 0 && length(aws_appautoscaling_policy.this) == 0
    error_message = "Without an image no task could start, and a scalable target would start as many as its minimum."
  }

  assert {
    condition     = one(aws_ecs_service.this.deployment_circuit_breaker).enable && !one(aws_ecs_service.this.deployment_circuit_breaker).rollback
    error_message = "A first release has nothing to go back to."
  }
}

run "after_the_first_release_it_scales" {
  command = apply

  module {
    source = "./modules/service"
  }

  state_key = "bootstrap"

  assert {
    condition     = aws_ecs_service.this.desired_count == 0
    error_message = "The number of tasks is auto scaling's: the definitions must not set it."
  }

  assert {
    condition     = one(aws_appautoscaling_target.this).min_capacity == 2 && length(aws_appautoscaling_policy.this) == 2
    error_message = "The minimum holds from the second apply on."
  }

  assert {
    condition     = one(aws_ecs_service.this.deployment_circuit_breaker).rollback
    error_message = "From now on there is something to go back to."
  }
}

# Each refusal costs a plan, so values that do not depend on each other share one.
run "a_deployment_may_shift_requests" {
  command = apply

  variables {
    deployment             = { strategy = "CANARY", step_percent = 20 }
    probation_function_arn = "arn:aws:lambda:ap-northeast-1:123456789012:function:test-development-probation"
    target_group = {
      arn           = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/test/0123456789abcdef"
      alternate_arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/test2/0123456789abcdef"
      rule_arn      = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:listener-rule/app/test/1/2/3"
    }
  }

  module {
    source = "./modules/service"
  }

  assert {
    condition     = one(aws_ecs_service.this.deployment_configuration).strategy == "CANARY" && one(one(aws_ecs_service.this.deployment_configuration).canary_configuration).canary_percent == 20
    error_message = "The strategy and its step arrive at the service."
  }

  assert {
    condition     = one(one(aws_ecs_service.this.load_balancer).advanced_configuration).production_listener_rule == var.target_group.rule_arn
    error_message = "ECS writes into the rule of both target groups."
  }

  assert {
    condition     = { for s in jsondecode(data.aws_iam_policy_document.shift[0].json).Statement : s.Sid => toset(flatten([s.Resource])) if s.Sid != "Look" } == { MoveTasks = toset([var.target_group.arn, var.target_group.alternate_arn]), MoveRequests = toset([var.target_group.rule_arn]), AskFunction = toset([var.probation_function_arn]) }
    error_message = "The role writes nothing but its own groups and its own rule."
  }

  assert {
    condition     = one(one(aws_ecs_service.this.deployment_configuration).lifecycle_hook).lifecycle_stages == tolist(["POST_SCALE_UP"])
    error_message = "ECS asks the function before it shifts the first request."
  }
}

run "refuses_a_shift_without_a_second_group" {
  command = plan

  variables {
    deployment = { strategy = "BLUE_GREEN" }
  }

  module {
    source = "./modules/service"
  }

  expect_failures = [var.deployment]
}

run "refuses_a_shift_that_nothing_holds_back" {
  command = plan

  variables {
    deployment = { strategy = "BLUE_GREEN" }
    target_group = {
      arn           = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/test/0123456789abcdef"
      alternate_arn = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/test2/0123456789abcdef"
      rule_arn      = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:listener-rule/app/test/1/2/3"
    }
  }

  module {
    source = "./modules/service"
  }

  expect_failures = [var.probation_function_arn]
}

run "refuses_steps_that_ecs_does_not_have" {
  command = plan

  variables {
    deployment = { strategy = "ROLLING", step_percent = 101, bake_minutes = 1441 }
  }

  module {
    source = "./modules/service"
  }

  expect_failures = [var.deployment]
}

run "refuses_a_strategy_that_ecs_does_not_have" {
  command = plan

  variables {
    deployment = { strategy = "ALL_AT_ONCE" }
  }

  module {
    source = "./modules/service"
  }

  expect_failures = [var.deployment]
}

run "refuses_fewer_tasks_than_one_and_wrong_values" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    scaling           = { min_capacity = 0, max_capacity = 4 }
    capacity_provider = "EC2" # unknown
    container_port    = 0     # a port of nothing
  }

  expect_failures = [var.scaling, var.capacity_provider, var.container_port]
}

run "refuses_more_at_least_than_at_most" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    scaling = { min_capacity = 5, max_capacity = 4 }
  }

  expect_failures = [var.scaling]
}

run "refuses_a_target_above_the_alarm" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    scaling = { min_capacity = 1, max_capacity = 4, cpu_target = 90 }
  }

  expect_failures = [var.scaling]
}
